//! Whether a folder is safe from everybody but this user and root: itself, and every folder above it.

use super::CacheError;
use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

const ROOT: u32 = 0;
/// Group or others may write.
const WRITABLE: u32 = 0o022;
/// Only the owner of an entry, or of the folder, may rename or remove the entry.
const STICKY: u32 = 0o1000;

/// The folder, made if it was not there, under a path without links.
pub(super) fn private(folder: &Path) -> Result<PathBuf, CacheError> {
    let io_error = |source| CacheError::Io {
        path: folder.to_owned(),
        source,
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(io_error)?;
    let user = rustix::process::geteuid().as_raw();
    let metadata = fs::symlink_metadata(folder).map_err(io_error)?;
    if !metadata.is_dir() || metadata.uid() != user || metadata.mode() & 0o077 != 0 {
        return Err(CacheError::NotPrivate(folder.to_owned()));
    }
    // Links on the way are looked through first, and the path that is checked is the one that is used from now on.
    let folder = fs::canonicalize(folder).map_err(io_error)?;
    match open_parent(&folder, user).map_err(io_error)? {
        None => Ok(folder),
        Some(parent) => Err(CacheError::OpenParent { folder, parent }),
    }
}

/// The nearest folder above `folder` that others could change, and so put another one in the place of what lies in it.
fn open_parent(folder: &Path, user: u32) -> io::Result<Option<PathBuf>> {
    for parent in folder.ancestors().skip(1) {
        if !is_safe(&fs::symlink_metadata(parent)?, user) {
            return Ok(Some(parent.to_owned()));
        }
    }
    Ok(None)
}

/// A group that may write counts like everybody: who is in it can change at any time, and this program cannot know.
fn is_safe(parent: &Metadata, user: u32) -> bool {
    let (owner, mode) = (parent.uid(), parent.mode());
    parent.is_dir() && (owner == ROOT || owner == user) && (mode & WRITABLE == 0 || mode & STICKY != 0)
}
