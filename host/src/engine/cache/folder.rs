//! Whether a folder is safe from everybody but this user and root: itself, and every folder above it.

use super::CacheError;
use crate::exposure::is_safe_on_the_way;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

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
        if !is_safe_on_the_way(&fs::symlink_metadata(parent)?, user) {
            return Ok(Some(parent.to_owned()));
        }
    }
    Ok(None)
}
