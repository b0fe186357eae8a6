//! Reading the file that becomes a component.

use super::BuildError;
use crate::bounded_file::{self, BoundedFileError};
use std::path::Path;

/// Most bytes of a file that is built. A shipped component may have an eighth of this unless a station's operator says
/// otherwise; the rest is room for debug information, which is several times as large as the code it describes.
pub(super) const INPUT_BYTES: u64 = 512 << 20;

/// The bytes of the regular file at `path`, which may also be a link to one.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    let path_of = || path.to_owned();
    bounded_file::read(path, INPUT_BYTES).map_err(|error| match error {
        BoundedFileError::Missing(_) => BuildError::NotFound { path: path_of() },
        BoundedFileError::NotAFile => BuildError::NotAFile { path: path_of() },
        BoundedFileError::TooLarge(_) => BuildError::TooLarge { path: path_of() },
        BoundedFileError::Io(source) => BuildError::Unreadable {
            path: path_of(),
            source,
        },
    })
}
