//! How a process is started, and what it understands.

use crate::question::Phase;
use std::ffi::OsString;
use std::path::PathBuf;

/// How a process is started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Launch {
    /// The program; one without a slash is looked for in `PATH`.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// What its environment has besides this process's own; a variable of the same name is replaced.
    pub environment: Vec<(OsString, OsString)>,
    /// The folder it is started in; this process's own if none is named.
    pub folder: Option<PathBuf>,
}

impl Launch {
    /// A program without arguments.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            ..Self::default()
        }
    }

    /// With one more argument.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// With one more variable.
    #[must_use]
    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }
}

/// Which version of the protocol a process understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Version 0.2: phases, sessions, parameters. `procvision adapter` speaks it, and the original SDK up to 0.0.7.
    V2,
    /// Version 0.3: `execute` only, with a current and a guide picture. The original SDK 0.3 speaks it.
    V3,
}

impl Dialect {
    /// Whether this version has a way to ask for `phase`. What it has none for is refused by [`Worker::ask`].
    ///
    /// [`Worker::ask`]: crate::Worker::ask
    pub const fn knows(self, phase: Phase) -> bool {
        match self {
            Self::V2 => true,
            Self::V3 => matches!(phase, Phase::Execute),
        }
    }
}
