//! Calls that the station ends, whatever the guest is doing.

use crate::stage::{Stage, Villain, assert_failure, load, rogue};
use procvision_host::algorithm::{Interrupter, LoadError};
use procvision_host::failure::{ErrorCode, Failure, FailureClass, Severity};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// Runs `call` and has it interrupted from another thread: not before so long, and again until it has ended.
fn interrupting<T>(interrupter: Interrupter, after: Duration, call: impl FnOnce() -> T) -> T {
    let (ended, end) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut wait = after;
            while let Err(RecvTimeoutError::Timeout) = end.recv_timeout(wait) {
                interrupter.interrupt();
                wait = Duration::from_millis(1);
            }
        });
        let result = call();
        drop(ended);
        result
    })
}

/// Interrupts later and later, until the call was caught where the test wants it.
fn caught<T>(mut attempt: impl FnMut(Duration) -> Option<T>) -> T {
    let mut after = Duration::from_millis(1);
    loop {
        if let Some(result) = attempt(after) {
            return result;
        }
        after *= 2;
    }
}

fn assert_interrupted(failure: &Failure, text: &str) {
    assert_failure(failure, FailureClass::Interrupted, ErrorCode::Timeout, text);
    assert_eq!(failure.severity, Severity::Recoverable);
}

fn ends(attack: &str) {
    let mut villain = Villain::new(Stage::patient(), &rogue());
    let report = caught(|after| {
        let interrupter = villain.algorithm.interrupter();
        let report = interrupting(interrupter, after, || villain.attack(attack));
        report
            .logs
            .lines
            .iter()
            .any(|line| line.message == "begun")
            .then_some(report)
    });
    let text = "the station interrupted the algorithm in execute";
    assert_interrupted(report.outcome.failure().expect("a failure"), text);
    villain.loses(&report, FailureClass::Interrupted, ErrorCode::Timeout, text);
}

#[test]
fn endless_loop() {
    ends("begin-and-spin");
}

#[test]
fn sleep_for_an_hour() {
    ends("begin-and-sleep");
}

/// However often a station interrupts, that says nothing about the algorithm.
#[test]
fn interruptions_do_not_lead_to_quarantine() {
    let mut villain = Villain::new(Stage::patient(), &rogue());
    for _ in 0..5 {
        let interrupter = villain.algorithm.interrupter();
        let report = interrupting(interrupter, Duration::ZERO, || villain.attack("spin"));
        // At once, which may be before the algorithm has begun; then its instance stays.
        assert_interrupted(report.outcome.failure().expect("a failure"), "the station interrupted");
    }
    assert_eq!(villain.algorithm.quarantine(), None);
    villain.recovers();
}

#[test]
fn while_nothing_runs_nothing_is_interrupted() {
    let mut villain = Villain::rogue();
    let interrupter = villain.algorithm.interrupter();
    assert!(!interrupter.interrupt());
    villain.recovers();
    assert!(!interrupter.interrupt());
    drop(villain);
    assert!(!interrupter.interrupt());
}

#[test]
fn hooks_end_as_well() {
    let mut villain = Villain::new(Stage::patient(), &rogue());
    villain.order("reset-spin");
    let interrupter = villain.algorithm.interrupter();
    let report = interrupting(interrupter, Duration::ZERO, || {
        villain.algorithm.reset(&mut villain.session)
    });
    assert_interrupted(&report.failure.expect("it fails"), "in reset");
    assert!(!villain.algorithm.is_running());
    villain.recovers();

    villain.order("start-spin");
    let interrupter = villain.algorithm.interrupter();
    let report = interrupting(interrupter, Duration::ZERO, || {
        villain.algorithm.step_start(&mut villain.session, 1)
    });
    assert_interrupted(&report.failure.expect("it fails"), "in on_step_start");
    villain.recovers();
}

/// What the algorithm has answered stands, and only the hook after it is cut short.
#[test]
fn an_answer_that_is_known_stays() {
    let report = caught(|after| {
        let mut villain = Villain::new(Stage::patient(), &rogue());
        villain.order("finish-spin");
        let interrupter = villain.algorithm.interrupter();
        let report = interrupting(interrupter, after, || villain.attack("none"));
        assert!(report.instance_replaced);
        report.outcome.verdict().is_some().then_some(report)
    });
    assert_eq!(report.outcome.verdict(), Some("OK"));
    assert!(report.warnings.iter().any(|warning| warning.kind == "hook_failed"));
}

#[test]
fn loading_and_leaving_end_as_well() {
    let stage = Stage::patient();
    for (attack, text) in [("setup-spin", "in setup"), ("info-spin", "in get_info")] {
        let failure = caught(|after| {
            let folder = rogue().ordering(attack);
            let package = folder
                .open(&stage.host.config().ceiling)
                .expect("the package can be read");
            let prepared = stage.host.prepare(&package).expect("it can be compiled");
            let started = interrupting(prepared.interrupter(), after, || prepared.start());
            match started.err().expect("it is interrupted") {
                LoadError::GetInfo(failure) | LoadError::Setup(failure) => {
                    failure.message.contains(text).then_some(failure)
                }
                other => panic!("another error: {other:?}"),
            }
        });
        assert_interrupted(&failure, text);
    }
    let folder = rogue().ordering("teardown-spin");
    let mut algorithm = load(&stage.host, &folder).expect("it loads");
    let report = interrupting(algorithm.interrupter(), Duration::ZERO, || algorithm.stop());
    assert_interrupted(&report.failure.expect("it fails"), "in teardown");
    stage.goes_on();
}
