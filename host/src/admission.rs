//! Whether a station accepts a package. Everything that asks this question asks it here: validating, inspecting,
//! running, installing and switching.
//!
//! In order: the signature, the contract, the imports, the limits, the product models. A judgement lists every
//! objection, not only the first, so that whoever must mend something sees all of it.

mod station;

pub use station::{NotAdmitted, Station, StationError};

use crate::explain::Explain;
use crate::limits::GrantedLimits;
use crate::manifest::{ADVISED_PIDS, Manifest};
use crate::policy::{ImportRefusal, SignaturePolicy, StationPolicy};
use crate::shape::{Shape, ShapeError, named};
use crate::signing::SignatureStatus;
use serde::Serialize;
use std::borrow::Cow;

/// What is known about a package before any of it runs.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// What its component is made of.
    pub shape: &'a Shape,
    /// The limits it would get under the policy's ceiling.
    pub limits: &'a GrantedLimits,
    /// What its signature is worth.
    pub signature: &'a SignatureStatus,
    /// Its manifest; a bare component has none.
    pub manifest: Option<&'a Manifest>,
}

/// What an objection leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The package is accepted, and somebody should know.
    Warning,
    /// The package is refused.
    Refused,
}

/// One thing that a policy has against a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Objection {
    /// What it leads to.
    pub severity: Severity,
    /// The policy's key, such as `signatures` or `ceilings.memory_bytes`; or what no policy can change: `contract`,
    /// `imports`, `memories`, `supported_pids`.
    pub rule: String,
    /// The protocol's code of a package, or a word of what is only a warning.
    pub code: Cow<'static, str>,
    /// What the package does and what the policy says about it; one sentence without a full stop.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl Objection {
    fn of_shape(rule: &str, error: &ShapeError) -> Self {
        Self {
            severity: Severity::Refused,
            rule: rule.to_owned(),
            code: error.code(),
            message: error.to_string(),
            remedy: error.remedy().unwrap_or_default(),
        }
    }
}

/// A package that a policy refuses.
#[derive(Debug, thiserror::Error)]
#[error("this station refuses it: {}", self.sentences())]
pub struct AdmissionError {
    refusals: Vec<Objection>,
    warnings: Vec<Objection>,
}

impl AdmissionError {
    /// Every objection that refuses it, at least one.
    pub fn refusals(&self) -> &[Objection] {
        &self.refusals
    }

    /// What would have been a warning, had it been accepted.
    pub fn warnings(&self) -> &[Objection] {
        &self.warnings
    }

    fn sentences(&self) -> String {
        let sentences: Vec<&str> = self.refusals.iter().map(|refusal| refusal.message.as_str()).collect();
        sentences.join("; ")
    }
}

impl Explain for AdmissionError {
    fn code(&self) -> Cow<'static, str> {
        self.refusals.first().map_or("2005".into(), |first| first.code.clone())
    }

    fn remedy(&self) -> Option<String> {
        let mut remedies: Vec<&str> = self.refusals.iter().map(|refusal| refusal.remedy.as_str()).collect();
        remedies.dedup();
        Some(remedies.join("; "))
    }

    fn subject_failed(&self) -> bool {
        true
    }
}

/// Everything that a policy has against a package.
pub fn judge(policy: &StationPolicy, candidate: &Candidate<'_>) -> Vec<Objection> {
    let mut objections = Vec::new();
    objections.extend(signature(policy, candidate.signature));
    if let Err(error) = candidate.shape.check_contract() {
        objections.push(Objection::of_shape("contract", &error));
    }
    imports(policy, candidate.shape, &mut objections);
    if let Err(error) = candidate.shape.check_memories() {
        objections.push(Objection::of_shape("memories", &error));
    }
    ceilings(candidate, &mut objections);
    objections.extend(candidate.manifest.and_then(product_models));
    objections
}

/// Judges, and returns the warnings of a package that is accepted.
///
/// # Errors
///
/// The policy refuses the package; the error lists every reason.
pub fn admit(policy: &StationPolicy, candidate: &Candidate<'_>) -> Result<Vec<Objection>, AdmissionError> {
    let objections = judge(policy, candidate).into_iter();
    let (refusals, warnings): (Vec<_>, Vec<_>) =
        objections.partition(|objection| objection.severity == Severity::Refused);
    match refusals.is_empty() {
        true => Ok(warnings),
        false => Err(AdmissionError { refusals, warnings }),
    }
}

