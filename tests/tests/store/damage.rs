//! A store whose own files are damaged: said clearly, and nothing is touched.

use crate::stage::{Station, parts};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every file below a folder with its content.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => drop(found.insert(path.clone(), fs::read(path).unwrap())),
            }
        }
    }
    found
}

const COMMANDS: &[&[&str]] = &[
    &["list"],
    &["verify"],
    &["gc"],
    &["activate", "lifted", "1.0.0", "--all"],
    &["deactivate", "lifted"],
    &["uninstall", "lifted", "1.0.0", "--force"],
];

#[test]
fn a_damaged_registry_is_said_clearly_and_nothing_is_lost() {
    type Change = fn(Value) -> Vec<u8>;
    let changes: [Change; 7] = [
        |_| Vec::new(),
        |registry| registry.to_string().into_bytes()[..200].to_vec(),
        |_| b"[]".to_vec(),
        |mut registry| {
            registry["surprise"] = json!(1);
            registry.to_string().into_bytes()
        },
        |mut registry| {
            let version = registry["algorithms"]["lifted"]["1.0.0"].clone();
            registry["algorithms"]["lifted"] = json!({ "../../../victim": version });
            registry.to_string().into_bytes()
        },
        |mut registry| {
            let versions = registry["algorithms"]["lifted"].clone();
            registry["algorithms"] = json!({ "../victim": versions });
            registry.to_string().into_bytes()
        },
        |mut registry| {
            registry["pids"]["A01"]["active"]["release"]["version"] = json!("7.7.7");
            registry.to_string().into_bytes()
        },
    ];
    let station = Station::with(&["1.0.0"]);
    station.activate("1.0.0");
    let whole = fs::read(station.store("registry.json")).unwrap();
    let zip = station.zip(&parts("1.1.0"));
    for (number, change) in changes.iter().enumerate() {
        fs::write(station.store("registry.json"), change(station.registry())).unwrap();
        let before = contents(&station.store(""));
        for command in COMMANDS.iter().chain([&["install", zip.to_str().unwrap()].as_slice()]) {
            let message = station.refused(command, 2, "store-damaged");
            assert!(message.contains("registry.json is damaged: "), "{number}: {message}");
        }
        assert_eq!(contents(&station.store("")), before, "{number}");
        fs::write(station.store("registry.json"), &whole).unwrap();
    }
    fs::remove_file(station.store("registry.json")).unwrap();
    let message = station.refused(&["list"], 2, "store-damaged");
    assert!(message.ends_with("it is missing"), "{message}");
    fs::write(station.store("registry.json"), &whole).unwrap();
    station.whole();
}

#[test]
fn a_store_of_a_newer_host_is_left_alone() {
    let station = Station::with(&["1.0.0"]);
    let whole = fs::read(station.store("store.json")).unwrap();
    fs::write(station.store("store.json"), r#"{"store_version": 2, "shards": 7}"#).unwrap();
    let before = contents(&station.store(""));
    let zip = station.zip(&parts("1.1.0"));
    for command in COMMANDS.iter().chain([&["install", zip.to_str().unwrap()].as_slice()]) {
        let message = station.refused(command, 2, "store-version");
        assert!(message.contains("version 2"), "{message}");
    }
    assert_eq!(contents(&station.store("")), before);
    for nonsense in ["", "{}", "[1]", r#"{"store_version": 0}"#, r#"{"store_version": "1"}"#] {
        fs::write(station.store("store.json"), nonsense).unwrap();
        station.refused(&["list"], 2, "store-damaged");
    }
    fs::write(station.store("store.json"), whole).unwrap();
    station.whole();
}

#[test]
fn a_lost_store_file_is_written_again_by_the_next_installation() {
    let station = Station::with(&["1.0.0"]);
    fs::remove_file(station.store("store.json")).unwrap();
    station.refused(&["list"], 2, "no-store");
    station.install(&parts("1.1.0"));
    assert_eq!(station.json(&["list"], 0)["versions"].as_array().unwrap().len(), 2);
    station.whole();
}

#[test]
fn folders_that_are_gone_are_missed_where_they_matter() {
    let station = Station::with(&["1.0.0"]);
    station.activate("1.0.0");
    for folder in ["tmp", "uses", "active"] {
        fs::remove_dir_all(station.store(folder)).unwrap();
    }
    station.whole();
    fs::remove_dir_all(station.store("deployed")).unwrap();
    assert_eq!(station.findings(), ["files: deployed/lifted/1.0.0 is missing"]);
}

#[test]
fn a_full_registry_takes_nothing_more_and_can_be_emptied() {
    let station = Station::with(&["1.0.0", "1.1.0"]);
    station.activate("1.0.0");
    let fill = |bytes: usize| {
        let mut registry = station.registry();
        registry["algorithms"]["lifted"]["1.1.0"]["description"] = json!("d".repeat(bytes));
        fs::write(station.store("registry.json"), registry.to_string()).unwrap();
    };
    let zip = station.zip(&parts("1.2.0"));
    // What is left must do for everything that takes away.
    fill(63 << 20);
    let message = station.refused(&["install", zip.to_str().unwrap()], 2, "store-full");
    assert!(message.contains(" bytes, and may have "), "{message}");
    assert!(!station.store("zips/lifted-v1.2.0-offline.zip").exists());
    station.refused(&["activate", "lifted", "1.1.0", "--pid", "A01"], 2, "2006");
    station.json(&["list"], 0);
    station.whole();
    station.json(&["uninstall", "lifted", "1.1.0"], 0);
    station.install(&parts("1.2.0"));
    station.whole();
}

#[test]
fn a_description_that_would_fill_the_registry_is_none() {
    let station = Station::new();
    let mut manifest: Value = serde_json::from_slice(&parts("1.0.0").files["manifest.json"]).unwrap();
    manifest["description"] = json!("d".repeat(1_001));
    let long = manifest.to_string();
    manifest["description"] = json!("d".repeat(1_000));
    let archive = |manifest: &str| {
        procvision_host::archive::write(&parts("1.0.0").with("manifest.json", manifest.as_bytes()).files)
    };
    let why = format!("{:#}", archive(&long).unwrap_err());
    assert!(why.contains("`description`"), "{why}");
    fs::write(station.path("a.zip"), archive(&manifest.to_string()).unwrap()).unwrap();
    station.json(&["install", "a.zip"], 0);
}
