//! Reading the file that becomes a component.

use super::BuildError;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Most bytes of a file that is built. A shipped component may have an eighth of this unless a station's operator says
/// otherwise; the rest is room for debug information, which is several times as large as the code it describes.
pub(super) const INPUT_BYTES: u64 = 512 << 20;

/// The bytes of the regular file at `path`, which may also be a link to one.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => BuildError::NotFound { path: path.to_owned() },
        _ => BuildError::Unreadable {
            path: path.to_owned(),
            source,
        },
    };
    // Before it is opened: opening a named pipe waits for somebody to write into it.
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(BuildError::NotAFile { path: path.to_owned() });
    }
    let too_large = || BuildError::TooLarge { path: path.to_owned() };
    if metadata.len() > INPUT_BYTES {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    // It may have grown since.
    File::open(path)
        .map_err(failed)?
        .take(INPUT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > INPUT_BYTES {
        return Err(too_large());
    }
    Ok(bytes)
}
