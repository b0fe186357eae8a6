//! What lasts: results, whatever is killed; and what happens at the end.

use procvision_tests::frame_pool::eventually;
use procvision_tests::packages::probe_parts;
use procvision_tests::station::Premises;
use serde_json::json;
use std::process::Stdio;

#[test]
fn what_was_answered_is_there_after_the_server_was_killed() {
    let premises = Premises::with(&[probe_parts()], &["A01"]);
    let mut answered = Vec::new();
    for _ in 0..5 {
        let served = premises.serve(&json!({}));
        let inspection = served.inspection("A01");
        for _ in 0..10 {
            let (status, answer) = served.step(&inspection, "noop");
            assert_eq!(status, 200, "{answer}");
            answered.push(answer["results"][0].clone());
        }
        served.process.kill();
    }
    let served = premises.serve(&json!({}));
    for result in &answered {
        assert_eq!(&served.get(&format!("/results/{}", result["id"])).1, result);
    }
    assert_eq!(
        served.get("/results?limit=1000").1["results"].as_array().map(Vec::len),
        Some(answered.len())
    );
}

#[test]
fn the_end_leaves_no_process_behind_and_waits_for_what_is_asked() {
    let premises = Premises::with(&[probe_parts()], &["A01"]);
    let served = premises.serve(&json!({"execute_timeout_ms": 1500}));
    let worker = served.workers("A01")[0]["process"].as_i64().unwrap();
    let inspection = served.inspection("A01");
    let page = served.page.clone();
    let process = served.process.id();
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| served.step(&inspection, "spin"));
        eventually("it is asked", || served.workers("A01")[0]["state"] == "executing");
        let pid = rustix::process::Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let (status, answer) = asking.join().expect("it is answered");
        assert_eq!(
            (status, &answer["verdict"]),
            (200, &json!("FAILED")),
            "{page}: {answer}"
        );
    });
    assert_eq!(served.process.ended(), 0);
    assert!(!std::path::Path::new(&format!("/proc/{worker}")).exists());
    assert!(!premises.path("station.sock").exists());
}

#[test]
fn one_store_has_one_station() {
    let premises = Premises::with(&[probe_parts()], &["A01"]);
    let _served = premises.serve(&json!({}));
    let mut second = premises.command(&json!({}));
    let output = second.stderr(Stdio::null()).output().unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), &answer["error"]["code"]),
        (Some(2), &json!("taken")),
        "{answer}"
    );
}

#[test]
fn every_mistake_of_the_configuration_is_told_at_once() {
    let premises = Premises::new();
    let config = json!({"station": {
        "workers": 0, "queue": "many", "sources": {"Cam 1": {"pool": "cam"}, "b": {"file": "x.png"}},
        "lines": {"one": {"pid": "A01", "source": "nowhere"}},
        "tokens": [{"name": "a", "role": "king", "sha256": "0"}],
    }});
    let output = premises.command(&config).output().unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2), "{answer}");
    let message = answer["error"]["message"].as_str().unwrap();
    for key in [
        "station.workers",
        "station.queue",
        "Cam 1",
        "station.sources.b.file",
        "station.lines.one.source",
        "station.tokens",
    ] {
        assert!(message.contains(key), "{key}: {message}");
    }
}

#[test]
fn a_configuration_is_read_again_without_losing_anything() {
    let premises = Premises::with(&[probe_parts()], &["A01"]);
    let served = premises.serve(&json!({"station": {"name": "before"}}));
    let first = served.workers("A01")[0]["process"].clone();
    let inspection = served.inspection("A01");
    served.step(&inspection, "count");
    let hang_up = || {
        let pid = rustix::process::Pid::from_raw(i32::try_from(served.process.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    };
    std::fs::write(premises.path("config.json"), "{\"station\": 7}").unwrap();
    hang_up();
    let config = json!({"max_retries": 1, "station": {"name": "after", "workers": 2}});
    std::fs::write(premises.path("config.json"), config.to_string()).unwrap();
    hang_up();
    eventually("the new one holds", || served.get("/station").1["name"] == "after");
    eventually("there are two processes", || served.workers("A01").len() == 2);
    assert_ne!(served.workers("A01")[0]["process"], first);
    // The inspection goes on where it was.
    assert_eq!(served.step(&inspection, "count").1["results"][0]["message"], "2");
}
