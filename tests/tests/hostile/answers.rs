//! Guests whose answers the contract forbids: the step fails, nothing becomes a silent pass, and the instance goes on.

use crate::stage::{Villain, call, failed, message, warned};
use procvision_host::failure::{ErrorCode, FailureClass, Severity};
use procvision_host::outcome::Outcome;

fn refused(attack: &str, code: ErrorCode, text: &str) {
    let mut villain = Villain::rogue();
    let report = villain.attack(attack);
    villain.fails(&report, FailureClass::BadReturn, code, text);
}

#[test]
fn million_rects() {
    let mut villain = Villain::rogue();
    let report = villain.attack("million-rects");
    villain.loses(&report, FailureClass::AbiViolation, ErrorCode::Trap, "too much data");
}

#[test]
fn thousands_of_rects_are_cut() {
    let mut villain = Villain::rogue();
    let report = villain.attack("thousands-of-rects");
    let Outcome::Ng { defect_rects, .. } = &report.outcome else {
        panic!("{:?}", report.outcome)
    };
    assert_eq!(defect_rects.len(), 20);
    assert!(warned(&report, "too_many_rects"));
    villain.recovers();
    let report = villain.attack("thousands-of-positions");
    assert!(matches!(&report.outcome, Outcome::Ok { position_rects, .. } if position_rects.len() == 1_000));
    assert!(warned(&report, "too_many_rects"));
}

#[test]
fn text_without_end() {
    for attack in ["long-reason", "long-labels", "failure-at-length"] {
        refused(attack, ErrorCode::BadExchange, "`result_text_bytes`");
    }
}

#[test]
fn scores_that_are_none() {
    for (attack, value) in [
        ("score-nan", "NaN"),
        ("score-infinite", "inf"),
        ("score-negative", "-0.1"),
        ("score-above-one", "1.000001"),
    ] {
        refused(attack, ErrorCode::BadExchange, &format!("has score {value}"));
    }
}

#[test]
fn rects_outside_the_picture() {
    for attack in ["rect-outside", "rect-empty", "rect-overflow"] {
        refused(
            attack,
            ErrorCode::CoordinateInvalid,
            "not inside the picture of 64 x 64",
        );
    }
    refused("position-outside", ErrorCode::CoordinateInvalid, "position_rects[0]");
}

#[test]
fn ng_without_a_reason() {
    for attack in ["reason-empty", "reason-blank"] {
        refused(attack, ErrorCode::BadExchange, "ng_reason is empty");
    }
}

#[test]
fn failure_without_a_message() {
    refused("failure-empty", ErrorCode::BadExchange, "message is empty");
}

#[test]
fn readiness_is_checked_as_well() {
    for (attack, code) in [
        ("ready-outside", ErrorCode::CoordinateInvalid),
        ("not-ready-empty", ErrorCode::BadExchange),
        ("not-ready-nan", ErrorCode::BadExchange),
    ] {
        let mut villain = Villain::rogue();
        let call = call().with_param("attack", attack);
        let report = villain.algorithm.pre_execute(&mut villain.session, &call);
        villain.fails(&report, FailureClass::BadReturn, code, "");
    }
}

#[test]
fn fatal_failures_replace_the_instance_and_never_quarantine() {
    let mut villain = Villain::rogue();
    for _ in 0..5 {
        let report = villain.attack("failure-fatal");
        assert_eq!(failed(&report).class, FailureClass::Algorithm);
        assert_eq!(failed(&report).severity, Severity::Fatal);
        assert!(report.instance_replaced);
    }
    assert_eq!(villain.algorithm.quarantine(), None);
    villain.recovers();
}

#[test]
fn recoverable_failures_keep_the_instance() {
    let mut villain = Villain::rogue();
    for _ in 0..5 {
        let report = villain.attack("failure-recoverable");
        assert_eq!(failed(&report).severity, Severity::Recoverable);
        villain.fails(&report, FailureClass::Algorithm, ErrorCode::Unknown, "try again");
    }
}

#[test]
fn reason_that_steers_a_terminal_is_kept_as_data_only() {
    let mut villain = Villain::rogue();
    let report = villain.attack("terminal");
    let Outcome::Ng { reason, .. } = &report.outcome else {
        panic!("{:?}", report.outcome)
    };
    assert!(!procvision_host::visible::line(reason).contains(|letter: char| letter.is_control()));
    villain.recovers();
}

#[test]
fn attack_that_does_not_exist_is_not_taken_for_a_pass() {
    let mut villain = Villain::rogue();
    let report = villain.attack("none");
    assert_eq!(message(&report), "well-behaved");
    let report = villain.attack("misspelt");
    villain.fails(&report, FailureClass::Algorithm, ErrorCode::Unknown, "no such attack");
}
