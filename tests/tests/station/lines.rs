//! Lines: which pictures of a pool they judge, and what they say of the others.

use procvision_host::frame::PixelFormat;
use procvision_host::pool::memory::SLOT_GRANULE;
use procvision_host::pool::producer::{Camera, Producer};
use procvision_tests::frame_pool::{broker_process, eventually};
use procvision_tests::packages::probe_parts;
use procvision_tests::station::{Premises, Served};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};

pub(crate) const SIDE: u32 = 64;

fn premises() -> Premises {
    Premises::with(&[probe_parts()], &["A01"])
}

/// A camera that publishes into a pool.
pub(crate) fn producer(premises: &Premises, pool: &str, slots: u32) -> Producer {
    let pool = pool.parse().unwrap();
    Producer::connect(premises.path("frames.sock"), pool, slots, SLOT_GRANULE).unwrap()
}

/// Publishes gray pictures of the level 7.
pub(crate) fn publish(producer: &Producer, pictures: u32) {
    let pixels = vec![7; (SIDE * SIDE) as usize];
    for _ in 0..pictures {
        let writer = producer.acquire().unwrap().expect("a slot can be written");
        let camera = Camera {
            timestamp_ms: 1_700_000_000_000,
            id: "left".into(),
        };
        writer
            .publish_pixels(PixelFormat::Mono8, SIDE, SIDE, SIDE as usize, &pixels, &camera)
            .unwrap();
    }
}

/// One line, called `one`, of the pool `cam`; with these keys besides.
fn config(line: &Value) -> Value {
    let mut config = json!({
        // A process that is stopped for a while is not hung.
        "heartbeat_interval_ms": 3_600_000, "execute_timeout_ms": 600_000,
        "station": {
            "sources": {"cam": {"pool": "cam"}, "good": {"pool": "good"}},
            "lines": {"one": {"pid": "A01", "source": "cam"}},
        },
    });
    for (key, value) in line.as_object().unwrap() {
        config["station"]["lines"]["one"][key] = value.clone();
    }
    config
}

fn line(served: &Served) -> Value {
    served.get("/lines").1["lines"][0].clone()
}

/// The places of the pictures that were judged, in the order of the results.
fn judged(served: &Served) -> Vec<u64> {
    let (_, answer) = served.get("/results?limit=1000");
    let mut sequences: Vec<u64> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| {
            assert_eq!(
                (&result["line"], &result["outcome"]),
                (&json!("one"), &json!("OK")),
                "{result}"
            );
            result["picture"]["sequence"].as_u64().unwrap()
        })
        .collect();
    sequences.reverse();
    sequences
}

#[track_caller]
fn eventually_judged(served: &Served, expected: &[u64]) {
    eventually("as many are judged", || judged(served).len() >= expected.len());
    assert_eq!(judged(served), expected);
}

/// The process that judges.
fn worker(served: &Served) -> Pid {
    let process = served.workers("A01")[0]["process"].as_i64();
    process
        .and_then(|process| Pid::from_raw(i32::try_from(process).ok()?))
        .expect("it has a process")
}

/// Has the line work on one picture for as long as the answer is not sent.
fn hold(served: &Served, producer: &Producer) -> Pid {
    let worker = worker(served);
    kill_process(worker, Signal::STOP).unwrap();
    publish(producer, 1);
    eventually("it is asked", || served.workers("A01")[0]["state"] == "executing");
    worker
}

/// Has the station read another configuration, and waits until it holds.
#[track_caller]
fn reload(premises: &Premises, served: &Served, mut changed: Value) {
    changed["station"]["name"] = "changed".into();
    std::fs::write(premises.path("config.json"), changed.to_string()).unwrap();
    let process = Pid::from_raw(i32::try_from(served.process.id()).unwrap()).unwrap();
    kill_process(process, Signal::HUP).unwrap();
    eventually("the configuration holds", || {
        served.get("/station").1["name"] == "changed"
    });
}

