//! The package's own files as an algorithm sees them: a fixed list of names under `assets/`, read-only.

use crate::limits::ASSET_FILES;
use rustix::fs::OFlags;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The files of a package's `assets` folder. The list is made when the package is opened; nothing that is not in it can
/// be reached, whatever an algorithm calls it.
#[derive(Debug, Default)]
pub struct Assets {
    files: BTreeMap<String, AssetFile>,
    required: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Debug)]
struct AssetFile {
    size: u64,
    file: File,
}

/// Why the assets of a package cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssetsError {
    /// A file or folder cannot be read.
    #[error("cannot read asset {}", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Links, devices and the like could lead out of the package.
    #[error("asset {} is neither a file nor a folder", .0.display())]
    NotAFile(PathBuf),
    /// A name that is not text.
    #[error("the name of asset {} is not UTF-8", .0.display())]
    Name(PathBuf),
    /// More files than a package may have.
    #[error("the package has more than {ASSET_FILES} assets")]
    TooMany,
    /// The manifest requires an asset that is not there.
    #[error("asset `{asset}`, required as `{kind}` for {pid}, is missing")]
    Missing {
        /// The product model.
        pid: String,
        /// The kind.
        kind: String,
        /// Its path in the package.
        asset: String,
    },
}

impl Assets {
    /// Lists and opens everything under `root/assets`, and checks that what `required` names (paths in the package, so
    /// beginning with `assets/`) is there. Names the algorithm sees are relative to `assets`.
    ///
    /// # Errors
    ///
    /// See [`AssetsError`].
    pub fn open(root: &Path, required: &BTreeMap<String, BTreeMap<String, String>>) -> Result<Self, AssetsError> {
        let mut assets = Self::default();
        let folder = root.join("assets");
        // A link would lead out of the package.
        match fs::symlink_metadata(&folder) {
            Ok(metadata) if metadata.is_dir() => assets.add_folder(&folder, "")?,
            Ok(_) => return Err(AssetsError::NotAFile(folder)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(AssetsError::Read { path: folder, source }),
        }
        assets.require(required)?;
        Ok(assets)
    }

    /// The assets in these open files, by the names the algorithm sees, of which there are at most [`ASSET_FILES`].
    ///
    /// # Errors
    ///
    /// If something that `required` names is not there, or if a file cannot be asked for its size.
    pub(crate) fn of_files(
        files: BTreeMap<String, File>,
        required: &BTreeMap<String, BTreeMap<String, String>>,
    ) -> Result<Self, AssetsError> {
        let mut assets = Self::default();
        for (name, file) in files {
            match file.metadata() {
                Ok(metadata) => assets.files.insert(
                    name,
                    AssetFile {
                        size: metadata.len(),
                        file,
                    },
                ),
                Err(source) => {
                    return Err(AssetsError::Read {
                        path: name.into(),
                        source,
                    });
                }
            };
        }
        assets.require(required)?;
        Ok(assets)
    }

    /// Notes what the manifest requires, which must be there.
    fn require(&mut self, required: &BTreeMap<String, BTreeMap<String, String>>) -> Result<(), AssetsError> {
        for (pid, kinds) in required {
            for (kind, path) in kinds {
                let name = path.strip_prefix("assets/").unwrap_or(path);
                if !self.files.contains_key(name) {
                    return Err(AssetsError::Missing {
                        pid: pid.clone(),
                        kind: kind.clone(),
                        asset: path.clone(),
                    });
                }
                self.required
                    .entry(pid.clone())
                    .or_default()
                    .insert(kind.clone(), name.to_owned());
            }
        }
        Ok(())
    }

    fn add_folder(&mut self, folder: &Path, prefix: &str) -> Result<(), AssetsError> {
        let error = |path: &Path| {
            let path = path.to_owned();
            move |source| AssetsError::Read { path, source }
        };
        for entry in fs::read_dir(folder).map_err(error(folder))? {
            let entry = entry.map_err(error(folder))?;
            let path = entry.path();
            let name = entry
                .file_name()
                .into_string()
                .map_err(|_| AssetsError::Name(path.clone()))?;
            let name = format!("{prefix}{name}");
            // Does not follow links.
            let kind = entry.file_type().map_err(error(&path))?;
            if kind.is_dir() {
                self.add_folder(&path, &format!("{name}/"))?;
            } else if kind.is_file() {
                if self.files.len() >= ASSET_FILES {
                    return Err(AssetsError::TooMany);
                }
                // It may have become a link or a pipe since it was listed.
                let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
                let file = File::options()
                    .read(true)
                    .custom_flags(flags)
                    .open(&path)
                    .map_err(error(&path))?;
                let metadata = file.metadata().map_err(error(&path))?;
                if !metadata.is_file() {
                    return Err(AssetsError::NotAFile(path));
                }
                let size = metadata.len();
                self.files.insert(name, AssetFile { size, file });
            } else {
                return Err(AssetsError::NotAFile(path));
            }
        }
        Ok(())
    }

    /// Names and sizes in bytes, sorted by name.
    pub fn list(&self) -> impl Iterator<Item = (&str, u64)> {
        self.files.iter().map(|(name, asset)| (name.as_str(), asset.size))
    }

    /// The name of the asset that the manifest requires for a product model and kind.
    pub fn lookup(&self, pid: &str, kind: &str) -> Option<&str> {
        self.required.get(pid)?.get(kind).map(String::as_str)
    }

    /// Up to `length` bytes from `offset` on; fewer at the end, none past it. `None` if there is no such asset.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn read(&self, name: &str, offset: u64, length: usize) -> Option<io::Result<Vec<u8>>> {
        let asset = self.files.get(name)?;
        let available = usize::try_from(asset.size.saturating_sub(offset))
            .unwrap_or(usize::MAX)
            .min(length);
        let mut bytes = vec![0; available];
        let mut filled = 0;
        // Positioned reads, since several instances may share the file; the file may have been cut meanwhile.
        while filled < available {
            match asset.file.read_at(&mut bytes[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Some(Err(error)),
            }
        }
        bytes.truncate(filled);
        Some(Ok(bytes))
    }
}
