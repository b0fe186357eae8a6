//! Writing so that a crash leaves the old or the new, never a part: to a new file in the same folder, to disk, renamed,
//! and the folder to disk.

use rustix::fs::{CWD, OFlags, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What the name of a file ends with that is not finished. There is one writer at a time, who holds the store's lock.
const UNFINISHED: &str = ".new";

/// The name under which the file `path` is written before it gets its own.
pub(super) fn unfinished(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(UNFINISHED);
    path.with_file_name(name)
}

/// Whether a file of this name is what an interrupted [`replace`] left.
pub(super) fn is_unfinished(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(UNFINISHED)
}

/// Writes the file `path`, or replaces it as a whole.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = unfinished(path);
    write_new(&unfinished, bytes)
        .and_then(|()| fs::rename(&unfinished, path))
        .inspect_err(|_| {
            // What remains otherwise is taken away with the lock the next time.
            let _ = fs::remove_file(&unfinished);
        })?;
    sync_parent(path)
}

/// Writes a file to disk under a name that nobody looks at yet; the folder's entry is not on disk by then.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o644)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes a folder that others can read, if it is not there.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o755).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && fs::symlink_metadata(path)?.is_dir() => Ok(()),
        answer => answer,
    }
}

/// Moves a file or folder to a name that nothing has, and both folders to disk.
pub(super) fn move_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // The file system cannot rename without replacing. Only the holder of the store's lock gives names here.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => match fs::symlink_metadata(to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::rename(from, to)?,
            Err(error) => return Err(error),
            Ok(_) => return Err(Errno::EXIST.into()),
        },
        answer => answer?,
    }
    sync_parent(from)?;
    sync_parent(to)
}

/// Removes a file or a folder with all that is in it; that there is nothing is as good. Links are removed, not followed.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        answer => answer,
    }
}

/// Brings the entries of a folder to disk.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_folder(parent),
        _ => sync_folder(Path::new(".")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_else_remains() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.json");
        // What a killed writer left is no obstacle, and a link in its place is not followed.
        std::os::unix::fs::symlink("/nowhere/else", unfinished(&path)).unwrap();
        assert!(replace(&path, b"one").is_err());
        for text in ["one", "two"] {
            replace(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(is_unfinished(".registry.json.new") && !is_unfinished("registry.json"));
    }

    #[test]
    fn moving_never_replaces() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        fs::create_dir(&one).unwrap();
        fs::create_dir(&two).unwrap();
        assert_eq!(move_new(&one, &two).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        remove(&two).unwrap();
        remove(&two).unwrap();
        move_new(&one, &two).unwrap();
        assert!(!one.exists() && two.is_dir());
    }
}
