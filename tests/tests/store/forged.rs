//! Stores that were changed with care: registry, archive and deployed files agree where somebody thinks that anybody looks.
//! What runs is what was signed all the same.

use crate::policy::{decide, signature};
use crate::stage::{Station, parts, parts_named};
use procvision_host::archive::{self, Archive};
use procvision_host::store::{Store, StoreOptions};
use procvision_tests::binary::Answer;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;

const FOLDER: &str = "deployed/lifted/1.0.0";
const ZIP: &str = "zips/lifted-v1.0.0-offline.zip";

/// A strict station at which a signed version judges A01.
fn strict() -> Station {
    let station = Station::new();
    decide(&station, &json!({ "policy_version": 1, "signatures": "strict" }));
    let one = parts("1.0.0");
    let signed = archive::embed(&one.archive(), &signature(&station, &one, "line")).unwrap();
    fs::write(station.path("one.zip"), signed).unwrap();
    station.json(&["install", "one.zip"], 0);
    station.activate("1.0.0");
    Answer::of(&mut station.run_a01(&[])).expect(0);
    station
}

fn record(content: &[u8]) -> Value {
    json!({ "bytes": content.len(), "sha256": format!("{:x}", Sha256::digest(content)) })
}

/// Changes what the registry says of the version.
fn forge(station: &Station, change: impl FnOnce(&mut Value)) {
    let mut registry = station.registry();
    change(&mut registry["algorithms"]["lifted"]["1.0.0"]);
    fs::write(station.store("registry.json"), registry.to_string()).unwrap();
}

/// Nothing uses the version, and everybody is told this.
#[track_caller]
fn found(station: &Station, expected: &str) {
    let findings = station.findings();
    assert!(findings.contains(&format!("archive: {expected}")), "{findings:?}");
    let message = format!("lifted 1.0.0 is not as it was installed: {expected}");
    let refused = Answer::of(&mut station.run_a01(&[])).expect(1).json();
    assert_eq!(
        (&refused["error"]["code"], &refused["error"]["message"]),
        (&json!("altered"), &json!(message)),
        "{refused}"
    );
    station.json(&["deactivate", "--pid", "A01"], 0);
    assert_eq!(station.refused(&["rollback", "--pid", "A01"], 1, "altered"), message);
    let activate = ["activate", "lifted", "1.0.0", "--pid", "A01"];
    assert_eq!(station.refused(&activate, 1, "altered"), message);
    assert_eq!(
        station.refused(&["switch", "lifted", "1.0.0", "--pid", "A01"], 2, "2006"),
        "A01 is not judged by any version, so that there is nothing to switch from"
    );
}

#[test]
fn a_file_that_registry_and_folder_have_otherwise_than_the_archive_is_not_used() {
    let other = parts("1.1.0").files["component.wasm"].clone();
    for (path, content) in [
        ("component.wasm", other.as_slice()),
        ("assets/notes.txt", b"for everybody"),
        ("manifest.json", b"{}"),
        ("assets/more.txt", b"more"),
    ] {
        let station = strict();
        fs::write(station.store(FOLDER).join(path), content).unwrap();
        forge(&station, |installed| installed["files"][path] = record(content));
        found(
            &station,
            &format!("the registry says of {path} what the archive does not"),
        );
    }
    let station = strict();
    fs::remove_file(station.store(FOLDER).join("assets/notes.txt")).unwrap();
    forge(&station, |installed| {
        installed["files"].as_object_mut().unwrap().remove("assets/notes.txt");
    });
    found(
        &station,
        "the registry says of assets/notes.txt what the archive does not",
    );
}

#[test]
fn the_archive_of_another_algorithm_is_not_this_one_however_well_it_is_signed() {
    let station = strict();
    let other = parts_named("second", "1.0.0");
    let signed = archive::embed(&other.archive(), &signature(&station, &other, "line")).unwrap();
    let archive = Archive::parse(signed.clone(), Path::new("second.zip")).unwrap();
    let files: serde_json::Map<String, Value> = archive
        .entries()
        .map(|entry| {
            let content = archive.content(&entry.name).unwrap().unwrap();
            fs::write(station.store(FOLDER).join(&entry.name), &content).unwrap();
            (entry.name.clone(), record(&content))
        })
        .collect();
    fs::write(station.store(ZIP), &signed).unwrap();
    forge(&station, |installed| {
        installed["digest"] = json!(archive.digest());
        installed["zip"] = record(&signed);
        installed["files"] = files.into();
    });
    found(&station, "the archive is of second 1.0.0");
}

#[test]
fn product_models_are_those_of_the_manifest() {
    let station = strict();
    forge(&station, |installed| {
        installed["supported_pids"] = json!(["A01", "B01"])
    });
    let message = "lifted 1.0.0 is not as it was installed: the registry has other product models than the manifest";
    let activate = ["activate", "lifted", "1.0.0", "--pid", "B01"];
    assert_eq!(station.refused(&activate, 1, "altered"), message);
    found(&station, "the registry has other product models than the manifest");
}

#[test]
fn what_is_open_does_not_change_with_the_deployed_files() {
    let station = strict();
    let store = Store::open(station.store(""), StoreOptions::default()).unwrap();
    let open = store.open_active("A01").unwrap();
    for path in ["assets/notes.txt", "component.wasm"] {
        // In place, so that whoever has the file open sees it.
        fs::write(station.store(FOLDER).join(path), b"not what was signed").unwrap();
    }
    let notes = open.package().assets().read("notes.txt", 0, 100).unwrap().unwrap();
    assert_eq!(notes, b"for nobody");
    assert_eq!(open.package().component(), parts("1.0.0").files["component.wasm"]);
}

#[test]
fn sizes_that_no_sum_can_hold_are_findings() {
    let station = Station::with(&["1.0.0", "1.1.0"]);
    station.activate("1.0.0");
    forge(&station, |installed| {
        for path in ["component.wasm", "assets/notes.txt"] {
            installed["files"][path]["bytes"] = json!(u64::MAX);
        }
    });
    let findings = station.findings();
    assert!(
        findings.contains(&format!("files: {FOLDER}/component.wasm was changed")),
        "{findings:?}"
    );
    Answer::of(&mut station.run_a01(&[])).expect(1);
    let listed = station.json(&["list"], 0);
    assert_eq!(listed["versions"][0]["bytes"], json!(u64::MAX));
    station.json(&["gc", "--dry-run", "--never-activated"], 0);
    let mut registry = station.registry();
    registry["audit"]["bytes"] = json!(u64::MAX);
    fs::write(station.store("registry.json"), registry.to_string()).unwrap();
    station.findings();
    station.json(&["deactivate", "lifted"], 0);
}
