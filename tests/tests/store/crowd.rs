//! Many processes at once on one store.

use crate::stage::{Station, parts, parts_named};
use procvision_tests::binary::Answer;
use serde_json::json;
use std::process::{Child, Stdio};

fn start(station: &Station, arguments: &[&str]) -> Child {
    let mut command = station.command(&[arguments, &["--json", "--wait", "300"]].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn answer(child: Child) -> Answer {
    Answer::from(child.wait_with_output().unwrap())
}

#[test]
fn everything_at_once_ends_well() {
    let station = Station::with(&["1.0.0"]);
    station.install(&parts_named("second", "1.0.0"));
    let versions = ["1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0", "1.6.0"];
    let zips: Vec<String> = versions
        .iter()
        .map(|one| station.zip(&parts(one)).to_str().unwrap().to_owned())
        .collect();
    station.activate("1.0.0");
    let mut children = Vec::new();
    for (round, zip) in zips.iter().enumerate() {
        // The second finds the first's, or is refused.
        children.push(("install", start(&station, &["install", zip])));
        children.push(("again", start(&station, &["install", zip])));
        children.push(("list", start(&station, &["list"])));
        children.push(("verify", start(&station, &["verify"])));
        let name = ["second", "lifted"][round % 2];
        children.push(("switch", start(&station, &["switch", name, "1.0.0", "--pid", "A01"])));
        let mut run = station.run_a01(&[]);
        children.push((
            "run",
            run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap(),
        ));
    }
    let mut installed = 0;
    for (what, child) in children {
        let answer = answer(child);
        match (what, answer.status) {
            ("install" | "again", 0) => installed += 1,
            ("install" | "again", 2) => assert_eq!(answer.json()["error"]["code"], "2005", "{answer:?}"),
            // Another one may switch between its proof and its move.
            ("switch", 2) => assert_eq!(answer.json()["error"]["code"], "changed-meanwhile", "{answer:?}"),
            _ => assert_eq!(answer.status, 0, "{what}: {answer:?}"),
        }
    }
    assert_eq!(installed, versions.len());
    let listing = station.json(&["list", "--name", "lifted"], 0);
    assert_eq!(listing["versions"].as_array().unwrap().len(), versions.len() + 1);
    let whole = station.whole();
    assert_eq!(whole["mended"], json!([]), "{whole}");
    let entries = station.audit();
    let done = entries
        .iter()
        .filter(|entry| entry["operation"] == "install" && entry["outcome"] == "done");
    assert_eq!(done.count(), versions.len() + 2);
    let seqs: Vec<u64> = entries.iter().map(|entry| entry["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=entries.len() as u64).collect::<Vec<_>>());
}

#[test]
fn one_of_many_that_make_the_same_store_makes_it() {
    let station = Station::new();
    let versions = ["1.0.0", "1.1.0", "1.2.0", "1.3.0"];
    let children: Vec<Child> = versions
        .iter()
        .map(|version| start(&station, &["install", station.zip(&parts(version)).to_str().unwrap()]))
        .collect();
    for child in children {
        answer(child).expect(0);
    }
    let creations = station
        .audit()
        .into_iter()
        .filter(|entry| entry["operation"] == "create")
        .count();
    assert_eq!(creations, 1);
    station.whole();
}

#[test]
fn who_holds_the_lock_is_named_and_waiting_ends() {
    let station = Station::with(&["1.0.0"]);
    let lock = std::fs::File::open(station.store(".lock")).unwrap();
    lock.lock().unwrap();
    for arguments in [&["list"][..], &["gc"], &["deactivate", "lifted"]] {
        let message = station.refused(&[arguments, &["--wait", "0"]].concat(), 2, "store-locked");
        assert!(message.contains(" is in use by "), "{message}");
    }
    let patient = start(&station, &["list"]);
    lock.unlock().unwrap();
    answer(patient).expect(0);
}