#[test]
fn every_picture_is_judged_once_and_in_order() {
    let premises = premises();
    let served = premises.serve(&config(&json!({})));
    let camera = producer(&premises, "cam", 16);
    for pictures in 1..=60 {
        publish(&camera, 1);
        eventually("there is room in the pool", || {
            line(&served)["taken"].as_u64().unwrap() + 12 > pictures
        });
    }
    eventually_judged(&served, &(1..=60).collect::<Vec<_>>());
    let line = line(&served);
    assert_eq!(
        (&line["taken"], &line["dropped"], &line["not_judged"], &line["pictures"]),
        (&json!(60), &json!(0), &json!(0), &json!("every")),
    );
    let result = &served.get("/results?limit=1").1["results"][0];
    assert_eq!(result["picture"]["timestamp_ms"], 1_700_000_000_000_u64);
    assert!(result["picture"]["delivered_us"].is_u64(), "{result}");
    for expected in [
        "procvision_line_pictures_total{line=\"one\"} 60",
        "procvision_line_pictures_dropped_total{line=\"one\"} 0",
        "procvision_line_pictures_not_judged_total{line=\"one\"} 0",
        "procvision_pool_published_total{pool=\"cam\"} 60",
        "procvision_pool_dropped_total{pool=\"cam\"} 0",
        "procvision_pool_fps{pool=\"cam\"}",
        "procvision_keep_seconds_count{pid=\"A01\"} 60",
    ] {
        // What is on disk is counted a moment later.
        eventually(expected, || {
            let (_, metrics) = served.get("/metrics");
            metrics.as_str().is_some_and(|metrics| metrics.contains(expected))
        });
    }
}

#[test]
fn a_burst_that_the_pool_cannot_hold_is_counted_and_what_is_there_is_judged() {
    let premises = premises();
    let served = premises.serve(&config(&json!({})));
    let camera = producer(&premises, "cam", 4);
    let worker = hold(&served, &camera);
    // Three slots are left: of 2 to 11 the last three stay.
    publish(&camera, 10);
    kill_process(worker, Signal::CONT).unwrap();
    eventually_judged(&served, &[1, 9, 10, 11]);
    let line = line(&served);
    assert_eq!((&line["taken"], &line["dropped"]), (&json!(4), &json!(7)));
    let said = events_until_stopped(&served);
    // How long the burst was is said when it is over, if the line still runs then.
    let begun = said.iter().filter(|(_, data)| data.get("for_s").is_none());
    let bursts: Vec<&Value> = begun.filter_map(|(_, data)| data.get("dropped")).collect();
    assert_eq!(bursts, [&json!(7)]);
}

#[test]
fn a_line_that_is_changed_judges_what_waits_for_it() {
    let premises = premises();
    let served = premises.serve(&config(&json!({})));
    let camera = producer(&premises, "cam", 16);
    let worker = hold(&served, &camera);
    publish(&camera, 5);
    let changed = config(&json!({"params": {"task": "noop"}}));
    reload(&premises, &served, changed);
    kill_process(worker, Signal::CONT).unwrap();
    eventually("all are judged", || judged(&served).len() >= 6);
    // The line as it was may end a moment after the one as it is has begun.
    let mut judged = judged(&served);
    judged.sort_unstable();
    assert_eq!(judged, [1, 2, 3, 4, 5, 6]);
    assert_eq!(line(&served)["dropped"], 0);
}

#[test]
fn a_line_of_the_newest_leaves_out_what_came_meanwhile() {
    let premises = premises();
    let served = premises.serve(&config(&json!({"pictures": "newest"})));
    let camera = producer(&premises, "cam", 16);
    let worker = hold(&served, &camera);
    publish(&camera, 5);
    kill_process(worker, Signal::CONT).unwrap();
    eventually_judged(&served, &[1, 6]);
    let line = line(&served);
    assert_eq!((&line["taken"], &line["dropped"]), (&json!(2), &json!(4)));
}

