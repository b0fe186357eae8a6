//! The configuration of an algorithm, its entry, and what they change.

use procvision_tests::runner::{Ended, Line, Runner, call};
use serde_json::{Value, json};

/// Starts the probe with a configuration.
fn configured(line: &Line, config: &Value) -> Runner {
    line.write("runner_config.json", config);
    let config = line.path("runner_config.json");
    line.start_with(&["--config", config.to_str().unwrap()])
}

fn closed(mut runner: Runner) -> Ended {
    runner.close();
    runner.end()
}

#[test]
fn the_sandbox_ends_a_call_before_the_runner_loses_patience() {
    let line = Line::new();
    let mut runner = configured(&line, &json!({"execute_timeout_ms": 1000}));
    let answer = runner.ask(&call("r", "spin"));
    assert_eq!(
        (&answer["type"], &answer["error_code"]),
        (&json!("result"), &json!("1005")),
        "{answer}"
    );
    // 1000 ms less 100.
    assert!(
        answer["message"].as_str().unwrap().contains("at most 900 ms"),
        "{answer}"
    );
    assert_eq!(runner.ask(&call("r", "noop"))["status"], "OK");
}

#[test]
fn only_what_is_named_is_added_to_what_the_algorithm_publishes() {
    let line = Line::new();
    let mut runner = line.start();
    assert_eq!(runner.ask(&call("r", "noop"))["data"].get("debug"), None);
    let published = json!({"sharpness": 0.5, "fuel": "none left"});
    assert_eq!(runner.ask(&call("r", "publish"))["data"]["debug"], published);

    let all = [
        "latency_ms",
        "fuel",
        "peak_memory_bytes",
        "picture",
        "warnings",
        "instance_replaced",
        "sharpness",
    ];
    let mut runner = configured(&line, &json!({"save_debug_fields": all}));
    let debug = runner.ask(&call("r", "publish"))["data"]["debug"].take();
    let mut keys: Vec<&str> = debug.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = all.to_vec();
    keys.sort_unstable();
    expected.sort_unstable();
    assert_eq!(keys, expected);
    // What the host knows counts where it is asked for.
    assert!(
        debug["latency_ms"].is_f64() && debug["fuel"].as_u64() > Some(1_000),
        "{debug}"
    );
    assert_eq!(
        (&debug["picture"], &debug["instance_replaced"]),
        (&json!("none"), &json!(false))
    );
    assert_eq!(runner.ask(&call("r", "read-rgb"))["data"]["debug"]["picture"], "copy");

    let mut missing = call("r", "noop");
    missing["shared_mem_id"] = json!("dev-shm:nothing");
    let debug = runner.ask(&missing)["data"]["debug"].take();
    assert_eq!(debug.as_object().unwrap().keys().collect::<Vec<_>>(), ["latency_ms"]);
}

#[test]
fn keys_that_nobody_knows_are_told_and_stop_nothing() {
    let line = Line::new();
    let mut runner = configured(&line, &json!({"max_retrys": 2, "colour": "blue", "max_retries": 1}));
    assert_eq!(runner.ask(&call("r", "noop"))["status"], "OK");
    let ended = closed(runner);
    assert_eq!(ended.line("did you mean `max_retries`?")["level"], "warn");
    ended.line("nobody knows the key `colour`");
}

#[test]
fn a_configuration_that_cannot_be_used_is_told_whole() {
    let line = Line::new();
    let wrong = json!({"execute_timeout_ms": "30000", "log_level": "loud", "limits": {"memory_bites": 1}});
    let mut runner = configured(&line, &wrong);
    let error = runner.frame();
    assert_eq!(
        (&error["request_id"], &error["error_code"]),
        (&Value::Null, &json!("1000")),
        "{error}"
    );
    let message = error["message"].as_str().unwrap();
    for key in ["execute_timeout_ms", "log_level", "did you mean `memory_bytes`?"] {
        assert!(message.contains(key), "{message}");
    }
    let ended = runner.end();
    assert_eq!(ended.status, 2, "{ended:#?}");
    assert!(
        ended.line("execute_timeout_ms")["help"]
            .as_str()
            .unwrap()
            .contains("schema runner-config")
    );

    let mut runner = line.start_with(&["--config", "nowhere.json"]);
    assert!(runner.frame()["message"].as_str().unwrap().contains("nowhere.json"));
    assert_eq!(runner.end().status, 2);
}

#[test]
fn the_limits_of_a_configuration_hold() {
    let line = Line::new();
    let mut runner = configured(&line, &json!({"limits": {"execute_fuel": 1_000}}));
    let answer = runner.ask(&call("r", "noop"));
    assert_eq!(
        (&answer["type"], &answer["error_code"]),
        (&json!("result"), &json!("1005")),
        "{answer}"
    );
}

#[test]
fn the_entry_is_the_component_of_the_package() {
    let line = Line::new();
    for entry in ["component.wasm", "./component.wasm"] {
        let mut runner = line.start_with(&["--entry", entry]);
        assert_eq!(runner.ask(&call("r", "noop"))["status"], "OK", "{entry}");
    }
    // A runner that was made for the Python SDK says where the class is.
    let mut command = line.command();
    let mut runner = Runner::start(command.env("PROC_ENTRY_POINT", "algorithm.main:Algorithm"));
    assert_eq!(runner.ask(&call("r", "noop"))["status"], "OK");
    assert_eq!(
        closed(runner).line("entry point of the Python SDK")["component"],
        "component.wasm"
    );

    let mut runner = line.start_with(&["--entry", "other.wasm"]);
    assert!(runner.frame()["message"].as_str().unwrap().contains("other.wasm"));
    assert_eq!(runner.end().status, 2);
}

#[test]
fn a_black_picture_is_judged_only_if_the_policy_says_so() {
    let line = Line::new();
    line.write("policy.json", &json!({"policy_version": 1, "pictures": "zero-fill"}));
    let policy = line.path("policy.json");
    let mut missing = call("r", "read-rgb");
    missing["shared_mem_id"] = json!("dev-shm:nothing");
    let mut unnamed = call("r", "read-rgb");
    unnamed["shared_mem_id"] = Value::Null;
    let mut no_size = missing.clone();
    no_size["image_meta"] = json!({"width": 0, "height": 0});

    let mut runner = line.start_with(&["--policy", policy.to_str().unwrap()]);
    assert_eq!(runner.ask(&missing)["message"], "24 0");
    assert_eq!(runner.ask(&unnamed)["message"], "24 0");
    assert_eq!(runner.ask(&no_size)["error_code"], "1002");
    closed(runner).line("filled with zeros");

    let mut runner = line.start();
    for call in [missing, unnamed, no_size] {
        let answer = runner.ask(&call);
        assert_eq!(
            (&answer["type"], &answer["error_code"]),
            (&json!("result"), &json!("1002")),
            "{answer}"
        );
    }
}

#[test]
fn a_policy_that_refuses_the_package_keeps_it_from_running() {
    let line = Line::new();
    line.write("policy.json", &json!({"policy_version": 1, "signatures": "strict"}));
    let policy = line.path("policy.json");
    let mut runner = line.start_with(&["--policy", policy.to_str().unwrap()]);
    assert_eq!(runner.frame()["error_code"], "2005");
    assert_eq!(runner.end().status, 1);
}
