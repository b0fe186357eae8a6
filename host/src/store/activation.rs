//! Which version judges which product model: activating one where there was none, and switching to another.

use super::audit::{self, Event};
use super::opened::find;
use super::progress::{Progress, Stage};
use super::registry::{Registry, Release};
use super::{Store, StoreError, trial};
use crate::admission::Objection;

/// Product models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pids {
    /// These.
    Named(Vec<String>),
    /// To activate: all that the version supports. To switch: all that other versions of the algorithm judge.
    All,
}

/// What is to judge what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// The version.
    pub release: Release,
    /// The product models.
    pub pids: Pids,
}

/// A product model that gets another version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The product model.
    pub pid: String,
    /// What judged it.
    pub from: Option<Release>,
}

/// What was activated.
#[derive(Clone, Debug)]
pub struct Activated {
    /// The version.
    pub release: Release,
    /// The product models that it has got.
    pub moves: Vec<Move>,
    /// The product models that it had already.
    pub unchanged: Vec<String>,
    /// Golden cases of the package that came out as they must.
    pub cases: usize,
    /// What the policy has against it without refusing it.
    pub objections: Vec<Objection>,
    /// What somebody should look at.
    pub warnings: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Activate,
    Switch,
}

/// What is to happen, as the registry is.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    moves: Vec<Move>,
    unchanged: Vec<String>,
}

impl Store {
    /// Lets a version judge product models that nothing judges. First it is started, and its golden cases are replayed.
    ///
    /// # Errors
    ///
    /// [`StoreError::UnsupportedPid`], [`StoreError::PidTaken`]; [`StoreError::Refused`], [`StoreError::Load`],
    /// [`StoreError::Cases`] if it does not prove itself; and what concerns the store itself.
    pub fn activate(&self, request: &Activation, progress: &mut dyn Progress) -> Result<Activated, StoreError> {
        self.move_audited(Kind::Activate, request, progress)
    }

    /// Lets a version judge product models that others judge. First it is started, and its golden cases are replayed; if
    /// that fails, everything stays as it is. What they had can be got back by [`roll_back`](Self::roll_back).
    ///
    /// # Errors
    ///
    /// As [`activate`](Self::activate), but [`StoreError::NothingToSwitch`] in place of `PidTaken`.
    pub fn switch(&self, request: &Activation, progress: &mut dyn Progress) -> Result<Activated, StoreError> {
        self.move_audited(Kind::Switch, request, progress)
    }

    fn move_audited(
        &self,
        kind: Kind,
        request: &Activation,
        progress: &mut dyn Progress,
    ) -> Result<Activated, StoreError> {
        let operation = match kind {
            Kind::Activate => "activate",
            Kind::Switch => "switch",
        };
        let event = Event {
            name: Some(request.release.name.clone()),
            version: Some(request.release.version.to_string()),
            pids: match &request.pids {
                Pids::Named(pids) => pids.clone(),
                Pids::All => Vec::new(),
            },
            ..Event::done(operation)
        };
        let answer = self.move_pids(kind, request, &event, progress);
        self.audited(event, answer)
    }

    fn move_pids(
        &self,
        kind: Kind,
        request: &Activation,
        event: &Event,
        progress: &mut dyn Progress,
    ) -> Result<Activated, StoreError> {
        let release = &request.release;
        progress.stage(Stage::Judging);
        let station = self.station()?;
        let (plan, mut kept) = self.keep(|registry| {
            let plan = plan(kind, request, registry)?;
            let version = match plan.moves.is_empty() {
                true => None,
                false => Some((release.clone(), find(registry, release)?.clone())),
            };
            Ok((plan, version.into_iter().collect()))
        })?;
        let Some(kept) = kept.pop() else {
            return Ok(Activated {
                release: release.clone(),
                moves: plan.moves,
                unchanged: plan.unchanged,
                cases: 0,
                objections: Vec::new(),
                warnings: Vec::new(),
            });
        };
        let open = self.open_version(kept, &station)?;

        let cases = open.package().archive();
        let proof = trial::prove(&station.host()?, release, open.package(), cases, progress)?;

        progress.stage(Stage::Waiting);
        let mut transaction = self.begin()?;
        progress.stage(Stage::Registering);
        if let Some(pid) = plan.changed(&self::plan(kind, request, &transaction.registry)?) {
            return Err(StoreError::ChangedMeanwhile(pid));
        }
        let since = audit::now();
        for Move { pid, .. } in &plan.moves {
            transaction.registry.bind(pid, release, &since, station.keep());
        }
        transaction.registry.check_room(&self.layout)?;
        let from: std::collections::BTreeSet<String> = plan
            .moves
            .iter()
            .filter_map(|one| Some(one.from.as_ref()?.to_string()))
            .collect();
        let event = Event {
            pids: plan.moves.iter().map(|one| one.pid.clone()).collect(),
            digest: Some(open.digest().to_owned()),
            detail: match from.is_empty() {
                true => None,
                false => Some(format!("from {}", from.into_iter().collect::<Vec<_>>().join(", "))),
            },
            ..event.clone()
        };
        transaction.commit([event])?;
        let mut warnings = proof.warnings;
        warnings.extend(transaction.settle());
        Ok(Activated {
            release: release.clone(),
            moves: plan.moves,
            unchanged: plan.unchanged,
            cases: proof.cases,
            objections: open.objections().to_vec(),
            warnings,
        })
    }
}

impl Plan {
    /// A product model about which another plan has something else in mind.
    fn changed(&self, now: &Self) -> Option<String> {
        if self == now {
            return None;
        }
        let differing = self.moves.iter().find(|one| !now.moves.contains(one));
        let differing = differing.or_else(|| now.moves.iter().find(|one| !self.moves.contains(one)));
        Some(differing.map_or_else(|| "a product model".to_owned(), |one| one.pid.clone()))
    }
}

fn plan(kind: Kind, request: &Activation, registry: &Registry) -> Result<Plan, StoreError> {
    let release = &request.release;
    let supported = &find(registry, release)?.supported_pids;
    let pids = match (&request.pids, kind) {
        (Pids::Named(pids), _) => pids.clone(),
        (Pids::All, Kind::Activate) => supported.clone(),
        (Pids::All, Kind::Switch) => {
            let judged = registry.pids.iter().filter(|(_, record)| {
                let active = record.active.as_ref();
                active.is_some_and(|binding| binding.release.name == release.name)
            });
            judged.map(|(pid, _)| pid.clone()).collect()
        }
    };
    if pids.is_empty() {
        return Err(StoreError::NothingToSwitch(release.name.clone()));
    }
    let mut plan = Plan {
        moves: Vec::new(),
        unchanged: Vec::new(),
    };
    for pid in pids {
        if !supported.contains(&pid) {
            return Err(StoreError::UnsupportedPid {
                release: release.clone(),
                pid,
                supported: supported.clone(),
            });
        }
        let from = registry.active(&pid).map(|binding| binding.release.clone());
        match (from, kind) {
            (Some(from), _) if from == *release => plan.unchanged.push(pid),
            (Some(holder), Kind::Activate) => return Err(StoreError::PidTaken { pid, holder }),
            (None, Kind::Switch) => return Err(StoreError::NothingToSwitch(pid)),
            (from, _) if plan.moves.iter().all(|one| one.pid != pid) => plan.moves.push(Move { pid, from }),
            _ => {}
        }
    }
    Ok(plan)
}
