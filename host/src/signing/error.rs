//! What can go wrong with keys, signature files and the trust folder. A signature that is not good is no error but a
//! [status](super::SignatureStatus).

use super::password::PasswordError;
use crate::explain::Explain;
use crate::limits::{KEY_BYTES, SIGNATURE_BYTES, TRUSTED_KEYS};
use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

/// Why a text is no key, as part of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFormError {
    /// It is not UTF-8.
    #[error("it is not text")]
    Text,
    /// It has more or fewer than two lines.
    #[error("a key has two lines")]
    Lines,
    /// The first line is not a comment.
    #[error("the first line does not begin with `untrusted comment: `")]
    Comment,
    /// The second line is not base64.
    #[error("the second line is not in base64")]
    Base64,
    /// The second line stands for another number of bytes; keys of the other kind, secret or public, have another.
    #[error("the second line stands for {bytes} bytes instead of {expected}")]
    Length {
        /// How many it stands for.
        bytes: usize,
        /// How many a key of this kind has.
        expected: usize,
    },
    /// It is made for an algorithm that this host does not know.
    #[error("it is for an unknown algorithm")]
    Algorithm,
    /// Turning the password into a key would take more memory or time than any key of the known tools asks for.
    #[error("it asks for more work to unlock it than keys of the known tools do")]
    TooCostly,
}

/// Why a key cannot be used or written. Each variant names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// There is no such file.
    #[error("the key {} does not exist", .0.display())]
    Missing(PathBuf),
    /// It is a folder, a device or the like.
    #[error("the key {} is not a file", .0.display())]
    NotAFile(PathBuf),
    /// It is too large to be a key.
    #[error("{} is larger than the {KEY_BYTES} bytes a key may have", .0.display())]
    TooLarge(PathBuf),
    /// It cannot be read.
    #[error("cannot read the key {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not a public key.
    #[error("{} is not a public key", path.display())]
    NotAPublicKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyFormError,
    },
    /// It is not a secret key.
    #[error("{} is not a secret key", path.display())]
    NotASecretKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyFormError,
    },
    /// Others than its owner can read a secret key.
    #[error("the secret key {} has mode {mode:04o}: others than its owner can get at it", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It is encrypted, and no password was given.
    #[error("the secret key {} needs a password", .0.display())]
    PasswordNeeded(PathBuf),
    /// It is not encrypted, but a password was given.
    #[error("the secret key {} has no password", .0.display())]
    NoPassword(PathBuf),
    /// It is encrypted with another password.
    #[error("that is not the password of {}", .0.display())]
    WrongPassword(PathBuf),
    /// It is not encrypted, and its checksum is wrong.
    #[error("the secret key {} is damaged", .0.display())]
    Damaged(PathBuf),
    /// The password cannot be turned into a key, such as for want of memory.
    #[error("cannot derive a key from the password")]
    Derive,
    /// A new key cannot be made, since the system gives no random numbers.
    #[error("cannot make a key")]
    Generate,
    /// There is a file already, and it was not to be replaced.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// A file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Explain for KeyError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Missing(_) | Self::NotAFile(_) | Self::Read { .. } => "unreadable",
            Self::TooLarge(_) | Self::NotAPublicKey { .. } | Self::NotASecretKey { .. } | Self::Damaged(_) => "bad-key",
            Self::OpenToOthers { .. } => "key-open-to-others",
            Self::PasswordNeeded(_) | Self::NoPassword(_) | Self::WrongPassword(_) => "password",
            Self::Derive | Self::Generate => "no-key",
            Self::Exists(_) => "exists",
            Self::Write { .. } => "unwritable",
        }
        .into()
    }

    fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::Missing(_) | Self::NotAFile(_) | Self::Read { .. } => {
                "name the file of a key that you can read".into()
            }
            Self::NotAPublicKey { .. } => "name the file that ends with `.pub`".into(),
            Self::TooLarge(_) | Self::NotASecretKey { .. } => {
                "name the file that `procvision keygen` has written, such as NAME.key".into()
            }
            Self::Damaged(_) => "take the copy of it that you have kept, or make a new key".into(),
            Self::OpenToOthers { path, .. } => format!(
                "make it yours alone with `chmod 600 {}`, and make a new key if somebody else may have read it",
                path.display()
            ),
            Self::PasswordNeeded(_) => "run it on a terminal, or give --password-file".into(),
            Self::NoPassword(_) => "leave out --password-file".into(),
            Self::WrongPassword(_) => "try again; without the password the key is lost".into(),
            Self::Exists(_) => "choose another name, or replace it with --force".into(),
            Self::Write { .. } => "name a file in a folder that exists and is yours".into(),
            Self::Derive | Self::Generate => return None,
        })
    }
}

/// Why a package was not signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The last day lies before the day of signing.
    #[error("the last day {0} has passed already")]
    Expired(String),
    /// The system gives no random numbers, or the signature made does not fit.
    #[error("cannot make a signature")]
    Failed,
}

impl Explain for SignError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Expired(_) => "expired",
            Self::Failed => "no-signature",
        }
        .into()
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Expired(_) => Some("give a day that is still to come, or leave out --expires".into()),
            Self::Failed => None,
        }
    }
}

