//! Opening a file of somebody else's for reading without waiting for anybody: not for the other end of a pipe, whenever
//! the pipe took the file's place.

use rustix::fd::AsFd;
use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use rustix::path::Arg;
use std::fs::File;

/// For reading, without waiting for the other end of a pipe, without becoming the terminal of this process.
const READ: OFlags = OFlags::RDONLY
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// What is done if the last component of a path is a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    /// It is followed.
    Follow,
    /// Opening fails with `ELOOP`.
    Refuse,
}

/// Whatever lies at `path`, open, and what it is: the caller looks at that before reading. A relative path begins in
/// `folder`.
///
/// # Errors
///
/// What the system says; `ENXIO` for a socket.
pub(crate) fn open_at(folder: impl AsFd, path: impl Arg, links: Links) -> Result<(File, Stat), Errno> {
    let flags = match links {
        Links::Follow => READ,
        Links::Refuse => READ | OFlags::NOFOLLOW,
    };
    let file = File::from(rustix::fs::openat(folder, path, flags, Mode::empty())?);
    let stat = rustix::fs::fstat(&file)?;
    Ok((file, stat))
}

/// What kind of file it is.
pub(crate) fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}
