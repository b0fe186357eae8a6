//! Whom a station trusts: a folder of public keys, `NAME.pub`, and in `revoked/` those that are trusted no longer.
//!
//! The folder is read as a whole and strictly. Whatever is doubtful in it is an error, and with an error nobody is trusted:
//! a damaged file among the revoked keys must not make a stolen key good again.

mod change;

use super::error::TrustError;
use super::key::PublicKey;
use crate::limits::{KEY_BYTES, TRUSTED_KEYS};
use crate::opening::{self, Links};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const ENDING: &str = ".pub";
const REVOKED: &str = "revoked";
const OPEN_FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// A key that a station knows.
#[derive(Clone, Debug)]
pub struct TrustedKey {
    name: String,
    key: PublicKey,
    revoked: bool,
    /// Whether its file lies in `revoked`.
    put_away: bool,
    path: Option<PathBuf>,
}

impl TrustedKey {
    /// The name of its file without `.pub`: whose key it is, in the words of the station.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Whether it is trusted no longer.
    pub fn is_revoked(&self) -> bool {
        self.revoked
    }

    /// Its file.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

/// The keys that a station knows.
#[derive(Clone, Debug, Default)]
pub struct TrustStore {
    /// Those in `revoked` first; each part in the order of the names.
    keys: Vec<TrustedKey>,
    warnings: Vec<String>,
}

impl TrustStore {
    /// Nobody is known.
    pub fn empty() -> Self {
        Self::default()
    }

    /// One key is trusted, whoever `name` is.
    pub fn of_key(name: impl Into<String>, key: PublicKey) -> Self {
        Self {
            keys: vec![TrustedKey {
                name: name.into(),
                key,
                revoked: false,
                put_away: false,
                path: None,
            }],
            warnings: Vec::new(),
        }
    }

    /// Reads a trust folder.
    ///
    /// # Errors
    ///
    /// See [`TrustError`].
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, TrustError> {
        let folder = folder.as_ref();
        let opened = open_folder(CWD, folder, Links::Follow, folder)?.ok_or(TrustError::Missing(folder.to_owned()))?;
        let (mut trusted, mut warnings) = (Vec::new(), Vec::new());
        for name in names(&opened, folder)? {
            if name == REVOKED {
                continue;
            }
            if !name.as_bytes().ends_with(ENDING.as_bytes()) {
                let name = name.to_string_lossy();
                warnings.push(format!(
                    "`{name}` in {} is not called `*.pub` and is no key",
                    folder.display()
                ));
                continue;
            }
            trusted.push(read_key(&opened, folder, &name, false)?);
        }
        for (index, key) in trusted.iter().enumerate() {
            if let Some(first) = trusted[..index].iter().find(|first| first.key.id() == key.key.id()) {
                return Err(TrustError::Twice {
                    key_id: key.key.id().to_owned(),
                    first: first.path.clone().unwrap_or_default(),
                    second: key.path.clone().unwrap_or_default(),
                });
            }
        }
        let mut keys = Vec::new();
        let below = folder.join(REVOKED);
        if let Some(opened) = open_folder(&opened, Path::new(REVOKED), Links::Refuse, &below)? {
            for name in names(&opened, &below)? {
                if !name.as_bytes().ends_with(ENDING.as_bytes()) {
                    return Err(TrustError::NotRevoking(below.join(name)));
                }
                keys.push(read_key(&opened, &below, &name, true)?);
            }
        }
        for key in &mut trusted {
            if let Some(same) = keys.iter().find(|revoked| revoked.key.is_same_key(&key.key)) {
                let (name, other, folder) = (&key.name, &same.name, folder.display());
                warnings.push(format!(
                    "`{name}` in {folder} is the key that was revoked as `{other}`, and so it is revoked"
                ));
                key.revoked = true;
            }
        }
        keys.append(&mut trusted);
        Ok(Self { keys, warnings })
    }

