//! A station as packages meet it: its policy, and the keys that it trusts.

use super::{AdmissionError, Candidate, Objection, admit, admit_signature, judge};
use crate::explain::Explain;
use crate::exposure::{self, ExposureError};
use crate::package::Package;
use crate::policy::{PolicyError, SignaturePolicy, StationPolicy};
use crate::shape::{Shape, ShapeError};
use crate::signing::{self, BesideError, SignatureStatus, TrustError, TrustStore, TrustedKey};
use std::borrow::Cow;
use std::path::Path;
use time::OffsetDateTime;

/// A station's policy with the keys that it trusts.
#[derive(Clone, Debug, Default)]
pub struct Station {
    /// What it decides.
    pub policy: StationPolicy,
    /// Whose signatures count.
    pub trust: TrustStore,
}

/// Why a station's policy does not hold.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StationError {
    /// The policy cannot be used.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The folder of trusted keys cannot be used.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// Signatures are strict, and others can change the policy or the keys.
    #[error(transparent)]
    Exposed(#[from] ExposureError),
}

impl Explain for StationError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Policy(error) => error.code(),
            Self::Trust(error) => error.code(),
            Self::Exposed(error) => error.code(),
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Policy(error) => error.remedy(),
            Self::Trust(error) => error.remedy(),
            Self::Exposed(error) => error.remedy(),
        }
    }
}

/// Why a package is not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotAdmitted {
    /// Its component cannot be read.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The signature beside it cannot be read.
    #[error(transparent)]
    Signature(#[from] BesideError),
    /// The policy refuses it.
    #[error(transparent)]
    Refused(#[from] AdmissionError),
}

impl Explain for NotAdmitted {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Shape(error) => error.code(),
            Self::Signature(error) => error.code(),
            Self::Refused(error) => error.code(),
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Shape(error) => error.remedy(),
            Self::Signature(error) => error.remedy(),
            Self::Refused(error) => error.remedy(),
        }
    }

    fn subject_failed(&self) -> bool {
        match self {
            Self::Shape(error) => error.subject_failed(),
            Self::Signature(error) => error.subject_failed(),
            Self::Refused(error) => error.subject_failed(),
        }
    }
}

impl Station {
    /// Reads a policy, and the keys in the folder that it names. If signatures are strict in it, nobody but root and the
    /// user of this process may be able to change either.
    ///
    /// # Errors
    ///
    /// See [`StationError`].
    pub fn read(policy: &Path) -> Result<Self, StationError> {
        let path = policy;
        let policy = StationPolicy::read(path)?;
        let trust = policy.trust()?;
        let station = Self { policy, trust };
        if station.is_strict() {
            exposure::check(path)?;
            exposure::check(&station.policy.trusted_keys_folder())?;
            let mut keys = station.trust.keys().iter().filter_map(TrustedKey::path);
            keys.try_for_each(exposure::check)?;
        }
        Ok(station)
    }

    /// Whether only signed packages are accepted.
    pub(crate) fn is_strict(&self) -> bool {
        self.policy.signatures == SignaturePolicy::Strict
    }

    /// What the signature of a package is worth here and now: the one inside the archive, the one beside it, and of
    /// both the worse one. A folder and a bare component are never signed.
    ///
    /// # Errors
    ///
    /// See [`BesideError`].
    pub fn signature(&self, package: &Package) -> Result<SignatureStatus, BesideError> {
        let Some(archive) = package.archive() else {
            return Ok(SignatureStatus::Unsigned);
        };
        let beside = signing::read_beside(&signing::beside_path(package.source()))?;
        Ok(signing::assess(
            &archive.unsigned(),
            archive.signature(),
            beside.as_deref(),
            archive.manifest(),
            &self.trust,
            OffsetDateTime::now_utc(),
        ))
    }

    /// Whether a crate may be built here to be asked something. Building runs its maker's code on this machine, outside
    /// the sandbox, and what is built is never signed.
    ///
    /// # Errors
    ///
    /// Signatures are strict here.
    pub fn admit_building(&self) -> Result<(), AdmissionError> {
        admit_signature(&self.policy, &SignatureStatus::Unsigned)
    }

    /// Everything that the station has against a package, whose component has `shape` and whose signature is worth
    /// `signature`.
    pub fn judge(&self, package: &Package, shape: &Shape, signature: &SignatureStatus) -> Vec<Objection> {
        judge(&self.policy, &candidate(package, shape, signature))
    }

    /// Judges a package, and returns the warnings of one that is accepted.
    ///
    /// # Errors
    ///
    /// See [`NotAdmitted`].
    pub fn admit(&self, package: &Package) -> Result<Vec<Objection>, NotAdmitted> {
        let shape = Shape::read(package.component())?;
        let signature = self.signature(package)?;
        Ok(admit(&self.policy, &candidate(package, &shape, &signature))?)
    }
}

fn candidate<'a>(package: &'a Package, shape: &'a Shape, signature: &'a SignatureStatus) -> Candidate<'a> {
    Candidate {
        shape,
        limits: package.limits(),
        signature,
        manifest: package.manifest(),
    }
}
