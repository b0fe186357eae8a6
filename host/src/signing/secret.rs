//! Secret keys: made, written so that nobody else can read them, and unlocked. They are never shown.
//!
//! What this module holds itself is wiped from memory. minisign's library keeps the key and the password in ordinary
//! memory and leaves them there; see `docs/signing.md` for what that means.

use super::error::{KeyError, KeyFormError};
use super::key::{self, PublicKey};
use super::password::{Password, Wiped};
use crate::limits::KEY_BYTES;
use crate::opening::{self, Links};
use crate::whole_file::{self, Existing};
use minisign::{ErrorKind, KeyPair, SecretKeyBox};
use rustix::fs::{CWD, FileType};
use std::fmt;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

/// Algorithms of key, password and checksum; salt, work and memory of the password; identifier, key, checksum.
const BYTES: usize = 2 + 2 + 2 + 32 + 8 + 8 + 8 + 64 + 32;
const CHECKSUM_AT: usize = BYTES - 32;
const KEY_ALGORITHM: &[u8] = b"Ed";
const CHECKSUM_ALGORITHM: &[u8] = b"B2";
const ENCRYPTED: &[u8] = b"Sc";
const NOT_ENCRYPTED: &[u8] = &[0, 0];
/// Room for a file that is just too large and for what reading tries beyond it, so that no key is moved about.
const ROOM: usize = 2 * KEY_BYTES as usize;
/// The most that the minisign tool asks for when it makes a key: libsodium's "sensitive" work and memory.
const MOST_WORK: u64 = 1 << 25;
const MOST_MEMORY: u64 = 1 << 30;

/// A secret key as it lies in its file, perhaps encrypted.
pub struct LockedKey {
    path: PathBuf,
    text: Wiped,
    protection: Protection,
}

/// What keeps a key in its file from strangers and from damage.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Protection {
    Password,
    /// Not encrypted, with a checksum.
    Checksum,
    /// Not encrypted and without a checksum, as the minisign tool writes such keys.
    Nothing,
}

impl LockedKey {
    /// Reads the file of a secret key, as `procvision keygen`, `minisign -G` and `rsign generate` write them. A file that
    /// others than its owner can read or write is refused, as ssh does.
    ///
    /// # Errors
    ///
    /// See [`KeyError`].
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => KeyError::Missing(path.to_owned()),
            _ => KeyError::Read {
                path: path.to_owned(),
                source: error,
            },
        };
        let (file, stat) = opening::open_at(CWD, path, Links::Follow).map_err(|errno| failed(errno.into()))?;
        if opening::kind(&stat) != FileType::RegularFile {
            return Err(KeyError::NotAFile(path.to_owned()));
        }
        let mode = stat.st_mode & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyError::OpenToOthers {
                path: path.to_owned(),
                mode,
            });
        }
        let mut text = Wiped(Vec::with_capacity(ROOM));
        file.take(KEY_BYTES + 1).read_to_end(&mut text.0).map_err(failed)?;
        if text.0.len() as u64 > KEY_BYTES {
            return Err(KeyError::TooLarge(path.to_owned()));
        }
        let protection = look_at(&text.0).map_err(|source| KeyError::NotASecretKey {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            text,
            protection,
        })
    }

    /// Whether a password is needed.
    pub fn is_encrypted(&self) -> bool {
        self.protection == Protection::Password
    }

    /// Decrypts it. Keys of the minisign tool take a gigabyte of memory and some seconds for it.
    ///
    /// # Errors
    ///
    /// See [`KeyError`].
    pub fn unlock(self, password: Option<&Password>) -> Result<SecretKey, KeyError> {
        let text = || SecretKeyBox::from(String::from_utf8_lossy(&self.text.0).into_owned());
        let unlocked = match (self.protection, password) {
            (Protection::Password, None) => return Err(KeyError::PasswordNeeded(self.path)),
            (Protection::Password, Some(password)) => text().into_secret_key(Some(password.copy())),
            (_, Some(_)) => return Err(KeyError::NoPassword(self.path)),
            (Protection::Checksum, None) => text().into_unencrypted_secret_key(),
            (Protection::Nothing, None) => {
                let bytes = key::two_lines(&self.text.0).map(Wiped);
                let bytes = bytes.map_err(|_| KeyError::Damaged(self.path.clone()))?;
                minisign::SecretKey::from_bytes(&bytes.0)
            }
        };
        let inner = unlocked.map_err(|error| match error.kind() {
            // The form was looked at before, so what can be wrong is the checksum.
            ErrorKind::Verify if self.is_encrypted() => KeyError::WrongPassword(self.path.clone()),
            ErrorKind::Verify => KeyError::Damaged(self.path.clone()),
            _ => KeyError::Derive,
        })?;
        SecretKey::from_inner(inner).ok_or(KeyError::Damaged(self.path))
    }
}