    /// The same, but a folder that is not there means that nobody is trusted.
    ///
    /// # Errors
    ///
    /// See [`TrustError`].
    pub fn open_or_empty(folder: impl AsRef<Path>) -> Result<Self, TrustError> {
        match Self::open(folder) {
            Err(TrustError::Missing(_)) => Ok(Self::empty()),
            other => other,
        }
    }

    /// Every key, those in `revoked` first.
    pub fn keys(&self) -> &[TrustedKey] {
        &self.keys
    }

    /// What somebody should look at.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The keys of this identifier, those in `revoked` first. Usually there is at most one; but whoever makes a key chooses its
    /// identifier, so that it proves nothing.
    pub(super) fn with_id<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a TrustedKey> {
        self.keys.iter().filter(move |key| key.key.id() == id)
    }
}

/// The folder, if there is one, and if not every user can write to it.
fn open_folder(at: impl AsFd, path: &Path, links: Links, shown: &Path) -> Result<Option<OwnedFd>, TrustError> {
    let flags = match links {
        Links::Follow => OPEN_FOLDER,
        Links::Refuse => OPEN_FOLDER | OFlags::NOFOLLOW,
    };
    let folder = match rustix::fs::openat(at, path, flags, Mode::empty()) {
        Ok(folder) => folder,
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::NOTDIR | Errno::LOOP) => return Err(TrustError::NotAFolder(shown.to_owned())),
        Err(errno) => return Err(unreadable(shown, errno)),
    };
    let stat = rustix::fs::fstat(&folder).map_err(|errno| unreadable(shown, errno))?;
    refuse_open_to_others(&stat, shown)?;
    Ok(Some(folder))
}

/// The names in a folder, sorted.
fn names(folder: &OwnedFd, shown: &Path) -> Result<Vec<OsString>, TrustError> {
    let failed = |errno| unreadable(shown, errno);
    let mut names = Vec::new();
    for entry in Dir::read_from(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name == "." || name == ".." {
            continue;
        }
        if names.len() == TRUSTED_KEYS {
            return Err(TrustError::TooMany(shown.to_owned()));
        }
        names.push(name.to_owned());
    }
    names.sort();
    Ok(names)
}

fn read_key(folder: &OwnedFd, shown: &Path, name: &OsStr, put_away: bool) -> Result<TrustedKey, TrustError> {
    let path = shown.join(name);
    let stem = name.to_str().and_then(|name| name.strip_suffix(ENDING));
    let stem = stem.filter(|stem| !stem.is_empty() && !stem.contains(char::is_control));
    let stem = stem.ok_or_else(|| TrustError::Name(name.into()))?;
    let (file, stat) = match opening::open_at(folder, name, Links::Refuse) {
        Ok(opened) => opened,
        // A link, a socket.
        Err(Errno::LOOP | Errno::NXIO) => return Err(TrustError::NotAFile(path)),
        Err(errno) => return Err(unreadable(&path, errno)),
    };
    if opening::kind(&stat) != FileType::RegularFile {
        return Err(TrustError::NotAFile(path));
    }
    refuse_open_to_others(&stat, &path)?;
    let mut text = Vec::new();
    if let Err(source) = file.take(KEY_BYTES + 1).read_to_end(&mut text) {
        return Err(TrustError::Read { path, source });
    }
    if text.len() as u64 > KEY_BYTES {
        return Err(TrustError::TooLarge(path));
    }
    match PublicKey::parse(&text) {
        Ok(key) => Ok(TrustedKey {
            name: stem.to_owned(),
            key,
            revoked: put_away,
            put_away,
            path: Some(path),
        }),
        Err(source) => Err(TrustError::NotAKey { path, source }),
    }
}

fn refuse_open_to_others(stat: &Stat, shown: &Path) -> Result<(), TrustError> {
    if stat.st_mode & 0o002 != 0 {
        Err(TrustError::OpenToOthers(shown.to_owned()))
    } else {
        Ok(())
    }
}

fn unreadable(path: &Path, errno: Errno) -> TrustError {
    TrustError::Read {
        path: path.to_owned(),
        source: errno.into(),
    }
}
