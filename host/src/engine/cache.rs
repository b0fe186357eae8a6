//! Compiled components on disk, so that a start need not compile.
//!
//! A compiled component is native code: whoever can write one into the cache controls the host. The folder must
//! therefore belong to the user the host runs as and be closed to everybody else; each file carries a digest, so that
//! damage is noticed, and any doubt leads to compiling again. Keys are made of the engine's version and settings and
//! the component's digest.
//!
//! This is the one file of the host that loads native code.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use wasmtime::Engine;
use wasmtime::component::Component;

const DIGEST_BYTES: usize = 32;
/// Most artifacts that are kept; the oldest go. A station has a few dozen algorithms at a time.
const MOST_ARTIFACTS: usize = 200;
/// Larger than any artifact of a component within `component_bytes`.
const ARTIFACT_BYTES: u64 = 2 << 30;

/// A folder of compiled components.
#[derive(Debug)]
pub(crate) struct CompileCache {
    folder: PathBuf,
}

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
        "the compile cache {} must belong to the user the host runs as and be closed to others (mode 0700)",
        .0.display()
    )]
    NotPrivate(PathBuf),
}

impl CompileCache {
    /// Uses `folder`, which is made with mode 0700 if it does not exist.
    pub(crate) fn open(folder: &Path) -> Result<Self, CacheError> {
        let io_error = |source| CacheError::Io {
            path: folder.to_owned(),
            source,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(io_error)?;
        let metadata = fs::symlink_metadata(folder).map_err(io_error)?;
        let owner = metadata.uid() == rustix::process::geteuid().as_raw();
        if !metadata.is_dir() || !owner || metadata.mode() & 0o077 != 0 {
            return Err(CacheError::NotPrivate(folder.to_owned()));
        }
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// The compiled form of a component that was compiled before by this engine, if it is there and whole.
    pub(crate) fn load(&self, engine: &Engine, component: &[u8]) -> Option<Component> {
        let path = self.path(engine, component);
        let artifact = match read_checked(&path) {
            Ok(artifact) => artifact?,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "cannot read a compiled component; compiling again");
                return None;
            }
        };
        // SAFETY: `deserialize` runs what it is given as native code, so the bytes must come from `Component::serialize`
        // of a compatible engine. Only `store` writes files of this name, and only in a folder that `open` has checked
        // to belong to this user and to be closed to all others; the digest shows that the file is as it was written.
        // The engine itself refuses artifacts of another version or with other settings.
        match unsafe { Component::deserialize(engine, &artifact) } {
            Ok(component) => Some(component),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a compiled component does not fit; compiling again");
                None
            }
        }
    }

    /// Keeps a compiled component. Failing to is not an error for anybody: the next start compiles again.
    pub(crate) fn store(&self, engine: &Engine, bytes: &[u8], component: &Component) {
        let path = self.path(engine, bytes);
        let result = component
            .serialize()
            .map_err(|error| io::Error::other(error.to_string()))
            .and_then(|artifact| write_checked(&self.folder, &path, &artifact))
            .and_then(|()| make_room(&self.folder));
        if let Err(error) = result {
            tracing::warn!(path = %path.display(), %error, "cannot keep a compiled component");
        }
    }

    fn path(&self, engine: &Engine, component: &[u8]) -> PathBuf {
        let mut settings = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut settings);
        let mut name = format!("{:016x}-", settings.finish());
        for byte in Sha256::digest(component) {
            // Writing to a string cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        self.folder.join(name + ".cwasm")
    }
}

/// The artifact in `path`; `None` if there is no such file or it is not as it was written.
fn read_checked(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let file = match File::options().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(ARTIFACT_BYTES).read_to_end(&mut bytes)?;
    let Some((digest, artifact)) = bytes.split_first_chunk::<DIGEST_BYTES>() else {
        return Ok(None);
    };
    if Sha256::digest(artifact).as_slice() != digest {
        tracing::warn!(path = %path.display(), "a compiled component is damaged; compiling again");
        return Ok(None);
    }
    Ok(Some(artifact.to_vec()))
}

/// Removes the oldest artifacts above [`MOST_ARTIFACTS`]. What another process removes meanwhile is gone as well.
fn make_room(folder: &Path) -> io::Result<()> {
    let mut artifacts = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "cwasm") {
            let written = fs::symlink_metadata(&path).and_then(|metadata| metadata.modified());
            artifacts.push((written.ok(), path));
        }
    }
    artifacts.sort();
    let surplus = artifacts.len().saturating_sub(MOST_ARTIFACTS);
    for (_, path) in &artifacts[..surplus] {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn write_checked(folder: &Path, path: &Path, artifact: &[u8]) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&Sha256::digest(artifact))?;
    file.write_all(artifact)?;
    file.persist(path)?;
    Ok(())
}
