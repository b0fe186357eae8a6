//! Sessions across calls, and the hooks that a runner calls itself.

use procvision_tests::runner::{Line, Runner, call};
use serde_json::{Value, json};

/// Asks for a phase of a session.
fn ask(runner: &mut Runner, phase: &str, session: &str, task: &str) -> Value {
    let mut call = call("r", task);
    call["phase"] = json!(phase);
    call["session"]["id"] = json!(session);
    runner.ask(&call)
}

/// What the session holds under a key, as the algorithm sees it.
fn held(runner: &mut Runner, session: &str, task: &str) -> String {
    let answer = ask(runner, "execute", session, task);
    answer["message"].as_str().expect("it has a message").to_owned()
}

#[test]
fn a_session_lasts_from_call_to_call() {
    let mut runner = Line::new().start();
    for count in 1..=3 {
        assert_eq!(held(&mut runner, "a", "count"), count.to_string());
    }
    assert_eq!(held(&mut runner, "b", "count"), "1");
    assert_eq!(held(&mut runner, "a", "count"), "4");
    assert_eq!(ask(&mut runner, "reset", "a", "noop")["status"], "OK");
    assert_eq!(held(&mut runner, "a", "count"), "1");
    assert_eq!(held(&mut runner, "b", "count"), "2");
}

#[test]
fn without_an_identifier_nothing_lasts() {
    let mut runner = Line::new().start();
    for session in [json!(null), json!({}), json!({"id": ""}), json!({"context": {}})] {
        for _ in 0..2 {
            let mut call = call("r", "count");
            call["session"] = session.clone();
            assert_eq!(runner.ask(&call)["message"], "1", "{session}");
        }
    }
}

#[test]
fn the_newest_context_counts() {
    let mut runner = Line::new().start();
    let mut operator = |context: Value| {
        let mut call = call("r", "tell");
        call["session"] = json!({"id": "a", "context": context});
        let message = runner.ask(&call)["message"].as_str().unwrap().to_owned();
        message.rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!(operator(json!({"operator": "Kim"})), "Kim");
    assert_eq!(operator(json!({"operator": "Jo"})), "Jo");
    assert_eq!(operator(Value::Null), "Jo");
    assert_eq!(operator(json!({})), "nobody");
}

#[test]
fn the_session_that_was_used_least_recently_goes() {
    let line = Line::new();
    line.write("runner_config.json", &json!({"max_sessions": 2}));
    let config = line.path("runner_config.json");
    let mut runner = line.start_with(&["--config", config.to_str().unwrap()]);
    for session in ["a", "b", "a", "c"] {
        held(&mut runner, session, "count");
    }
    assert_eq!(held(&mut runner, "a", "count"), "3");
    assert_eq!(held(&mut runner, "b", "count"), "1");
    runner.close();
    let ended = runner.end();
    assert_eq!(ended.line("too many are going on")["session_id"], "b");
}

#[test]
fn hooks_surround_each_question_unless_the_runner_calls_them() {
    let mut runner = Line::new().start();
    // The algorithm begins to count in the first question, whose end is the first that counts.
    held(&mut runner, "a", "count-hooks");
    assert_eq!(held(&mut runner, "a", "hooks"), "101");
    assert_eq!(held(&mut runner, "a", "hooks"), "202");

    assert_eq!(ask(&mut runner, "on_step_start", "a", "noop")["status"], "OK");
    assert_eq!(held(&mut runner, "a", "hooks"), "303");
    assert_eq!(ask(&mut runner, "pre", "a", "noop")["status"], "OK");
    assert_eq!(held(&mut runner, "a", "hooks"), "303");
    let finish = ask(&mut runner, "on_step_finish", "a", "noop");
    assert_eq!((&finish["status"], &finish["message"]), (&json!("OK"), &json!("")));
    assert_eq!(held(&mut runner, "a", "hooks"), "404");

    // Another session's hooks are not the runner's.
    assert_eq!(ask(&mut runner, "on_step_start", "b", "noop")["status"], "OK");
    assert_eq!(held(&mut runner, "a", "hooks"), "505");
}

#[test]
fn a_step_in_which_nothing_was_asked_has_no_end_to_tell() {
    let mut runner = Line::new().start();
    for _ in 0..2 {
        let finish = ask(&mut runner, "on_step_finish", "a", "noop");
        assert_eq!(finish["status"], "OK");
        assert!(
            finish["message"].as_str().unwrap().starts_with("nothing was asked"),
            "{finish}"
        );
        ask(&mut runner, "on_step_start", "a", "noop");
    }
}

#[test]
fn a_step_that_does_not_exist_does_not_begin() {
    let mut runner = Line::new().start();
    let mut start = call("r", "noop");
    start["phase"] = json!("on_step_start");
    start["step_index"] = json!(9);
    let answer = runner.ask(&start);
    assert_eq!(
        (&answer["type"], &answer["error_code"]),
        (&json!("result"), &json!("1006")),
        "{answer}"
    );
}

#[test]
fn after_a_teardown_the_next_question_begins_with_a_fresh_instance() {
    let mut runner = Line::new().start();
    held(&mut runner, "a", "count");
    assert_eq!(held(&mut runner, "a", "count-hooks"), "set up: true, calls: 2");
    for _ in 0..2 {
        assert_eq!(ask(&mut runner, "teardown", "a", "noop")["status"], "OK");
    }
    assert_eq!(ask(&mut runner, "setup", "a", "noop")["status"], "OK");
    assert_eq!(held(&mut runner, "a", "count-hooks"), "set up: true, calls: 1");
    // What the session held is the host's, and stayed.
    assert_eq!(held(&mut runner, "a", "count"), "2");
}
