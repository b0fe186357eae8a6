//! Compiled components on disk, so that a start need not compile.
//!
//! A compiled component is native code: whoever can make the host load one controls the host. So the folder must belong
//! to the user the host runs as and be closed to everybody else, the folders above it must be as safe (`folder.rs`), and
//! each file is authenticated with a secret that lies in the folder (`secret.rs`): what is damaged, renamed or was put
//! there by somebody who cannot read the secret is never loaded. Any doubt leads to compiling again.
//!
//! A file holds a mark with the version of its form, the key, the tag, and the artifact. The key is made of the engine's
//! fingerprint and the component; the tag is the HMAC-SHA-256 of mark, key and artifact.

mod folder;
mod secret;

use super::{Artifact, FINGERPRINT_BYTES};
use hmac::{Hmac, Mac};
use secret::Secret;
use sha2::{Digest, Sha256};
use std::fmt::{self, Write as _};
use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use wasmtime::Engine;
use wasmtime::component::Component;

/// Begins every file; another form has another mark.
const MARK: &[u8; 16] = b"pv-compiled-0002";
const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 32;
/// Most artifacts that are kept; the oldest go. A station has a few dozen algorithms at a time.
const MOST_ARTIFACTS: usize = 200;
/// Larger than any artifact of a component within `component_bytes`.
const ARTIFACT_BYTES: u64 = 2 << 30;
/// Files that are being written are called so; one that is older than this was left behind by a process that was killed.
const UNFINISHED: &str = ".new-";
const UNFINISHED_FOR: Duration = Duration::from_secs(3600);

/// A folder of compiled components.
#[derive(Debug)]
pub(crate) struct CompileCache {
    folder: PathBuf,
    secret: Secret,
}

/// What an artifact is kept under.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct CacheKey([u8; KEY_BYTES]);

/// Why a folder is not used as a cache.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// It cannot be made or read.
    #[error("cannot use the compile cache {}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others could put code into it.
    #[error(
        "the compile cache {} must be a folder that belongs to the user the host runs as and is closed to others (mode \
         0700)",
        .0.display()
    )]
    NotPrivate(PathBuf),
    /// Others could put another folder in its place.
    #[error(
        "the compile cache {} is not safe, because others can change {}, where it lies: that must belong to root or the \
         user the host runs as, and neither its group nor others may write to it unless it has the sticky bit",
        folder.display(), parent.display()
    )]
    OpenParent {
        /// The folder of the cache.
        folder: PathBuf,
        /// The folder above it that others can change.
        parent: PathBuf,
    },
    /// The random numbers for its secret cannot be had.
    #[error("the system has no random numbers for the secret of the compile cache")]
    NoRandom(#[source] io::Error),
}

/// What is wrong with a file of the cache.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    /// It is another thing than it should be: no file, too short or too long, of another form.
    Form,
    /// It was kept under another key.
    Renamed,
    /// It is damaged, or was written by somebody who does not know the secret.
    NotAuthentic,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "it has another form",
            Self::Renamed => "it belongs to another component or engine",
            Self::NotAuthentic => "it is damaged or not from here",
        })
    }
}

impl CacheKey {
    /// The key of what an engine makes of a component.
    pub(crate) fn new(engine: &[u8; FINGERPRINT_BYTES], component: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(engine);
        hash.update(Sha256::digest(component));
        Self(hash.finalize().into())
    }

    pub(crate) fn file_name(&self) -> String {
        let mut name = String::with_capacity(2 * KEY_BYTES + 7);
        for byte in self.0 {
            // Writing to a string cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        name + ".cwasm"
    }
}

impl CompileCache {
    /// Uses `folder`, which is made with mode 0700 if it does not exist.
    pub(crate) fn open(folder: &Path) -> Result<Self, CacheError> {
        let folder = folder::private(folder)?;
        let secret = Secret::of(&folder)?;
        Ok(Self { folder, secret })
    }

