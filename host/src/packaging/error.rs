//! Everything that can keep a package from being made.

use crate::archive::ArchiveError;
use crate::cases::CasesError;
use crate::component_build::BuildError;
use crate::explain::Explain;
use crate::limits::ASSET_FILES;
use crate::manifest::ManifestError;
use crate::sbom::{EmbeddedError, SbomWriteError};
use crate::validation::Check;
use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

/// Why no package was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackagingError {
    /// There is nothing of this name.
    #[error("{} does not exist", path.display())]
    NotFound {
        /// As it was given.
        path: PathBuf,
    },
    /// A file that belongs into the package is not there.
    #[error("{} does not exist", path.display())]
    Missing {
        /// The file or folder.
        path: PathBuf,
    },
    /// Something else lies where a folder should be.
    #[error("{} is not a folder", path.display())]
    NotAFolder {
        /// What lies there.
        path: PathBuf,
    },
    /// A device, a pipe or the like.
    #[error("{} is not a file", path.display())]
    NotAFile {
        /// What it is called.
        path: PathBuf,
    },
    /// A link: what it leads to is not part of the folder.
    #[error("{} is a link, and links do not go into a package", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// A name that is not text.
    #[error("the name of {} is not UTF-8", path.display())]
    Name {
        /// The file.
        path: PathBuf,
    },
    /// A hidden file that the manifest requires.
    #[error("the asset {} is hidden, and hidden files do not go into a package", path.display())]
    Hidden {
        /// The file.
        path: PathBuf,
    },
    /// A file that is too large.
    #[error("{} has {bytes} bytes; at most {most} fit into a package", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its bytes.
        bytes: u64,
        /// The most that are accepted.
        most: u64,
    },
    /// More assets than a package may have.
    #[error("there are more than {ASSET_FILES} assets")]
    TooManyAssets,
    /// A file or folder cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The crate cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The sources cannot be copied to be built a second time.
    #[error("cannot copy the sources in {} to another folder", path.display())]
    Copy {
        /// The folder of the workspace.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Two builds of the same sources differ.
    #[error("the package is not reproducible: {} built again {}", entries.join(", "), place(*.moved))]
    Unreproducible {
        /// The entries that differ.
        entries: Vec<String>,
        /// Whether the second build was in another folder.
        moved: bool,
    },
    /// A station would refuse the package.
    #[error("a station would refuse the package: {}: {}{}", check.id.title(), check.detail, and_more(*.more))]
    Refused {
        /// The first check that failed.
        check: Box<Check>,
        /// How many others failed.
        more: usize,
    },
    /// The manifest cannot be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The golden cases cannot be used.
    #[error(transparent)]
    Cases(#[from] CasesError),
    /// The component says something about its dependencies that makes no sense.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The bill of materials cannot be written.
    #[error(transparent)]
    Sbom(#[from] SbomWriteError),
    /// The files cannot be packed.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

fn place(moved: bool) -> &'static str {
    match moved {
        true => "in another folder is not the same",
        false => "is not the same",
    }
}

fn and_more(more: usize) -> String {
    match more {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    }
}

impl Explain for PackagingError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Manifest(_) => "2002",
            Self::Archive(error) => return error.code(),
            Self::Cases(error) => return error.code(),
            Self::Build(error) => return error.code(),
            Self::Refused { check, .. } => return check.code.clone().unwrap_or_else(|| "refused".into()).into(),
            Self::Missing { .. } => "2004",
            Self::Embedded(_) => "2005",
            Self::NotFound { .. } => "not-found",
            Self::NotAFolder { .. } => "not-a-folder",
            Self::NotAFile { .. } => "not-a-file",
            Self::Link { .. } => "link",
            Self::Name { .. } => "bad-name",
            Self::Hidden { .. } => "hidden-file",
            Self::TooLarge { .. } | Self::TooManyAssets => "too-large",
            Self::Read { .. } => "unreadable",
            Self::Sbom(_) => "sbom-failed",
            Self::Copy { .. } => "not-copied",
            Self::Unreproducible { .. } => "not-reproducible",
        }
        .into()
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::Missing { .. } => {
                "add it, or correct what names it; `procvision init` writes a package that is complete"
            }
            Self::NotFound { .. } | Self::NotAFolder { .. } => "name the folder of a package, with its manifest.json",
            Self::NotAFile { .. } => "take it out of the folder",
            Self::Link { .. } => "put the file itself there",
            Self::Name { .. } => "rename it",
            Self::Hidden { .. } => "give it a name that does not begin with a dot",
            Self::TooLarge { .. } | Self::TooManyAssets => "make the package smaller",
            Self::Read { .. } => "make it readable",
            Self::Manifest(ManifestError::Missing(_)) => "add a manifest.json; `procvision init` writes a working one",
            Self::Manifest(_) => "correct the manifest",
            Self::Embedded(_) => "build the component again",
            Self::Archive(error) => return error.remedy(),
            Self::Cases(error) => return error.remedy(),
            Self::Unreproducible { .. } => {
                "look for build scripts, macros and `env!` that take in folders, times or random numbers"
            }
            Self::Build(error) => return error.remedy(),
            Self::Refused { check, .. } => return check.remedy.clone(),
            Self::Copy { .. } => "make room in the folder for temporary files, or name another one in TMPDIR",
            Self::Sbom(_) => return None,
        };
        Some(remedy.into())
    }

    fn subject_failed(&self) -> bool {
        match self {
            Self::Read { .. } | Self::NotFound { .. } | Self::NotAFolder { .. } | Self::Sbom(_) | Self::Copy { .. } => {
                false
            }
            Self::Build(error) => error.subject_failed(),
            Self::Archive(error) => error.subject_failed(),
            _ => true,
        }
    }
}
