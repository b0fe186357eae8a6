//! What a runner may send that is no good: each is answered, and the next frame works.

use procvision_conformance::wire::{frame, framed};
use procvision_tests::runner::{Line, Runner, call};
use serde_json::{Value, json};

/// Sends bytes, and shows that whatever they were, the next ping is answered. Returns the answer to the bytes.
#[track_caller]
fn answered(runner: &mut Runner, bytes: &[u8]) -> Value {
    runner.send_bytes(bytes);
    let answer = runner.frame();
    let pong = runner.ask(&json!({"type": "ping", "request_id": "after"}));
    assert_eq!(pong, json!({"type": "pong", "request_id": "after", "status": "OK"}));
    answer
}

#[test]
fn bad_frames_are_told_why() {
    let mut runner = Line::new().start();
    let nested = format!(
        r#"{{"request_id": "deep", "a": {}1{}}}"#,
        "[".repeat(50_000),
        "]".repeat(50_000)
    );
    let long_id = format!(r#"{{"type": "ping", "request_id": "{}"}}"#, "x".repeat(300));
    let call_with = |key: &str, value: Value| {
        let mut call = call("r", "noop");
        call[key] = value;
        call.to_string()
    };
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("not UTF-8", b"\xff\xfe{}".to_vec()),
        ("half a character", b"{\"type\": \"\xc3".to_vec()),
        ("not JSON", b"ping".to_vec()),
        ("half of it", br#"{"type": "ping", "request_id": 1"#.to_vec()),
        ("more than one", br#"{"type": "ping"} {"type": "ping"}"#.to_vec()),
        ("a list", b"[1, 2]".to_vec()),
        ("nested too deep", nested.into_bytes()),
        (
            "a number beyond all floats",
            br#"{"type": "ping", "request_id": "huge", "a": 1e999}"#.to_vec(),
        ),
        (
            "a key twice",
            br#"{"type": "ping", "request_id": "twice", "a": {"b": 1, "b": 2}}"#.to_vec(),
        ),
        ("no type", br#"{"request_id": 1}"#.to_vec()),
        ("a type that is no text", br#"{"type": 7, "request_id": 1}"#.to_vec()),
        ("unknown type", br#"{"type": "dance", "request_id": 1}"#.to_vec()),
        (
            "a type that steers a terminal",
            b"{\"type\": \"\\u001b[2J\", \"request_id\": 1}".to_vec(),
        ),
        ("no identifier", br#"{"type": "call", "phase": "info"}"#.to_vec()),
        (
            "an identifier that is none",
            br#"{"type": "ping", "request_id": {"a": 1}}"#.to_vec(),
        ),
        (
            "an identifier that loses digits",
            br#"{"type": "ping", "request_id": 123456789012345678901}"#.to_vec(),
        ),
        ("an identifier that is too long", long_id.into_bytes()),
        ("unknown phase", call_with("phase", json!("dance")).into_bytes()),
        ("unknown method", call_with("method", json!("dance")).into_bytes()),
        ("two phases", call_with("method", json!("pre_execute")).into_bytes()),
        ("a phase that is no text", call_with("phase", json!(1)).into_bytes()),
        ("digits for a step", call_with("step_index", json!("1")).into_bytes()),
        ("a float for a step", call_with("step_index", json!(1.0)).into_bytes()),
        ("a negative step", call_with("step_index", json!(-1)).into_bytes()),
        ("a huge step", call_with("step_index", json!(1_u64 << 32)).into_bytes()),
        ("data that is no object", call_with("data", json!([])).into_bytes()),
        (
            "parameters that are no object",
            call_with("user_params", json!("none")).into_bytes(),
        ),
        (
            "a session that is no object",
            call_with("session", json!("s-1")).into_bytes(),
        ),
        (
            "a session's identifier that is none",
            call_with("session", json!({"id": 7})).into_bytes(),
        ),
        (
            "a context that is none",
            call_with("session", json!({"id": "s", "context": []})).into_bytes(),
        ),
        (
            "an identifier of a picture that is none",
            call_with("shared_mem_id", json!(7)).into_bytes(),
        ),
        (
            "pictures of two versions",
            call_with("cur_image_shm_id", json!("dev-shm:s-1:cur")).into_bytes(),
        ),
        (
            "a guide that is none",
            call_with("guide_info", json!([{"label": 7}])).into_bytes(),
        ),
        (
            "a place that is none",
            call_with("guide_info", json!([{"posList": [{"x": -1}]}])).into_bytes(),
        ),
        (
            "what is said about a picture is no object",
            call_with("image_meta", json!(7)).into_bytes(),
        ),
        ("no product model", call_with("pid", Value::Null).into_bytes()),
    ];
    let mut table = String::new();
    for (name, body) in bodies {
        let answer = answered(&mut runner, &framed(&body));
        assert_eq!(
            (&answer["type"], &answer["status"]),
            (&json!("error"), &json!("ERROR")),
            "{name}: {answer}"
        );
        assert_eq!(answer["error_code"], "1000", "{name}: {answer}");
        table += &format!(
            "{name}: {} {}\n",
            answer["request_id"],
            answer["message"].as_str().unwrap()
        );
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_frame_that_is_too_large_is_skipped() {
    let mut runner = Line::new().start();
    let length = (1 << 20) + 1;
    let mut bytes = u32::try_from(length).unwrap().to_be_bytes().to_vec();
    bytes.resize(4 + length, b' ');
    let answer = answered(&mut runner, &bytes);
    assert_eq!(answer["error_code"], "1000", "{answer}");
    assert_eq!(answer["request_id"], Value::Null);
}

#[test]
fn a_large_frame_is_read() {
    let mut runner = Line::new().start();
    let mut large = call("large", "noop");
    large["nobody_knows"] = json!("x".repeat(1_000_000));
    assert_eq!(runner.ask(&large)["status"], "OK");
}

#[test]
fn after_a_length_that_cannot_be_one_the_next_frame_works() {
    let mut runner = Line::new().start();
    for length in [u32::MAX, (256 << 20) + 1] {
        let answer = answered(&mut runner, &length.to_be_bytes());
        assert_eq!(answer["error_code"], "1000", "{answer}");
        assert_eq!(answer["request_id"], Value::Null);
    }
    // As somebody writes it who prints: one error, and the next frame is found.
    let answer = answered(&mut runner, b"Traceback (most recent call last)   ");
    assert_eq!(answer["error_code"], "1000", "{answer}");
}

/// A context is kept with its session, so that many of them would take all memory.
#[test]
fn a_context_that_is_too_large_is_refused_and_not_kept() {
    let mut runner = Line::new().start();
    for phase in ["execute", "reset"] {
        let mut large = call("large", "noop");
        large["phase"] = json!(phase);
        large["session"] = json!({"id": "s-9", "context": {"note": "x".repeat(66_000)}});
        let answer = runner.ask(&large);
        assert_eq!(
            (&answer["type"], &answer["error_code"]),
            (&json!("error"), &json!("1000")),
            "{answer}"
        );
        assert_eq!(answer["request_id"], "large");
    }
    let mut small = call("small", "noop");
    small["session"] = json!({"id": "s-9", "context": {}});
    assert_eq!(runner.ask(&small)["status"], "OK");
}

#[test]
fn frames_are_found_however_they_arrive() {
    let mut runner = Line::new().start();
    let mut ping = json!({"type": "ping", "request_id": "z\u{fc}rich \u{1f600}"});
    let one = frame(&ping);
    // Byte by byte, so that it is cut inside the length and inside a character.
    for byte in &one {
        runner.send_bytes(std::slice::from_ref(byte));
    }
    assert_eq!(runner.frame()["request_id"], ping["request_id"]);
    // Many at once.
    let mut many = Vec::new();
    for number in 0..500 {
        ping["request_id"] = json!(number);
        many.extend(frame(&ping));
    }
    runner.send_bytes(&many);
    for number in 0..500 {
        assert_eq!(runner.frame()["request_id"], number);
    }
}

#[test]
fn what_nobody_knows_is_left_alone() {
    let mut runner = Line::new().start();
    let mut odd = call("r", "noop");
    odd["color"] = json!({"deep": [1, {"x": null}]});
    odd["session"]["mood"] = json!("good");
    assert_eq!(runner.ask(&odd)["status"], "OK");
    runner.send(&json!({"type": "hello", "runner_version": 7, "heartbeat_interval_ms": "often", "more": true}));
    let pong = runner.ask(&json!({"type": "ping"}));
    assert_eq!(pong, json!({"type": "pong", "request_id": null, "status": "OK"}));
}
