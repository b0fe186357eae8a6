//! Taking the process's own way out away from everybody else: frames go to a private descriptor, and what was standard
//! output becomes standard error. Whatever prints in this process cannot reach the runner.

use crate::child_process::close_others;
use rustix::fd::{AsFd, OwnedFd};
use std::io;

/// The descriptors of the process, its own ones.
pub struct Stdio {
    /// What the runner sends.
    pub input: OwnedFd,
    /// What the runner reads. Nobody else has it.
    pub output: OwnedFd,
    /// The log.
    pub log: OwnedFd,
}

impl Stdio {
    /// Takes them. From now on standard output is the log, and whatever else the process has inherited is closed: must come
    /// before it opens anything.
    ///
    /// # Errors
    ///
    /// One of the three is not open, or the others cannot be closed.
    pub fn take() -> io::Result<Self> {
        close_others()?;
        let own = |descriptor: rustix::fd::BorrowedFd<'_>| rustix::io::fcntl_dupfd_cloexec(descriptor, 3);
        let stdio = Self {
            input: own(io::stdin().as_fd())?,
            output: own(io::stdout().as_fd())?,
            log: own(io::stderr().as_fd())?,
        };
        // SAFETY: both descriptors are open, as was just seen, and `dup2` replaces the first in one step: those who hold
        // it, as the standard library does, hold an open descriptor all the time.
        match unsafe { libc::dup2(libc::STDERR_FILENO, libc::STDOUT_FILENO) } {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(stdio),
        }
    }
}
