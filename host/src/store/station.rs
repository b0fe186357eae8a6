//! What the store's `policy.json` decides, as of now: who is trusted, what is admitted, under which host it runs.

use super::registry::Registry;
use super::{Store, StoreError, audit};
use crate::admission::{self, Candidate, Objection, StationError};
use crate::archive::Archive;
use crate::bounded_file;
use crate::compiler::{CompileChild, Compiler};
use crate::exposure;
use crate::host::{Host, HostConfig};
use crate::limits::{GrantedLimits, POLICY_BYTES};
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
    /// The policy of this store with the keys that it trusts. In a store that never had a `policy.json` the default policy
    /// holds, and the keys are those in `trusted/`. Where signatures are strict, nobody else may be able to change policy,
    /// keys, or the folder of the store.
    ///
    /// # Errors
    ///
    /// [`StoreError::Policy`], [`StoreError::Trust`], [`StoreError::PolicyGone`], [`StoreError::Exposed`].
    pub fn rules(&self) -> Result<admission::Station, StoreError> {
        let path = self.layout.policy();
        match admission::Station::read(&path) {
            Err(StationError::Policy(PolicyError::Missing(_))) if path.symlink_metadata().is_err() => {
                // A policy that says no cannot be got rid of by losing the file.
                match Registry::read(&self.layout)?.policy {
                    Some(_) => Err(StoreError::PolicyGone(path)),
                    None => self.default_rules(),
                }
            }
            Err(error) => Err(error.into()),
            Ok(rules) => {
                if rules.is_strict() {
                    exposure::check(self.root())?;
                }
                Ok(rules)
            }
        }
    }

    fn default_rules(&self) -> Result<admission::Station, StoreError> {
        Ok(admission::Station {
            policy: StationPolicy::default(),
            trust: TrustStore::open_or_empty(self.layout.trusted())?,
        })
    }

    pub(super) fn station(&self) -> Result<Station, StoreError> {
        Ok(self.station_of(self.rules()?))
    }

    /// What would hold if there had never been a policy. Nothing is to be admitted by it that was not before.
    pub(super) fn station_without_policy(&self) -> Result<Station, StoreError> {
        Ok(self.station_of(self.default_rules()?))
    }

    fn station_of(&self, rules: admission::Station) -> Station {
        Station {
            rules,
            compiled: self.layout.compiled(),
            compile_with: self.options.compile_with.clone(),
        }
    }

    /// SHA-256 of `policy.json` as it is now, in hex; nothing if there is none or it cannot be read.
    pub(super) fn policy_digest(&self) -> Option<String> {
        let text = bounded_file::read(&self.layout.policy(), POLICY_BYTES).ok()?;
        Some(audit::hash(&text))
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
