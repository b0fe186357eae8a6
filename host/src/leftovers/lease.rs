//! Asking the kernel whether anybody else has a file open. Unlike looking through `/proc`, that answers for processes
//! of other users and other containers too.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// Which signal says that somebody wants the file. `<asm-generic/fcntl.h>` has this number, and so do all architectures
/// that this runs on.
const F_SETSIG: libc::c_int = 10;

/// What the kernel says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nobody else has it open, and whoever wants to waits until the file is closed here.
    Alone,
    /// Somebody has.
    InUse,
    /// The file system does not answer this question.
    Unknown,
}

/// Asks for the exclusive lease of a file, which the kernel grants only if no other descriptor or mapping of it is
/// open. It ends when the file is closed.
pub(super) fn ask(file: &File) -> Answer {
    let descriptor = file.as_raw_fd();
    // If somebody opens the file meanwhile, the kernel sends a signal. That must be one that does nothing by default.
    // SAFETY: the call takes the number of an open file and a number; no memory is passed.
    let quiet = unsafe { libc::fcntl(descriptor, F_SETSIG, libc::SIGURG) };
    if quiet != 0 {
        return Answer::Unknown;
    }
    // SAFETY: as above.
    if unsafe { libc::fcntl(descriptor, libc::F_SETLEASE, libc::F_WRLCK) } == 0 {
        return Answer::Alone;
    }
    match io::Error::last_os_error().raw_os_error() {
        Some(libc::EAGAIN) => Answer::InUse,
        _ => Answer::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_file_is_not_alone() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mine = File::open(file.path()).unwrap();
        // `file` itself has it open.
        assert_eq!(ask(&mine), Answer::InUse);
        let path = file.into_temp_path();
        assert_eq!(ask(&mine), Answer::Alone);
        drop(mine);
        let (one, other) = (File::open(&path).unwrap(), File::open(&path).unwrap());
        assert_eq!((ask(&one), ask(&other)), (Answer::InUse, Answer::InUse));
    }
}
