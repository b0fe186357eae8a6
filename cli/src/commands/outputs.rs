//! Files that commands write what they found to.

use super::error::CommandError;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use tempfile::NamedTempFile;

/// Finds out before the work is done whether a file can be written there.
pub fn check_place(file: &Path) -> Result<(), CommandError> {
    // `q/` is a folder, whether it is there or not.
    let folder = match file.as_os_str().as_encoded_bytes().ends_with(b"/") {
        true => file,
        false => folder_of(file),
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

/// A file with these bytes in the folder of `file`, which [`put`] can give its name.
pub fn temporary_beside(file: &Path, bytes: &[u8]) -> Result<NamedTempFile, CommandError> {
    let write = || -> io::Result<NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".procvision-").suffix(".tmp");
        // Temporary files are private by default; this one becomes a file like any other.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut temporary = builder.tempfile_in(folder_of(file))?;
        temporary.write_all(bytes)?;
        temporary.as_file().sync_all()?;
        Ok(temporary)
    };
    write().map_err(|error| unwritable(file, &error.to_string()))
}

/// Gives a temporary file its name; whatever had it before is gone then, and never is there half a file.
pub fn put(temporary: NamedTempFile, file: &Path) -> Result<(), CommandError> {
    temporary
        .persist(file)
        .map_err(|error| error.error)
        .and_then(|_| File::open(folder_of(file))?.sync_all())
        .map_err(|error| unwritable(file, &error.to_string()))
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The error for a file that cannot be written.
pub fn unwritable(file: &Path, why: &str) -> CommandError {
    CommandError::could_not_run("unwritable", format!("cannot write {}: {why}", file.display()))
        .help("name a file in a folder that exists and is yours")
}