/// Why the signature beside a package was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BesideError {
    /// It is a folder, a device or the like.
    #[error("the signature {} is not a file", .0.display())]
    NotAFile(PathBuf),
    /// It is too large to be a signature.
    #[error("{} is larger than the {SIGNATURE_BYTES} bytes a signature may have", .0.display())]
    TooLarge(PathBuf),
    /// It cannot be read.
    #[error("cannot read the signature {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Explain for BesideError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::NotAFile(_) | Self::Read { .. } => "unreadable",
            Self::TooLarge(_) => "bad-signature",
        }
        .into()
    }

    fn remedy(&self) -> Option<String> {
        Some("remove it, or put the signature there that came with the package".into())
    }

    fn subject_failed(&self) -> bool {
        matches!(self, Self::TooLarge(_))
    }
}

/// Why a trust folder cannot be used or changed. While anything in it is doubtful, nobody is trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// There is no such folder.
    #[error("the trust folder {} does not exist", .0.display())]
    Missing(PathBuf),
    /// It, or something in it, cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `revoked` is something else than a folder.
    #[error("{} is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// It holds more entries than are looked at.
    #[error("{} holds more than {TRUSTED_KEYS} entries", .0.display())]
    TooMany(PathBuf),
    /// Every user of the machine can write to it.
    #[error("every user of this machine can write to {}", .0.display())]
    OpenToOthers(PathBuf),
    /// The name of a key's file cannot be shown.
    #[error("the file name {0:?} in the trust folder is not plain text")]
    Name(PathBuf),
    /// Something that is called like a key is a link, a folder, a device or the like.
    #[error("{} is not a file", .0.display())]
    NotAFile(PathBuf),
    /// It is too large to be a key.
    #[error("{} is larger than the {KEY_BYTES} bytes a key may have", .0.display())]
    TooLarge(PathBuf),
    /// It is not a public key.
    #[error("{} is not a public key", path.display())]
    NotAKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyFormError,
    },
    /// Among revoked keys is something that is none; it may have been meant to revoke one.
    #[error("{} lies among the revoked keys, but is not called `*.pub`", .0.display())]
    NotRevoking(PathBuf),
    /// Two files in the folder have keys of one identifier.
    #[error("{} and {} both hold a key with the identifier {key_id}", first.display(), second.display())]
    Twice {
        /// The identifier.
        key_id: String,
        /// One file.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// The key to be added is trusted already, or another of the same identifier is.
    #[error("the key {key_id} is trusted already, as `{name}`")]
    AlreadyTrusted {
        /// Its identifier.
        key_id: String,
        /// Its name in the folder.
        name: String,
    },
    /// The key to be added is revoked.
    #[error("the key {key_id} is revoked, as `{name}`")]
    IsRevoked {
        /// Its identifier.
        key_id: String,
        /// Its name among the revoked ones.
        name: String,
    },
    /// A key of that name is there.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// A name for a key that cannot be the name of a file.
    #[error("`{0}` cannot be the name of a key")]
    BadName(String),
    /// There is no trusted key of that name or identifier.
    #[error("no key is trusted under the name or identifier `{0}`")]
    Unknown(String),
    /// The folder cannot be changed.
    #[error("cannot write {}", path.display())]
    Write {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Explain for TrustError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Missing(_) | Self::Read { .. } => "unreadable",
            Self::AlreadyTrusted { .. } | Self::Exists(_) => "exists",
            Self::IsRevoked { .. } => "revoked",
            Self::BadName(_) | Self::Unknown(_) => "usage",
            Self::Write { .. } => "unwritable",
            _ => "bad-trust-folder",
        }
        .into()
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::Missing(_) => {
                "name the folder with the public keys that are trusted; `procvision trust add` makes it"
            }
            Self::Read { .. } => "make it readable for the user who checks signatures",
            Self::NotAFolder(_) => "move it away; revoked keys lie in a folder of that name",
            Self::TooMany(_) => "keep nothing but keys there",
            Self::OpenToOthers(_) => {
                "take the right to write from others with `chmod o-w`, and look at every key there"
            }
            Self::Name(_) => "rename it; the name says whose key it is",
            Self::NotAFile(_) => "put the key itself there, or move this away",
            Self::TooLarge(_) | Self::NotAKey { .. } => "put a public key there, or move this away",
            Self::NotRevoking(_) => "let its name end with `.pub`, or move it away",
            Self::Twice { .. } => "keep one of them; if the keys differ, one was made to look like the other",
            Self::AlreadyTrusted { .. } => "there is nothing to do if it is the same key",
            Self::IsRevoked { .. } => "ask its owner for a new key; to trust it all the same, remove it from `revoked`",
            Self::Exists(_) => "give another name with --name",
            Self::BadName(_) => "give letters, digits, `-`, `_` and `.`, beginning with a letter or digit",
            Self::Unknown(_) => "`procvision trust list` shows names and identifiers",
            Self::Write { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                "make the folder above it first; a store is made by its first `procvision store install`"
            }
            Self::Write { .. } => "run it as the user who owns the folder",
        };
        Some(remedy.into())
    }
}

impl Explain for PasswordError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Read { .. } => "unreadable",
            _ => "password",
        }
        .into()
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::OpenToOthers { path, .. } => Some(format!("make it yours alone with `chmod 600 {}`", path.display())),
            Self::Empty => Some("choose a password, or make a key without one with --no-password".into()),
            Self::Read { .. } | Self::Form { .. } => Some("name a file whose first line is the password".into()),
            Self::TooLong | Self::Control => None,
        }
    }
}
