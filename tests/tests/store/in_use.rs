//! Uninstalling what is active or in use: refused, or forced and waited for.

use crate::stage::Station;
use procvision_host::store::{NoProgress, Progress, Selection, Stage, Store, StoreOptions};
use procvision_tests::binary::Answer;
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;

fn state(station: &Station) -> Value {
    station.json(&["list"], 0)["versions"][0]["state"].clone()
}

#[test]
fn what_is_active_goes_only_by_force() {
    let station = Station::with(&["1.0.0", "1.1.0"]);
    station.activate("1.0.0");
    let message = station.refused(&["uninstall", "lifted", "1.0.0"], 2, "2007");
    assert_eq!(message, "lifted 1.0.0 is active for A01");
    station.json(&["uninstall", "lifted", "1.1.0"], 0);
    let answer = station.json(&["uninstall", "lifted", "1.0.0", "--force"], 0);
    assert_eq!(answer["pids"], json!(["A01"]));
    assert!(!station.store("deployed/lifted").exists());
    assert!(!station.store("active/A01.json").exists());
    assert_eq!(std::fs::read_dir(station.store("zips")).unwrap().count(), 0);
    station.refused(&["uninstall", "lifted", "1.0.0", "--force"], 2, "not-installed");
    assert_eq!(
        Answer::of(&mut station.run_a01(&[])).expect(2).json()["error"]["code"],
        "not-active"
    );
    station.whole();
}

#[test]
fn what_a_run_uses_stays_until_the_run_ends() {
    let station = Station::with(&["1.0.0"]);
    station.activate("1.0.0");
    let mut run = station.run_a01(&["--repeat", "1000000"]);
    let mut run = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while state(&station) != "executing" {
        assert_eq!(run.try_wait().unwrap(), None, "the run has ended by itself");
    }
    station.json(&["deactivate", "lifted"], 0);
    let message = station.refused(&["uninstall", "lifted", "1.0.0"], 2, "2007");
    assert!(message.starts_with("lifted 1.0.0 is in use by "), "{message}");
    let message = station.refused(&["uninstall", "lifted", "1.0.0", "--force", "--wait", "0"], 2, "2007");
    assert!(
        message.ends_with("it is not active any more and will not start again"),
        "{message}"
    );
    assert_eq!(state(&station), "stopped");
    station.refused(&["activate", "lifted", "1.0.0", "--all"], 2, "2005");
    station.refused(&["rollback", "--pid", "A01"], 2, "nothing-before");
    run.kill().unwrap();
    run.wait().unwrap();
    station.json(&["uninstall", "lifted", "1.0.0"], 0);
    assert_eq!(station.json(&["list"], 0)["versions"], json!([]));
    let operations: Vec<Value> = station.audit().iter().map(|entry| entry["operation"].clone()).collect();
    let expected = [
        "create",
        "install",
        "activate",
        "deactivate",
        "uninstall",
        "stop",
        "uninstall",
        "activate",
        "rollback",
        "uninstall",
    ];
    assert_eq!(operations, expected);
    station.whole();
}

#[test]
fn force_waits_for_the_last_user() {
    let station = Station::with(&["1.0.0"]);
    station.activate("1.0.0");
    let store = Store::open(station.store(""), StoreOptions::default()).unwrap();
    let users = [store.open_active("A01").unwrap(), store.open_active("A01").unwrap()];
    let mut uninstall = station.command(&["uninstall", "lifted", "1.0.0", "--force", "--wait", "600"]);
    let uninstall = uninstall.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while state(&station) != "stopped" {}
    let refused = store.open_active("A01").err().map(|error| error.to_string());
    assert_eq!(refused.as_deref(), Some("no algorithm is active for A01"));
    // What is open can be read to the end.
    assert_eq!(
        users[0].package().assets().read("notes.txt", 0, 100).unwrap().unwrap(),
        b"for nobody"
    );
    drop(users);
    Answer::from(uninstall.wait_with_output().unwrap()).expect(0);
    assert_eq!(station.json(&["list"], 0)["versions"], json!([]));
    station.whole();
}

/// Changes something in the store while it is being verified.
struct Meddler<'s> {
    store: &'s Store,
    done: usize,
}

impl Progress for Meddler<'_> {
    fn stage(&mut self, stage: Stage) {
        if stage == Stage::Hashing {
            let which = Selection::Pids(vec!["A01".to_owned()]);
            match self.done {
                0 => drop(self.store.deactivate(&which).unwrap()),
                _ => drop(self.store.roll_back(&which, &mut NoProgress).unwrap()),
            }
            self.done += 1;
        }
    }
}

#[test]
fn reading_a_version_keeps_nobody_from_changing_the_store() {
    let station = Station::with(&["1.0.0", "1.1.0"]);
    station.activate("1.0.0");
    let options = StoreOptions {
        // Whoever read with the lock held would be waited for in vain, on this very thread. A moment is allowed all the same: a
        // process that another test starts has the descriptor of the lock until it begins its program.
        wait: Duration::from_secs(10),
        ..StoreOptions::default()
    };
    let store = Store::open(station.store(""), options).unwrap();
    let mut meddler = Meddler { store: &store, done: 0 };
    let verification = store.verify(&mut meddler).unwrap();
    assert_eq!(verification.findings, []);
    assert_eq!(meddler.done, 2);
    station.whole();
}
