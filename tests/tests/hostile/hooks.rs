//! Guests whose hooks misbehave: a verdict that is known stands, and a lost instance is replaced.

use crate::stage::{Stage, Villain, assert_failure, rogue, warned};
use procvision_host::failure::{ErrorCode, FailureClass};

#[test]
fn start_hook_that_traps_or_never_returns_ends_the_step() {
    for (attack, class, code) in [
        ("start-trap", FailureClass::Trap, ErrorCode::Trap),
        ("start-spin", FailureClass::OutOfFuel, ErrorCode::Timeout),
    ] {
        let mut villain = Villain::rogue();
        villain.order(attack);
        let report = villain.attack("none");
        villain.loses(&report, class, code, "in on_step_start");
    }
}

#[test]
fn start_hook_that_fails_is_a_warning() {
    let mut villain = Villain::rogue();
    for attack in ["start-fails", "start-fails-at-length"] {
        villain.order(attack);
        let report = villain.attack("none");
        assert!(warned(&report, "hook_failed"));
        assert!(report.warnings.iter().all(|warning| warning.message.len() < 8_192));
        villain.bounces(&report, "well-behaved");
    }
}

#[test]
fn finish_hook_that_traps_or_never_returns_leaves_the_verdict_and_costs_the_instance() {
    for attack in ["finish-trap", "finish-spin"] {
        let mut villain = Villain::rogue();
        villain.order(attack);
        let report = villain.attack("session-write");
        assert!(report.instance_replaced && warned(&report, "hook_failed"));
        assert!(villain.session.get("secret").is_some(), "what led to the verdict stays");
        assert_eq!(
            villain.session.get("from-finish"),
            None,
            "what the lost hook wrote does not"
        );
        villain.bounces(&report, "stored");
    }
}

#[test]
fn finish_hooks_that_trap_lead_to_quarantine_as_well() {
    let mut villain = Villain::rogue();
    for _ in 0..3 {
        villain.order("finish-trap");
        assert_eq!(villain.attack("none").outcome.as_str(), "ok");
    }
    assert!(villain.algorithm.quarantine().is_some());
    villain.algorithm.release();
    villain.recovers();
}

#[test]
fn finish_hook_that_fails_is_a_warning() {
    let mut villain = Villain::rogue();
    villain.order("finish-fails");
    let report = villain.attack("none");
    assert!(warned(&report, "hook_failed") && !report.instance_replaced);
    villain.bounces(&report, "well-behaved");
}

#[test]
fn reset_that_misbehaves_is_reported_and_the_session_is_empty() {
    for (attack, class, code) in [
        ("reset-trap", FailureClass::Trap, ErrorCode::Trap),
        ("reset-spin", FailureClass::OutOfFuel, ErrorCode::Timeout),
        ("reset-fails", FailureClass::Algorithm, ErrorCode::Unknown),
    ] {
        let mut villain = Villain::rogue();
        villain.order(attack);
        let report = villain.algorithm.reset(&mut villain.session);
        assert_failure(&report.failure.expect("it fails"), class, code, "");
        assert_eq!(villain.session.bytes(), 0);
        villain.recovers();
    }
}

#[test]
fn teardown_that_misbehaves_is_reported() {
    for (attack, class, code) in [
        ("teardown-trap", FailureClass::Trap, ErrorCode::Trap),
        ("teardown-spin", FailureClass::OutOfFuel, ErrorCode::Timeout),
    ] {
        let mut villain = Villain::new(Stage::fuel(), &rogue().ordering(attack));
        villain.recovers();
        let report = villain.algorithm.teardown();
        assert_failure(&report.failure.expect("it fails"), class, code, "in teardown");
        Stage::fuel().goes_on();
    }
}
