//! Guests that break the rules of the component model where data crosses the boundary.

use crate::stage::{Villain, call};
use procvision_host::call::Guide;
use procvision_host::failure::{ErrorCode, FailureClass};
use procvision_host::frame::Rect;

fn breaks_the_rules(attack: &str, text: &str) {
    let mut villain = Villain::rogue();
    let report = villain.attack(attack);
    villain.loses(&report, FailureClass::AbiViolation, ErrorCode::Trap, text);
}

fn breaks_the_rules_lifted(guest: &str, text: &str) {
    let mut villain = Villain::lifted(guest);
    let report = villain.attack_lifted();
    villain.loses(&report, FailureClass::AbiViolation, ErrorCode::Trap, text);
}

#[test]
fn text_that_is_not_utf8() {
    for attack in ["reason-not-utf8", "log-not-utf8", "session-not-utf8"] {
        breaks_the_rules(attack, "utf-8");
    }
}

#[test]
fn text_and_lists_outside_memory() {
    for attack in ["text-outside", "argument-outside"] {
        breaks_the_rules(attack, "out of bounds");
    }
    breaks_the_rules_lifted("list-outside", "out of bounds");
}

#[test]
fn more_data_than_one_call_may_move() {
    breaks_the_rules("argument-too-large", "too much data");
}

#[test]
fn answer_outside_memory() {
    breaks_the_rules_lifted("result-outside", "out of bounds");
}

#[test]
fn answer_at_an_odd_address() {
    breaks_the_rules_lifted("result-misaligned", "not aligned");
}

#[test]
fn answer_of_no_known_case() {
    breaks_the_rules_lifted("result-of-no-case", "discriminant");
}

#[test]
fn memory_for_arguments_outside_memory() {
    breaks_the_rules_lifted("realloc-outside", "beyond end of memory");
}

#[test]
fn memory_for_arguments_at_an_odd_address() {
    let mut villain = Villain::lifted("realloc-misaligned");
    let mut call = call();
    let guide = Guide {
        label: "screw".into(),
        positions: vec![Rect::new(0, 0, 1, 1)],
    };
    call.guides = vec![guide.clone(), guide];
    let report = villain.execute(call);
    villain.loses(&report, FailureClass::AbiViolation, ErrorCode::Trap, "not aligned");
}

#[test]
fn calls_of_the_host_where_none_are_allowed() {
    for guest in ["realloc-calls-host", "post-return-calls-host"] {
        breaks_the_rules_lifted(guest, "cannot leave component instance");
    }
}
