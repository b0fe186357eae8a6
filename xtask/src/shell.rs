//! Commands this program starts: how they are run, and how they are written so that a person can repeat them.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};

use anyhow::{Context, Result};

/// One command line. It shows itself as something to paste into a shell.
#[derive(Debug, Clone)]
pub struct Line {
    program: OsString,
    shown_as: Option<&'static str>,
    args: Vec<OsString>,
    env: Vec<(&'static str, &'static str)>,
    dir: PathBuf,
}

impl Line {
    /// A program found on `PATH` or given by its path, run in `dir`.
    pub fn new(program: impl Into<OsString>, dir: &Path) -> Self {
        Self {
            program: program.into(),
            shown_as: None,
            args: Vec::new(),
            env: Vec::new(),
            dir: dir.to_owned(),
        }
    }

    /// The cargo that started this program, so that a `+toolchain` given to it holds for everything it does.
    pub fn cargo(dir: &Path) -> Self {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        Self {
            shown_as: Some("cargo"),
            ..Self::new(program, dir)
        }
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    pub fn env(mut self, key: &'static str, value: &'static str) -> Self {
        self.env.push((key, value));
        self
    }

    /// Runs it with its output going through to ours.
    pub fn run(&self) -> Result<ExitStatus> {
        self.command().status().with_context(|| self.not_started())
    }

    /// Runs it and takes its standard output; its standard error goes through to ours.
    pub fn output(&self) -> Result<Output> {
        let mut command = self.command();
        command.stdin(Stdio::null()).stderr(Stdio::inherit());
        command.output().with_context(|| self.not_started())
    }

    /// Runs it silently and takes both of its outputs.
    pub fn capture(&self) -> Result<Output> {
        self.command()
            .stdin(Stdio::null())
            .output()
            .with_context(|| self.not_started())
    }

    /// Runs it silently: its standard output if it succeeded, `None` if it failed or does not exist.
    pub fn probe(&self) -> Result<Option<String>> {
        match self.command().stdin(Stdio::null()).output() {
            Ok(output) if output.status.success() => {
                Ok(Some(String::from_utf8_lossy(&output.stdout).trim().to_owned()))
            }
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| self.not_started()),
        }
    }

    fn not_started(&self) -> String {
        format!("could not start `{self}`")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .current_dir(&self.dir)
            .envs(self.env.iter().copied());
        // `cargo run` describes the package xtask to xtask. Handed on, these would look like changed inputs to
        // build scripts that watch them, and everything would be compiled again.
        for (key, _) in std::env::vars_os() {
            let described = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
            if key
                .to_str()
                .is_some_and(|key| described.iter().any(|prefix| key.starts_with(prefix)))
            {
                command.env_remove(key);
            }
        }
        command
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, value) in &self.env {
            write!(f, "{key}={} ", quoted(OsStr::new(value)))?;
        }
        match self.shown_as {
            Some(name) => f.write_str(name)?,
            None => f.write_str(&quoted(&self.program))?,
        }
        self.args.iter().try_for_each(|arg| write!(f, " {}", quoted(arg)))
    }
}

/// As a POSIX shell wants it: single quotes around whatever it would read as more than plain text.
fn quoted(text: &OsStr) -> String {
    let text = text.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=+:,@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_itself_as_it_is_typed() {
        let line = Line::cargo(Path::new("/"))
            .args(["doc", "--bench", "*"])
            .env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(line.to_string(), "RUSTDOCFLAGS='-D warnings' cargo doc --bench '*'");
        assert_eq!(
            Line::new("x", Path::new("/")).args(["it's", ""]).to_string(),
            r"x 'it'\''s' ''"
        );
    }

    #[test]
    fn a_program_that_does_not_exist_is_an_answer_to_a_probe_and_an_error_to_a_run() {
        let line = Line::new("no-such-program-anywhere", Path::new("."));
        assert_eq!(line.probe().unwrap(), None);
        assert!(
            line.run()
                .unwrap_err()
                .to_string()
                .contains("`no-such-program-anywhere`")
        );
    }
}
