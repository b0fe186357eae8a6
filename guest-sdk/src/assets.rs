//! The package's own files, read-only, by name.

use crate::platform;

/// How much is asked for at once. Below what hosts deliver by default, and large enough that few calls are needed.
const CHUNK: u32 = 1024 * 1024;

/// Why an asset could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssetError {
    /// The package has no asset of this name.
    #[error("the package has no asset `{0}`")]
    NotFound(String),
    /// The manifest's `required_assets` names no asset of this kind for this product model.
    #[error("the manifest names no `{kind}` asset for pid `{pid}` in `required_assets`")]
    NotDeclared {
        /// The product model.
        pid: String,
        /// What kind of asset was wanted.
        kind: String,
    },
    /// The host could not read the file.
    #[error("asset `{0}` cannot be read; reinstall the package")]
    Unreadable(String),
    /// The host delivers less in one call than is asked for. [`Assets::read`] asks again for less.
    #[error("asset `{name}` was asked for in pieces larger than the host delivers, which is {limit} bytes")]
    TooLarge {
        /// The asset that was read.
        name: String,
        /// What the host delivers in one call, in bytes.
        limit: u64,
    },
    /// The file is not UTF-8 text.
    #[error("asset `{0}` is not UTF-8 text")]
    NotText(String),
}

/// One file of the package.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asset {
    /// Path inside the package's `assets` folder, with `/` between parts.
    pub name: String,
    /// In bytes.
    pub size: u64,
}

/// The files in the package's `assets` folder.
///
/// ```
/// use procvision_guest::prelude::*;
///
/// fn load_template(assets: &Assets) -> Result<Vec<u8>, Failure> {
///     Ok(assets.required("A01", "template")?)
/// }
/// ```
#[derive(Debug)]
pub struct Assets {
    _lent: (),
}

impl Assets {
    pub(crate) fn lent() -> Self {
        Self { _lent: () }
    }

    /// All assets, sorted by name.
    pub fn list(&self) -> Vec<Asset> {
        platform::asset_list()
    }

    /// The name of the asset that the manifest's `required_assets` gives for a product model and a kind.
    pub fn lookup(&self, pid: &str, kind: &str) -> Option<String> {
        platform::asset_lookup(pid, kind)
    }

    /// The whole content of an asset, fetched in pieces that the host is willing to deliver.
    ///
    /// # Errors
    ///
    /// If there is no asset of this name or the host cannot read it; as a [`Failure`](crate::Failure) this is 1003.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, AssetError> {
        let mut content = Vec::new();
        let mut length = CHUNK;
        loop {
            match platform::asset_read(name, content.len() as u64, length) {
                Ok(chunk) if chunk.is_empty() => return Ok(content),
                Ok(chunk) => content.extend_from_slice(&chunk),
                Err(AssetError::TooLarge { limit, .. }) if (1..u64::from(length)).contains(&limit) => {
                    length = u32::try_from(limit).unwrap_or(CHUNK);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The whole content of an asset as text.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), and if the content is not UTF-8.
    pub fn read_string(&self, name: &str) -> Result<String, AssetError> {
        String::from_utf8(self.read(name)?).map_err(|_| AssetError::NotText(name.to_owned()))
    }

    /// The content of the asset that the manifest's `required_assets` gives for a product model and a kind.
    ///
    /// # Errors
    ///
    /// [`AssetError::NotDeclared`] if the manifest gives none, otherwise as [`read`](Self::read).
    pub fn required(&self, pid: &str, kind: &str) -> Result<Vec<u8>, AssetError> {
        match self.lookup(pid, kind) {
            Some(name) => self.read(&name),
            None => Err(AssetError::NotDeclared {
                pid: pid.to_owned(),
                kind: kind.to_owned(),
            }),
        }
    }
}
