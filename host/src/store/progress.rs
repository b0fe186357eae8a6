//! How far an operation is, for whoever watches.

use std::fmt;

/// What an operation is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Reading the archive and checking its form.
    Reading,
    /// Looking at the component, the signature and the policy.
    Judging,
    /// Writing the files to the temporary folder.
    Unpacking,
    /// Compiling the component, and starting the algorithm.
    Starting,
    /// Replaying golden cases.
    Replaying,
    /// Waiting for the lock, or for the users of a version.
    Waiting,
    /// Moving files to their places and writing the registry.
    Registering,
    /// Computing the digests of installed files.
    Hashing,
    /// Removing files.
    Removing,
}

impl Stage {
    /// The stage as one word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Judging => "judging",
            Self::Unpacking => "unpacking",
            Self::Starting => "starting",
            Self::Replaying => "replaying",
            Self::Waiting => "waiting",
            Self::Registering => "registering",
            Self::Hashing => "hashing",
            Self::Removing => "removing",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Is told how far an operation is. Called on the thread that does it; what it takes delays the operation.
pub trait Progress {
    /// A stage begins.
    fn stage(&mut self, stage: Stage);

    /// Of the stage, `done` of `all` are done; the unit is the stage's own.
    fn advance(&mut self, done: u64, all: u64) {
        let _ = (done, all);
    }
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn stage(&mut self, _: Stage) {}
}
