//! Every shape of a call, every phase, and what comes back.

use procvision_tests::runner::{Line, call};
use serde_json::{Map, Value, json};

/// The keys of a frame that belong to the frame itself, and those that may also lie deeper.
fn split(call: &Value) -> (Map<String, Value>, Map<String, Value>) {
    let all = call.as_object().unwrap().clone();
    all.into_iter()
        .partition(|(key, _)| key == "type" || key == "request_id")
}

#[test]
fn a_verdict_is_told_in_the_protocols_shape() {
    let mut runner = Line::new().start();
    let answer = runner.ask(&call("r-1", "tell"));
    insta::assert_snapshot!(format!("{answer:#}"));
    let pre = runner.ask(&json!({"type": "call", "request_id": 7, "data": {
        "phase": "pre", "step_index": 1, "pid": "A02", "shared_mem_id": "dev-shm:s-1:guide",
    }}));
    let expected = json!({
        "type": "result", "request_id": 7, "status": "OK", "message": "2 x 2",
        "data": {"phase": "pre", "step_index": 1, "calibration_rects": []},
    });
    assert_eq!(pre, expected);
}

#[test]
fn fields_are_found_wherever_runners_put_them() {
    let mut runner = Line::new().start();
    let expected = runner.ask(&call("r", "tell"));
    let (outer, inner) = split(&call("r", "tell"));
    for place in ["data", "payload"] {
        let mut nested = outer.clone();
        nested.insert(place.to_owned(), Value::Object(inner.clone()));
        assert_eq!(runner.ask(&Value::Object(nested)), expected, "under {place}");
    }
    // As the documents of the protocol show it, with the other name of the phase.
    let (mut outer, mut inner) = split(&call("r", "tell"));
    inner.remove("phase");
    outer.insert("method".to_owned(), json!("execute"));
    outer.insert("payload".to_owned(), Value::Object(inner.clone()));
    assert_eq!(runner.ask(&Value::Object(outer.clone())), expected);
    outer.insert("method".to_owned(), json!("pre_execute"));
    assert_eq!(runner.ask(&Value::Object(outer))["data"]["phase"], "pre");
    // Without any phase it is the question for the verdict.
    let (mut plain, _) = split(&call("r", "tell"));
    plain.extend(inner);
    assert_eq!(runner.ask(&Value::Object(plain)), expected);
}

