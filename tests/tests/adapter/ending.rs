//! How it ends, and what is answered meanwhile: shutdown, the end of the pipe, signals, with and without a call that runs.

use procvision_conformance::wire::frame;
use procvision_tests::runner::{Line, Runner, call};
use rustix::process::Signal;
use serde_json::{Value, json};

/// Starts a call that never ends by itself, and waits until it runs: a second one is told so.
fn busy(line: &Line) -> Runner {
    let mut runner = line.start();
    assert_eq!(runner.ask(&call("first", "noop"))["status"], "OK");
    runner.send(&call("spin", "spin"));
    let busy = runner.ask(&call("second", "noop"));
    let expected = json!({
        "type": "error", "request_id": "second", "status": "ERROR", "message": "busy", "error_code": "1000",
    });
    assert_eq!(busy, expected);
    runner
}

fn shutdown() -> Value {
    json!({"type": "shutdown"})
}

fn types(frames: &[Value]) -> Vec<&str> {
    frames.iter().filter_map(|frame| frame["type"].as_str()).collect()
}

#[test]
fn a_shutdown_is_answered() {
    let mut runner = Line::new().start();
    assert_eq!(runner.ask(&call("r", "noop"))["status"], "OK");
    assert_eq!(runner.ask(&shutdown()), json!({"type": "shutdown", "status": "OK"}));
    let ended = runner.end();
    assert_eq!((ended.status, ended.frames.len()), (0, 0), "{ended:#?}");
}

#[test]
fn the_end_of_the_pipe_is_not_answered() {
    let mut runner = Line::new().start();
    assert_eq!(runner.ask(&call("r", "noop"))["status"], "OK");
    runner.close();
    let ended = runner.end();
    assert_eq!((ended.status, ended.frames.len()), (0, 0), "{ended:#?}");
}

#[test]
fn a_pipe_that_ends_in_the_middle_of_a_frame_is_worth_a_line() {
    let mut runner = Line::new().start();
    runner.send_bytes(b"\0\0\0\x10{\"type\"");
    runner.close();
    let ended = runner.end();
    assert_eq!(ended.status, 0);
    ended.line("in the middle of a frame");
}

#[test]
fn signals_are_shutdowns() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut runner = Line::new().start();
        assert_eq!(runner.ask(&call("r", "noop"))["status"], "OK");
        runner.signal(signal);
        let ended = runner.end();
        assert_eq!(
            (ended.status, types(&ended.frames)),
            (0, vec!["shutdown"]),
            "{ended:#?}"
        );
    }
}

#[test]
fn pings_are_answered_while_a_call_runs() {
    let line = Line::new();
    let mut runner = busy(&line);
    for number in 0..100 {
        let pong = runner.ask(&json!({"type": "ping", "request_id": number}));
        assert_eq!((&pong["type"], &pong["request_id"]), (&json!("pong"), &json!(number)));
    }
}

#[test]
fn a_call_that_runs_is_interrupted_and_answered() {
    type Way = fn(&mut Runner);
    let ways: [(Way, &[&str]); 3] = [
        (|runner| runner.send(&shutdown()), &["result", "shutdown"]),
        (|runner| runner.signal(Signal::TERM), &["result", "shutdown"]),
        (Runner::close, &["result"]),
    ];
    for (way, expected) in ways {
        let line = Line::new();
        let mut runner = busy(&line);
        way(&mut runner);
        let ended = runner.end();
        assert_eq!(ended.status, 0, "{ended:#?}");
        assert_eq!(types(&ended.frames), expected, "{ended:#?}");
        assert_eq!(
            (&ended.frames[0]["request_id"], &ended.frames[0]["error_code"]),
            (&json!("spin"), &json!("1005"))
        );
    }
}

#[test]
fn nothing_is_accepted_after_a_shutdown_but_pings() {
    let line = Line::new();
    let mut runner = busy(&line);
    runner.send(&shutdown());
    let refused = runner.ask(&call("late", "noop"));
    assert_eq!(
        (&refused["request_id"], &refused["error_code"]),
        (&json!("late"), &json!("1000")),
        "{refused}"
    );
    assert_eq!(runner.ask(&json!({"type": "ping", "request_id": 1}))["type"], "pong");
    assert_eq!(types(&runner.end().frames), ["result", "shutdown"]);
}

#[test]
fn a_call_that_came_before_the_shutdown_is_answered_before_it() {
    let mut runner = Line::new().start();
    assert_eq!(runner.ask(&call("first", "noop"))["status"], "OK");
    let both = [call("r", "noop"), shutdown()].map(|value| frame(&value));
    runner.send_bytes(&both.concat());
    let ended = runner.end();
    assert_eq!(types(&ended.frames), ["result", "shutdown"], "{ended:#?}");
}

#[test]
fn an_answer_can_be_followed_by_the_next_call_at_once() {
    let mut runner = Line::new().start();
    for number in 0..2_000 {
        let answer = runner.ask(&call(&number.to_string(), "noop"));
        assert_eq!(
            (&answer["type"], &answer["request_id"]),
            (&json!("result"), &json!(number.to_string()))
        );
    }
}
