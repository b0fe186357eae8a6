//! How a command ends.

use std::process::ExitCode;

/// The exit statuses that scripts may rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Good,
    /// 1: what was examined is bad: a crate that does not build, an algorithm that failed.
    SubjectFailed,
    /// 2: nothing could be examined: wrong arguments, missing files or tools.
    CouldNotRun,
    /// 3: the product is not good, and the caller wanted to be told so.
    NotGood,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Good => 0,
            Exit::SubjectFailed => 1,
            Exit::CouldNotRun => 2,
            Exit::NotGood => 3,
        })
    }
}
