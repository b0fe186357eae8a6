//! Files that commands write what they found to.

use super::error::CommandError;
use std::path::Path;

/// Finds out before the work is done whether a file can be written there.
pub fn check_place(file: &Path) -> Result<(), CommandError> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(unwritable(file, &format!("there is no folder {}", folder.display())));
    }
    if file.is_dir() {
        return Err(unwritable(file, "it is a folder"));
    }
    Ok(())
}

/// Writes a file.
pub fn write_file(file: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    std::fs::write(file, bytes).map_err(|error| unwritable(file, &error.to_string()))
}

/// The error for a file that cannot be written.
pub fn unwritable(file: &Path, why: &str) -> CommandError {
    CommandError::could_not_run("unwritable", format!("cannot write {}: {why}", file.display()))
        .help("name a file in a folder that exists and is yours")
}
