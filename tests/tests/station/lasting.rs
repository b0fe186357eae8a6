//! What lasts: results, whatever is killed; and what happens at the end.

use procvision_tests::frame_pool::eventually;
use procvision_tests::packages::probe_parts;
use procvision_tests::station::{Premises, picture};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
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
        let pid = Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
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
fn what_nobody_waits_for_any_more_is_judged_and_kept_at_the_end_too() {
    let premises = Premises::with(&[probe_parts()], &["A01"]);
    let config = json!({
        "execute_timeout_ms": 1500,
        "station": {"sources": {"tray": {"file": premises.path("tray.png")}}},
    });
    std::fs::write(premises.path("tray.png"), picture()).unwrap();
    let served = premises.serve(&config);
    let steps = format!("{}/steps", served.inspection("A01"));
    let step = json!({"step_index": 1, "params": {"task": "spin"}, "picture": {"source": "tray"}});
    let asking = served.ask("POST", &steps, Some(&step));
    eventually("it is asked", || served.workers("A01")[0]["state"] == "executing");
    drop(asking);
    let process = Pid::from_raw(i32::try_from(served.process.id()).unwrap()).unwrap();
    kill_process(process, Signal::TERM).unwrap();
    assert_eq!(served.process.ended(), 0);
    let kept = premises.serve(&config).get("/results").1["results"].clone();
    assert_eq!(kept.as_array().map(Vec::len), Some(1), "{kept}");
    assert_eq!(kept[0]["outcome"], "FAILED");
}

#[test]
fn one_store_has_one_station() {
    let premises = Premises::with(&[probe_parts()], &["A01"]);
    let _served = premises.serve(&json!({}));
    let mut second = premises.command(&json!({}));
    let output = second.stderr(Stdio::null()).output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
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
    let message = mistakes(&premises, &config);
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
    let digest = "0".repeat(64);
    let config = json!({"station": {
        "sources": {"cam": {"pool": "cam"}},
        "lines": {
            "first": {"pid": "A/1", "source": "cam", "step_index": 0},
            "twice": {"pid": "A01", "source": "cam", "phases": ["execute", "execute"]},
        },
        "commands": {"": {"command": ["true"]}},
        "tokens": [{"name": "", "role": "view", "sha256": digest}, {"name": "a\nb", "role": "view", "sha256": digest}],
        "hosts": ["station-3", "station-3:8787", "http://x", "[::1]", "[::1]:80"],
    }});
    let message = mistakes(&premises, &config);
    for key in [
        "station.lines.first.pid",
        "station.lines.first.step_index",
        "station.lines.twice.phases",
        "station.commands.",
        "station.tokens[0].name",
        "station.tokens[1].name",
        "station.hosts[1]",
        "station.hosts[2]",
        "station.hosts[4]",
    ] {
        assert!(message.contains(key), "{key}: {message}");
    }
    for good in ["hosts[0]", "hosts[3]"] {
        assert!(!message.contains(good), "{good}: {message}");
    }
}

fn mistakes(premises: &Premises, config: &Value) -> String {
    let output = premises.command(config).output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2), "{answer}");
    answer["error"]["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_configuration_is_read_again_without_losing_anything() {
    let premises = Premises::with(&[probe_parts()], &["A01"]);
    let served = premises.serve(&json!({"station": {"name": "before"}}));
    let first = served.workers("A01")[0]["process"].clone();
    let inspection = served.inspection("A01");
    served.step(&inspection, "count");
    let hang_up = || {
        let pid = Pid::from_raw(i32::try_from(served.process.id()).unwrap()).unwrap();
        kill_process(pid, Signal::HUP).unwrap();
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