    /// What was kept under this key, if it is there and authentic. What is not is removed.
    pub(crate) fn load(&self, engine: &Engine, key: &CacheKey) -> Option<Component> {
        let path = self.folder.join(key.file_name());
        let loaded = match self.read(&path, key) {
            Ok(None) => return None,
            Ok(Some(Ok(artifact))) => artifact.load(engine).map_err(|error| error.to_string()),
            Ok(Some(Err(fault))) => Err(fault.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match loaded {
            Ok(component) => Some(component),
            Err(reason) => {
                tracing::warn!(path = %path.display(), reason, "a compiled component cannot be used; compiling again");
                // Nobody can use it. Should another process have replaced it just now, it is compiled once more.
                let removed = fs::remove_file(&path);
                if let Err(error) = removed.or_else(missing_is_fine) {
                    tracing::warn!(path = %path.display(), %error, "cannot remove it");
                }
                None
            }
        }
    }

    /// Keeps a compiled component. Failing to is not an error for anybody: the next start compiles again.
    pub(crate) fn store(&self, key: &CacheKey, artifact: &Artifact) {
        let path = self.folder.join(key.file_name());
        let result = self.write(&path, key, artifact).and_then(|()| self.make_room());
        if let Err(error) = result {
            tracing::warn!(path = %path.display(), %error, "cannot keep a compiled component");
        }
    }

    /// The artifact in `path`, or what is wrong with it; `None` if there is no such file.
    fn read(&self, path: &Path, key: &CacheKey) -> io::Result<Option<Result<Artifact, Fault>>> {
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        let opened = File::options()
            .read(true)
            .custom_flags(flags.bits().cast_signed())
            .open(path);
        let mut file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() || metadata.len() > ARTIFACT_BYTES {
            return Ok(Some(Err(Fault::Form)));
        }
        let mut header = [0; MARK.len() + KEY_BYTES + TAG_BYTES];
        match file.read_exact(&mut header) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Some(Err(Fault::Form))),
            other => other?,
        }
        let (mark, rest) = header.split_at(MARK.len());
        let (kept_under, tag) = rest.split_at(KEY_BYTES);
        if mark != MARK {
            return Ok(Some(Err(Fault::Form)));
        }
        if kept_under != key.0 {
            return Ok(Some(Err(Fault::Renamed)));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
        file.take(ARTIFACT_BYTES).read_to_end(&mut bytes)?;
        if self.tag(key, &bytes).verify_slice(tag).is_err() {
            return Ok(Some(Err(Fault::NotAuthentic)));
        }
        // SAFETY: the tag shows that whoever wrote these very bytes under this key knew the secret, which only this user
        // can read, and this user's hosts write with it what their engine has compiled. The key holds the version of the
        // engine.
        Ok(Some(Ok(unsafe { Artifact::trusted(bytes) })))
    }

    fn write(&self, path: &Path, key: &CacheKey, artifact: &Artifact) -> io::Result<()> {
        let tag = self.tag(key, artifact.bytes()).finalize().into_bytes();
        // Nobody ever sees a part of it under its name, and two that write the same do not mix.
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.folder)?;
        for part in [MARK.as_slice(), &key.0, &tag, artifact.bytes()] {
            file.write_all(part)?;
        }
        file.persist(path)?;
        Ok(())
    }

    fn tag(&self, key: &CacheKey, artifact: &[u8]) -> Hmac<Sha256> {
        let mut tag = self.secret.mac();
        tag.update(MARK);
        tag.update(&key.0);
        tag.update(artifact);
        tag
    }

    /// Removes the oldest artifacts above [`MOST_ARTIFACTS`], and what was never finished. What another process removes
    /// meanwhile is gone as well.
    fn make_room(&self) -> io::Result<()> {
        let mut artifacts = Vec::new();
        let mut surplus = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let path = entry.path();
            let written = fs::symlink_metadata(&path).and_then(|metadata| metadata.modified());
            if path.extension().is_some_and(|extension| extension == "cwasm") {
                artifacts.push((written.ok(), path));
            } else if entry.file_name().to_string_lossy().starts_with(UNFINISHED)
                && written.is_ok_and(|written| written.elapsed().is_ok_and(|age| age > UNFINISHED_FOR))
            {
                surplus.push(path);
            }
        }
        artifacts.sort();
        let too_many = artifacts.len().saturating_sub(MOST_ARTIFACTS);
        surplus.extend(artifacts.into_iter().take(too_many).map(|(_, path)| path));
        for path in surplus {
            fs::remove_file(path).or_else(missing_is_fine)?;
        }
        Ok(())
    }
}

fn missing_is_fine(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    }
}
