//! What is examined: command lines that start an adapter around an algorithm whose behaviour is known.

use serde_json::{Value, json};
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// A version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Phases, sessions, one picture.
    V02,
    /// `execute` only, a current and a guide picture.
    V03,
}

impl Dialect {
    /// Both, oldest first.
    pub const ALL: [Self; 2] = [Self::V02, Self::V03];

    /// The version's number.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V02 => "0.2",
            Self::V03 => "0.3",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One command line.
#[derive(Debug, Clone, Default)]
pub struct Launch {
    /// The program.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// What its environment has besides ours.
    pub env: Vec<(OsString, OsString)>,
    /// Where it is started; here if nothing is said.
    pub dir: Option<PathBuf>,
}

impl Launch {
    /// A program without arguments.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            ..Self::default()
        }
    }

    /// With one more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// With one more variable.
    #[must_use]
    pub fn env(mut self, key: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }

    /// Ready to be started. Variables by which a user sets an adapter up are taken away: a case sets them itself.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        for (key, _) in std::env::vars_os() {
            if key.to_string_lossy().starts_with("PROC_") {
                command.env_remove(key);
            }
        }
        command
            .args(&self.args)
            .envs(self.env.iter().map(|(key, value)| (key, value)));
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        command
    }
}

/// The variable that tells an algorithm to spend that many milliseconds on loading.
pub const SLOW_LOAD_VARIABLE: &str = "CONFORMANCE_LOAD_MS";
/// How long loading takes where a case wants it slow.
pub const SLOW_LOAD: Duration = Duration::from_secs(2);

/// An adapter around the algorithm of known behaviour.
#[derive(Debug, Clone)]
pub struct Subject {
    /// What it is called in reports.
    pub name: String,
    /// Which versions of the protocol it speaks.
    pub dialects: Vec<Dialect>,
    /// How it is started.
    pub launch: Launch,
    /// The same with an algorithm that takes [`SLOW_LOAD`] to load, if there is a way.
    pub slow: Option<Launch>,
    /// After how long a `pre_execute` is too long.
    pub pre_limit: Duration,
    /// After how long an `execute` is too long.
    pub execute_limit: Duration,
}

impl Subject {
    /// An adapter with the limits of the protocol's documents, 10 s and 30 s, whose algorithm follows
    /// [`SLOW_LOAD_VARIABLE`].
    pub fn new(name: impl Into<String>, dialects: impl Into<Vec<Dialect>>, launch: Launch) -> Self {
        let slow = launch
            .clone()
            .env(SLOW_LOAD_VARIABLE, SLOW_LOAD.as_millis().to_string());
        Self {
            name: name.into(),
            dialects: dialects.into(),
            launch,
            slow: Some(slow),
            pre_limit: Duration::from_secs(10),
            execute_limit: Duration::from_secs(30),
        }
    }
}

/// The manifest of a package of this project's with the algorithm of known behaviour (`conformance/subject`), in which a
/// `pre_execute` and an `execute` may take so long.
pub fn manifest(pre_limit: Duration, execute_limit: Duration) -> Value {
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    json!({
        "manifest_version": 1,
        "name": "conformance_subject",
        "version": "1.0.0",
        "description": "Does what the conformance suite tells it to do",
        "component": "component.wasm",
        "supported_pids": ["A01", "A02"],
        "limits": {
            "pre_execute_deadline_ms": milliseconds(pre_limit),
            "execute_deadline_ms": milliseconds(execute_limit),
            // It computes for seconds, and is ended by the clock alone.
            "execute_fuel": 300_000_000_000_u64,
        },
    })
}
