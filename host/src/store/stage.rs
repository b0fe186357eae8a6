//! A folder of one's own under `tmp/`, on the file system of the store. It is locked as long as its owner lives, so that
//! nobody takes it for what a killed one has left.

use super::creation::failed;
use super::lock::{self, Held, LockError, Mode};
use super::{Store, StoreError, durable};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// The folder; gone with this.
pub(super) struct StageFolder {
    folder: TempDir,
    _lock: Held,
}

impl Store {
    /// Makes such a folder. The caller holds the lock of the store, in either way.
    pub(super) fn stage(&self) -> Result<StageFolder, StoreError> {
        let tmp = self.layout.tmp();
        let made = tempfile::Builder::new().prefix("install-").tempdir_in(&tmp);
        let folder = made.map_err(failed("write", &tmp))?;
        let path = folder.path();
        let open = File::open(path).map_err(failed("open", path))?;
        let lock = lock::hold_open(open, Mode::Exclusive, Duration::ZERO).map_err(|error| match error {
            LockError::Io(source) => failed("lock", path)(source),
            LockError::Taken(_) => failed("lock", path)(std::io::ErrorKind::WouldBlock.into()),
        })?;
        Ok(StageFolder { folder, _lock: lock })
    }
}

impl StageFolder {
    /// Where the package is unpacked to.
    pub(super) fn package(&self) -> PathBuf {
        self.folder.path().join("package")
    }

    /// Where the archive is copied to.
    pub(super) fn zip(&self) -> PathBuf {
        self.folder.path().join("package.zip")
    }

    /// Where the signature beside the archive is copied to.
    pub(super) fn signature(&self) -> PathBuf {
        self.folder.path().join("package.zip.minisig")
    }

    pub(super) fn make_package_folder(&self) -> Result<PathBuf, StoreError> {
        let path = self.package();
        durable::make_folder(&path).map_err(failed("make", &path))?;
        Ok(path)
    }

    pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        durable::write_new(path, bytes).map_err(failed("write", path))
    }
}
