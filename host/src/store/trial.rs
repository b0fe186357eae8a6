//! Proving that a version works before anything depends on it: start it, set it up, replay its golden cases, end it.

use super::StoreError;
use super::progress::{Progress, Stage};
use super::registry::Release;
use crate::algorithm::Algorithm;
use crate::archive::Archive;
use crate::cases::{self, Cases};
use crate::host::Host;
use crate::package::Package;
use std::sync::Arc;
use std::time::Duration;

/// How long golden cases may take together.
const REPLAY_TIME: Duration = Duration::from_secs(600);

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
    archive: Option<&Arc<Archive>>,
    progress: &mut dyn Progress,
) -> Result<Proof, StoreError> {
    progress.stage(Stage::Starting);
    let loaded = host.load(package);
    let mut algorithm = loaded.map_err(|source| StoreError::Load {
        release: release.clone(),
        source: source.into(),
    })?;
    let mut proof = Proof::default();
    if let Some(archive) = archive {
        proof.cases = replay(&mut algorithm, release, archive, progress)?;
    }
    if let Some(failure) = algorithm.teardown().failure {
        proof.warnings.push(format!("teardown failed: {failure}"));
    }
    Ok(proof)
}

/// How many cases there are, if all come out as they must.
fn replay(
    algorithm: &mut Algorithm,
    release: &Release,
    archive: &Arc<Archive>,
    progress: &mut dyn Progress,
) -> Result<usize, StoreError> {
    let Some(cases) = Cases::of_archive(archive)? else {
        return Ok(0);
    };
    progress.stage(Stage::Replaying);
    let results = cases::replay(algorithm, &cases, REPLAY_TIME);
    let mut failed = results.iter().filter(|result| !result.is_as_expected());
    match failed.next() {
        None => Ok(results.len()),
        Some(first) => Err(StoreError::Cases {
            release: release.clone(),
            failed: 1 + failed.count(),
            all: results.len(),
            first: format!("{}: {}", first.name, first.differences.join(", ")),
        }),
    }
}
