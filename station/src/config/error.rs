//! Why a station's configuration cannot be used.

use procvision_host::explain::Explain;
use procvision_host::runner_config::{Mistake, RunnerConfigError};
use std::borrow::Cow;
use std::path::PathBuf;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It cannot be read, or what concerns algorithms cannot be used.
    #[error(transparent)]
    Runner(#[from] RunnerConfigError),
    /// Everything that is wrong with what concerns the station.
    #[error("{}: {}", path.display(), sentences(mistakes))]
    Mistakes {
        /// The file.
        path: PathBuf,
        /// At least one.
        mistakes: Vec<Mistake>,
    },
}

fn sentences(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(Mistake::to_string).collect::<Vec<_>>().join("; ")
}

impl Explain for ConfigError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Runner(error) => error.code(),
            Self::Mistakes { .. } => "configuration".into(),
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Runner(error) => error.remedy(),
            Self::Mistakes { .. } => Some("docs/station.md lists the keys".into()),
        }
    }
}
