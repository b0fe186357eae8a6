//! What the station says: the limits that would hold, what the signature is worth, and everything that admission objects
//! to. Nothing is decided here; [`crate::admission`] decides, for this as for installing and running.

use super::component::NAME_BYTES;
use super::point::{Point, Severity};
use crate::admission::{self, Objection, StationError};
use crate::explain::{Explain, one_line};
use crate::imports::cut;
use crate::limits::{GrantedLimits, LIMIT_NAMES, LimitDescription, Limits};
use crate::package::Package;
use crate::policy::SandboxPolicy;
use crate::shape::Shape;
use crate::signing::{BesideError, SignatureStatus};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Most bytes of a message that quotes a package.
const MESSAGE_BYTES: usize = 8 * NAME_BYTES;

/// The station that would run it.
#[derive(Clone, Debug)]
pub struct Station {
    station: admission::Station,
    ceiling: Limits,
    policy_file: Option<PathBuf>,
}

impl Default for Station {
    /// A station that decides nothing itself.
    fn default() -> Self {
        Self::new(admission::Station::default(), None)
    }
}

impl Station {
    fn new(station: admission::Station, policy_file: Option<PathBuf>) -> Self {
        Self {
            ceiling: station.policy.ceiling(),
            station,
            policy_file,
        }
    }

    /// Reads a station's policy, and the keys that it trusts.
    ///
    /// # Errors
    ///
    /// See [`StationError`].
    pub fn read(policy: &Path) -> Result<Self, StationError> {
        Ok(Self::new(admission::Station::read(policy)?, Some(policy.to_owned())))
    }

    /// The most that it grants.
    pub fn ceiling(&self) -> &Limits {
        &self.ceiling
    }

    /// Where its policy was read from; without one the defaults hold.
    pub fn policy_file(&self) -> Option<&Path> {
        self.policy_file.as_deref()
    }
}

/// What the station says about one package.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Where the policy was read from; without one the defaults were asked.
    pub policy_file: Option<PathBuf>,
    /// The limits that would hold.
    pub limits: GrantedLimits,
    /// What the manifest asks for.
    pub asked: BTreeMap<&'static str, u64>,
    /// The most that the station grants.
    pub ceiling: Limits,
    /// What holds for a running algorithm.
    pub sandbox: SandboxPolicy,
    /// What the signature is worth.
    pub signature: SignatureStatus,
    /// Everything that admission has against it.
    pub objections: Vec<Objection>,
}

impl Judged {
    /// Each limit that a package can ask for, as it would hold, and as its ceiling is.
    pub fn limits_with_ceilings(&self) -> impl Iterator<Item = (LimitDescription, LimitDescription)> {
        let granted = self.limits.limits.describe().into_iter();
        let both = granted.zip(self.ceiling.describe());
        both.filter(|(limit, _)| LIMIT_NAMES.contains(&limit.name))
    }

    /// Asks the station.
    ///
    /// # Errors
    ///
    /// The signature beside the package cannot be read.
    pub(super) fn new(station: &Station, package: &Package) -> Result<Self, BesideError> {
        let signature = station.station.signature(package)?;
        let objections = match Shape::read(package.component()) {
            Ok(shape) => station.station.judge(package, &shape, &signature),
            // Nothing can be said about what it imports; that it cannot be read is enough.
            Err(error) => vec![Objection {
                severity: admission::Severity::Refused,
                rule: "component".to_owned(),
                code: error.code(),
                message: one_line(&error),
                remedy: error.remedy().unwrap_or_default(),
            }],
        };
        Ok(Self {
            policy_file: station.policy_file.clone(),
            limits: package.limits().clone(),
            asked: package
                .manifest()
                .map(|manifest| manifest.limits.asked())
                .unwrap_or_default(),
            ceiling: station.ceiling.clone(),
            sandbox: station.station.policy.sandbox(),
            signature,
            objections,
        })
    }

    /// The objections as points.
    pub(super) fn points(&self) -> impl Iterator<Item = Point> {
        self.objections.iter().map(|objection| {
            let severity = match objection.severity {
                admission::Severity::Refused => Severity::Refused,
                admission::Severity::Warning => Severity::Look,
            };
            let source = match objection.rule.as_str() {
                "component" | "contract" | "memories" | "imports" => format!("component: {}", objection.rule),
                "supported_pids" => "manifest.json: supported_pids".to_owned(),
                rule => format!("policy: {rule}"),
            };
            let message = capital(&cut(objection.message.clone(), MESSAGE_BYTES));
            let mut point = Point::new(severity, "admission", message, source, capital(&objection.remedy) + ".");
            point.code = Some(objection.code.clone());
            point
        })
    }
}

/// The text with a capital at its beginning.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
