//! Everything that can keep a project from being made.

use crate::explain::Explain;
use crate::manifest::MAX_PIDS;
use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

/// Why no project was made. Nothing of it is left on disk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// The name has characters or a length that names do not have.
    #[error(
        "`{name}` cannot be a project's name: it needs 1 to 64 lower-case letters, digits, `-` or `_`, \
         beginning with a letter"
    )]
    BadName {
        /// As it was given.
        name: String,
        /// A similar name that can be used.
        suggestion: Option<String>,
    },
    /// The name means something else to Rust.
    #[error("`{name}` cannot be a project's name: Rust uses it for something else")]
    ReservedName {
        /// As it was given.
        name: String,
    },
    /// No product models, or too many.
    #[error("{count} product models were given, but an algorithm supports 1 to {MAX_PIDS}")]
    PidCount {
        /// How many.
        count: usize,
    },
    /// Not the code of a product model.
    #[error("`{pid}` cannot be a product model: it needs 1 to 64 letters, digits, `-`, `_` or `.`")]
    BadPid {
        /// As it was given.
        pid: String,
    },
    /// A product model was given twice.
    #[error("the product model `{pid}` was given twice")]
    RepeatedPid {
        /// The product model.
        pid: String,
    },
    /// The folder holds something already, or is no folder.
    #[error("`{}` exists already and is not an empty folder", dir.display())]
    Occupied {
        /// The folder.
        dir: PathBuf,
    },
    /// There is no SDK where one was said to be.
    #[error("`{}` does not hold the SDK", path.display())]
    NoSdk {
        /// As it was given.
        path: PathBuf,
    },
    /// The project could not be written.
    #[error("cannot write the project to `{}`", dir.display())]
    Write {
        /// The project's folder.
        dir: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl Explain for InitError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::BadName { .. } | Self::ReservedName { .. } => "bad-name",
            Self::PidCount { .. } | Self::BadPid { .. } | Self::RepeatedPid { .. } => "bad-pid",
            Self::Occupied { .. } => "occupied",
            Self::NoSdk { .. } => "no-sdk",
            Self::Write { .. } => "unwritable",
        })
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::BadName { suggestion, .. } => {
                let name = suggestion.as_deref().unwrap_or("cap-check");
                Some(format!("use a name such as `{name}`"))
            }
            Self::ReservedName { name } => Some(format!("use `{name}-check`")),
            Self::PidCount { .. } | Self::BadPid { .. } | Self::RepeatedPid { .. } => {
                Some("give them separated by commas: --pids A01,A02".into())
            }
            Self::Occupied { .. } => Some("name another folder with --dir, or another project".into()),
            Self::NoSdk { .. } => Some("name a checkout of ProcVision, or the folder `guest-sdk` of one".into()),
            Self::Write { .. } => None,
        }
    }
}
