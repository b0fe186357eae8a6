//! The signature that lies beside an archive: `X.zip.minisig` for `X.zip`, as the minisign tool calls it.

use super::BesideError;
use crate::bounded_file::{self, BoundedFileError};
use crate::limits::SIGNATURE_BYTES;
use std::path::{Path, PathBuf};

/// Where the signature of this archive is looked for.
pub fn beside_path(archive: &Path) -> PathBuf {
    let mut path = archive.as_os_str().to_owned();
    path.push(".minisig");
    path.into()
}

/// The text of the signature in this file; `None` if there is no such file. Bytes that are no text come back as
/// replacement characters and make a signature that is not good.
///
/// # Errors
///
/// See [`BesideError`].
pub fn read_beside(path: &Path) -> Result<Option<String>, BesideError> {
    match bounded_file::read(path, SIGNATURE_BYTES) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        // A link that leads nowhere was put there by somebody: not the same as no signature.
        Err(BoundedFileError::Missing(source)) if path.symlink_metadata().is_ok() => Err(BesideError::Read {
            path: path.to_owned(),
            source,
        }),
        Err(BoundedFileError::Missing(_)) => Ok(None),
        Err(BoundedFileError::NotAFile) => Err(BesideError::NotAFile(path.to_owned())),
        Err(BoundedFileError::TooLarge(_)) => Err(BesideError::TooLarge(path.to_owned())),
        Err(BoundedFileError::Io(source)) => Err(BesideError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}
