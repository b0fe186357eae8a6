//! An algorithm on disk: a folder with manifest, component and assets, the same in one archive, or a bare component
//! file.

use crate::archive::{self, Archive, ArchiveError};
use crate::assets::{Assets, AssetsError};
use crate::bounded_file::{self, BoundedFileError};
use crate::explain::Explain;
use crate::limits::{GrantedLimits, Limits};
use crate::manifest::{Manifest, ManifestError};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An algorithm, read but not yet compiled.
#[derive(Debug)]
pub struct Package {
    source: PathBuf,
    manifest: Option<Manifest>,
    assets: Arc<Assets>,
    component: Vec<u8>,
    limits: GrantedLimits,
    archive: Option<Arc<Archive>>,
}

/// Why a package cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// There is nothing of this name.
    #[error("{} does not exist", .0.display())]
    NotFound(PathBuf),
    /// The archive is refused; the code is the fault's.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Code 2002: the manifest is missing or wrong.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Code 2004: the component is missing.
    #[error("the component {} is missing", .0.display())]
    ComponentMissing(PathBuf),
    /// Where the component should be is a folder, a device or the like.
    #[error("the component {} is not a file", .0.display())]
    ComponentNotAFile(PathBuf),
    /// The component cannot be read.
    #[error("cannot read the component {}", path.display())]
    ComponentRead {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The component is larger than the limit.
    #[error("the component {} has {actual} bytes; the limit `component_bytes` is {limit}", path.display())]
    ComponentTooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        actual: u64,
        /// The limit.
        limit: u64,
    },
    /// Code 2004: an asset is missing or cannot be used.
    #[error(transparent)]
    Assets(#[from] AssetsError),
}

impl Explain for PackageError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Archive(error) => return error.code(),
            Self::Manifest(_) => "2002",
            Self::ComponentMissing(_) | Self::ComponentNotAFile(_) | Self::Assets(_) => "2004",
            Self::NotFound(_) | Self::ComponentRead { .. } | Self::ComponentTooLarge { .. } => "2005",
        }
        .into()
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::Archive(error) => return error.remedy(),
            Self::NotFound(_) => "name a package or a component file that exists",
            Self::Manifest(ManifestError::Missing(_)) => "add a manifest.json; `procvision init` writes a working one",
            Self::Manifest(_) => "correct the manifest",
            Self::ComponentMissing(_) | Self::ComponentNotAFile(_) => {
                "build it with `procvision build`, or correct `component` in the manifest"
            }
            Self::ComponentRead { .. } => "make the file readable",
            Self::ComponentTooLarge { .. } => "strip the component with `procvision build`, or ship data as assets",
            Self::Assets(_) => "correct the assets folder or `required_assets` in the manifest",
        };
        Some(remedy.into())
    }
}

impl Package {
    /// Reads the package in folder `path`, the package archive `path`, or the bare component file `path`, under a
    /// station's `ceiling`. What a file is, is told by its first bytes.
    ///
    /// The assets of an archive are unpacked to temporary files that have no names.
    ///
    /// A bare component has no manifest: its identity is what it says itself, and it has no assets.
    ///
    /// # Errors
    ///
    /// See [`PackageError`].
    pub fn open(path: impl AsRef<Path>, ceiling: &Limits) -> Result<Self, PackageError> {
        let path = path.as_ref();
        if path.is_dir() {
            let manifest = Manifest::read(&path.join("manifest.json"))?;
            let component = path.join(&manifest.component);
            Self::assemble(path, Some(manifest), &component, ceiling)
        } else if bounded_file::head(path, 4).is_ok_and(|head| archive::is_archive(&head)) {
            Self::of_archive(path, Archive::read(path)?, ceiling)
        } else if path.exists() {
            Self::assemble(path, None, path, ceiling)
        } else {
            Err(PackageError::NotFound(path.to_owned()))
        }
    }

    /// Reads the package in folder `path`, but takes the component from another place, such as a build folder.
    ///
    /// # Errors
    ///
    /// See [`PackageError`].
    pub fn open_with_component(
        path: impl AsRef<Path>,
        component: impl AsRef<Path>,
        ceiling: &Limits,
    ) -> Result<Self, PackageError> {
        let path = path.as_ref();
        let manifest = Manifest::read(&path.join("manifest.json"))?;
        Self::assemble(path, Some(manifest), component.as_ref(), ceiling)
    }

