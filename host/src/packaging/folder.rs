//! Reading files of a package's folder, by their names in the package.

use super::PackagingError;
use crate::archive::ASSETS;
use crate::bounded_file::{self, BoundedFileError};
use crate::limits::{ARCHIVE_CONTENT_BYTES, ASSET_FILES};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The folder of a package.
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder at `root`; it may be a link, since whoever names it knows where it leads.
    pub(super) fn open(root: &Path) -> Result<Self, PackagingError> {
        match fs::metadata(root) {
            Ok(metadata) if metadata.is_dir() => Ok(Self { root: root.to_owned() }),
            Ok(_) => Err(PackagingError::NotAFolder { path: root.to_owned() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(PackagingError::NotFound { path: root.to_owned() })
            }
            Err(error) => Err(unreadable(root, error)),
        }
    }

    /// Where it lies.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Where a file of the package lies.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The bytes of a file of the package, at most `most`.
    pub(super) fn read(&self, name: &str, most: u64) -> Result<Vec<u8>, PackagingError> {
        let mut path = self.root.clone();
        for part in name.split('/') {
            path.push(part);
            let metadata = fs::symlink_metadata(&path).map_err(|error| unreadable(&path, error))?;
            if metadata.is_symlink() {
                return Err(PackagingError::Link { path });
            }
        }
        read(&path, most)
    }

    /// The same of a file that need not be there.
    pub(super) fn read_if_there(&self, name: &str, most: u64) -> Result<Option<Vec<u8>>, PackagingError> {
        match fs::symlink_metadata(self.path(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            _ => self.read(name, most).map(Some),
        }
    }

    /// Adds everything under `assets/` to `files`, but for what is hidden; returns the names of that.
    pub(super) fn assets(&self, files: &mut BTreeMap<String, Vec<u8>>) -> Result<BTreeSet<String>, PackagingError> {
        let mut left_out = BTreeSet::new();
        let mut room = (ASSET_FILES, ARCHIVE_CONTENT_BYTES);
        match fs::symlink_metadata(self.path(ASSETS.trim_end_matches('/'))) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            _ => self.add_folder(ASSETS.trim_end_matches('/'), files, &mut room, &mut left_out)?,
        }
        Ok(left_out)
    }

    fn add_folder(
        &self,
        folder: &str,
        files: &mut BTreeMap<String, Vec<u8>>,
        room: &mut (usize, u64),
        left_out: &mut BTreeSet<String>,
    ) -> Result<(), PackagingError> {
        let path = self.path(folder);
        let metadata = fs::symlink_metadata(&path).map_err(|error| unreadable(&path, error))?;
        if metadata.is_symlink() {
            return Err(PackagingError::Link { path });
        }
        if !metadata.is_dir() {
            return Err(PackagingError::NotAFolder { path });
        }
        for entry in fs::read_dir(&path).map_err(|error| unreadable(&path, error))? {
            let entry = entry.map_err(|error| unreadable(&path, error))?;
            let kind = entry.file_type().map_err(|error| unreadable(&entry.path(), error))?;
            let Ok(name) = entry.file_name().into_string() else {
                return Err(PackagingError::Name { path: entry.path() });
            };
            let is_hidden = name.starts_with('.');
            let name = format!("{folder}/{name}");
            if is_hidden {
                if left_out.len() < ASSET_FILES {
                    left_out.insert(name);
                }
            } else if kind.is_dir() {
                self.add_folder(&name, files, room, left_out)?;
            } else {
                room.0 = room.0.checked_sub(1).ok_or(PackagingError::TooManyAssets)?;
                let content = self.read(&name, room.1)?;
                room.1 = room.1.saturating_sub(content.len() as u64);
                files.insert(name, content);
            }
        }
        Ok(())
    }
}

/// The bytes of the file at `path`, at most `most`.
pub(super) fn read(path: &Path, most: u64) -> Result<Vec<u8>, PackagingError> {
    let path_of = || path.to_owned();
    bounded_file::read(path, most).map_err(|error| match error {
        BoundedFileError::Missing(_) => PackagingError::Missing { path: path_of() },
        BoundedFileError::NotAFile => PackagingError::NotAFile { path: path_of() },
        BoundedFileError::TooLarge(bytes) => PackagingError::TooLarge {
            path: path_of(),
            bytes,
            most,
        },
        BoundedFileError::Io(source) => PackagingError::Read {
            path: path_of(),
            source,
        },
    })
}

fn unreadable(path: &Path, error: io::Error) -> PackagingError {
    let path = path.to_owned();
    match error.kind() {
        io::ErrorKind::NotFound => PackagingError::Missing { path },
        _ => PackagingError::Read { path, source: error },
    }
}
