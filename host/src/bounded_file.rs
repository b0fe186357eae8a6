//! Reading a file of somebody else's: only if it is a regular file, and never more of it than is accepted.

use crate::opening::{self, Links};
use rustix::fs::{CWD, FileType};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Why the file was not read.
#[derive(Debug)]
pub(crate) enum BoundedFileError {
    /// It does not exist.
    Missing(io::Error),
    /// It is a folder, a device, a pipe or the like.
    NotAFile,
    /// It has so many bytes, or at least so many.
    TooLarge(u64),
    /// What the system said.
    Io(io::Error),
}

/// The bytes of the regular file at `path`, which may also be a link to one, if there are at most `limit` of them.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, BoundedFileError> {
    let (file, length) = open(path)?;
    if length > limit {
        return Err(BoundedFileError::TooLarge(length));
    }
    // It may have grown since.
    let bytes = take(file, limit.saturating_add(1))?;
    let length = bytes.len() as u64;
    if length > limit {
        return Err(BoundedFileError::TooLarge(length));
    }
    Ok(bytes)
}

/// The first bytes of the regular file at `path`, `most` of them if there are as many.
pub(crate) fn head(path: &Path, most: u64) -> Result<Vec<u8>, BoundedFileError> {
    let (file, _) = open(path)?;
    take(file, most)
}

fn take(file: File, most: u64) -> Result<Vec<u8>, BoundedFileError> {
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).map_err(BoundedFileError::Io)?;
    Ok(bytes)
}

/// The open file and its length.
fn open(path: &Path) -> Result<(File, u64), BoundedFileError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => BoundedFileError::Missing(error),
        _ => BoundedFileError::Io(error),
    };
    // Looked at once it is open: what lies at the path can become another file at any time.
    let (file, stat) = match opening::open_at(CWD, path, Links::Follow) {
        Ok(opened) => opened,
        // Sockets cannot be opened.
        Err(Errno::NXIO) => return Err(BoundedFileError::NotAFile),
        Err(errno) => return Err(failed(errno.into())),
    };
    if opening::kind(&stat) != FileType::RegularFile {
        return Err(BoundedFileError::NotAFile);
    }
    Ok((file, u64::try_from(stat.st_size).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{Mode, mknodat};
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    #[test]
    fn nothing_but_a_file_is_read_and_nobody_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let link = folder.path().join("link");
        symlink(&pipe, &link).unwrap();
        let socket = folder.path().join("socket");
        let _listener = UnixListener::bind(&socket).unwrap();
        for path in [pipe.as_path(), &link, &socket, folder.path(), Path::new("/dev/zero")] {
            let answer = read(path, 10);
            assert!(matches!(answer, Err(BoundedFileError::NotAFile)), "{answer:?}");
        }
        let answer = read(&folder.path().join("nothing"), 10);
        assert!(matches!(answer, Err(BoundedFileError::Missing(_))), "{answer:?}");
    }

    #[test]
    fn a_file_is_read_through_a_link_if_it_is_small_enough() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, b"12345").unwrap();
        symlink(&file, &link).unwrap();
        assert_eq!(read(&link, 5).unwrap(), b"12345");
        let answer = read(&link, 4);
        assert!(matches!(answer, Err(BoundedFileError::TooLarge(5))), "{answer:?}");
    }
}
