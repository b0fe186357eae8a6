//! A copy of a crate's sources in another folder, to see whether the same component comes of it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What marks a folder as one whose contents can be made again; cargo writes it into target folders.
const CACHE_MARK: &str = "CACHEDIR.TAG";

/// What is left to copy before giving up: sources are small, and a folder with something else in it is not worth waiting
/// for.
struct Room {
    files: u64,
    bytes: u64,
}

/// Copies everything in `from` into the new folder `to`, but for target folders and the history of version control.
///
/// # Errors
///
/// What the system says, and [`io::ErrorKind::FileTooLarge`] if there is more than sources would have.
pub(super) fn copy(from: &Path, to: &Path, targets: &[PathBuf]) -> io::Result<()> {
    let mut room = Room {
        files: 100_000,
        bytes: 2 << 30,
    };
    copy_folder(from, to, targets, &mut room)
}

fn copy_folder(from: &Path, to: &Path, targets: &[PathBuf], room: &mut Room) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, place) = (entry.path(), to.join(entry.file_name()));
        let metadata = entry.metadata()?;
        let more = || io::Error::from(io::ErrorKind::FileTooLarge);
        room.files = room.files.checked_sub(1).ok_or_else(more)?;
        if metadata.is_dir() {
            let skipped = entry.file_name() == ".git" || targets.contains(&path) || path.join(CACHE_MARK).exists();
            if !skipped {
                copy_folder(&path, &place, targets, room)?;
            }
        } else if metadata.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&path)?, place)?;
        } else if metadata.is_file() {
            room.bytes = room.bytes.checked_sub(metadata.len()).ok_or_else(more)?;
            fs::copy(&path, &place)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::copy;
    use std::fs;

    #[test]
    fn sources_are_copied_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let from = root.path().join("from");
        for folder in ["src/deep", ".git", "target", "other", ".cargo"] {
            fs::create_dir_all(from.join(folder)).unwrap();
        }
        for file in [
            "src/deep/a.rs",
            ".git/HEAD",
            "target/x",
            "other/CACHEDIR.TAG",
            ".cargo/config.toml",
        ] {
            fs::write(from.join(file), file).unwrap();
        }
        std::os::unix::fs::symlink("deep/a.rs", from.join("src/link.rs")).unwrap();
        let to = root.path().join("to");
        copy(&from, &to, &[from.join("target")]).unwrap();
        assert_eq!(fs::read_to_string(to.join("src/link.rs")).unwrap(), "src/deep/a.rs");
        assert!(to.join(".cargo/config.toml").is_file());
        for absent in [".git", "target", "other"] {
            assert!(!to.join(absent).exists(), "{absent}");
        }
    }
}
