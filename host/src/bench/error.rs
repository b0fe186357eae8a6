//! Why something cannot be measured.

use crate::algorithm::LoadError;
use crate::explain::Explain;
use crate::failure::Failure;
use crate::frame::FrameError;
use crate::host::HostError;
use crate::pool::memory::PoolMemoryError;
use std::borrow::Cow;
use std::io;

/// Why something cannot be measured. All are faults of the machine or of the host.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// The sandbox cannot be set up.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The measured algorithm cannot be loaded.
    #[error("the measured algorithm cannot be loaded")]
    Load(#[from] LoadError),
    /// The engine refused it when it was called without the host's own work around it.
    #[error("the measured algorithm cannot be called")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no memory for pictures.
    #[error("there is no memory for the pictures")]
    Pool(#[from] PoolMemoryError),
    /// A picture cannot be made.
    #[error("a picture cannot be made")]
    Frame(#[from] FrameError),
    /// A step failed.
    #[error("the measured algorithm failed at `{task}`")]
    Step {
        /// What it was asked to do.
        task: String,
        /// What came of it.
        source: Failure,
    },
    /// The answer shows that other bytes arrived than were sent, or that a kernel computed something else.
    #[error("`{what}` answered {found} in place of {expected}")]
    Wrong {
        /// What was measured.
        what: String,
        /// What it answered.
        found: u64,
        /// What is right.
        expected: u64,
    },
    /// Something of the system that a picture is sent through does not work.
    #[error("cannot {doing}")]
    System {
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// JSON or Base64 did not come back as it was sent.
    #[error("a picture in JSON cannot be read back")]
    Json(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl BenchError {
    /// For `map_err`: what was tried when the system refused.
    pub(super) fn system(doing: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::System { doing, source }
    }
}

impl Explain for BenchError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Host(_) => "host-unusable",
            Self::Load(_) | Self::Engine(_) | Self::Step { .. } | Self::Wrong { .. } => "bench-failed",
            Self::Pool(_) | Self::Frame(_) | Self::System { .. } | Self::Json(_) => "bench-impossible",
        }
        .into()
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::Pool(_) => "free some memory, or measure less with --quick or --section",
            Self::System { .. } => "measure the other sections with --section",
            _ => return None,
        };
        Some(remedy.into())
    }
}
