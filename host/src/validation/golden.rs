//! The package's own golden cases: are they as they should be, and does the algorithm answer as they expect?

use super::check::{Check, CheckId, Checks, Status};
use crate::algorithm::Algorithm;
use crate::cases::{CaseResult, Cases, replay};
use crate::package::Package;
use std::time::Duration;

/// How long the cases may take together; the one that is under way is finished.
const MOST_TIME: Duration = Duration::from_secs(120);

/// The cases of the package, if it has some that can be replayed.
pub(super) fn read(checks: &mut Checks, package: &Package) -> Option<Cases> {
    if package.manifest().is_none() {
        checks.add(Check::not_run(CheckId::Cases, "a bare component has none"));
        return None;
    }
    let cases = match package.archive() {
        Some(archive) => Cases::of_archive(archive),
        None => Cases::read(package.source()),
    };
    match cases {
        Ok(Some(cases)) => Some(cases),
        Ok(None) => {
            checks.add(Check::not_run(CheckId::Cases, "the package has no cases.json"));
            None
        }
        Err(error) => {
            checks.add(Check::fail(CheckId::Cases, &error));
            None
        }
    }
}

/// Replays the cases. Each that ends otherwise than it should is a failed check.
pub(super) fn check(checks: &mut Checks, algorithm: &mut Algorithm, cases: &Cases) -> Vec<CaseResult> {
    let results = replay(algorithm, cases, MOST_TIME);
    let as_expected = results.iter().filter(|result| result.is_as_expected()).count();
    if as_expected == results.len() {
        let detail = format!("{as_expected} answered as expected");
        checks.add(Check::pass(CheckId::Cases, detail));
    }
    for result in results.iter().filter(|result| !result.is_as_expected()) {
        checks.add(Check {
            code: Some("2005".to_owned()),
            remedy: Some(
                "mend the algorithm, or correct the case in cases.json if its expectation is wrong".to_owned(),
            ),
            ..Check::new(
                CheckId::Cases,
                Status::Fail,
                format!("{}: {}", result.name, result.differences.join("; ")),
            )
        });
    }
    results
}
