//! stderr: one JSON object in each line, and stdout: nothing but frames, whatever the algorithm prints.

use procvision_tests::runner::{Line, Runner, call};
use serde_json::{Value, json};

#[test]
fn what_an_algorithm_says_is_a_line_that_names_the_call() {
    let mut runner = Line::new().start();
    runner.ask(&call("r-1", "remember"));
    runner.ask(&call("r-2", "print"));
    runner.close();
    let ended = runner.end();
    let mut logged = ended.line("call 1").clone();
    assert!(logged["timestamp_ms"].take().is_u64());
    let expected = json!({
        "level": "info", "timestamp_ms": null, "message": "call 1",
        "session_id": "s-1", "step_index": 1, "request_id": "r-1", "source": "log",
    });
    assert_eq!(logged, expected);
    let printed = ended.line("printed");
    assert_eq!(
        (&printed["source"], &printed["request_id"]),
        (&json!("stdout"), &json!("r-2"))
    );
    ended.line("ready");
}

#[test]
fn printing_fails_a_call_only_if_the_runner_wants_that() {
    let line = Line::new();
    for (value, strict) in [
        ("", false),
        ("0", false),
        ("1", true),
        ("TRUE", true),
        ("yes", true),
        ("on", true),
    ] {
        let mut command = line.command();
        // Even if lines of this kind are not written.
        command.env("PROC_STRICT_STDIO", value).args(["--log-level", "error"]);
        let mut runner = Runner::start(&mut command);
        let answer = runner.ask(&call("r", "print"));
        match strict {
            true => assert_eq!(
                (&answer["type"], &answer["error_code"], &answer["request_id"]),
                (&json!("error"), &json!("1010"), &json!("r"))
            ),
            false => assert_eq!(answer["status"], "OK", "{answer}"),
        }
        assert_eq!(runner.ask(&call("r", "remember"))["status"], "OK");
    }
}

#[test]
fn the_level_comes_from_the_arguments_then_the_environment_then_the_configuration() {
    let line = Line::new();
    line.write("runner_config.json", &json!({"log_level": "debug"}));
    let config = line.path("runner_config.json");
    let said = |arguments: &[&str], variable: Option<&str>| {
        let mut command = line.command();
        command
            .args(arguments)
            .envs(variable.map(|value| ("PROC_LOG_LEVEL", value)));
        let mut runner = Runner::start(&mut command);
        runner.send(&json!({"type": "hello", "runner_version": "3"}));
        runner.ask(&call("r", "remember"));
        runner.close();
        let ended = runner.end();
        let levels = |wanted: &str| ended.log.iter().any(|line| line["level"] == wanted);
        (levels("debug"), levels("info"))
    };
    let config = config.to_str().unwrap();
    assert_eq!(said(&[], None), (false, true));
    assert_eq!(said(&["--config", config], None), (true, true));
    assert_eq!(said(&["--config", config], Some("WARNING")), (false, false));
    assert_eq!(said(&["--log-level", "info"], Some("error")), (false, true));
}

#[test]
fn a_runner_that_falls_silent_is_worth_one_line() {
    let mut runner = Line::new().start();
    runner.send(&json!({"type": "hello", "heartbeat_interval_ms": 20, "heartbeat_grace_ms": 10}));
    // Silence before the first ping is none.
    runner.ask(&call("r", "noop"));
    for _ in 0..2 {
        runner.ask(&json!({"type": "ping", "request_id": 1}));
        let line = loop {
            let line = runner.line();
            if line["level"] == "warn" {
                break line;
            }
        };
        assert_eq!(line["message"], "the runner has stopped pinging");
        assert!(
            line["silence_ms"].as_u64().is_some_and(|silence| silence >= 50),
            "{line}"
        );
    }
    assert_eq!(runner.ask(&call("r", "noop"))["status"], "OK");
    runner.close();
    let ended = runner.end();
    let lines = ended.log.iter().filter(|line| line["level"] == "warn");
    assert_eq!((lines.count(), ended.status), (2, 0), "{ended:#?}");
}

#[test]
fn what_is_wrong_with_the_environment_is_told_and_stops_nothing() {
    let line = Line::new();
    let mut command = line.command();
    command
        .env("PROC_LOG_LEVEL", "loud")
        .env("PROC_HEARTBEAT_GRACE_MS", "soon");
    let mut runner = Runner::start(&mut command);
    assert_eq!(runner.ask(&call("r", "noop"))["status"], "OK");
    runner.close();
    let ended = runner.end();
    for variable in ["PROC_LOG_LEVEL", "PROC_HEARTBEAT_GRACE_MS"] {
        assert_eq!(
            ended.line(&format!("{variable} is not used"))["level"],
            Value::from("warn")
        );
    }
}
