//! What crashed programs leave behind in places that outlive them: files of the development store and shared-memory
//! objects that nobody has open any more. Frame pools have no names and leave nothing.
//!
//! A file goes only if all of this holds: its name is one of the store's, or begins as the caller says; it is a plain
//! file of the calling user with one name; nothing happened to it for some time; no process that can be looked into
//! has it open or mapped; and the kernel grants the exclusive lease of it, which it does only if nobody else has it
//! open. Where the kernel does not answer, a file is taken to be in use if there is any process that cannot be looked
//! into.

mod holders;
mod lease;
mod removal;

use crate::explain::Explain;
use crate::source::dev_store;
use crate::source::plain_file::{PlainFile, open_folder};
use crate::source::posix::{self, PosixObjects};
use crate::source::{DevStore, Why};
use holders::Holders;
use lease::Answer;
use removal::Removal;
use rustix::fd::OwnedFd;
use rustix::fs::Dir;
use serde::Serialize;
use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How old a file must be unless the caller says otherwise: a writer that has closed it leaves it alone for a moment
/// before its reader opens it.
pub const DEFAULT_AGE: Duration = Duration::from_secs(60);

/// What to look for.
#[derive(Clone, Debug)]
pub struct Search {
    /// The development store that is looked through.
    pub dev_store: DevStore,
    /// How the names of shared-memory objects begin that may be removed. None is touched if this is not given: all
    /// programs of a machine share them.
    pub posix_prefix: Option<String>,
    /// Files to which something happened since are left alone.
    pub older_than: Duration,
    /// Only say what would be removed.
    pub dry_run: bool,
}

/// Where a file lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The development store.
    DevStore,
    /// Among the shared-memory objects.
    Posix,
}

impl Place {
    /// The place as it is written in JSON: `dev-store` or `posix`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DevStore => "dev-store",
            Self::Posix => "posix",
        }
    }
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is gone.
    Removed,
    /// It would have been removed.
    WouldBeRemoved,
    /// It stays.
    Kept,
    /// It should have been removed, and the system refused.
    Failed,
}

impl Fate {
    /// The fate as it is written in JSON, such as `would_be_removed`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::WouldBeRemoved => "would_be_removed",
            Self::Kept => "kept",
            Self::Failed => "failed",
        }
    }
}

/// A file that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Where it lies.
    pub place: Place,
    /// Its path.
    pub path: PathBuf,
    /// Its size; 0 if it could not be looked at.
    pub bytes: u64,
    /// Since when nothing happened to it.
    pub age: Duration,
    /// What became of it.
    pub fate: Fate,
    /// Why it stays.
    pub reason: Option<String>,
}

/// Everything that was looked at, ordered by path.
#[derive(Clone, Debug, Default)]
pub struct Leftovers {
    /// The files.
    pub files: Vec<Leftover>,
    /// Processes that this user may not look into.
    pub hidden_processes: usize,
}

impl Leftovers {
    /// The files with this fate.
    pub fn with(&self, fate: Fate) -> impl Iterator<Item = &Leftover> + Clone {
        self.files.iter().filter(move |file| file.fate == fate)
    }
}

/// Why nothing could be looked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeftoversError {
    /// The beginning of the names cannot be one of shared-memory objects.
    #[error("no shared-memory object has a name that begins with `{prefix}`")]
    Prefix {
        /// The beginning.
        prefix: String,
        /// What is wrong with it.
        #[source]
        why: Why,
    },
    /// A folder cannot be read.
    #[error("cannot look through {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Explain for LeftoversError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Prefix { .. } => "usage".into(),
            Self::Folder { .. } => "unreadable".into(),
        }
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::Prefix { .. } => "give the beginning of the names without slashes, such as `line3_`",
            Self::Folder { .. } => "let the user that runs this program read the folder itself, not a link to it",
        };
        Some(remedy.into())
    }
}

impl Search {
    /// Looks, and removes unless this is a dry run.
    ///
    /// # Errors
    ///
    /// See [`LeftoversError`]. What happens with one file is in the answer.
    pub fn run(&self) -> Result<Leftovers, LeftoversError> {
        // Before anything is removed.
        let prefix = self.posix_prefix.as_deref().map(object_prefix).transpose()?;
        let holders = Holders::of_machine().map_err(|source| LeftoversError::Folder {
            path: PathBuf::from("/proc"),
            source,
        })?;
        let mut found = Leftovers {
            files: Vec::new(),
            hidden_processes: holders.hidden,
        };
        let store = self.dev_store.folder();
        // What an earlier search that was killed had taken aside already goes too.
        let belongs = |name: &str| is_of_dev_store(name) || name.starts_with(removal::ASIDE);
        self.look(Place::DevStore, store, belongs, &holders, &mut found)?;
        if let Some(prefix) = prefix {
            let begins = |name: &str| name.starts_with(prefix) || name.starts_with(removal::ASIDE);
            self.look(Place::Posix, Path::new(posix::FOLDER), begins, &holders, &mut found)?;
        }
        found.files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(found)
    }