    fn assemble(
        source: &Path,
        manifest: Option<Manifest>,
        component: &Path,
        ceiling: &Limits,
    ) -> Result<Self, PackageError> {
        let request = manifest
            .as_ref()
            .map(|manifest| manifest.limits.clone())
            .unwrap_or_default();
        let limits = ceiling.grant(&request);
        let assets = match &manifest {
            Some(manifest) => Assets::open(source, &manifest.required_assets)?,
            None => Assets::default(),
        };
        let component = read_component(component, limits.limits.component_bytes)?;
        Ok(Self {
            source: source.to_owned(),
            manifest,
            assets: Arc::new(assets),
            component,
            limits,
            archive: None,
        })
    }

    fn of_archive(path: &Path, archive: Archive, ceiling: &Limits) -> Result<Self, PackageError> {
        let component = component_of(path, &archive, ceiling)?;
        Self::unpacked(path, Arc::new(archive), component, ceiling)
    }

    /// The package in an archive whose component was [taken out](component_of) already. Nothing on disk is looked at;
    /// `source` is only named.
    pub(crate) fn unpacked(
        source: &Path,
        archive: Arc<Archive>,
        component: Vec<u8>,
        ceiling: &Limits,
    ) -> Result<Self, PackageError> {
        let manifest = archive.manifest().clone();
        let limits = ceiling.grant(&manifest.limits);
        Ok(Self {
            source: source.to_owned(),
            assets: Arc::new(Assets::of_files(archive.open_assets()?, &manifest.required_assets)?),
            component,
            manifest: Some(manifest),
            limits,
            archive: Some(archive),
        })
    }

    /// Lets other limits hold, as under this `ceiling`.
    pub(crate) fn lower(&mut self, ceiling: &Limits) {
        let request = self.manifest.as_ref().map(|manifest| manifest.limits.clone());
        self.limits = ceiling.grant(&request.unwrap_or_default());
    }

    /// A bare component that this program carries inside.
    #[cfg(feature = "bench")]
    pub(crate) fn embedded(name: &str, component: &[u8], limits: GrantedLimits) -> Self {
        Self {
            source: name.into(),
            manifest: None,
            assets: Arc::new(Assets::default()),
            component: component.to_owned(),
            limits,
            archive: None,
        }
    }

    /// Where it was read from.
    pub fn source(&self) -> &Path {
        &self.source
    }

    /// The manifest; a bare component has none.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()
    }

    /// The archive, if it was read from one: digest, signature, entries.
    pub fn archive(&self) -> Option<&Arc<Archive>> {
        self.archive.as_ref()
    }

    /// The bytes of the component.
    pub fn component(&self) -> &[u8] {
        &self.component
    }

    /// The package's own files.
    pub fn assets(&self) -> &Arc<Assets> {
        &self.assets
    }

    /// The limits that hold for it.
    pub fn limits(&self) -> &GrantedLimits {
        &self.limits
    }
}

/// The component of an archive, unpacked only if it is not larger than is granted under `ceiling`.
///
/// # Errors
///
/// [`PackageError::ComponentTooLarge`], with `path` as the archive's.
pub(crate) fn component_of(path: &Path, archive: &Archive, ceiling: &Limits) -> Result<Vec<u8>, PackageError> {
    let manifest = archive.manifest();
    let limit = ceiling.grant(&manifest.limits).limits.component_bytes;
    let digest = archive.digests().files.get(&manifest.component);
    let actual = digest.map_or(0, |digest| digest.bytes);
    match actual > limit {
        true => Err(PackageError::ComponentTooLarge {
            path: path.join(&manifest.component),
            actual,
            limit,
        }),
        false => Ok(archive.component()?),
    }
}

fn read_component(path: &Path, limit: u64) -> Result<Vec<u8>, PackageError> {
    let path_of = || path.to_owned();
    bounded_file::read(path, limit).map_err(|error| match error {
        BoundedFileError::Missing(_) => PackageError::ComponentMissing(path_of()),
        BoundedFileError::NotAFile => PackageError::ComponentNotAFile(path_of()),
        BoundedFileError::TooLarge(actual) => PackageError::ComponentTooLarge {
            path: path_of(),
            actual,
            limit,
        },
        BoundedFileError::Io(source) => PackageError::ComponentRead {
            path: path_of(),
            source,
        },
    })
}
