//! Installing: what it leaves, and what it refuses.

use crate::stage::{Station, parts, parts_named};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_package_is_unpacked_compiled_tried_and_registered() {
    let station = Station::new();
    let package = parts("1.0.0");
    let answer = station.install(&package);
    assert_eq!(
        (&answer["name"], &answer["version"]),
        (&json!("lifted"), &json!("1.0.0"))
    );
    assert_eq!(answer["signature"]["status"], "unsigned");
    for (name, content) in &package.files {
        let deployed = station.store("deployed/lifted/1.0.0").join(name);
        assert_eq!(&fs::read(&deployed).unwrap(), content, "{name}");
        assert_eq!(
            fs::metadata(&deployed).unwrap().permissions().mode() & 0o777,
            0o644,
            "{name}"
        );
    }
    let zip = fs::read(station.store("zips/lifted-v1.0.0-offline.zip")).unwrap();
    assert_eq!(zip, package.archive());
    let compiled = fs::read_dir(station.store("compiled")).unwrap();
    let compiled = compiled.filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .path()
            .extension()
            .is_some_and(|end| end == "cwasm")
    });
    assert_eq!(compiled.count(), 1);
    assert_eq!(fs::read_dir(station.store("tmp")).unwrap().count(), 0);
    let operations: Vec<_> = station.audit().iter().map(|entry| entry["operation"].clone()).collect();
    assert_eq!(operations, ["create", "install"]);
    assert_eq!(station.audit()[1]["digest"], answer["digest"]);
    station.whole();
}

#[test]
fn nothing_is_ever_installed_over_a_version() {
    let station = Station::with(&["1.0.0"]);
    let zip = station.zip(&parts("1.0.0"));
    let before = station.registry()["algorithms"].clone();
    let same = station.refused(&["install", zip.to_str().unwrap()], 2, "2005");
    assert!(
        same.contains("installed already, from the same package (package digest "),
        "{same}"
    );
    let zip = station.zip(&parts("1.0.0").with("assets/notes.txt", b"other"));
    let other = station.refused(&["install", zip.to_str().unwrap()], 2, "2005");
    assert!(other.contains("installed already, from another package"), "{other}");
    assert_eq!(station.registry()["algorithms"], before);
    let last = station.audit().pop().unwrap();
    assert_eq!(
        (&last["operation"], &last["outcome"], &last["code"], &last["version"]),
        (&json!("install"), &json!("refused"), &json!("2005"), &json!("1.0.0"))
    );
    station.whole();
}

#[test]
fn what_is_no_package_or_does_not_work_leaves_nothing() {
    let station = Station::with(&["1.0.0"]);
    let before = station.registry()["algorithms"].clone();
    let mut cut = parts("2.0.0").archive();
    cut.truncate(cut.len() / 2);
    fs::write(station.path("cut.zip"), cut).unwrap();
    station.refused(&["install", "cut.zip"], 1, "2001");
    station.refused(&["install", "nowhere.zip"], 2, "2005");
    // What the component says of itself is not what the manifest says.
    let liar = parts("1.0.0").files["component.wasm"].clone();
    let zip = station.zip(&parts("2.0.0").with("component.wasm", &liar));
    let mismatch = station.refused(&["install", zip.to_str().unwrap()], 1, "2005");
    assert!(mismatch.contains("1.0.0") && mismatch.contains("2.0.0"), "{mismatch}");
    let zip = station.zip(&parts("2.0.0").with("component.wasm", b"\0asm no component"));
    station.refused(&["install", zip.to_str().unwrap()], 1, "2005");

    assert_eq!(station.registry()["algorithms"], before);
    assert!(!station.store("deployed/lifted/2.0.0").exists());
    for (folder, count) in [("tmp", 0), ("zips", 1), ("deployed/lifted", 1)] {
        assert_eq!(fs::read_dir(station.store(folder)).unwrap().count(), count, "{folder}");
    }
    let entries = station.audit();
    let refused: Vec<_> = entries.iter().filter(|entry| entry["outcome"] == "refused").collect();
    assert_eq!(refused.len(), 4, "{entries:?}");
    station.whole();
}

#[test]
fn what_lies_where_a_version_would_is_left_alone() {
    let station = Station::with(&["1.0.0"]);
    fs::create_dir(station.store("deployed/lifted/2.0.0")).unwrap();
    fs::write(station.store("deployed/lifted/2.0.0/mine"), "mine").unwrap();
    let zip = station.zip(&parts("2.0.0"));
    let message = station.refused(&["install", zip.to_str().unwrap()], 2, "2005");
    assert!(message.contains("in the way"), "{message}");
    assert_eq!(fs::read(station.store("deployed/lifted/2.0.0/mine")).unwrap(), b"mine");
    assert_eq!(
        station.findings(),
        ["unregistered: deployed/lifted/2.0.0 is not in the registry"]
    );
    station.json(&["gc"], 0);
    station.install(&parts("2.0.0"));
    station.whole();
}

#[test]
fn several_algorithms_have_their_own_versions() {
    let station = Station::with(&["1.0.0", "1.1.0"]);
    station.install(&parts_named("second", "1.0.0"));
    let answer = station.json(&["list"], 0);
    let versions = answer["versions"].as_array().unwrap();
    let names: Vec<_> = versions
        .iter()
        .map(|one| format!("{} {}", one["name"], one["version"]).replace('"', ""))
        .collect();
    assert_eq!(names, ["lifted 1.0.0", "lifted 1.1.0", "second 1.0.0"]);
    let answer = station.json(&["list", "--name", "second"], 0);
    assert_eq!(answer["versions"].as_array().unwrap().len(), 1);
    station.whole();
}
