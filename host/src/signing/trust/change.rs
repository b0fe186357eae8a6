//! Trusting one more key, and trusting one no longer. A folder that cannot be read as a whole is not changed.

use super::{ENDING, REVOKED, TrustError, TrustStore, TrustedKey};
use crate::signing::PublicKey;
use crate::whole_file::{self, Existing};
use rustix::fs::{CWD, RenameFlags};
use rustix::io::Errno;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

impl TrustStore {
    /// Adds a key to a trust folder, which is made if only it is not there, and gives its file. A key that is there already,
    /// under whatever name or identifier, is refused, and so is a revoked one and one that shares its identifier with another.
    ///
    /// # Errors
    ///
    /// See [`TrustError`].
    pub fn add(folder: &Path, name: &str, key: &PublicKey) -> Result<PathBuf, TrustError> {
        if !is_name(name) {
            return Err(TrustError::BadName(name.to_owned()));
        }
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(unwritable(folder, error)),
            _ => {}
        }
        let known = Self::open(folder)?;
        let same = known.keys.iter().find(|known| known.key.is_same_key(key));
        let same = same.or_else(|| known.with_id(key.id()).find(|known| !known.revoked));
        if let Some(TrustedKey {
            name,
            revoked,
            key: same,
            ..
        }) = same
        {
            let (key_id, name) = (same.id().to_owned(), name.clone());
            return Err(match revoked {
                true => TrustError::IsRevoked { key_id, name },
                false => TrustError::AlreadyTrusted { key_id, name },
            });
        }
        let path = folder.join(format!("{name}{ENDING}"));
        match whole_file::write(&path, key.to_text().as_bytes(), 0o644, Existing::Keep) {
            Ok(()) => Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(TrustError::Exists(path)),
            Err(error) => Err(unwritable(&path, error)),
        }
    }

    /// Moves the trusted key of this name or identifier among the revoked ones, and gives its identifier and its new
    /// file. The file keeps its name unless a revoked key has it.
    ///
    /// # Errors
    ///
    /// See [`TrustError`].
    pub fn revoke(folder: &Path, name_or_id: &str) -> Result<(PublicKey, PathBuf), TrustError> {
        let known = Self::open(folder)?;
        let mut trusted = known.keys.iter().filter(|key| !key.put_away);
        let wanted = |key: &&TrustedKey| key.name == name_or_id || key.key.id().eq_ignore_ascii_case(name_or_id);
        let Some(TrustedKey { name, key, .. }) = trusted.find(wanted) else {
            return Err(TrustError::Unknown(name_or_id.to_owned()));
        };
        let below = folder.join(REVOKED);
        match fs::create_dir(&below) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(unwritable(&below, error)),
            _ => {}
        }
        let from = folder.join(format!("{name}{ENDING}"));
        let names = [format!("{name}{ENDING}"), format!("{name}-{}{ENDING}", key.id())];
        let [to, second] = names.map(|name| below.join(name));
        let to = match rename(&from, &to) {
            Err(Errno::EXIST) => rename(&from, &second).map(|()| second),
            other => other.map(|()| to),
        };
        let to = to.map_err(|errno| unwritable(&from, errno.into()))?;
        for changed in [below.as_path(), folder] {
            let synced = File::open(changed).and_then(|folder| folder.sync_all());
            synced.map_err(|error| unwritable(changed, error))?;
        }
        Ok((key.clone(), to))
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), Errno> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // A file system that cannot do it in one.
        Err(Errno::INVAL | Errno::NOSYS) if to.symlink_metadata().is_ok() => Err(Errno::EXIST),
        Err(Errno::INVAL | Errno::NOSYS) => rustix::fs::rename(from, to),
        other => other,
    }
}

/// Letters, digits, `-`, `_` and `.`, beginning with a letter or digit: at most 64.
fn is_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn unwritable(path: &Path, source: io::Error) -> TrustError {
    TrustError::Write {
        path: path.to_owned(),
        source,
    }
}
