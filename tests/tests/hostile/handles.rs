//! Guests that keep, forge, drop and hoard handles.

use crate::stage::{Villain, message, new_session};
use procvision_host::failure::{ErrorCode, FailureClass};

fn breaks_the_rules(attack: &str, text: &str) {
    let mut villain = Villain::rogue();
    let report = villain.attack(attack);
    villain.loses(&report, FailureClass::AbiViolation, ErrorCode::Trap, text);
}

#[test]
fn forged() {
    for attack in ["forged-session", "forged-images"] {
        breaks_the_rules(attack, "unknown handle index");
    }
}

#[test]
fn of_another_type() {
    for attack in ["session-as-images", "timer-as-session"] {
        breaks_the_rules(attack, "type");
    }
}

#[test]
fn dropped_twice_or_used_after_the_drop() {
    for attack in ["drop-twice", "use-after-drop"] {
        breaks_the_rules(attack, "unknown handle index");
    }
}

#[test]
fn not_given_back() {
    let mut villain = Villain::lifted("keeps-borrows");
    let report = villain.attack_lifted();
    villain.loses(
        &report,
        FailureClass::AbiViolation,
        ErrorCode::Trap,
        "borrow handles still remain",
    );
}

#[test]
fn kept_beyond_the_call_leads_to_no_other_session() {
    let mut villain = Villain::rogue();
    assert_eq!(message(&villain.attack("keep-handles")), "kept");
    villain.session = new_session("another inspection");
    let report = villain.attack("use-kept-session");
    match report.outcome.failure() {
        // The number was free: unknown.
        Some(_) => villain.loses(&report, FailureClass::AbiViolation, ErrorCode::Trap, "handle"),
        // The number was given out again: it stands for this call's session.
        None => villain.bounces(&report, "another inspection"),
    }
}

#[test]
fn exhausted_in_the_host() {
    for attack in ["timers", "streams", "subscriptions"] {
        let mut villain = Villain::rogue();
        let report = villain.attack(attack);
        let text = "`resource_table_entries`";
        villain.loses(&report, FailureClass::ResourceLimit, ErrorCode::OutOfMemory, text);
    }
}

#[test]
fn exhausted_over_many_calls() {
    let mut villain = Villain::rogue();
    let last = (0..100)
        .map(|_| villain.attack("hoard-timers"))
        .find(|report| report.outcome.as_str() != "ok");
    let report = last.expect("the table ends at some call");
    villain.loses(
        &report,
        FailureClass::ResourceLimit,
        ErrorCode::OutOfMemory,
        "in execute",
    );
}

#[test]
fn exhausted_in_the_component() {
    let mut villain = Villain::lifted("handle-bomb");
    let report = villain.attack_lifted();
    villain.loses(
        &report,
        FailureClass::AbiViolation,
        ErrorCode::Trap,
        "handle limit exceeded",
    );
}

#[test]
fn parent_dropped_before_its_child() {
    let mut villain = Villain::rogue();
    let report = villain.attack("orphan");
    assert!(report.outcome.failure().is_some());
    villain.loses(&report, FailureClass::AbiViolation, ErrorCode::Trap, "children");
}
