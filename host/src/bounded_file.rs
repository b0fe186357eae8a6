//! Reading a file of somebody else's: only if it is a regular file, and never more of it than is accepted.

use std::fs::{self, File};
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
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => BoundedFileError::Missing(error),
        _ => BoundedFileError::Io(error),
    };
    // Before it is opened: opening a named pipe waits for somebody to write into it.
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(BoundedFileError::NotAFile);
    }
    if metadata.len() > limit {
        return Err(BoundedFileError::TooLarge(metadata.len()));
    }
    let mut bytes = Vec::new();
    // It may have grown since.
    let file = File::open(path).map_err(failed)?;
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    let length = bytes.len() as u64;
    if length > limit {
        return Err(BoundedFileError::TooLarge(length));
    }
    Ok(bytes)
}