#[test]
fn a_line_begins_with_the_newest_picture_and_judges_none_again() {
    let premises = premises();
    let served = premises.serve(&config(&json!({"start": false})));
    let camera = producer(&premises, "cam", 16);
    let (start, stop) = (|| tell(&served, "start"), || tell(&served, "stop"));
    publish(&camera, 5);
    start();
    eventually_judged(&served, &[5]);
    publish(&camera, 2);
    eventually_judged(&served, &[5, 6, 7]);
    stop();
    publish(&camera, 2);
    start();
    eventually_judged(&served, &[5, 6, 7, 9]);
    for _ in 0..3 {
        stop();
        start();
    }
    // One that was changed begins in the same way.
    let changed = config(&json!({"params": {"task": "count"}}));
    reload(&premises, &served, changed);
    publish(&camera, 1);
    eventually_judged(&served, &[5, 6, 7, 9, 10]);
    assert_eq!(line(&served)["dropped"], 0);
}

#[test]
fn a_broker_that_is_gone_and_comes_back_begins_anew() {
    let premises = premises();
    let broker = broker_process(&premises.path("frames.sock"));
    let served = premises.serve(&config(&json!({})));
    let camera = producer(&premises, "cam", 8);
    publish(&camera, 3);
    eventually_judged(&served, &[1, 2, 3]);
    broker.kill();
    drop(camera);
    let _broker = broker_process(&premises.path("frames.sock"));
    let camera = producer(&premises, "cam", 8);
    publish(&camera, 2);
    eventually_judged(&served, &[1, 2, 3, 1, 2]);
    publish(&camera, 1);
    eventually_judged(&served, &[1, 2, 3, 1, 2, 3]);
    assert_eq!(line(&served)["dropped"], 0);
}

#[test]
fn somebody_is_called_once_until_pictures_are_judged_again() {
    let premises = premises();
    let served = premises.serve(&config(&json!({"guide": "good"})));
    let camera = producer(&premises, "cam", 8);
    publish(&camera, 2);
    eventually("both are lost", || line(&served)["not_judged"] == 2);
    publish(&producer(&premises, "good", 2), 1);
    publish(&camera, 1);
    eventually_judged(&served, &[3]);
    let said = events_until_stopped(&served);
    let alarms: Vec<&Value> = said
        .iter()
        .filter(|(kind, _)| kind == "alarm")
        .map(|(_, data)| data)
        .collect();
    assert_eq!(alarms.len(), 1, "{alarms:?}");
    assert_eq!(
        (&alarms[0]["kind"], &alarms[0]["line"], &alarms[0]["pid"]),
        (&json!("not_judged"), &json!("one"), &json!("A01"))
    );
}

/// Has the line start or stop.
#[track_caller]
fn tell(served: &Served, what: &str) {
    let request = served.request("POST", &format!("/lines/one/{what}"));
    assert_eq!(served.send(request, Vec::new()).0, 200);
}

/// Stops the line, and what has happened until then: kinds and data.
fn events_until_stopped(served: &Served) -> Vec<(String, Value)> {
    tell(served, "stop");
    // A number that is higher than any brings everything.
    let request = served.request("GET", "/events").header("last-event-id", "1000000000");
    let answer = served.answer(request, Vec::new());
    let mut lines = BufReader::new(answer.into_body().into_reader()).lines();
    let (mut said, mut kind) = (Vec::new(), String::new());
    loop {
        let line = lines.next().expect("it goes on").expect("it can be read");
        if let Some(named) = line.strip_prefix("event:") {
            named.trim().clone_into(&mut kind);
        } else if let Some(data) = line.strip_prefix("data:") {
            let data: Value = serde_json::from_str(data.trim()).expect("it is JSON");
            let is_last = kind == "line" && data["running"] == false;
            said.push((kind.clone(), data));
            if is_last {
                return said;
            }
        }
    }
}