impl fmt::Debug for LockedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LockedKey({})", self.path.display())
    }
}

/// How the text of a secret key is protected.
fn look_at(text: &[u8]) -> Result<Protection, KeyFormError> {
    let bytes = Wiped(key::two_lines(text)?);
    let length = bytes.0.len();
    let bytes: &[u8; BYTES] = bytes.0.as_slice().try_into().map_err(|_| KeyFormError::Length {
        bytes: length,
        expected: BYTES,
    })?;
    let number = |at: usize| {
        let mut number = [0; 8];
        number.copy_from_slice(&bytes[at..at + 8]);
        u64::from_le_bytes(number)
    };
    if &bytes[..2] != KEY_ALGORITHM || &bytes[4..6] != CHECKSUM_ALGORITHM {
        return Err(KeyFormError::Algorithm);
    }
    match &bytes[2..4] {
        NOT_ENCRYPTED if bytes[CHECKSUM_AT..].iter().all(|byte| *byte == 0) => Ok(Protection::Nothing),
        NOT_ENCRYPTED => Ok(Protection::Checksum),
        ENCRYPTED if number(38) <= MOST_WORK && number(46) <= MOST_MEMORY => Ok(Protection::Password),
        ENCRYPTED => Err(KeyFormError::TooCostly),
        _ => Err(KeyFormError::Algorithm),
    }
}

/// A key with which packages are signed.
pub struct SecretKey {
    inner: minisign::SecretKey,
    public: PublicKey,
}

impl SecretKey {
    fn from_inner(inner: minisign::SecretKey) -> Option<Self> {
        let public = minisign::PublicKey::from_secret_key(&inner).ok()?;
        // A key whose halves do not belong together signs what nobody can check.
        minisign::sign(Some(&public), &inner, Cursor::new([]), Some(""), Some("")).ok()?;
        let public = PublicKey::from_inner(&public)?;
        Some(Self { inner, public })
    }

    /// The key with which its signatures are checked.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(super) fn inner(&self) -> &minisign::SecretKey {
        &self.inner
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.public.id())
    }
}

/// A pair of keys that was just made and is not written yet.
pub struct NewKey {
    public: PublicKey,
    text: Wiped,
}

impl NewKey {
    /// Makes a pair of keys, the secret one encrypted with the password if there is one.
    ///
    /// # Errors
    ///
    /// [`KeyError::Generate`], [`KeyError::Derive`].
    pub fn generate(password: Option<&Password>) -> Result<Self, KeyError> {
        let pair = match password {
            Some(password) => KeyPair::generate_encrypted_keypair(Some(password.copy())),
            None => KeyPair::generate_unencrypted_keypair(),
        };
        let pair = pair.map_err(|error| match error.kind() {
            ErrorKind::KDF => KeyError::Derive,
            _ => KeyError::Generate,
        })?;
        let public = PublicKey::from_inner(&pair.pk).ok_or(KeyError::Generate)?;
        let kind = if password.is_some() { "encrypted" } else { "unencrypted" };
        let comment = format!("minisign {kind} secret key {}", public.id());
        let text = pair.sk.to_box(Some(&comment)).map_err(|_| KeyError::Generate)?;
        Ok(Self {
            public,
            text: Wiped(text.into_string().into_bytes()),
        })
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Writes both halves, the secret one readable by its owner alone from the first byte on. Each file is there as a
    /// whole or not at all. If one of them exists and is to be kept, nothing is written.
    ///
    /// # Errors
    ///
    /// [`KeyError::Exists`], [`KeyError::Write`].
    pub fn write(&self, secret: &Path, public: &Path, existing: Existing) -> Result<(), KeyError> {
        let write = |path: &Path, bytes: &[u8], mode: u32| {
            whole_file::write(path, bytes, mode, existing).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => KeyError::Exists(path.to_owned()),
                _ => KeyError::Write {
                    path: path.to_owned(),
                    source: error,
                },
            })
        };
        if existing == Existing::Keep && public.symlink_metadata().is_ok() {
            return Err(KeyError::Exists(public.to_owned()));
        }
        write(secret, &self.text.0, 0o600)?;
        write(public, self.public.to_text().as_bytes(), 0o644).inspect_err(|_| {
            // Half a pair helps nobody; one that was replaced is gone in any case.
            if existing == Existing::Keep {
                let _ = std::fs::remove_file(secret);
            }
        })
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewKey({})", self.public.id())
    }
}
