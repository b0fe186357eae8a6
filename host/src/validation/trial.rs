//! Asking the algorithm: for every product model an inspection of all its steps, on a synthetic picture and perhaps a
//! given one. It must not trap and must answer by the contract; it need not like the picture.

use super::check::{Check, CheckId, Checks, Status};
use super::synthetic;
use crate::algorithm::Algorithm;
use crate::call::StepCall;
use crate::failure::{Failure, FailureClass};
use crate::frame::Frame;
use crate::outcome::{Outcome, StepReport, Warning};
use crate::package::Package;
use crate::session::Session;
use serde_json::Map;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Most inspected steps of all product models and pictures together. A package may have 50 models with 1000 steps each.
const MOST_STEPS: usize = 200;

/// How long the inspections may take together; the one that is under way is finished. Each call has its own limits, but
/// a package that stays just within them could keep a station busy for hours.
const MOST_TIME: Duration = Duration::from_secs(120);

/// What is noted during the calls.
#[derive(Default)]
struct Notes {
    calls: usize,
    /// Outcomes by their word.
    outcomes: BTreeMap<&'static str, usize>,
    failures: Vec<Check>,
    advice: Vec<Check>,
    differing: Vec<String>,
    /// Why `reset` failed, if it did.
    reset: Option<Failure>,
}

/// Makes the checks of answers and determinism.
pub(super) fn check(checks: &mut Checks, algorithm: &mut Algorithm, package: &Package, given: Option<&Frame>) {
    let mut pictures = Vec::new();
    match synthetic::picture() {
        Ok(picture) => pictures.push(("a synthetic picture", picture)),
        Err(error) => unreachable!("the synthetic picture has a fixed size: {error}"),
    }
    pictures.extend(given.map(|picture| ("the given picture", picture.clone())));

    let pids = algorithm.info().supported_pids.clone();
    let steps: Vec<u32> = algorithm.info().steps.iter().map(|step| step.index).collect();
    let planned = pids.len() * steps.len() * pictures.len();
    let mut notes = Notes::default();
    let mut tried = 0;
    let begun = Instant::now();
    for (name, picture) in &pictures {
        for pid in &pids {
            let room = match begun.elapsed() < MOST_TIME {
                true => MOST_STEPS.saturating_sub(tried),
                false => 0,
            };
            let steps = &steps[..steps.len().min(room)];
            tried += steps.len();
            inspect_twice(algorithm, package, pid, steps, (name, picture), &mut notes);
        }
    }
    notes.conclude(checks, tried, planned);
}

/// Inspects one product two times over; both must go the same way.
fn inspect_twice(
    algorithm: &mut Algorithm,
    package: &Package,
    pid: &str,
    steps: &[u32],
    (name, picture): (&str, &Frame),
    notes: &mut Notes,
) {
    let (first, reset) = inspect(algorithm, package, pid, steps, picture);
    notes.reset = notes.reset.take().or(reset);
    for (step, report) in &first {
        let place = format!("{} of {pid} step {step} on {name}", report.phase.as_str());
        notes.note(&place, report);
    }
    // After a failure the instance may be another one, and an algorithm in quarantine is not asked at all.
    if first.iter().any(|(_, report)| report.instance_replaced) || algorithm.quarantine().is_some() {
        return;
    }
    let (second, _) = inspect(algorithm, package, pid, steps, picture);
    for ((step, first), (_, second)) in first.iter().zip(&second) {
        if first.outcome != second.outcome {
            let phase = first.phase.as_str();
            notes.differing.push(format!("{phase} of {pid} step {step} on {name}"));
        }
    }
}

/// The answers of one inspection, which is broken off at its end, and why that failed, if it did.
fn inspect(
    algorithm: &mut Algorithm,
    package: &Package,
    pid: &str,
    steps: &[u32],
    picture: &Frame,
) -> (Vec<(u32, StepReport)>, Option<Failure>) {
    let none = Map::new();
    let configured = package.manifest().map_or(&none, |manifest| &manifest.default_config);
    let mut session = Session::new("validation", Map::new());
    let mut reports = Vec::new();
    for &step in steps {
        let mut call = StepCall::new(step, pid, picture.clone());
        call.params = synthetic::params(algorithm.info(), step, picture, configured);
        reports.push((step, algorithm.pre_execute(&mut session, &call)));
        // Asked even if the conditions are not right: no picture may bring an algorithm down.
        reports.push((step, algorithm.execute(&mut session, &call)));
    }
    let reset = algorithm.reset(&mut session).failure;
    (reports, reset)
}

