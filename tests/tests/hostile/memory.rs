//! Guests that want more memory, table or stack than there is.

use crate::stage::{MEMORY, Stage, Villain, assert_failure};
use procvision_host::algorithm::LoadError;
use procvision_host::failure::{ErrorCode, FailureClass};
use procvision_tests::guests::{Folder, lifted};

#[test]
fn bomb_in_one_call() {
    let mut villain = Villain::rogue();
    let report = villain.attack("bomb");
    assert!(report.usage.peak_memory_bytes <= MEMORY);
    let text = format!("exceeds the limit `memory_bytes` of {MEMORY}");
    villain.loses(&report, FailureClass::MemoryLimit, ErrorCode::OutOfMemory, &text);
}

#[test]
fn bomb_over_many_calls() {
    let mut villain = Villain::rogue();
    let last = (0..MEMORY >> 20)
        .map(|_| villain.attack("hoard"))
        .find(|report| report.outcome.as_str() != "ok");
    let report = last.expect("memory ends at some call");
    villain.loses(&report, FailureClass::MemoryLimit, ErrorCode::OutOfMemory, "in execute");
    // The fresh instance begins with little.
    let report = villain.attack("hoard");
    assert!(
        report.usage.peak_memory_bytes < MEMORY / 4,
        "{}",
        report.usage.peak_memory_bytes
    );
}

#[test]
fn bomb_in_one_instruction() {
    let mut villain = Villain::rogue();
    let report = villain.attack("grow");
    villain.loses(
        &report,
        FailureClass::MemoryLimit,
        ErrorCode::OutOfMemory,
        "`memory_bytes`",
    );
}

/// The language answers -1, and what did not happen costs nothing.
#[test]
fn growth_that_the_module_itself_forbids() {
    let mut villain = Villain::lifted("memory-own-maximum");
    let report = villain.attack_lifted();
    assert_eq!(report.outcome.verdict(), Some("OK"), "{report:?}");
    assert_eq!(report.usage.peak_memory_bytes, 2 * 65_536);
}

#[test]
fn memory_that_is_huge_from_the_start() {
    let folder = Folder::with_bytes("lifted", "1.0.0", &lifted("memory-huge"));
    let LoadError::GetInfo(failure) = Stage::fuel().refuses(&folder) else {
        panic!("another error")
    };
    let text = "4294967296 exceeds the limit `memory_bytes`";
    assert_failure(&failure, FailureClass::MemoryLimit, ErrorCode::OutOfMemory, text);
}

#[test]
fn table_bomb() {
    let mut villain = Villain::lifted("table-bomb");
    let report = villain.attack_lifted();
    let text = "exceeds the limit `table_elements` of 100000";
    villain.loses(&report, FailureClass::ResourceLimit, ErrorCode::OutOfMemory, text);
}

#[test]
fn table_that_is_huge_from_the_start() {
    let folder = Folder::with_bytes("lifted", "1.0.0", &lifted("table-huge"));
    let LoadError::GetInfo(failure) = Stage::fuel().refuses(&folder) else {
        panic!("another error")
    };
    let text = "exceeds the limit `table_elements` of 100000";
    assert_failure(&failure, FailureClass::ResourceLimit, ErrorCode::OutOfMemory, text);
}

#[test]
fn more_tables_than_allowed() {
    let folder = Folder::with_bytes("lifted", "1.0.0", &lifted("tables-many"));
    let LoadError::GetInfo(failure) = Stage::fuel().refuses(&folder) else {
        panic!("another error")
    };
    let text = "exceeds the limit `tables` of 16";
    assert_failure(&failure, FailureClass::ResourceLimit, ErrorCode::OutOfMemory, text);
}

#[test]
fn recursion_without_frames() {
    let mut villain = Villain::lifted("recursion");
    let report = villain.attack_lifted();
    let text = "exhausted its call stack of 524288 bytes in execute";
    villain.loses(&report, FailureClass::StackOverflow, ErrorCode::Trap, text);
}

#[test]
fn recursion_in_compiled_code() {
    let mut villain = Villain::rogue();
    let report = villain.attack("recursion");
    villain.loses(&report, FailureClass::StackOverflow, ErrorCode::Trap, "call stack");
}

#[test]
fn recursion_that_overflows_the_stack_in_memory() {
    let mut villain = Villain::rogue();
    let report = villain.attack("recursion-with-frames");
    villain.loses(
        &report,
        FailureClass::Trap,
        ErrorCode::Trap,
        "out of bounds memory access",
    );
}

#[test]
fn recursion_that_calls_the_host_at_every_depth() {
    let mut villain = Villain::rogue();
    let report = villain.attack("recursion-with-calls");
    villain.loses(&report, FailureClass::StackOverflow, ErrorCode::Trap, "call stack");
    assert_eq!(villain.session.get("deep"), None, "what a lost call wrote is undone");
}
