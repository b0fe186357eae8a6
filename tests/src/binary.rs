//! The program `procvision`, as a process.

use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// The environment variable that names the program to test, for those who have built it already.
const PROGRAM: &str = "PROCVISION_BIN";

/// The program under test. Unless `PROCVISION_BIN` names it, cargo is asked once to bring it up to date, with the whole
/// workspace's choice of features so that nothing is compiled twice.
pub fn procvision_binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match std::env::var_os(PROGRAM) {
        Some(path) => path.into(),
        None => build_binary(),
    })
}

fn build_binary() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .current_dir(project_root())
        .args([
            "build",
            "--release",
            "--workspace",
            "--bin",
            "procvision",
            "--message-format=json-render-diagnostics",
        ])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "cargo builds the program");
    let announced = String::from_utf8_lossy(&output.stdout);
    let messages = announced
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut programs = messages.filter_map(|message| Some(PathBuf::from(message["executable"].as_str()?)));
    programs
        .find(|path| path.file_stem() == Some(OsStr::new("procvision")))
        .expect("cargo names the program")
}

/// The folder of the workspace.
pub fn project_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests' crate lies in the workspace")
}

/// A folder for what guests are compiled to, shared by all tests so that their dependencies are compiled once. Crates
/// of the same name share one file there: give each test's crate a name of its own.
pub fn guest_target_dir() -> PathBuf {
    let program = procvision_binary();
    let target = program
        .ancestors()
        .find(|folder| folder.ends_with("target"))
        .or_else(|| program.parent());
    target.expect("a program lies in a folder").join("guest-projects")
}

/// The program, ready for arguments: without colours, with a fixed width, and with [`guest_target_dir`] for cargo.
pub fn procvision() -> Command {
    let mut command = Command::new(procvision_binary());
    command
        .stdin(Stdio::null())
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .env("CARGO_TARGET_DIR", guest_target_dir());
    for variable in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CLICOLOR_FORCE",
        "PROCVISION_STORE",
    ] {
        command.env_remove(variable);
    }
    command
}

/// What a process left behind.
#[derive(Debug)]
pub struct Answer {
    /// The exit status.
    pub status: i32,
    /// Everything it wrote to stdout.
    pub stdout: String,
    /// Everything it wrote to stderr.
    pub stderr: String,
}

impl Answer {
    /// Runs the command to its end.
    #[track_caller]
    pub fn of(command: &mut Command) -> Self {
        let output = match command.output() {
            Ok(output) => output,
            Err(error) => panic!("{command:?} cannot be started: {error}"),
        };
        Self::from(output)
    }

    /// The JSON value that is the whole of stdout.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("stdout is not JSON ({error}): {self:#?}"))
    }

    /// Stops the test with everything the process wrote unless it ended with `status`.
    #[track_caller]
    pub fn expect(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        self
    }
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
