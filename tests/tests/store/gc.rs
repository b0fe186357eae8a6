//! Removing what nobody needs any more.

use crate::stage::{Station, parts};
use serde_json::{Value, json};
use std::fs;

fn things(answer: &Value) -> Vec<String> {
    let things = answer["things"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    things
        .iter()
        .map(|thing| format!("{} {}", text(&thing["thing"]), text(&thing["what"])))
        .collect()
}

fn compiled(station: &Station) -> usize {
    let entries = fs::read_dir(station.store("compiled")).unwrap();
    entries
        .filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .path()
                .extension()
                .is_some_and(|end| end == "cwasm")
        })
        .count()
}

#[test]
fn versions_that_were_left_long_ago_go_and_others_stay() {
    let station = Station::with(&["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0"]);
    station.activate("1.0.0");
    for version in ["1.1.0", "1.2.0", "1.3.0"] {
        station.json(&["switch", "lifted", version], 0);
    }
    let would = station.json(&["gc", "--dry-run"], 0);
    assert_eq!(things(&would), ["version lifted 1.0.0", &things(&would)[1]], "{would}");
    assert!(things(&would)[1].starts_with("compiled compiled/"), "{would}");
    assert_eq!(station.json(&["list"], 0)["versions"].as_array().unwrap().len(), 6);
    let done = station.json(&["gc"], 0);
    assert_eq!(things(&done), things(&would));
    assert!(done["bytes"].as_u64().unwrap() > 1_000, "{done}");
    assert_eq!(compiled(&station), 5);
    station.whole();
    // Those that were never active stay unless that is said.
    assert_eq!(things(&station.json(&["gc"], 0)), Vec::<String>::new());
    let done = station.json(&["gc", "--never-activated"], 0);
    assert_eq!(things(&done)[..2], ["version lifted 1.4.0", "version lifted 1.5.0"]);
    assert_eq!(compiled(&station), 3);
    for version in ["1.2.0", "1.1.0"] {
        station.json(&["rollback", "lifted"], 0);
        assert_eq!(station.active().as_deref(), Some(version));
    }
    station.whole();
}

#[test]
fn leftovers_go_and_say_so() {
    let station = Station::with(&["1.0.0"]);
    fs::create_dir_all(station.store("tmp/install-abcdef/package")).unwrap();
    fs::write(station.store("tmp/install-abcdef/package.zip"), "half").unwrap();
    fs::write(station.store("zips/old.zip"), "old").unwrap();
    fs::write(station.store("uses/old-v1.0.0.lock"), "").unwrap();
    fs::write(station.store("compiled/ff.cwasm"), "native").unwrap();
    let expected = [
        "leftover tmp/install-abcdef",
        "unregistered zips/old.zip",
        "unregistered uses/old-v1.0.0.lock",
        "compiled compiled/ff.cwasm",
    ];
    assert_eq!(things(&station.json(&["gc", "--dry-run"], 0)), expected);
    assert!(station.store("tmp/install-abcdef").exists());
    let done = station.json(&["gc"], 0);
    assert_eq!(things(&done)[0], "leftover took away tmp/install-abcdef");
    assert_eq!(things(&done)[1..], expected[1..]);
    assert_eq!(fs::read_dir(station.store("tmp")).unwrap().count(), 0);
    let audit = station.audit();
    let operations: Vec<&Value> = audit.iter().map(|entry| &entry["operation"]).collect();
    assert_eq!(operations[2..], [&json!("mend"), &json!("gc")]);
    assert_eq!(
        audit[3]["detail"],
        "zips/old.zip, uses/old-v1.0.0.lock, compiled/ff.cwasm"
    );
    station.whole();
}

#[test]
fn a_version_that_is_in_use_stays() {
    let station = Station::with(&["1.0.0"]);
    station.install(&parts("1.1.0"));
    let lock = station.store("uses/lifted-v1.1.0.lock");
    let lock = fs::File::create(lock).unwrap();
    lock.lock_shared().unwrap();
    let done = station.json(&["gc", "--never-activated"], 0);
    let kept = done["things"]
        .as_array()
        .unwrap()
        .iter()
        .find(|thing| thing["what"] == "lifted 1.1.0")
        .unwrap();
    assert!(kept["kept"].as_str().unwrap().contains("in use"), "{done}");
    assert_eq!(station.json(&["list"], 0)["versions"][0]["version"], "1.1.0");
    station.whole();
}
