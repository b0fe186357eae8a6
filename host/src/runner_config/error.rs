//! Why a runner's configuration cannot be used.

use super::{Mistake, RUNNER_CONFIG_BYTES};
use crate::explain::Explain;
use std::borrow::Cow;
use std::path::PathBuf;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunnerConfigError {
    /// There is no such file.
    #[error("the configuration {} is missing", .0.display())]
    Missing(PathBuf),
    /// The file cannot be read.
    #[error("cannot read the configuration {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is too large to be a configuration.
    #[error("{} is larger than the {RUNNER_CONFIG_BYTES} bytes a configuration may have", .0.display())]
    TooLarge(PathBuf),
    /// It is not JSON.
    #[error("{} is not JSON", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What and where.
        source: serde_json::Error,
    },
    /// Everything that is wrong in it.
    #[error("{}: {}", path.display(), sentences(mistakes))]
    Mistakes {
        /// The file.
        path: PathBuf,
        /// At least one.
        mistakes: Vec<Mistake>,
    },
}

fn sentences(mistakes: &[Mistake]) -> String {
    let sentences: Vec<String> = mistakes.iter().map(Mistake::to_string).collect();
    sentences.join("; ")
}

impl Explain for RunnerConfigError {
    fn code(&self) -> Cow<'static, str> {
        "config-unusable".into()
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::Missing(_) => "name a file that exists; `{}` is one that sets nothing",
            Self::Read { .. } => "make the file readable",
            _ => "correct the file; `procvision schema runner-config` describes every key",
        };
        Some(remedy.into())
    }
}
