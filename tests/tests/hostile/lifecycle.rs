//! Guests that misbehave before any call: while they start, describe themselves or set up.

use crate::stage::{Stage, Villain, assert_failure, load, rogue};
use procvision_host::algorithm::LoadError;
use procvision_host::failure::{ErrorCode, Failure, FailureClass};
use procvision_tests::guests::{Folder, lifted};

fn get_info(error: LoadError) -> Failure {
    match error {
        LoadError::GetInfo(failure) => failure,
        other => panic!("another error: {other:?}"),
    }
}

fn setup(error: LoadError) -> Failure {
    match error {
        LoadError::Setup(failure) => failure,
        other => panic!("another error: {other:?}"),
    }
}

/// The same component without the order loads and judges.
fn loads_otherwise() {
    Villain::rogue().recovers();
}

fn lifted_start(guest: &str) -> Failure {
    get_info(Stage::fuel().refuses(&Folder::with_bytes("lifted", "1.0.0", &lifted(guest))))
}

#[test]
fn start_function_that_never_returns() {
    let failure = lifted_start("start-loop");
    assert_failure(
        &failure,
        FailureClass::OutOfFuel,
        ErrorCode::Timeout,
        "while the instance started",
    );
}

#[test]
fn initialiser_that_never_returns() {
    let failure = lifted_start("initialize-loop");
    assert_failure(
        &failure,
        FailureClass::OutOfFuel,
        ErrorCode::Timeout,
        "while the instance started",
    );
}

#[test]
fn start_function_that_traps() {
    let failure = lifted_start("start-trap");
    assert_failure(
        &failure,
        FailureClass::Trap,
        ErrorCode::Trap,
        "while the instance started",
    );
}

#[test]
fn description_that_never_comes() {
    let failure = lifted_start("info-loop");
    assert_failure(&failure, FailureClass::OutOfFuel, ErrorCode::Timeout, "in get_info");
    let failure = get_info(Stage::fuel().refuses(&rogue().ordering("info-spin")));
    assert_failure(&failure, FailureClass::OutOfFuel, ErrorCode::Timeout, "in get_info");
    loads_otherwise();
}

#[test]
fn description_that_traps_or_fails() {
    let failure = get_info(Stage::fuel().refuses(&rogue().ordering("info-panic")));
    assert_failure(&failure, FailureClass::Trap, ErrorCode::Trap, "in get_info");
    let failure = get_info(Stage::fuel().refuses(&rogue().ordering("info-fails")));
    assert_failure(
        &failure,
        FailureClass::Algorithm,
        ErrorCode::Unknown,
        "no description today",
    );
    let failure = get_info(Stage::fuel().refuses(&rogue().ordering("info-fails-at-length")));
    assert_failure(&failure, FailureClass::Algorithm, ErrorCode::Unknown, "xxx");
    loads_otherwise();
}

#[test]
fn setup_that_misbehaves() {
    for (attack, class, code, text) in [
        ("setup-spin", FailureClass::OutOfFuel, ErrorCode::Timeout, "in setup"),
        (
            "setup-bomb",
            FailureClass::MemoryLimit,
            ErrorCode::OutOfMemory,
            "in setup",
        ),
        ("setup-trap", FailureClass::Trap, ErrorCode::Trap, "in setup"),
        (
            "setup-fails",
            FailureClass::Algorithm,
            ErrorCode::ModelNotFound,
            "setup failed: no model",
        ),
        ("setup-exit", FailureClass::Exit, ErrorCode::Trap, "exit with status"),
    ] {
        let failure = setup(Stage::fuel().refuses(&rogue().ordering(attack)));
        assert_failure(&failure, class, code, text);
        // What it logged before is not lost with it.
        let logged = failure
            .logs
            .lines
            .iter()
            .any(|line| line.message == "looking for the model");
        assert_eq!(logged, attack == "setup-fails", "{failure:?}");
    }
    loads_otherwise();
}

#[test]
fn setup_that_floods_the_log() {
    let mut villain = Villain::new(Stage::fuel(), &rogue().ordering("setup-log-flood"));
    let logs = &villain.algorithm.load_report().setup.logs;
    assert_eq!(logs.lines.len() + logs.dropped_lines as usize, 20_000);
    assert!(logs.lines.len() <= 1_000);
    villain.recovers();
}

/// An instance that cannot be set up again after a trap counts as lost, so that a station does not retry for ever.
#[test]
fn setup_that_fails_only_for_the_replacement() {
    let folder = rogue().ordering("none-yet!!");
    let mut villain = Villain::new(Stage::fuel(), &folder);
    folder.reorder("setup-trap");
    for _ in 0..3 {
        let report = villain.attack("unreachable");
        assert_eq!(report.outcome.as_str(), "failed");
        villain.stage.goes_on();
    }
    assert!(villain.algorithm.quarantine().is_some());
    folder.reorder("none-yet!!");
    villain.algorithm.release();
    villain.recovers();
}

#[test]
fn same_bytes_load_again_after_a_failed_load() {
    let folder = rogue();
    let host = &Stage::fuel().host;
    assert!(load(host, &rogue().ordering("setup-trap")).is_err());
    assert!(load(host, &folder).is_ok());
}
