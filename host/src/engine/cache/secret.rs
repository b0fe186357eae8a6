//! The secret of a compile cache: random bytes in a file that only its user can read.

use super::CacheError;
use hmac::Hmac;
use hmac::digest::KeyInit;
use sha2::Sha256;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use tempfile::NamedTempFile;

/// The file's name in the folder.
const FILE: &str = "key";
const SECRET_BYTES: usize = 32;
/// Each attempt reads what is there or puts something there; only somebody who keeps damaging it makes more necessary.
const ATTEMPTS: u32 = 5;

/// Authenticates what is kept.
pub(super) struct Secret(Hmac<Sha256>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// What lies where the secret should be.
enum Found {
    Secret([u8; SECRET_BYTES]),
    Nothing,
    /// Not a secret, or not a secret any more.
    Unusable,
}

impl Secret {
    /// The secret of the cache in `folder`, which is made if there is none. Processes that look at the same time find the
    /// same one.
    pub(super) fn of(folder: &Path) -> Result<Self, CacheError> {
        let path = folder.join(FILE);
        let io_error = |source| CacheError::Io {
            path: path.clone(),
            source,
        };
        for _ in 0..ATTEMPTS {
            let replace = match read(&path).map_err(io_error)? {
                Found::Secret(bytes) => return Ok(Self::from_bytes(&bytes)),
                Found::Nothing => false,
                Found::Unusable => {
                    tracing::warn!(path = %path.display(), "not a secret of a compile cache; making a new one");
                    true
                }
            };
            // What others have put there meanwhile is read in the next turn.
            write(folder, &path, replace)?;
        }
        Err(io_error(io::Error::other("it changes all the time")))
    }

    fn from_bytes(bytes: &[u8; SECRET_BYTES]) -> Self {
        // A block of the hash, which every key of at most its length is padded to.
        let mut key = hmac::digest::Key::<Hmac<Sha256>>::default();
        key[..SECRET_BYTES].copy_from_slice(bytes);
        Self(<Hmac<Sha256> as KeyInit>::new(&key))
    }

    /// The beginning of a tag.
    pub(super) fn mac(&self) -> Hmac<Sha256> {
        self.0.clone()
    }
}

fn read(path: &Path) -> io::Result<Found> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let opened = File::options()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Ok(Found::Unusable);
        }
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    let user = rustix::process::geteuid().as_raw();
    if !metadata.is_file() || metadata.uid() != user || metadata.mode() & 0o077 != 0 {
        return Ok(Found::Unusable);
    }
    let mut bytes = Vec::new();
    file.take(SECRET_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes.try_into().map_or(Found::Unusable, Found::Secret))
}

/// Puts a new secret there, whole or not at all. Unless it is to `replace` what is there, the first one stays.
fn write(folder: &Path, path: &Path, replace: bool) -> Result<(), CacheError> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| CacheError::NoRandom(error.into()))?;
    let written = (|| {
        let mut file: NamedTempFile = tempfile::Builder::new().prefix(super::UNFINISHED).tempfile_in(folder)?;
        file.write_all(&bytes)?;
        // After a loss of power there is this secret or none, not an empty file.
        file.as_file().sync_all()?;
        match replace {
            true => file.persist(path).map(drop),
            false => file.persist_noclobber(path).map(drop),
        }
        .or_else(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists if !replace => Ok(()),
            _ => Err(error.error),
        })
    })();
    written.map_err(|source| CacheError::Io {
        path: path.to_owned(),
        source,
    })
}
