//! What the process that runs algorithms can give up, as a process found that was locked and tried.

use super::finding::{Finding, Section, Status};
use crate::explain::one_line;
use crate::lockdown::{self, Lock, LockState, Requirement, State, TrialReport};
use std::path::Path;

const SECTION: Section = Section::Locks;
/// The version of Landlock's interface with everything that is used.
const WHOLE_LANDLOCK: i32 = 6;

pub(super) fn findings(program: &Path, requirement: Requirement) -> Vec<Finding> {
    let mut findings = vec![landlock()];
    match lockdown::try_locks(program) {
        Ok(report) => findings.extend(report.locks.iter().map(|lock| finding(lock, &report, requirement))),
        Err(error) => findings.push(Finding::problem(
            SECTION,
            "trial",
            one_line(&error),
            "make it possible to start the program again; nothing is known of the locks",
        )),
    }
    findings
}

fn landlock() -> Finding {
    match lockdown::process::landlock_version() {
        Ok(version) if version < WHOLE_LANDLOCK => Finding::hint(
            SECTION,
            "landlock",
            format!("version {version} of its interface"),
            "Linux 6.12 or later has version 6, which also keeps ports, signals and sockets inside; the system-call filter does \
             until then",
        ),
        Ok(version) => Finding::ok(SECTION, "landlock", format!("version {version} of its interface")),
        Err(error) => Finding::hint(SECTION, "landlock", error.to_string(), Lock::Files.remedy()),
    }
}

fn finding(lock: &LockState, report: &TrialReport, requirement: Requirement) -> Finding {
    let LockState { lock, state } = lock;
    let (lock, id) = (*lock, lock.as_str());
    let bad = |detail: String| {
        let remedy = match requirement {
            Requirement::Required => format!(
                "{}; or have the policy say `\"lockdown\": \"best_effort\"`, to go on without",
                lock.remedy()
            ),
            Requirement::BestEffort => lock.remedy().to_owned(),
        };
        Finding {
            status: match requirement {
                Requirement::Required => Status::Problem,
                Requirement::BestEffort => Status::Hint,
            },
            ..Finding::problem(SECTION, id, detail, remedy)
        }
    };
    let broken: Vec<&str> = report.broken(lock).map(|attempt| attempt.what.as_str()).collect();
    match state {
        State::Missing(reason) => bad(format!("cannot be had: {reason}")),
        _ if !broken.is_empty() => bad(format!("does not hold; this could be done: {}", broken.join("; "))),
        State::Held => Finding::ok(SECTION, id, lock.meaning()),
        State::Covered(reason) => Finding::ok(
            SECTION,
            id,
            format!("{}, by the system-call filter ({reason})", lock.meaning()),
        ),
    }
}