#[test]
fn what_stands_deeper_counts_and_null_is_nothing() {
    let mut runner = Line::new().start();
    let mut both = call("r", "noop");
    both["data"] = json!({"user_params": {"task": "tell"}, "pid": null});
    both["payload"] = json!({"pid": "A02"});
    let message = runner.ask(&both)["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("pid A02,"), "{message}");
}

#[test]
fn two_pictures_reach_the_algorithm() {
    let mut runner = Line::new().start();
    let answer = runner.ask(&json!({
        "type": "call",
        "request_id": "r-1",
        "data": {
            "step_index": 1,
            "step_desc": "Is the cap on?",
            "guide_info": [{"label": "cap", "posList": [{"x": 1, "y": 0, "width": 2, "height": 2}]}, {"label": "rim"}],
            "cur_image_shm_id": "dev-shm:s-1:cur",
            "cur_image_meta": {"width": 4, "height": 2, "timestamp_ms": 0, "camera_id": "cam-02"},
            "guide_image_shm_id": "dev-shm:s-1:guide",
            "guide_image_meta": {"width": 2, "height": 2},
            "user_params": {"task": "tell"},
        },
    }));
    insta::assert_snapshot!(format!("{answer:#}"));
}

#[test]
fn two_pictures_must_both_be_named() {
    let mut runner = Line::new().start();
    let complete = json!({
        "type": "call", "request_id": 1, "step_index": 1,
        "cur_image_shm_id": "dev-shm:s-1:cur", "guide_image_shm_id": "dev-shm:s-1:guide",
    });
    assert_eq!(runner.ask(&complete)["status"], "OK");
    for missing in ["cur_image_shm_id", "guide_image_shm_id"] {
        let mut call = complete.clone();
        call[missing] = json!("");
        let error = runner.ask(&call);
        assert_eq!(
            (&error["type"], &error["error_code"]),
            (&json!("error"), &json!("1000")),
            "{error}"
        );
        assert_eq!(error["message"], format!("`{missing}` is missing"));
    }
}

#[test]
fn every_phase_has_an_answer() {
    let mut runner = Line::new().start();
    let mut ask = |phase: &str| {
        let mut call = call("r", "noop");
        call["phase"] = json!(phase);
        runner.ask(&call)
    };
    for phase in [
        "setup",
        "on_step_start",
        "pre",
        "execute",
        "on_step_finish",
        "reset",
        "teardown",
        "execute",
    ] {
        let answer = ask(phase);
        assert_eq!(answer["type"], "result", "{answer}");
        assert_eq!(
            (&answer["status"], &answer["data"]["phase"]),
            (&json!("OK"), &json!(phase)),
            "{answer}"
        );
        assert_eq!(
            (&answer["request_id"], &answer["data"]["step_index"]),
            (&json!("r"), &json!(1))
        );
    }
    let info = runner.ask(&json!({"type": "call", "request_id": "r", "phase": "info"}));
    assert_eq!(
        (&info["data"]["phase"], &info["data"]["step_index"]),
        (&json!("info"), &json!(0)),
        "{info}"
    );
    let known = json!({"name": "probe", "version": "0.1.0", "supported_pids": ["A01", "A02"]});
    for (key, value) in known.as_object().unwrap() {
        assert_eq!(&info["data"]["info"][key], value);
    }
    assert_eq!(info["data"]["info"]["steps"][0]["params"][0]["key"], "task");
}

#[test]
fn what_keeps_a_step_from_a_verdict_is_its_answer_and_an_accident_is_an_error() {
    let mut runner = Line::new().start();
    let mut ask = |key: &str, value: Value| {
        let mut call = call("r", "noop");
        call[key] = value;
        let answer = runner.ask(&call);
        let short = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
        (short("type"), short("status"), short("error_code"))
    };
    let kind = |kind: &str, code: &str| (kind.to_owned(), "ERROR".to_owned(), code.to_owned());
    assert_eq!(ask("pid", json!("B07")), kind("result", "1001"));
    assert_eq!(ask("shared_mem_id", json!("dev-shm:nothing")), kind("result", "1002"));
    assert_eq!(ask("shared_mem_id", json!("")), kind("result", "1002"));
    assert_eq!(
        ask("image_meta", json!({"width": 0, "height": 2})),
        kind("result", "1002")
    );
    assert_eq!(ask("user_params", json!({"task": "dance"})), kind("result", "1006"));
    assert_eq!(ask("step_index", json!(2)), kind("result", "1006"));
    assert_eq!(ask("user_params", json!({"task": "trap"})), kind("error", "1009"));
    assert_eq!(ask("pid", Value::Null), kind("error", "1000"));
    assert_eq!(
        ask("image_meta", json!({"width": "4", "height": 2})),
        kind("error", "1000")
    );
    let (fine, ok) = ("result".to_owned(), "OK".to_owned());
    assert_eq!(ask("pid", json!("A02")), (fine, ok, String::new()));
}

#[test]
fn the_first_product_model_is_taken_where_none_can_be_named() {
    let two = json!({
        "type": "call", "request_id": 1, "user_params": {"task": "tell"},
        "cur_image_shm_id": "dev-shm:s-1:cur", "guide_image_shm_id": "dev-shm:s-1:guide",
    });
    let line = Line::new();
    for (arguments, pid) in [(&["--log-level", "debug"][..], "A01"), (&["--pid", "A02"], "A02")] {
        let mut runner = line.start_with(arguments);
        let message = runner.ask(&two)["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(&format!("pid {pid},")), "{message}");
        runner.close();
        let ended = runner.end();
        let told = ended.log.iter().any(|line| line["pid"] == "A01");
        assert_eq!(told, pid == "A01", "{ended:#?}");
    }
}

#[test]
fn an_instance_that_is_lost_is_replaced_and_the_log_says_so() {
    let mut runner = Line::new().start();
    assert_eq!(runner.ask(&call("r-1", "remember"))["status"], "OK");
    let error = runner.ask(&call("r-2", "trap"));
    assert_eq!(
        (&error["request_id"], &error["error_code"]),
        (&json!("r-2"), &json!("1009"))
    );
    assert_eq!(runner.ask(&call("r-3", "remember"))["status"], "OK");
    runner.close();
    let ended = runner.end();
    let line = ended.line("the instance is given up");
    let expected = json!({"class": "trap", "error_code": "1009", "request_id": "r-2", "session_id": "s-1"});
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&line[key], value, "{line}");
    }
}

#[test]
fn too_many_traps_in_a_row_end_the_process() {
    let mut runner = Line::new().start();
    for number in 1..=3 {
        let error = runner.ask(&call(&format!("r-{number}"), "trap"));
        assert_eq!(
            (&error["request_id"], &error["error_code"]),
            (&json!(format!("r-{number}")), &json!("1009"))
        );
    }
    // Nobody asks any more, and the runner learns of it all the same.
    let ended = runner.end();
    let [last] = ended.frames.as_slice() else {
        panic!("{ended:#?}")
    };
    assert_eq!(
        (ended.status, &last["type"], &last["request_id"], &last["error_code"]),
        (1, &json!("error"), &Value::Null, &json!("1009")),
        "{ended:#?}"
    );
    assert!(last["message"].as_str().unwrap().contains("given up"), "{last}");
    assert_eq!(ended.line("the algorithm is given up")["level"], "error");
}

#[test]
fn traps_that_do_not_come_in_a_row_cost_an_instance_each() {
    let mut runner = Line::new().start();
    for _ in 0..4 {
        for _ in 0..2 {
            assert_eq!(runner.ask(&call("r", "trap"))["error_code"], "1009");
        }
        assert_eq!(runner.ask(&call("r", "noop"))["status"], "OK");
    }
}
