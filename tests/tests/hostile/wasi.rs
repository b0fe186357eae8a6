//! Guests that misuse what a standard library needs of WASI.

use crate::stage::{Villain, message};
use procvision_host::failure::{ErrorCode, FailureClass};

#[test]
fn exit() {
    for attack in ["exit-success", "exit-failure"] {
        let mut villain = Villain::rogue();
        let report = villain.attack(attack);
        villain.loses(
            &report,
            FailureClass::Exit,
            ErrorCode::Trap,
            "tried to exit with status",
        );
    }
}

#[test]
fn randomness_is_bounded() {
    let mut villain = Villain::rogue();
    assert_eq!(message(&villain.attack("random")), "4096");
    for attack in ["random-beyond", "random-endless", "insecure-beyond"] {
        let report = villain.attack(attack);
        villain.loses(
            &report,
            FailureClass::AbiViolation,
            ErrorCode::Trap,
            "exceeds limit 4096",
        );
    }
}

#[test]
fn nothing_can_be_read() {
    let mut villain = Villain::rogue();
    for attack in ["stdin", "stdin-skip", "splice"] {
        let report = villain.attack(attack);
        villain.bounces(&report, "Err(StreamError::Closed)");
    }
}

#[test]
fn more_zeroes_than_there_is_memory() {
    for attack in ["zeroes", "zeroes-blocking"] {
        let mut villain = Villain::rogue();
        let report = villain.attack(attack);
        villain.loses(&report, FailureClass::AbiViolation, ErrorCode::Trap, "in execute");
    }
}

#[test]
fn writing_without_asking_is_bounded_by_the_log() {
    let mut villain = Villain::rogue();
    let report = villain.attack("write-unasked");
    assert!(report.logs.dropped_lines > 0);
    villain.bounces(&report, "true");
}

#[test]
fn waiting_for_nothing() {
    let mut villain = Villain::rogue();
    let report = villain.attack("poll-nothing");
    villain.loses(&report, FailureClass::AbiViolation, ErrorCode::Trap, "empty poll list");
}

#[test]
fn surroundings_are_empty() {
    let mut villain = Villain::rogue();
    let report = villain.attack("surroundings");
    villain.bounces(&report, "0 variables, 0 arguments, folder None");
}
