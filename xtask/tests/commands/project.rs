//! A project that exists only for one test, and xtask started in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

pub const TARGETS: [&str; 3] = ["wasm32-wasip2", "wasm32-wasip1", "wasm32-unknown-unknown"];

/// A temporary project with a toolchain of stand-ins in it.
pub struct Project {
    dir: TempDir,
    path: Vec<PathBuf>,
    env: Vec<(&'static str, String)>,
}

/// What a command left.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    /// What cargo and rustup were asked, in order.
    pub log: Vec<String>,
}

impl Project {
    /// A project whose toolchain has everything, and no rustup.
    pub fn complete() -> Self {
        let project = Self::bare();
        for target in TARGETS {
            project.write(&format!("toolchain/lib/{target}/libstd-fake.rlib"), "");
        }
        project.write("toolchain/components/fmt", "");
        project.write("toolchain/components/clippy", "");
        project
    }

    /// A project whose toolchain has only what it cannot be without, and no rustup.
    pub fn bare() -> Self {
        let project = Self {
            dir: tempfile::tempdir().unwrap(),
            path: vec![fakes("rust")],
            env: Vec::new(),
        };
        project.write("Cargo.toml", "[workspace]\n");
        project.write("rust-toolchain.toml", "[toolchain]\nchannel = \"1.95.0\"\n");
        project.write("README.md", "[the manifest](Cargo.toml)\n");
        fs::create_dir(project.root().join("toolchain/")).unwrap();
        project
    }

    /// With a rustup whose `add` works, `fails`, or puts things `elsewhere`.
    pub fn with_rustup(mut self, how: &str) -> Self {
        self.path.push(fakes("rustup"));
        self.with_env("FAKE_RUSTUP", how)
    }

    /// With a python3 that lacks `venv` or the `network`.
    pub fn with_python(mut self, lacks: &str) -> Self {
        self.path.push(fakes("python"));
        self.with_env("FAKE_PYTHON", lacks)
    }

    pub fn with_env(mut self, key: &'static str, value: &str) -> Self {
        self.env.push((key, value.to_owned()));
        self
    }

    fn toolchain(&self) -> PathBuf {
        self.root().join("toolchain")
    }

    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    pub fn write(&self, path: &str, content: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub fn remove(&self, path: &str) {
        let path = self.root().join(path);
        if path.is_dir() {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        }
        .unwrap();
    }

    /// xtask as cargo would start it in this project.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .args(args)
            .current_dir(self.root())
            .env_clear()
            .env("PATH", std::env::join_paths(&self.path).unwrap())
            .env("CARGO", fakes("rust").join("cargo"))
            .env("CARGO_MANIFEST_DIR", self.root().join("xtask"))
            .env("CARGO_PKG_NAME", "xtask")
            .env("FAKE_DIR", self.toolchain())
            .env("FAKE_HOST", fakes("host").join("procvision"))
            .envs(self.env.iter().map(|(key, value)| (key, value)));
        command
    }

    /// Runs it to its end.
    pub fn xtask(&self, args: &[&str]) -> Ended {
        let output = self.command(args).output().unwrap();
        let log = fs::read_to_string(self.toolchain().join("log")).unwrap_or_default();
        Ended {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            log: log.lines().map(str::to_owned).collect(),
        }
    }
}

fn fakes(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fakes").join(name)
}
