//! Asking an algorithm what its cases ask.

use super::comparison::{differences, goes_on, shown};
use super::{Case, Cases};
use crate::algorithm::Algorithm;
use crate::call::StepCall;
use crate::explain::one_line;
use crate::session::Session;
use serde::Serialize;
use serde_json::Map;
use std::time::{Duration, Instant};

/// What came of one case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseResult {
    /// Its name.
    pub name: String,
    /// The expected answer: `OK`, `NG`, `not ready` or `failed`.
    pub expected: &'static str,
    /// The answer, in the same words; `None` if the algorithm was not asked.
    pub answered: Option<&'static str>,
    /// What is not as expected, each in words; empty if all is well.
    pub differences: Vec<String>,
    /// How long it took, in milliseconds, with reading the pictures.
    pub wall_ms: u64,
}

impl CaseResult {
    /// Whether the algorithm answered as it is expected to.
    pub fn is_as_expected(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Asks a loaded algorithm every case, each in a session of its own, on the calling thread.
///
/// Each call has the algorithm's own limits. What is not begun when `most_time` is over is not asked, and counts as a
/// difference.
pub fn replay(algorithm: &mut Algorithm, cases: &Cases, most_time: Duration) -> Vec<CaseResult> {
    let begun = Instant::now();
    let one = |case| {
        let start = Instant::now();
        let (answered, differences) = match begun.elapsed() < most_time {
            true => ask(algorithm, cases, case),
            false => (None, vec![format!("it was not asked within {} s", most_time.as_secs())]),
        };
        CaseResult {
            name: case.name.clone(),
            expected: case.expected(),
            answered,
            differences,
            wall_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    };
    cases.list().iter().map(one).collect()
}

fn ask(algorithm: &mut Algorithm, cases: &Cases, case: &Case) -> (Option<&'static str>, Vec<String>) {
    let call = match call(cases, case) {
        Ok(call) => call,
        Err(difference) => return (None, vec![difference]),
    };
    let mut session = Session::new("golden case", Map::new());
    let mut report = algorithm.pre_execute(&mut session, &call);
    if goes_on(case, &report.outcome) {
        report = algorithm.execute(&mut session, &call);
    }
    (Some(shown(&report.outcome)), differences(case, &report.outcome))
}

fn call(cases: &Cases, case: &Case) -> Result<StepCall, String> {
    let picture = |name: &str| {
        cases
            .picture(name)
            .map_err(|error| format!("the picture {name} cannot be used: {}", one_line(&error)))
    };
    let mut call = StepCall::new(case.step, case.pid.as_str(), picture(&case.image)?);
    for (name, file) in &case.references {
        call = call.with_reference(name.as_str(), picture(file)?);
    }
    call.params = case.params.clone();
    Ok(call)
}
