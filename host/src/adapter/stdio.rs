//! Taking the process's own way out away from everybody else: frames go to a private descriptor, and what was standard
//! output becomes standard error. Whatever prints in this process cannot reach the runner.

use crate::child_process::close_others;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{FileType, Mode, OFlags};
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
        let stdio = Self {
            input: own(io::stdin().as_fd())?,
            output: never_waiting(own(io::stdout().as_fd())?),
            log: never_waiting(own(io::stderr().as_fd())?),
        };
        // SAFETY: both descriptors are open, as was just seen, and `dup2` replaces the first in one step: those who hold
        // it, as the standard library does, hold an open descriptor all the time.
        match unsafe { libc::dup2(libc::STDERR_FILENO, libc::STDOUT_FILENO) } {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(stdio),
        }
    }
}

fn own(descriptor: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    Ok(rustix::io::fcntl_dupfd_cloexec(descriptor, 3)?)
}

/// The same pipe, opened anew so that writing never waits, whoever else writes into it: between looking for room and writing
/// another process may fill it. The flag of the descriptor that was inherited is everybody's, and stays as it is; so does
/// what is no pipe, or a pipe that cannot be opened because another user made it.
fn never_waiting(inherited: OwnedFd) -> OwnedFd {
    let is_pipe = |stat: rustix::fs::Stat| FileType::from_raw_mode(stat.st_mode) == FileType::Fifo;
    if !rustix::fs::fstat(&inherited).is_ok_and(is_pipe) {
        return inherited;
    }
    let path = format!("/proc/self/fd/{}", inherited.as_raw_fd());
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).unwrap_or(inherited)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::fcntl_getfl;
    use rustix::io::Errno;

    #[test]
    fn writing_to_a_full_pipe_does_not_wait() {
        let (_from, to) = io::pipe().unwrap();
        let to = OwnedFd::from(to);
        let ours = never_waiting(to.try_clone().unwrap());
        let mut written = Ok(1);
        while written.is_ok() {
            written = rustix::io::write(&ours, &[0; 4096]);
        }
        assert_eq!(written, Err(Errno::AGAIN));
        assert!(!fcntl_getfl(&to).unwrap().contains(OFlags::NONBLOCK));
    }

    #[test]
    fn what_is_no_pipe_stays_as_it_is() {
        let file = tempfile::tempfile().unwrap();
        let number = file.as_raw_fd();
        assert_eq!(never_waiting(file.into()).as_raw_fd(), number);
    }
}
