//! What the store's `policy.json` decides, as of now: who is trusted, what is admitted, under which host it runs.

use super::{Store, StoreError};
use crate::admission::{self, Candidate, Objection};
use crate::archive::Archive;
use crate::compiler::{CompileChild, Compiler};
use crate::host::{Host, HostConfig};
use crate::limits::GrantedLimits;
use crate::policy::{PolicyError, StationPolicy};
use crate::shape::Shape;
use crate::signing::{self, SignatureStatus, TrustStore};
use std::path::PathBuf;
use time::OffsetDateTime;

/// The store's decisions.
pub(super) struct Station {
    pub(super) rules: admission::Station,
    pub(super) compiled: PathBuf,
    compile_with: Option<PathBuf>,
}

impl Store {
    /// The policy of this store with the keys that it trusts. Without a `policy.json` the default policy holds, and the
    /// keys are those in `trusted/`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Policy`], [`StoreError::Trust`].
    pub fn rules(&self) -> Result<admission::Station, StoreError> {
        let path = self.layout.policy();
        match StationPolicy::read(&path) {
            Err(PolicyError::Missing(_)) if path.symlink_metadata().is_err() => Ok(admission::Station {
                policy: StationPolicy::default(),
                trust: TrustStore::open_or_empty(self.layout.trusted())?,
            }),
            Err(error) => Err(error.into()),
            Ok(policy) => Ok(admission::Station {
                trust: policy.trust()?,
                policy,
            }),
        }
    }

    pub(super) fn station(&self) -> Result<Station, StoreError> {
        Ok(Station {
            rules: self.rules()?,
            compiled: self.layout.compiled(),
            compile_with: self.options.compile_with.clone(),
        })
    }
}

impl Station {
    pub(super) fn policy(&self) -> &StationPolicy {
        &self.rules.policy
    }

    /// A host under this policy, with the store's compiled components.
    pub(super) fn host(&self) -> Result<Host, StoreError> {
        let compiler = match &self.compile_with {
            None => Compiler::InProcess,
            Some(program) => Compiler::Child(CompileChild {
                program: program.clone(),
                limits: self.policy().compile,
            }),
        };
        Ok(Host::new(HostConfig {
            compiler,
            ..self.policy().host_config(Some(self.compiled.clone()))
        })?)
    }

    /// What the signatures of an archive are worth today.
    pub(super) fn assess(&self, archive: &Archive, beside: Option<&str>) -> SignatureStatus {
        signing::assess(
            &archive.unsigned(),
            archive.signature(),
            beside,
            archive.manifest(),
            &self.rules.trust,
            OffsetDateTime::now_utc(),
        )
    }

    /// What the policy has against the component of an archive without refusing it; an error if it refuses it.
    pub(super) fn admit(
        &self,
        archive: &Archive,
        component: &[u8],
        signature: &SignatureStatus,
    ) -> Result<Vec<Objection>, StoreError> {
        let shape = Shape::read(component)?;
        let limits: GrantedLimits = self.policy().ceiling().grant(&archive.manifest().limits);
        let candidate = Candidate {
            shape: &shape,
            limits: &limits,
            signature,
            manifest: Some(archive.manifest()),
        };
        Ok(admission::admit(self.policy(), &candidate)?)
    }

    /// How many versions are remembered for a product model.
    pub(super) fn keep(&self) -> usize {
        usize::try_from(self.policy().keep_versions).unwrap_or(usize::MAX)
    }
}
