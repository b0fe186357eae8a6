//! Why a policy cannot be used.

use crate::explain::Explain;
use crate::limits::POLICY_BYTES;
use crate::strict_json::StrictJsonError;
use std::borrow::Cow;
use std::path::PathBuf;

/// Why a policy cannot be used. Each names the file and, where there is one, the key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// There is no such file.
    #[error("the policy {} is missing", .0.display())]
    Missing(PathBuf),
    /// The file cannot be read.
    #[error("cannot read the policy {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is too large to be a policy.
    #[error("{} is larger than the {POLICY_BYTES} bytes a policy may have", .0.display())]
    TooLarge(PathBuf),
    /// Not JSON of the right shape: a key that is unknown, missing, there twice or of the wrong type.
    #[error(transparent)]
    Json(#[from] StrictJsonError),
    /// A value that is of the right type but cannot be used.
    #[error("key `{key}` in {} {reason}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Explain for PolicyError {
    fn code(&self) -> Cow<'static, str> {
        "policy-unusable".into()
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::Missing(_) => "name a policy that exists; `{\"policy_version\": 1}` is one that changes nothing",
            Self::Read { .. } => "make the file readable",
            _ => "correct the policy; `procvision policy show` lists every key with its default and reason",
        };
        Some(remedy.into())
    }
}
