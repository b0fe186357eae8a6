//! Whether the station would accept the package: its signature, and whatever else its policy has to say.

use super::check::{Check, CheckId, Checks, Status};
use crate::admission::{Objection, Severity, Station};
use crate::package::Package;
use crate::shape::Shape;
use crate::signing::SignatureStatus;

/// Limits have a check of their own, which says the same without a policy.
const CEILINGS: &str = "ceilings.";
/// So has the number of product models.
const PRODUCT_MODELS: &str = "supported_pids";

/// Makes the checks of this part; returns what the signature is worth. What cannot be read as a component has a
/// signature all the same.
pub(super) fn check(
    checks: &mut Checks,
    station: Option<&Station>,
    package: &Package,
    shape: Option<&Shape>,
) -> Option<SignatureStatus> {
    let Some(station) = station else {
        for id in [CheckId::Signature, CheckId::Policy] {
            checks.add(Check::not_run(id, "no policy was named; --policy names one"));
        }
        return None;
    };
    let signature = match station.signature(package) {
        Ok(signature) => signature,
        Err(error) => {
            checks.add(Check::fail(CheckId::Signature, &error));
            return None;
        }
    };
    let nothing = Shape::default();
    let objections = station.judge(package, shape.unwrap_or(&nothing), &signature);
    let (about_signature, others): (Vec<_>, Vec<_>) = objections
        .into_iter()
        .partition(|objection| objection.rule == "signatures");
    match about_signature.first() {
        Some(objection) => checks.add(of(CheckId::Signature, objection)),
        None => checks.add(Check::pass(CheckId::Signature, signature.to_string())),
    }
    if shape.is_none() {
        return Some(signature);
    }
    let mut good = true;
    for objection in others {
        if objection.rule.starts_with(CEILINGS) || objection.rule == PRODUCT_MODELS {
            continue;
        }
        good = false;
        checks.add(of(CheckId::Policy, &objection));
    }
    if good {
        checks.add(Check::pass(CheckId::Policy, "accepts it"));
    }
    Some(signature)
}

fn of(id: CheckId, objection: &Objection) -> Check {
    let status = match objection.severity {
        Severity::Warning => Status::Warn,
        Severity::Refused => Status::Fail,
    };
    Check {
        code: Some(objection.code.clone().into_owned()),
        remedy: Some(objection.remedy.clone()),
        ..Check::new(id, status, objection.message.clone())
    }
}
