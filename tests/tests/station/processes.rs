//! Processes that are killed, hang or cannot start, and what callers notice of it.

use procvision_tests::frame_pool::eventually;
use procvision_tests::packages::probe_parts;
use procvision_tests::station::Premises;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

fn kill(worker: &Value) {
    let process = worker["process"]
        .as_i64()
        .and_then(|process| i32::try_from(process).ok());
    let process = process.and_then(Pid::from_raw).expect("it has a process");
    kill_process(process, Signal::KILL).expect("it is there");
}

#[test]
fn a_process_that_is_killed_comes_back_by_itself() {
    let served = Premises::with(&[probe_parts()], &["A01"]).serve(&json!({}));
    for restarts in 1..=3 {
        kill(&served.workers("A01")[0]);
        eventually("it is back", || {
            let worker = &served.workers("A01")[0];
            worker["restarts"] == restarts && worker["state"] == "ready"
        });
        let inspection = served.inspection("A01");
        assert_eq!(served.step(&inspection, "noop").1["verdict"], "OK");
    }
}

#[test]
fn what_runs_while_its_process_is_killed_is_asked_again() {
    let served = Premises::with(&[probe_parts()], &["A01"]).serve(&json!({"max_retries": 2}));
    let inspection = served.inspection("A01");
    let answered = std::thread::scope(|scope| {
        let asking = scope.spawn(|| served.step(&inspection, "spin"));
        let first = served.workers("A01")[0]["process"].clone();
        eventually("it is asked", || served.workers("A01")[0]["state"] == "executing");
        for _ in 0..3 {
            let worker = served.workers("A01")[0].clone();
            kill(&worker);
            eventually("another one takes its place, or nobody asks any more", || {
                let now = &served.workers("A01")[0];
                (now["process"] != worker["process"] && now["state"] == "executing") || asking.is_finished()
            });
        }
        assert_ne!(served.workers("A01")[0]["process"], first);
        asking.join().expect("it is answered")
    });
    let (status, answer) = answered;
    let result = &answer["results"][0];
    assert_eq!(
        (status, &answer["verdict"], &result["attempts"]),
        (200, &json!("FAILED"), &json!(3)),
        "{answer}"
    );
    // One answer, whatever happened on the way to it.
    assert_eq!(served.get("/results").1["results"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_hung_algorithm_does_not_delay_another_one() {
    let served = Premises::with(&[probe_parts()], &["A01", "A02"]).serve(&json!({}));
    let (slow, quick) = (served.inspection("A01"), served.inspection("A02"));
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| served.step(&slow, "spin"));
        eventually("it is asked", || served.workers("A01")[0]["state"] == "executing");
        for _ in 0..20 {
            assert_eq!(served.step(&quick, "noop").1["verdict"], "OK");
        }
        assert!(!slow.is_finished());
        kill(&served.workers("A01")[0]);
        let stopped = served.post("/algorithms/stop", &json!({"pid": "A01"}));
        assert_eq!(stopped.0, 200);
        assert_eq!(slow.join().expect("it is answered").1["verdict"], "FAILED");
    });
    assert_eq!(served.workers("A01")[0]["state"], "stopped");
    served.post("/algorithms/start", &json!({"pid": "A01"}));
    eventually("it is back", || served.workers("A01")[0]["state"] == "ready");
}

#[test]
fn more_than_may_wait_is_refused_at_once() {
    let served = Premises::with(&[probe_parts()], &["A01"]).serve(&json!({"station": {"queue": 1}}));
    let (first, second) = (served.inspection("A01"), served.inspection("A01"));
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| served.step(&first, "spin"));
        eventually("it is asked", || served.workers("A01")[0]["state"] == "executing");
        // Of another inspection, and of the same, which would wait for its turn.
        for inspection in [&second, &first] {
            let (status, error) = served.step(inspection, "noop");
            assert_eq!((status, &error["error"]["code"]), (429, &json!("full")), "{error}");
        }
        served.post("/algorithms/stop", &json!({"pid": "A01"}));
        asking.join().expect("it is answered");
    });
}
