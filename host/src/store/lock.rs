//! Locks between processes: `flock` on a file that is there for nothing else. The kernel gives them back whatever
//! becomes of their holder.

use rustix::fs::OFlags;
use std::fmt;
use std::fs::{self, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Between two tries; doubled up to [`LONGEST_PAUSE`]. The kernel has no `flock` with a bound.
const SHORTEST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Whoever can open a lock file can hold the lock for ever: only its owner can.
const MODE: u32 = 0o600;
/// Neither through links nor waiting for the other end of a pipe.
const LOOK: i32 = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).bits().cast_signed();

/// Who may hold the lock at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Nobody else.
    Exclusive,
    /// Others that share it.
    Shared,
}

/// A lock that is held until this goes.
#[derive(Debug)]
pub(super) struct Held {
    _file: File,
}

/// Why a lock is not held.
#[derive(Debug)]
pub(super) enum LockError {
    /// Somebody else holds it.
    Taken(Option<Holder>),
    /// The system refused.
    Io(io::Error),
}

/// A process that holds a lock, as the kernel names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Process number.
    pub process: u32,
    /// What the kernel calls the program.
    pub program: Option<String>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.program {
            Some(program) => write!(f, "process {} ({program})", self.process),
            None => write!(f, "process {}", self.process),
        }
    }
}

/// Opens the lock file `path`, made if it is not there, and waits for the lock.
pub(super) fn hold(path: &Path, mode: Mode, wait: Duration) -> Result<Held, LockError> {
    let options = || {
        let mut options = File::options();
        options.read(true).mode(MODE).custom_flags(LOOK);
        options
    };
    // A store that can only be read has its lock files already.
    let file = match options().open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => options().write(true).create(true).open(path),
        answer => answer,
    };
    let file = file.map_err(LockError::Io)?;
    close_to_others(&file);
    hold_open(file, mode, wait)
}

/// A lock file that everybody could read, as older hosts made them, is closed if it is ours.
fn close_to_others(file: &File) {
    let Ok(metadata) = file.metadata() else { return };
    if metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o7777 & !MODE != 0 {
        // What cannot be done here is as it was.
        let _ = file.set_permissions(Permissions::from_mode(MODE));
    }
}

/// Waits for the lock of a file or folder that is open.
pub(super) fn hold_open(file: File, mode: Mode, wait: Duration) -> Result<Held, LockError> {
    let begun = Instant::now();
    let mut pause = SHORTEST_PAUSE;
    loop {
        let tried = match mode {
            Mode::Exclusive => file.try_lock(),
            Mode::Shared => file.try_lock_shared(),
        };
        match tried {
            Ok(()) => return Ok(Held { _file: file }),
            Err(TryLockError::Error(error)) => return Err(LockError::Io(error)),
            Err(TryLockError::WouldBlock) => {}
        }
        let left = wait.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Err(LockError::Taken(holder(&file)));
        }
        std::thread::sleep(pause.min(left));
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Waits until nobody holds the lock of the file `path` alone, and says whether that is so. The file is not made.
pub(super) fn wait_until_free(path: &Path, wait: Duration) -> bool {
    let file = match File::options().read(true).custom_flags(LOOK).open(path) {
        Ok(file) => file,
        Err(error) => return error.kind() == io::ErrorKind::NotFound,
    };
    !wait.is_zero() && hold_open(file, Mode::Shared, wait).is_ok()
}

/// Whether anybody holds the lock of the file `path`. What cannot be opened is held by nobody.
pub(super) fn is_held(path: &Path) -> bool {
    let file = File::options().read(true).custom_flags(LOOK).open(path);
    file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

/// Who holds the lock, if the kernel says so: it does not across containers and on some file systems.
fn holder(file: &File) -> Option<Holder> {
    let metadata = file.metadata().ok()?;
    let (device, inode) = (metadata.dev(), metadata.ino());
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    let id = format!("{major:02x}:{minor:02x}:{inode}");
    let process = process_with(&fs::read_to_string("/proc/locks").ok()?, &id)?;
    let program = fs::read_to_string(PathBuf::from(format!("/proc/{process}/comm")));
    Some(Holder {
        process,
        program: program.ok().map(|name| name.trim().to_owned()),
    })
}

/// The first process that has a lock on the file `id`. A line is `1: FLOCK ADVISORY WRITE 2671 fe:00:1051 0 EOF`; who only
/// waits has an arrow after the number.
fn process_with(locks: &str, id: &str) -> Option<u32> {
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [_, "FLOCK", _, _, process, file, ..] if *file == id => {
                process.parse().ok().filter(|process| *process != 0)
            }
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_a_lock_is_told_from_who_waits() {
        let locks = "1: -> FLOCK  ADVISORY  WRITE 7 fe:00:12 0 EOF\n\
                     2: POSIX  ADVISORY  WRITE 8 fe:00:12 0 EOF\n\
                     3: FLOCK  ADVISORY  READ 0 fe:00:12 0 EOF\n\
                     4: FLOCK  ADVISORY  READ 9 fe:00:12 0 EOF\n";
        assert_eq!(process_with(locks, "fe:00:12"), Some(9));
        assert_eq!(process_with(locks, "fe:00:13"), None);
    }

    #[test]
    fn one_excludes_many_and_waiting_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".lock");
        let shared = [(); 2].map(|()| hold(&path, Mode::Shared, Duration::ZERO).unwrap());
        assert!(is_held(&path));
        for wait in [Duration::ZERO, Duration::from_millis(5)] {
            let refused = hold(&path, Mode::Exclusive, wait).unwrap_err();
            assert!(matches!(refused, LockError::Taken(_)), "{refused:?}");
        }
        drop(shared);
        assert!(!is_held(&path));
        let _alone = hold(&path, Mode::Exclusive, Duration::ZERO).unwrap();
        assert!(hold(&path, Mode::Shared, Duration::ZERO).is_err());
    }

    #[test]
    fn a_link_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &path).unwrap();
        let refused = hold(&path, Mode::Shared, Duration::ZERO).unwrap_err();
        assert!(matches!(refused, LockError::Io(_)), "{refused:?}");
        assert!(!folder.path().join("elsewhere").exists());
    }
}
