//! Going back to what a product model had before, and leaving it without an algorithm.

use super::audit::{self, Event};
use super::opened::find;
use super::progress::{Progress, Stage};
use super::registry::{Registry, Release};
use super::{Move, Store, StoreError, trial};
use std::collections::BTreeMap;

/// Which product models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// These.
    Pids(Vec<String>),
    /// All that an algorithm of this name judges.
    JudgedBy(String),
}

/// What was got back.
#[derive(Clone, Debug)]
pub struct RolledBack {
    /// Each version with the product models that have got it back, and what judged them.
    pub releases: Vec<(Release, Vec<Move>)>,
    /// What somebody should look at.
    pub warnings: Vec<String>,
}

/// What was taken out.
#[derive(Clone, Debug)]
pub struct Deactivated {
    /// Each version with the product models that it judged.
    pub releases: Vec<(Release, Vec<String>)>,
    /// What somebody should look at.
    pub warnings: Vec<String>,
}

impl Store {
    /// Gives product models back what they had before; done again, it goes further back. What they get is started first,
    /// and today's policy must admit it; golden cases are not replayed, since it was live before.
    ///
    /// # Errors
    ///
    /// [`StoreError::NothingBefore`], [`StoreError::JudgesNothing`]; [`StoreError::Refused`], [`StoreError::Altered`] or
    /// [`StoreError::Load`] if it cannot be used any more; and what concerns the store itself.
    pub fn roll_back(&self, which: &Selection, progress: &mut dyn Progress) -> Result<RolledBack, StoreError> {
        let answer = self.go_back(which, progress);
        self.audited(event("rollback", which), answer)
    }

    fn go_back(&self, which: &Selection, progress: &mut dyn Progress) -> Result<RolledBack, StoreError> {
        progress.stage(Stage::Judging);
        let station = self.station()?;
        let (plan, kept) = self.keep(|registry| {
            let plan = plan_back(which, registry)?;
            let versions = plan
                .keys()
                .map(|release| Ok((release.clone(), find(registry, release)?.clone())));
            let versions = versions.collect::<Result<_, StoreError>>()?;
            Ok((plan, versions))
        })?;
        let mut open = Vec::new();
        for version in kept {
            open.push(self.open_version(version, &station)?);
        }
        let mut warnings = Vec::new();
        let host = station.host()?;
        for version in &open {
            let proof = trial::prove(&host, version.release(), version.package(), None, progress)?;
            warnings.extend(proof.warnings);
        }

        progress.stage(Stage::Waiting);
        let mut transaction = self.begin()?;
        progress.stage(Stage::Registering);
        if plan_back(which, &transaction.registry)? != plan {
            let pid = plan.values().flatten().next().map(|one| one.pid.clone());
            return Err(StoreError::ChangedMeanwhile(pid.unwrap_or_default()));
        }
        let since = audit::now();
        let mut events = Vec::new();
        for (release, moves) in &plan {
            for Move { pid, .. } in moves {
                transaction.registry.roll_back(pid, &since, station.keep());
            }
            let from: Vec<String> = moves
                .iter()
                .filter_map(|one| Some(one.from.as_ref()?.to_string()))
                .collect();
            let digest = transaction
                .registry
                .installed(release)
                .map(|installed| installed.digest.clone());
            events.push(Event {
                name: Some(release.name.clone()),
                version: Some(release.version.to_string()),
                pids: moves.iter().map(|one| one.pid.clone()).collect(),
                digest,
                detail: from.first().map(|from| format!("from {from}")),
                ..Event::done("rollback")
            });
        }
        transaction.registry.check_room(&self.layout)?;
        transaction.commit(events)?;
        warnings.extend(transaction.settle());
        Ok(RolledBack {
            releases: plan.into_iter().collect(),
            warnings,
        })
    }

    /// Leaves product models without an algorithm. What they had can be got back by [`roll_back`](Self::roll_back).
    ///
    /// # Errors
    ///
    /// [`StoreError::NotActive`], [`StoreError::JudgesNothing`], and what concerns the store itself.
    pub fn deactivate(&self, which: &Selection) -> Result<Deactivated, StoreError> {
        let answer = self.take_out(which);
        self.audited(event("deactivate", which), answer)
    }

    fn take_out(&self, which: &Selection) -> Result<Deactivated, StoreError> {
        let keep = self.station()?.keep();
        let mut transaction = self.begin()?;
        let registry = &transaction.registry;
        let mut releases: BTreeMap<Release, Vec<String>> = BTreeMap::new();
        for pid in pids(which, registry, |_| false)? {
            let binding = registry.active(&pid);
            let release = binding.map(|binding| binding.release.clone());
            let release = release.ok_or_else(|| StoreError::NotActive(pid.clone()))?;
            let pids = releases.entry(release).or_default();
            if !pids.contains(&pid) {
                pids.push(pid);
            }
        }
        let mut events = Vec::new();
        for (release, pids) in &releases {
            for pid in pids {
                transaction.registry.unbind(pid, keep);
            }
            let digest = transaction
                .registry
                .installed(release)
                .map(|installed| installed.digest.clone());
            events.push(Event {
                name: Some(release.name.clone()),
                version: Some(release.version.to_string()),
                pids: pids.clone(),
                digest,
                ..Event::done("deactivate")
            });
        }
        transaction.commit(events)?;
        Ok(Deactivated {
            releases: releases.into_iter().collect(),
            warnings: transaction.settle(),
        })
    }
}

fn event(operation: &'static str, which: &Selection) -> Event {
    let mut event = Event::done(operation);
    match which {
        Selection::Pids(pids) => event.pids.clone_from(pids),
        Selection::JudgedBy(name) => event.name = Some(name.clone()),
    }
    event
}

/// The product models that are meant; with a name also those of which `last` says that the algorithm judged them last.
fn pids(which: &Selection, registry: &Registry, last: impl Fn(&Release) -> bool) -> Result<Vec<String>, StoreError> {
    let name = match which {
        Selection::Pids(pids) => return Ok(pids.clone()),
        Selection::JudgedBy(name) => name,
    };
    let judged = registry.pids.iter().filter(|(_, record)| match &record.active {
        Some(binding) => binding.release.name == *name,
        None => record.previous.last().is_some_and(&last),
    });
    let pids: Vec<String> = judged.map(|(pid, _)| pid.clone()).collect();
    match pids.is_empty() {
        true => Err(StoreError::JudgesNothing(name.clone())),
        false => Ok(pids),
    }
}

fn plan_back(which: &Selection, registry: &Registry) -> Result<BTreeMap<Release, Vec<Move>>, StoreError> {
    let deactivated = |release: &Release| matches!(which, Selection::JudgedBy(name) if *name == release.name);
    let mut plan: BTreeMap<Release, Vec<Move>> = BTreeMap::new();
    for pid in pids(which, registry, deactivated)? {
        let record = registry.pids.get(&pid);
        let back = record.and_then(|record| record.previous.last());
        let back = back.ok_or_else(|| StoreError::NothingBefore(pid.clone()))?;
        let from = registry.active(&pid).map(|binding| binding.release.clone());
        let moves = plan.entry(back.clone()).or_default();
        if moves.iter().all(|one| one.pid != pid) {
            moves.push(Move { pid, from });
        }
    }
    Ok(plan)
}
