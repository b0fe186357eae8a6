//! Every check of a package, each with its result and what would mend it.
//!
//! The order is that of a station: what is on disk, what the component is made of, whether it compiles and describes
//! itself, whether it can be set up and asked. A check that fails keeps later ones that need it from being made: what has
//! a signature that the station refuses is neither compiled nor run.

mod admission;
mod check;
mod files;
mod golden;
mod sandbox;
mod synthetic;
mod trial;

pub use check::{Check, CheckId, Status};

use crate::admission::Station;
use crate::algorithm::Algorithm;
use crate::archive::Archive;
use crate::cases::CaseResult;
use crate::contract::Import;
use crate::frame::Frame;
use crate::host::Host;
use crate::info::AlgorithmInfo;
use crate::limits::{GrantedLimits, Limits};
use crate::package::Package;
use crate::report::{self, SCHEMA};
use crate::shape::Shape;
use crate::signing::SignatureStatus;
use check::Checks;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What is to be validated.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// Folder of a package, an archive, or a bare component.
    pub source: PathBuf,
    /// A component that takes the place of the one that the manifest names.
    pub component: Option<PathBuf>,
    /// A picture with which the algorithm is asked, besides the synthetic one.
    pub picture: Option<Frame>,
    /// The station that is to accept the package; without it nobody looks at signatures.
    pub station: Option<Station>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Validation {
    /// Every check in order, those that were not made included.
    pub checks: Vec<Check>,
    /// What the algorithm says about itself, if it got so far.
    pub info: Option<AlgorithmInfo>,
    /// What the component imports, if it could be read.
    pub imports: Vec<Import>,
    /// The limits that hold for it.
    pub limits: GrantedLimits,
    /// What the package asks for.
    pub asked: BTreeMap<&'static str, u64>,
    /// The most this station grants.
    pub ceiling: Limits,
    /// What came of the golden cases, if there are any and they could be replayed.
    pub cases: Vec<CaseResult>,
    /// Size in bytes and SHA-256 of the component.
    pub component: Option<(u64, String)>,
    /// What the signature is worth, if a station was asked.
    pub signature: Option<SignatureStatus>,
    /// The archive, if it could be read and is one.
    pub archive: Option<Arc<Archive>>,
}

impl Validation {
    /// The worst of all results.
    pub fn status(&self) -> Status {
        let made = self.checks.iter().map(|check| check.status);
        made.filter(|status| *status != Status::NotRun)
            .max()
            .unwrap_or(Status::Pass)
    }

    /// How many checks ended so.
    pub fn count(&self, status: Status) -> usize {
        self.checks.iter().filter(|check| check.status == status).count()
    }

    /// The whole validation as one object; `docs/cli.md` describes it.
    pub fn to_json(&self) -> Value {
        let component = self.component.as_ref();
        json!({
            "schema": SCHEMA,
            "status": self.status(),
            "counts": {
                "pass": self.count(Status::Pass),
                "warn": self.count(Status::Warn),
                "fail": self.count(Status::Fail),
                "not_run": self.count(Status::NotRun),
            },
            "checks": self.checks,
            "algorithm": self.info,
            "component": component.map(|(bytes, sha256)| json!({ "bytes": bytes, "sha256": sha256 })),
            "package": self.archive.as_ref().map(|archive| json!({
                "bytes": archive.as_bytes().len(),
                "sha256": archive.digest(),
                "signed": archive.signature().is_some(),
            })),
            "imports": self.imports,
            "limits": report::limits_json(&self.limits.limits, &self.asked, &self.ceiling),
            "limits_cut": self.limits.cut,
            "cases": self.cases,
            "signature": self.signature,
        })
    }
}

/// Makes every check. What is wrong with the subject is in the result and never an error.
///
/// Runs the algorithm on the calling thread, as [`Host::load`] does.
pub fn validate(host: &Host, subject: &Subject) -> Validation {
    let ceiling = &host.config().ceiling;
    let mut validation = Validation {
        checks: Vec::new(),
        info: None,
        imports: Vec::new(),
        limits: ceiling.grant(&Default::default()),
        asked: BTreeMap::new(),
        ceiling: ceiling.clone(),
        cases: Vec::new(),
        component: None,
        signature: None,
        archive: None,
    };
    let mut checks = Checks::default();
    if let Some(package) = files::check(&mut checks, &subject.source, subject.component.as_deref(), ceiling) {
        validation.archive = package.archive().cloned();
        validation.limits = package.limits().clone();
        validation.component = Some((package.component().len() as u64, report::sha256(package.component())));
        if let Some(manifest) = package.manifest() {
            validation.asked = manifest.limits.asked();
        }
        files::check_limits(&mut checks, &package);
        let shape = Shape::read(package.component());
        let (station, read) = (subject.station.as_ref(), shape.as_ref().ok());
        validation.signature = admission::check(&mut checks, station, &package, read);
        if let Ok(shape) = shape {
            validation.imports = shape.imports;
        }
        let cases = golden::read(&mut checks, &package);
        let loaded = match checks.has_failed(CheckId::Signature) {
            // The station would not run it, and so it is not run to see what would come of it.
            true => {
                sandbox::check_unrun(&mut checks, host, &package);
                None
            }
            false => sandbox::check(&mut checks, host, &package),
        };
        if let Some(mut algorithm) = loaded {
            validation.info = Some(algorithm.info().clone());
            if let Some(cases) = cases {
                validation.cases = golden::check(&mut checks, &mut algorithm, &cases);
            }
            try_out(&mut checks, algorithm, &package, subject.picture.as_ref());
        }
    }
    validation.checks = checks.finish();
    validation
}

fn try_out(checks: &mut Checks, mut algorithm: Algorithm, package: &Package, picture: Option<&Frame>) {
    trial::check(checks, &mut algorithm, package, picture);
    checks.add(match algorithm.teardown().failure {
        None => Check::pass(CheckId::Teardown, "ends in good order"),
        Some(failure) => Check::warn(
            CheckId::Teardown,
            failure.to_string(),
            "mend `teardown`; the station goes on without it",
        ),
    });
}