/// Asks about the signature alone, before there is a component.
///
/// # Errors
///
/// The policy refuses whatever has such a signature.
pub fn admit_signature(policy: &StationPolicy, status: &SignatureStatus) -> Result<(), AdmissionError> {
    match signature(policy, status) {
        Some(refusal) if refusal.severity == Severity::Refused => Err(AdmissionError {
            refusals: vec![refusal],
            warnings: Vec::new(),
        }),
        _ => Ok(()),
    }
}

fn signature(policy: &StationPolicy, status: &SignatureStatus) -> Option<Objection> {
    let remedy = match status {
        SignatureStatus::Valid { .. } => return None,
        SignatureStatus::Unsigned => {
            "have the package signed with `procvision sign` by somebody whose key is trusted here"
        }
        SignatureStatus::UnknownKey { .. } => {
            "if its owner is to be trusted, put the public key into the folder that `trusted_keys` names"
        }
        SignatureStatus::Tampered { .. } => {
            "do not use it; get the package and its signature again from whoever made them"
        }
        SignatureStatus::Expired { .. } => "have the package signed anew",
        SignatureStatus::Revoked { .. } => {
            "do not use it before its maker has signed it with a key that is not revoked"
        }
    };
    let (severity, ending) = match policy.signatures {
        SignaturePolicy::Strict => (Severity::Refused, "and `signatures` is strict here"),
        SignaturePolicy::Lenient => (
            Severity::Warning,
            "and is accepted only because `signatures` is lenient here",
        ),
    };
    Some(Objection {
        severity,
        rule: "signatures".to_owned(),
        code: "2005".into(),
        message: format!("{status}, {ending}"),
        remedy: remedy.to_owned(),
    })
}

/// One objection for each rule, with all imports that it refuses.
fn imports(policy: &StationPolicy, shape: &Shape, objections: &mut Vec<Objection>) {
    let rules = policy.import_rules();
    let refused = shape
        .imports
        .iter()
        .filter_map(|import| Some((import, rules.refusal(import)?)));
    let mut by_rule: Vec<(&'static str, Vec<_>)> = Vec::new();
    for (import, refusal) in refused {
        match by_rule.iter_mut().find(|(rule, _)| *rule == refusal.rule()) {
            Some((_, imports)) => imports.push((import, refusal)),
            None => by_rule.push((refusal.rule(), vec![(import, refusal)])),
        }
    }
    for (rule, imports) in by_rule {
        let remedy = match imports.first().map(|(_, refusal)| refusal) {
            Some(ImportRefusal::NotAllowed) => {
                "remove the code that uses them; or allow them in `allowed_imports`, if they are meant to be used"
            }
            Some(ImportRefusal::Closed) => "read files as assets, and leave out code that uses files or the network",
            Some(ImportRefusal::NotOffered(_)) | None => "remove the code or dependency that uses these interfaces",
        };
        let list = named(imports.iter().map(|(import, refusal)| (*import, refusal.to_string())));
        objections.push(Objection {
            severity: Severity::Refused,
            rule: rule.to_owned(),
            code: "2003".into(),
            message: format!("the component imports {list}"),
            remedy: remedy.to_owned(),
        });
    }
}

fn ceilings(candidate: &Candidate<'_>, objections: &mut Vec<Objection>) {
    let (bytes, most) = (candidate.shape.bytes, candidate.limits.limits.component_bytes);
    if bytes > most {
        objections.push(Objection {
            severity: Severity::Refused,
            rule: "ceilings.component_bytes".to_owned(),
            code: "2005".into(),
            message: format!("the component has {bytes} bytes; the limit `component_bytes` is {most}"),
            remedy: "strip the component with `procvision build`, or ship data as assets".to_owned(),
        });
    }
    for cut in &candidate.limits.cut {
        objections.push(Objection {
            severity: Severity::Warning,
            rule: format!("ceilings.{}", cut.name),
            code: "limit-cut".into(),
            message: format!(
                "the package asks for {} of {}, but the station grants {}",
                cut.asked, cut.name, cut.granted
            ),
            remedy: format!(
                "ask for at most {} in `limits` of the manifest, or raise `ceilings.{}` of the policy",
                cut.granted, cut.name
            ),
        });
    }
}

fn product_models(manifest: &Manifest) -> Option<Objection> {
    let count = manifest.supported_pids.len();
    (count > ADVISED_PIDS).then(|| Objection {
        severity: Severity::Warning,
        rule: "supported_pids".to_owned(),
        code: "many-pids".into(),
        message: format!("the package is for {count} product models; at most {ADVISED_PIDS} are advised"),
        remedy: "split the package, so that a change for one product model concerns fewer others".to_owned(),
    })
}
