//! Guests that never come back: out of fuel where they compute, past the deadline where they make the host work or
//! wait.

use crate::stage::{DEADLINE_MS, FUEL, Villain};
use procvision_host::failure::{ErrorCode, FailureClass};

fn runs_out_of_fuel(attack: &str) {
    let mut villain = Villain::rogue();
    let report = villain.attack(attack);
    assert!(report.usage.fuel >= FUEL - 1_000, "{}", report.usage.fuel);
    let text = format!("the algorithm used up its {FUEL} units of fuel in execute");
    villain.loses(&report, FailureClass::OutOfFuel, ErrorCode::Timeout, &text);
}

fn runs_out_of_time(attack: &str) {
    let mut villain = Villain::rogue_by_the_clock();
    let report = villain.attack(attack);
    let text = format!("the algorithm took longer than {DEADLINE_MS} ms in execute");
    villain.loses(&report, FailureClass::Deadline, ErrorCode::Timeout, &text);
}

#[test]
fn endless_loop() {
    runs_out_of_fuel("spin");
}

#[test]
fn endless_loop_against_the_clock() {
    runs_out_of_time("spin");
}

#[test]
fn host_calls_without_end() {
    runs_out_of_fuel("call-loop");
}

#[test]
fn session_reads_without_end() {
    runs_out_of_time("session-loop");
}

#[test]
fn session_writes_of_large_values_without_end() {
    runs_out_of_time("session-write-loop");
}

#[test]
fn context_reads_without_end() {
    runs_out_of_time("context-loop");
}

#[test]
fn picture_reads_without_end() {
    runs_out_of_time("picture-loop");
}

#[test]
fn huge_fills() {
    runs_out_of_fuel("fill-loop");
}

#[test]
fn huge_copies() {
    runs_out_of_fuel("copy-loop");
}

#[test]
fn single_instructions_that_touch_all_memory() {
    for guest in ["fill-loop", "copy-loop", "table-fill-loop"] {
        let mut villain = Villain::lifted(guest);
        let report = villain.attack_lifted();
        villain.loses(
            &report,
            FailureClass::OutOfFuel,
            ErrorCode::Timeout,
            "units of fuel in execute",
        );
    }
}

#[test]
fn sleep_for_an_hour_is_no_verdict() {
    runs_out_of_time("sleep");
}

#[test]
fn sleep_until_the_end_of_time() {
    runs_out_of_time("sleep-forever");
}

#[test]
fn many_timers_at_once() {
    runs_out_of_time("poll");
}

#[test]
fn one_timer_many_times() {
    runs_out_of_time("poll-same");
}

#[test]
fn clocks_are_coarse() {
    let mut villain = Villain::rogue();
    let report = villain.attack("clock");
    villain.bounces(&report, "fine: false, 0");
}

#[test]
fn memory_that_is_never_delivered() {
    let mut villain = Villain::lifted("realloc-loop");
    let report = villain.attack_lifted();
    villain.loses(
        &report,
        FailureClass::OutOfFuel,
        ErrorCode::Timeout,
        "units of fuel in execute",
    );
}

#[test]
fn memory_that_is_never_given_back() {
    let mut villain = Villain::lifted("post-return-loop");
    let report = villain.attack_lifted();
    villain.loses(
        &report,
        FailureClass::OutOfFuel,
        ErrorCode::Timeout,
        "units of fuel in execute",
    );
}
