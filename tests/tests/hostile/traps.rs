//! Guests that trap, and what the report says about it.

use crate::stage::{Stage, Villain, failed};
use procvision_host::failure::{ErrorCode, FailureClass};

fn traps(attack: &str, text: &str) {
    let mut villain = Villain::rogue();
    let report = villain.attack(attack);
    villain.loses(&report, FailureClass::Trap, ErrorCode::Trap, text);
}

fn traps_lifted(guest: &str, text: &str) {
    let mut villain = Villain::lifted(guest);
    let report = villain.attack_lifted();
    villain.loses(&report, FailureClass::Trap, ErrorCode::Trap, text);
}

#[test]
fn unreachable() {
    traps("unreachable", "wasm `unreachable` instruction executed");
}

#[test]
fn read_beyond_memory() {
    traps("wild-read", "out of bounds memory access");
}

#[test]
fn call_of_a_function_that_does_not_exist() {
    traps("wild-call", "out of bounds table access");
}

#[test]
fn call_of_a_function_of_another_type() {
    traps_lifted("wrong-signature", "indirect call type mismatch");
}

#[test]
fn division_by_zero() {
    traps_lifted("divide", "integer divide by zero");
}

#[test]
fn number_that_is_no_integer() {
    traps_lifted("float-to-int", "invalid conversion to integer");
}

#[test]
fn abort() {
    traps("abort", "trapped in execute");
}

#[test]
fn panic_names_file_and_line() {
    let mut villain = Villain::snoop();
    let report = villain.attack("panic");
    let failure = failed(&report);
    let place = "tests/guests/snoop/src/lib.rs:";
    let panic = failure.panic.as_ref().expect("the panic is told");
    assert_eq!(panic.message, "the lamp is dark");
    let location = panic.location.as_deref().expect("its place is told");
    assert!(location.contains(place), "{location}");
    let line = location.split(place).nth(1).and_then(|rest| rest.split(':').next());
    assert!(
        line.is_some_and(|line| line.parse::<u32>().is_ok_and(|line| line > 1)),
        "{location}"
    );
    let text = format!("panicked in execute at {location}: the lamp is dark");
    // The component's line tables are not read: it decides what is in them.
    let frames = &failure.backtrace;
    assert!(frames[0].function.contains("Snoop"), "{frames:?}");
    assert!(frames.iter().all(|frame| frame.location.is_none()), "{frames:?}");
    villain.loses(&report, FailureClass::Trap, ErrorCode::Trap, &text);
}

#[test]
fn line_tables_of_components_built_here_name_the_line_of_each_frame() {
    let mut villain = Villain::snoop_on(Stage::reading_line_tables());
    let report = villain.attack("panic");
    let frames = &failed(&report).backtrace;
    let in_snoop = |place: &str| place.contains("tests/guests/snoop/src/lib.rs:");
    assert!(frames[0].location.as_deref().is_some_and(in_snoop), "{frames:?}");
    villain.loses(&report, FailureClass::Trap, ErrorCode::Trap, "the lamp is dark");
}

#[test]
fn panic_without_the_sdk_leaves_a_backtrace_and_its_text_in_the_log() {
    let mut villain = Villain::rogue();
    let report = villain.attack("panic");
    assert_eq!(failed(&report).panic, None);
    let frames = &failed(&report).backtrace;
    assert!(
        frames.iter().any(|frame| frame.function.contains("rogue::")),
        "{frames:?}"
    );
    assert!(
        report
            .logs
            .lines
            .iter()
            .any(|line| line.message.contains("the screw is loose")),
        "{:?}",
        report.logs.lines
    );
    villain.loses(&report, FailureClass::Trap, ErrorCode::Trap, "trapped in execute");
}

#[test]
fn panic_with_a_huge_message_is_cut() {
    let mut villain = Villain::snoop();
    let report = villain.attack("panic-at-length");
    let panic = failed(&report).panic.as_ref().expect("the panic is told");
    assert!(
        panic.message.starts_with("ää") && panic.message.len() <= 4_096,
        "{}",
        panic.message.len()
    );
    villain.loses(&report, FailureClass::Trap, ErrorCode::Trap, "ääää");
}

#[test]
fn panic_with_a_huge_message_without_the_sdk_is_cut() {
    let mut villain = Villain::rogue();
    let report = villain.attack("panic-at-length");
    let bytes: usize = report.logs.lines.iter().map(|line| line.message.len()).sum();
    assert!(bytes <= 256 << 10, "{bytes}");
    villain.loses(&report, FailureClass::Trap, ErrorCode::Trap, "trapped in execute");
}

#[test]
fn panic_in_library_code_and_panic_while_panicking() {
    for attack in ["panic-in-index", "panic-in-drop"] {
        let mut villain = Villain::snoop();
        let report = villain.attack(attack);
        villain.loses(&report, FailureClass::Trap, ErrorCode::Trap, "panicked in execute at");
    }
}

#[test]
fn mangled_name_that_grows_without_bound_is_cut() {
    let mut villain = Villain::lifted("demangle-bomb");
    let report = villain.attack_lifted();
    let frames = &failed(&report).backtrace;
    assert!(
        !frames.is_empty() && frames.iter().all(|frame| frame.function.len() <= 256),
        "{frames:?}"
    );
    villain.loses(&report, FailureClass::Trap, ErrorCode::Trap, "unreachable");
}

#[test]
fn function_name_that_steers_a_terminal_is_kept_as_data_only() {
    let mut villain = Villain::lifted("terminal-name");
    let report = villain.attack_lifted();
    let failure = failed(&report);
    assert!(!failure.message.contains('\u{1b}'), "{failure:?}");
    assert!(
        !failure.backtrace[0]
            .function
            .contains(|letter: char| letter.is_control()),
        "{failure:?}"
    );
    villain.loses(&report, FailureClass::Trap, ErrorCode::Trap, "unreachable");
}

#[test]
fn three_in_a_row_are_quarantined_until_released() {
    let mut villain = Villain::rogue();
    for _ in 0..3 {
        let report = villain.attack("unreachable");
        assert_eq!(failed(&report).class, FailureClass::Trap);
        villain.stage.goes_on();
    }
    let reason = villain.algorithm.quarantine().expect("it is quarantined").to_owned();
    assert!(reason.contains("3 failures in a row"), "{reason}");
    let report = villain.attack("none");
    assert_eq!(failed(&report).class, FailureClass::Quarantined);
    assert_eq!(failed(&report).code, ErrorCode::Trap);
    assert!(!report.instance_replaced);
    villain.stage.goes_on();

    villain.algorithm.release();
    assert_eq!(villain.algorithm.quarantine(), None);
    villain.recovers();
}

#[test]
fn success_between_traps_keeps_it_out_of_quarantine() {
    let mut villain = Villain::rogue();
    for _ in 0..4 {
        let report = villain.attack("unreachable");
        villain.loses(&report, FailureClass::Trap, ErrorCode::Trap, "unreachable");
    }
    assert_eq!(villain.algorithm.quarantine(), None);
}