    fn look(
        &self,
        place: Place,
        path: &Path,
        belongs: impl Fn(&str) -> bool,
        holders: &Holders,
        found: &mut Leftovers,
    ) -> Result<(), LeftoversError> {
        let failed = |source: io::Error| LeftoversError::Folder {
            path: path.to_owned(),
            source,
        };
        let folder = match open_folder(path) {
            Ok(folder) => folder,
            // Nobody has ever used it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        for entry in Dir::read_from(&folder).map_err(|errno| failed(errno.into()))? {
            let entry = entry.map_err(|errno| failed(errno.into()))?;
            // Names that are not text are nobody's here.
            let Some(name) = entry.file_name().to_str().ok().filter(|name| belongs(name)) else {
                continue;
            };
            let mut file = Leftover {
                place,
                path: path.join(name),
                bytes: 0,
                age: Duration::ZERO,
                fate: Fate::Kept,
                reason: None,
            };
            match self.decide(&folder, name, holders, &mut file) {
                Ok(fate) => file.fate = fate,
                Err(Stays { fate, reason }) => (file.fate, file.reason) = (fate, Some(reason)),
            }
            found.files.push(file);
        }
        Ok(())
    }

    fn decide(&self, folder: &OwnedFd, name: &str, holders: &Holders, report: &mut Leftover) -> Result<Fate, Stays> {
        let file = PlainFile::open(folder, name).map_err(|why| Stays::kept(crate::explain::one_line(&why)))?;
        let stat = file.stat();
        report.bytes = file.len();
        report.age = age(stat);
        if stat.st_uid != rustix::process::geteuid().as_raw() {
            return Err(Stays::kept("it belongs to another user"));
        }
        if report.age < self.older_than {
            return Err(Stays::kept("it is too young"));
        }
        if holders.hold((stat.st_dev, stat.st_ino)) {
            return Err(Stays::kept("it is in use"));
        }
        // Held until the file is closed at the end.
        match lease::ask(file.file()) {
            Answer::Alone => {}
            Answer::Unknown if holders.hidden == 0 => {}
            Answer::InUse => return Err(Stays::kept("it is in use")),
            Answer::Unknown => return Err(Stays::kept("it may be in use by a process that cannot be looked into")),
        }
        if self.dry_run {
            return Ok(Fate::WouldBeRemoved);
        }
        match removal::remove(folder, name, (stat.st_dev, stat.st_ino)) {
            Ok(Removal::Gone) => Ok(Fate::Removed),
            Ok(Removal::Replaced) => Err(Stays::kept("it was replaced just now")),
            Err(error) => Err(Stays {
                fate: Fate::Failed,
                reason: error.to_string(),
            }),
        }
    }
}

/// Why a file is not removed.
struct Stays {
    fate: Fate,
    reason: String,
}

impl Stays {
    fn kept(reason: impl Into<String>) -> Self {
        Self {
            fate: Fate::Kept,
            reason: reason.into(),
        }
    }
}

/// The beginning of a shared-memory object's name, as the folder of all objects has it.
fn object_prefix(prefix: &str) -> Result<&str, LeftoversError> {
    PosixObjects::file_name(prefix).map_err(|why| LeftoversError::Prefix {
        prefix: prefix.to_owned(),
        why,
    })
}

/// Whether the development store could have given a file this name. The folder may be one that holds other files of
/// the user too, such as arrays and models.
fn is_of_dev_store(name: &str) -> bool {
    let letters = |stem: &str| {
        stem.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    let stem = name.strip_suffix(".npy").or_else(|| name.strip_suffix(".bin"));
    let identifier = stem.and_then(|stem| stem.strip_prefix(dev_store::FILE_PREFIX));
    identifier.is_some_and(letters)
}

/// How long ago somebody last wrote to the file, or named, linked or touched it, by a clock that may have been set.
fn age(stat: &rustix::fs::Stat) -> Duration {
    let time = |seconds: i64, nanoseconds: u64| {
        let seconds = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        seconds + Duration::from_nanos(nanoseconds)
    };
    let written = time(stat.st_mtime, stat.st_mtime_nsec);
    let changed = time(stat.st_ctime, stat.st_ctime_nsec);
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    now.saturating_sub(written.max(changed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_store_are_the_stores() {
        for name in ["dev-shm_s-1.npy", "dev-shm_s-1_cur.bin", "dev-shm_.npy.npy"] {
            assert!(is_of_dev_store(name), "{name}");
        }
        for name in [
            ".npy",
            "weights.npy",
            "model.bin",
            "dev-shm.npy",
            "a-dev-shm_s-1.npy",
            "dev-shm_notes.txt",
            "dev-shm_a b.npy",
            "dev-shm_x.npy.tmp",
            "dev-shm_缺.bin",
        ] {
            assert!(!is_of_dev_store(name), "{name}");
        }
    }
}
