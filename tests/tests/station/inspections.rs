//! Inspections: steps, verdicts, sessions, and what is refused.

use procvision_tests::packages::probe_parts;
use procvision_tests::station::{Premises, picture};
use serde_json::json;

#[test]
fn an_inspection_goes_from_its_beginning_to_its_end() {
    let served = Premises::with(&[probe_parts()], &["A01"]).serve(&json!({}));
    let inspection = served.inspection("A01");
    // What the algorithm remembers lasts from step to step.
    for count in 1..=3 {
        let (status, answer) = served.step(&inspection, "count");
        assert_eq!((status, &answer["verdict"]), (200, &json!("OK")), "{answer}");
        assert_eq!(answer["results"][0]["message"], count.to_string());
    }
    let (_, reset) = served.post(&format!("{inspection}/reset"), &json!({}));
    assert_eq!(reset["steps"], json!([]));
    assert_eq!(served.step(&inspection, "count").1["results"][0]["message"], "1");

    let (status, ended) = served.post(&format!("{inspection}/end"), &json!({}));
    assert_eq!((status, &ended["verdict"]), (200, &json!("OK")), "{ended}");
    let (status, gone) = served.step(&inspection, "noop");
    assert_eq!((status, &gone["error"]["code"]), (404, &json!("not-found")));
}

#[test]
fn that_the_conditions_are_right_says_nothing_about_the_product() {
    let served = Premises::with(&[probe_parts()], &["A01"]).serve(&json!({}));
    let inspection = served.inspection("A01");
    let ask = |phases: &str| {
        let request = format!("{{\"step_index\": 1, \"params\": {{\"task\": \"noop\"}}, \"phases\": {phases}}}");
        let parts: [(&str, &[u8]); 2] = [("request", request.as_bytes()), ("picture", &picture())];
        let answer = served.post_parts(&format!("{inspection}/steps"), &parts).1;
        (answer["verdict"].clone(), served.get(&inspection).1["verdict"].clone())
    };
    assert_eq!(ask("[\"pre_execute\"]"), (json!("OK"), json!("NOT_READY")));
    assert_eq!(ask("[\"pre_execute\", \"execute\"]"), (json!("OK"), json!("OK")));
}

#[test]
fn every_answer_is_kept_with_what_it_was_about() {
    let served = Premises::with(&[probe_parts()], &["A01"]).serve(&json!({"save_debug_fields": ["fuel"]}));
    let inspection = served.inspection("A01");
    let (_, answer) = served.step(&inspection, "noop");
    let result = &answer["results"][0];
    let id = result["id"].as_i64().unwrap();
    let (status, kept) = served.get(&format!("/results/{id}"));
    assert_eq!((status, &kept), (200, result));
    for (key, value) in [
        ("pid", json!("A01")),
        ("algorithm", json!("probe")),
        ("version", json!("0.1.0")),
        ("phase", json!("execute")),
        ("outcome", json!("OK")),
        ("params", json!({"task": "noop"})),
        ("context", json!({"operator": "Kim"})),
        ("attempts", json!(1)),
    ] {
        assert_eq!(kept[key], value, "{key}");
    }
    assert!(kept["debug"]["fuel"].as_u64().is_some_and(|fuel| fuel > 0), "{kept}");
    assert_eq!(served.get("/results").1["results"][0], kept);
    let (status, csv) = served.get("/results/export?format=csv");
    assert_eq!(status, 200);
    assert_eq!(csv.as_str().unwrap().lines().count(), 2, "{csv}");
    assert!(
        served
            .get("/metrics")
            .1
            .as_str()
            .unwrap()
            .contains("procvision_questions_total{pid=\"A01\"")
    );
}

#[test]
fn a_failure_is_never_a_pass() {
    let served = Premises::with(&[probe_parts()], &["A01"]).serve(&json!({}));
    let inspection = served.inspection("A01");
    let (status, answer) = served.step(&inspection, "trap");
    assert_eq!((status, &answer["verdict"]), (200, &json!("FAILED")), "{answer}");
    let result = &answer["results"][0];
    assert_eq!(
        (&result["outcome"], &result["error_code"]),
        (&json!("FAILED"), &json!("1009"))
    );
    // A small picture of what was not good is kept.
    let (status, _) = served.get(&format!("/results/{}/thumbnail", result["id"]));
    assert_eq!((status, &result["has_thumbnail"]), (200, &json!(true)));
    let (_, answer) = served.step(&inspection, "dance");
    assert_eq!(answer["results"][0]["error_code"], "1006", "{answer}");
    // The next step works.
    assert_eq!(served.step(&inspection, "noop").1["verdict"], "OK");
    assert_eq!(served.get(&inspection).1["verdict"], "OK");
}

#[test]
fn what_cannot_be_asked_is_refused_and_says_why() {
    let served = Premises::with(&[probe_parts()], &["A01"]).serve(&json!({}));
    let inspection = served.inspection("A01");
    let steps = format!("{inspection}/steps");
    let picture = picture();
    for (answer, status, code) in [
        (served.post("/inspections", &json!({"pid": "Z99"})), 404, "not-found"),
        // Whole, however it is written; what is missing is the picture.
        (
            served.post(&steps, &json!({"step_index": 1.0, "picture": {"source": "cam"}})),
            422,
            "no-source",
        ),
        (
            served.post(&steps, &json!({"step_index": 1.5, "picture": {"source": "cam"}})),
            400,
            "bad-request",
        ),
        (
            served.post("/inspections", &json!({"pid": "A01", "colour": 1})),
            400,
            "bad-request",
        ),
        (served.post(&steps, &json!({"step_index": 1})), 400, "bad-request"),
        (
            served.post(&steps, &json!({"step_index": 1, "picture": {"source": "cam"}})),
            422,
            "no-source",
        ),
        (
            served.post(&steps, &json!({"step_index": 1, "picture": {"pool": "pool:none/1/2"}})),
            422,
            "1002",
        ),
        (
            served.post(&steps, &json!({"step_index": 1, "picture": {"pool": "/etc/passwd"}})),
            422,
            "1002",
        ),
        (
            served.post_parts(
                &steps,
                &[("request", b"{\"step_index\": 1}"), ("picture", b"no picture")],
            ),
            422,
            "1002",
        ),
        (served.post_parts(&steps, &[("picture", &picture)]), 400, "bad-request"),
        (
            served.post_parts(&steps, &[("request", b"{\"step_index\": 0}"), ("picture", &picture)]),
            400,
            "bad-request",
        ),
        (
            served.post(&steps, &json!({"step_index": 1, "phases": ["execute", "execute"]})),
            400,
            "bad-request",
        ),
        (
            served.post_parts(&steps, &[("request", b"{"), ("picture", &picture)]),
            400,
            "bad-request",
        ),
        (served.get("/results?limit=0"), 400, "results-invalid"),
        (served.get("/nowhere"), 404, "not-found"),
        (served.delete("/results"), 405, "method"),
    ] {
        let (got, error) = answer;
        assert_eq!((got, &error["error"]["code"]), (status, &json!(code)), "{error}");
        assert!(
            error["error"]["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty())
        );
    }
    // Nothing of it was asked.
    assert_eq!(served.get("/results").1["results"], json!([]));
}