impl Notes {
    fn note(&mut self, place: &str, report: &StepReport) {
        self.calls += 1;
        *self.outcomes.entry(report.outcome.as_str()).or_default() += 1;
        if let Outcome::Failed(failure) = &report.outcome {
            self.failures.push(failed(place, failure));
        }
        for Warning { kind, message } in &report.warnings {
            let again = |check: &&Check| check.detail.ends_with(message.as_str());
            if self.advice.iter().find(again).is_none() {
                self.advice.push(Check::warn(
                    CheckId::Advice,
                    format!("{place}: {message}"),
                    remedy_of(kind),
                ));
            }
        }
    }

    fn conclude(self, checks: &mut Checks, tried: usize, planned: usize) {
        if self.failures.iter().all(|check| check.status != Status::Fail) {
            let outcomes: Vec<String> = self
                .outcomes
                .iter()
                .map(|(word, count)| format!("{count} {word}"))
                .collect();
            let detail = format!("{} calls kept the rules: {}", self.calls, outcomes.join(", "));
            checks.add(Check::pass(CheckId::Calls, detail));
        }
        let failures = one_for_each_message(self.failures);
        failures.into_iter().for_each(|check| checks.add(check));
        if tried < planned {
            let detail = format!("only {tried} of {planned} steps of product models were tried");
            checks.add(Check::warn(
                CheckId::Calls,
                detail,
                "try the others with `procvision run`",
            ));
        }
        if self.advice.is_empty() {
            checks.add(Check::pass(CheckId::Advice, "no warnings"));
        }
        self.advice.into_iter().for_each(|check| checks.add(check));
        checks.add(match self.differing.first() {
            None => Check::pass(CheckId::Determinism, "every inspection went the same way twice"),
            Some(first) => Check::warn(
                CheckId::Determinism,
                format!(
                    "another answer the second time in {} calls, such as {first}",
                    self.differing.len()
                ),
                "keep what belongs to one product in its session, not in the instance; use no random numbers",
            ),
        });
        checks.add(match self.reset {
            None => Check::pass(CheckId::Reset, "breaks an inspection off in good order"),
            Some(failure) => Check::warn(
                CheckId::Reset,
                failure.to_string(),
                "mend `reset`; the station forgets the session whatever becomes of it",
            ),
        });
    }
}

/// A failure that the algorithm states itself, or a request that only lacks sense, is no fault; everything else is.
fn failed(place: &str, failure: &Failure) -> Check {
    let detail = format!("{place}: {}", failure.message);
    let check = match failure.class {
        FailureClass::Algorithm => Check::warn(
            CheckId::Calls,
            detail,
            "nothing, if the algorithm needs another picture or a reference; try it with `procvision run`",
        ),
        FailureClass::Refused => Check::warn(
            CheckId::Calls,
            detail,
            "nothing, if the parameter needs a value that only you know; try it with `procvision run`",
        ),
        FailureClass::OutOfFuel | FailureClass::Deadline => Check {
            remedy: Some("do less work, or ask for more in `limits` of the manifest".to_owned()),
            ..Check::new(CheckId::Calls, Status::Fail, detail)
        },
        FailureClass::MemoryLimit | FailureClass::ResourceLimit => Check {
            remedy: Some("use less, or ask for more in `limits` of the manifest".to_owned()),
            ..Check::new(CheckId::Calls, Status::Fail, detail)
        },
        FailureClass::BadReturn => Check {
            remedy: Some("correct the answer; docs/contract.md says what it may be".to_owned()),
            ..Check::new(CheckId::Calls, Status::Fail, detail)
        },
        _ => Check {
            remedy: Some("mend the algorithm; `procvision run` shows the backtrace".to_owned()),
            ..Check::new(CheckId::Calls, Status::Fail, detail)
        },
    };
    Check {
        code: Some(failure.code.as_str().to_owned()),
        ..check
    }
}

/// Leaves out what fails with the same words in the same class elsewhere, and says how often that was.
fn one_for_each_message(failures: Vec<Check>) -> Vec<Check> {
    let message = |check: &Check| {
        check
            .detail
            .split_once(": ")
            .map_or("", |(_, message)| message)
            .to_owned()
    };
    let mut kept: Vec<(Check, usize)> = Vec::new();
    for failure in failures {
        match kept.iter_mut().find(|(known, _)| message(known) == message(&failure)) {
            Some((_, more)) => *more += 1,
            None => kept.push((failure, 0)),
        }
    }
    let counted = |(mut check, more): (Check, usize)| {
        if more > 0 {
            check.detail.push_str(&format!(" (and {more} more like it)"));
        }
        check
    };
    kept.into_iter().map(counted).collect()
}

fn remedy_of(kind: &str) -> &'static str {
    match kind {
        "text_too_long" => "shorten it; operators read it on a small screen",
        "no_defect_rects" => "give the place of the defect",
        "too_many_rects" => "return the most important ones only",
        "logs_dropped" | "diagnostics_dropped" => "log and publish less",
        "hook_failed" => "mend the hook",
        _ => "see docs/limits.md",
    }
}
