//! Removing a file by its name, and no other file: the system removes whatever the name stands for by then, and a writer
//! may rename a fresh picture over it at any time. So the file is taken aside first, and looked at where no writer knows
//! it.

use super::holders::FileId;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, RenameFlags, renameat_with, statat, unlinkat};
use rustix::io::Errno;
use std::io;

/// How the names begin under which files are taken aside.
pub(super) const ASIDE: &str = ".procvision-gc-";

/// What became of the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// The file is gone.
    Gone,
    /// The name stands for another file, which is left alone.
    Replaced,
}

/// Removes the file `name` of `folder` if it is `id`.
pub(super) fn remove(folder: &OwnedFd, name: &str, id: FileId) -> io::Result<Removal> {
    // Hardly ever is another file taken aside, therefore: meanwhile nobody finds it.
    match is(folder, name, id) {
        Ok(true) => {}
        Ok(false) => return Ok(Removal::Replaced),
        Err(Errno::NOENT) => return Ok(Removal::Gone),
        Err(errno) => return Err(errno.into()),
    }
    let aside = format!("{ASIDE}{}-{}", std::process::id(), id.1);
    match take_aside(folder, name, &aside, id) {
        // The file system cannot rename without replacing; that the name was looked at just now must do.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            unlinkat(folder, name, AtFlags::empty())?;
            Ok(Removal::Gone)
        }
        Err(Errno::NOENT) => Ok(Removal::Gone),
        answer => Ok(answer?),
    }
}

fn take_aside(folder: &OwnedFd, name: &str, aside: &str, id: FileId) -> Result<Removal, Errno> {
    renameat_with(folder, name, folder, aside, RenameFlags::NOREPLACE)?;
    if is(folder, aside, id)? {
        unlinkat(folder, aside, AtFlags::empty())?;
        return Ok(Removal::Gone);
    }
    match renameat_with(folder, aside, folder, name, RenameFlags::NOREPLACE) {
        // Its writer has a newer one already, which would have replaced it.
        Err(Errno::EXIST) => unlinkat(folder, aside, AtFlags::empty())?,
        answer => answer?,
    }
    Ok(Removal::Replaced)
}

fn is(folder: &OwnedFd, name: &str, id: FileId) -> Result<bool, Errno> {
    let stat = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok((stat.st_dev, stat.st_ino) == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::plain_file::open_folder;
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    fn file(folder: &Path, name: &str) -> FileId {
        let path = folder.join(name);
        fs::write(&path, name).unwrap();
        let stat = fs::metadata(path).unwrap();
        (stat.dev(), stat.ino())
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn only_the_file_that_is_meant_goes() {
        let folder = tempfile::tempdir().unwrap();
        let (old, _) = (file(folder.path(), "old"), file(folder.path(), "fresh"));
        let open = open_folder(folder.path()).unwrap();
        assert_eq!(remove(&open, "fresh", old).unwrap(), Removal::Replaced);
        assert_eq!(names(folder.path()), ["fresh", "old"]);
        assert_eq!(remove(&open, "old", old).unwrap(), Removal::Gone);
        assert_eq!(names(folder.path()), ["fresh"]);
        assert_eq!(remove(&open, "old", old).unwrap(), Removal::Gone);
    }

    #[test]
    fn a_fresh_file_that_was_taken_aside_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let (old, _) = (file(folder.path(), "old"), file(folder.path(), "fresh"));
        let open = open_folder(folder.path()).unwrap();
        // As if it had taken the old one's place after the first look.
        assert_eq!(take_aside(&open, "fresh", "aside", old), Ok(Removal::Replaced));
        assert_eq!(names(folder.path()), ["fresh", "old"]);
        assert_eq!(fs::read(folder.path().join("fresh")).unwrap(), b"fresh");
    }

    #[test]
    fn nothing_is_replaced_by_taking_aside() {
        let folder = tempfile::tempdir().unwrap();
        let (old, _) = (file(folder.path(), "old"), file(folder.path(), "aside"));
        let open = open_folder(folder.path()).unwrap();
        assert_eq!(take_aside(&open, "old", "aside", old), Err(Errno::EXIST));
        assert_eq!(names(folder.path()), ["aside", "old"]);
    }
}
