//! A folder for as long as a command runs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A new folder, which goes with the value. Its path is short, as sockets need it.
pub struct Folder(PathBuf);

impl Folder {
    /// Makes it among the system's temporary files; `purpose` is a part of its name.
    pub fn new(purpose: &str) -> Result<Self> {
        Self::below(&std::env::temp_dir(), purpose)
    }

    /// Makes it in memory, where the machine has a place for that.
    pub fn in_memory(purpose: &str) -> Result<Self> {
        let memory = Path::new("/dev/shm");
        match memory.is_dir() {
            true => Self::below(memory, purpose),
            false => Self::new(purpose),
        }
    }

    /// Makes it in the folder `parent`.
    pub fn below(parent: &Path, purpose: &str) -> Result<Self> {
        let path = parent.join(format!("procvision-{purpose}-{}", std::process::id()));
        fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("cannot remove {}: {error}", self.0.display());
        }
    }
}
