//! What the store's `policy.json` decides, as of now: who is trusted, what is admitted, under which host it runs.

use super::{Store, StoreError, StoreOptions};
use crate::admission::{self, Candidate, Objection};
use crate::archive::Archive;
use crate::host::{Host, HostConfig};
use crate::limits::GrantedLimits;
use crate::manifest::Manifest;
use crate::policy::{PolicyError, StationPolicy};
use crate::shape::Shape;
use crate::signing::{self, SignatureStatus, TrustStore};
use std::path::PathBuf;
use time::OffsetDateTime;

/// The station's decisions.
pub(super) struct Station {
    pub(super) policy: StationPolicy,
    trust: TrustStore,
    compiled: PathBuf,
    options: StoreOptions,
}

impl Store {
    /// The policy of this store; the default one if there is no `policy.json`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Policy`].
    pub fn policy(&self) -> Result<StationPolicy, StoreError> {
        match StationPolicy::read(&self.layout.policy()) {
            Err(PolicyError::Missing(path)) if path.symlink_metadata().is_err() => Ok(StationPolicy::default()),
            answer => Ok(answer?),
        }
    }

    pub(super) fn station(&self) -> Result<Station, StoreError> {
        let policy = self.policy()?;
        let folder = match self.layout.policy().exists() {
            true => policy.trusted_keys_folder(),
            false => self.layout.root().join(super::layout::TRUSTED),
        };
        Ok(Station {
            trust: TrustStore::open_or_empty(folder)?,
            compiled: self.layout.compiled(),
            options: self.options.clone(),
            policy,
        })
    }
}

impl Station {
    /// How a host is set up under this policy, with the store's compiled components.
    pub(super) fn host_config(&self) -> HostConfig {
        self.policy.host_config(Some(self.compiled.clone()))
    }

    /// A host of that kind.
    pub(super) fn host(&self) -> Result<Host, StoreError> {
        Ok(Host::new(self.host_config())?)
    }

    /// What the signatures of an archive are worth today.
    pub(super) fn assess(&self, archive: &Archive, beside: Option<&str>) -> SignatureStatus {
        signing::assess(
            &archive.unsigned(),
            archive.signature(),
            beside,
            archive.manifest(),
            &self.trust,
            OffsetDateTime::now_utc(),
        )
    }

    /// What the policy says against a component, if it says anything; an error if it refuses it.
    pub(super) fn admit(
        &self,
        component: &[u8],
        limits: &GrantedLimits,
        signature: &SignatureStatus,
        manifest: &Manifest,
    ) -> Result<Vec<Objection>, StoreError> {
        let shape = Shape::read(component)?;
        let candidate = Candidate {
            shape: &shape,
            limits,
            signature,
            manifest: Some(manifest),
        };
        Ok(admission::admit(&self.policy, &candidate)?)
    }

    /// How many versions are remembered for a product model.
    pub(super) fn keep(&self) -> usize {
        usize::try_from(self.policy.keep_versions).unwrap_or(usize::MAX)
    }
}
