//! Opening and copying a file of somebody else's who may do anything to it meanwhile: no links are followed, nothing
//! but a plain file is read, nobody is waited for, and the bytes are copied, since others could cut the file off under
//! a mapping.

use super::error::Why;
use crate::opening::{self, Links};
use rustix::buffer::spare_capacity;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::path::Path;

/// A plain file, and how large it was when it was opened.
pub(crate) struct PlainFile {
    file: File,
    stat: Stat,
    len: u64,
}

/// The folder at `path`, which must not be a link.
pub(crate) fn open_folder(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

impl PlainFile {
    /// Opens the file `name`, one component, in `folder`.
    pub(crate) fn open(folder: impl AsFd, name: &str) -> Result<Self, Why> {
        let (file, stat) = match opening::open_at(folder, name, Links::Refuse) {
            Ok(opened) => opened,
            Err(Errno::NOENT) => return Err(Why::Missing),
            Err(Errno::LOOP) => return Err(Why::NotPlain("a link")),
            // Sockets cannot be opened.
            Err(Errno::NXIO) => return Err(Why::NotPlain("a socket")),
            Err(Errno::NAMETOOLONG) => return Err(Why::BadName("is too long")),
            Err(errno) => return Err(Why::Open(errno.into())),
        };
        match opening::kind(&stat) {
            FileType::RegularFile => {}
            FileType::Directory => return Err(Why::NotPlain("a folder")),
            FileType::Fifo => return Err(Why::NotPlain("a pipe")),
            _ => return Err(Why::NotPlain("a device")),
        }
        // A second name could be one that a stranger made for a file of this user's.
        if stat.st_nlink > 1 {
            return Err(Why::Linked(stat.st_nlink));
        }
        let len = u64::try_from(stat.st_size).unwrap_or(0);
        Ok(Self { file, stat, len })
    }

    /// In bytes, when it was opened.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// When and where it was opened.
    pub(crate) fn stat(&self) -> &Stat {
        &self.stat
    }

    /// The open file.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// At most `most` bytes from the beginning.
    pub(super) fn head(&self, most: usize) -> Result<Vec<u8>, Why> {
        self.copy(0, self.len.min(most as u64))
    }

    /// Exactly `count` bytes from `offset` on; the caller has bounded their number. If there are fewer by now, that is
    /// an error: what is missing is never taken for zeros.
    pub(super) fn copy(&self, offset: u64, count: u64) -> Result<Vec<u8>, Why> {
        let count = usize::try_from(count).map_err(|_| Why::CutOff)?;
        // Not filled with zeros first, which would take a third of the time.
        let mut bytes = Vec::with_capacity(count);
        while bytes.len() < count {
            let place = offset.saturating_add(bytes.len() as u64);
            match rustix::io::pread(&self.file, spare_capacity(&mut bytes), place) {
                Ok(0) => return Err(Why::CutOff),
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(Why::Read(errno.into())),
            }
        }
        bytes.truncate(count);
        Ok(bytes)
    }

    /// Makes sure that nobody cut the file off or wrote into it through the file system since it was opened. Writing
    /// through a mapping of shared memory leaves no trace.
    pub(super) fn unchanged(&self) -> Result<(), Why> {
        let now = rustix::fs::fstat(&self.file).map_err(|errno| Why::Read(errno.into()))?;
        let seen = |stat: &Stat| (stat.st_size, stat.st_mtime, stat.st_mtime_nsec);
        match seen(&now) == seen(&self.stat) {
            true => Ok(()),
            false => Err(Why::Changed),
        }
    }
}
