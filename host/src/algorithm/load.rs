//! What loading cost, and why it failed.

use super::HookReport;
use crate::compiler::CompileError;
use crate::explain::Explain;
use crate::failure::Failure;
use crate::shape::ShapeError;
use std::borrow::Cow;
use std::time::Duration;

/// What loading cost.
#[derive(Clone, Debug)]
pub struct LoadReport {
    /// Compiling, or reading what was compiled before.
    pub compile: Duration,
    /// Whether it was compiled before.
    pub from_cache: bool,
    /// Starting an instance and `get_info`.
    pub describe: HookReport,
    /// `setup`.
    pub setup: HookReport,
}

/// Why an algorithm cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The component has a shape that the sandbox does not run.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The component cannot be compiled.
    #[error("the component cannot be compiled")]
    Compile(#[from] CompileError),
    /// The types of its imports or exports are not those of the contract.
    #[error("the component does not fit the contract")]
    Link(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The instance did not start, or `get_info` failed.
    #[error("the algorithm does not describe itself")]
    GetInfo(#[source] Failure),
    /// What it says about itself cannot be used.
    #[error("the algorithm's description cannot be used: {}", .0.join("; "))]
    Description(Vec<String>),
    /// What it says about itself is not what the manifest says.
    #[error("manifest and algorithm disagree: {}", .0.join("; "))]
    Mismatch(Vec<String>),
    /// The manifest configures parameters that no step takes or with values that are not allowed.
    #[error("the manifest configures parameters wrongly: {}", .0.join("; "))]
    DefaultConfig(Vec<String>),
    /// `setup` failed.
    #[error("the algorithm cannot be set up")]
    Setup(#[source] Failure),
}

impl Explain for LoadError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Shape(error) => error.code(),
            Self::Link(_) => "2003".into(),
            Self::Compile(error) => error.code(),
            Self::Description(_) | Self::Mismatch(_) | Self::DefaultConfig(_) => "2005".into(),
            Self::GetInfo(failure) | Self::Setup(failure) => failure.code.as_str().into(),
        }
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::Shape(error) => return error.remedy(),
            Self::Compile(error) => return error.remedy(),
            Self::Link(_) => "build it with the SDK of this host's version",
            Self::GetInfo(_) | Self::Setup(_) => "mend the algorithm; `procvision run` shows where it failed",
            Self::Description(_) => "correct `info` in the algorithm",
            Self::Mismatch(_) => "make `info` in the algorithm and manifest.json say the same",
            Self::DefaultConfig(_) => "correct `default_config` in manifest.json",
        };
        Some(remedy.into())
    }

    fn subject_failed(&self) -> bool {
        match self {
            Self::Compile(error) => error.subject_failed(),
            _ => true,
        }
    }
}
