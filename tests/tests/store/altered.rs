//! Files that were changed behind the store's back: verify names each, and nothing of them is used.

use crate::stage::{Station, parts};
use procvision_tests::binary::Answer;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

const FOLDER: &str = "deployed/lifted/1.0.0";

#[test]
fn a_changed_version_is_found_and_not_run() {
    type Change = fn(&Path);
    let append = |path: &Path| {
        let mut content = fs::read(path).unwrap();
        content.push(0);
        fs::write(path, content).unwrap();
    };
    let flip = |path: &Path| {
        let mut content = fs::read(path).unwrap();
        let last = content.len() - 1;
        content[last] ^= 1;
        fs::write(path, content).unwrap();
    };
    let link = |path: &Path| {
        let aside = path.with_file_name("aside");
        fs::rename(path, &aside).unwrap();
        symlink(&aside, path).unwrap();
    };
    let changes: [(&str, Change, &str); 9] = [
        ("component.wasm", flip, "component.wasm was changed"),
        ("component.wasm", append, "component.wasm was changed"),
        (
            "component.wasm",
            |path| fs::remove_file(path).unwrap(),
            "component.wasm is missing",
        ),
        ("component.wasm", link, "component.wasm is not a file"),
        ("manifest.json", flip, "manifest.json was changed"),
        ("assets/notes.txt", flip, "assets/notes.txt was changed"),
        (
            "assets/notes.txt",
            |path| fs::remove_file(path).unwrap(),
            "assets/notes.txt is missing",
        ),
        (
            "assets/more.txt",
            |path| fs::write(path, "more").unwrap(),
            "assets/more.txt was added",
        ),
        ("assets/notes.txt", link, "assets/notes.txt is not a file"),
    ];
    for (file, change, expected) in changes {
        let station = Station::with(&["1.0.0"]);
        station.activate("1.0.0");
        Answer::of(&mut station.run_a01(&[])).expect(0);
        change(&station.store(FOLDER).join(file));
        let findings = station.findings();
        let wanted = format!("files: {FOLDER}/{expected}");
        assert!(findings.contains(&wanted), "{findings:?}");
        let refused = Answer::of(&mut station.run_a01(&[])).expect(1).json();
        assert_eq!(refused["error"]["code"], "altered", "{refused}");
        assert!(
            refused["error"]["message"]
                .as_str()
                .unwrap()
                .starts_with("lifted 1.0.0 is not as it was installed: ")
        );
        station.json(&["deactivate", "lifted"], 0);
        station.refused(&["rollback", "lifted"], 1, "altered");
        station.refused(&["activate", "lifted", "1.0.0", "--all"], 1, "altered");
    }
}

#[test]
fn a_folder_that_became_a_link_is_not_followed() {
    for folder in ["deployed", "deployed/lifted", FOLDER, "deployed/lifted/1.0.0/assets"] {
        let station = Station::with(&["1.0.0"]);
        station.activate("1.0.0");
        fs::rename(station.store(folder), station.path("elsewhere")).unwrap();
        symlink(station.path("elsewhere"), station.store(folder)).unwrap();
        Answer::of(&mut station.run_a01(&[])).expect(1);
        assert!(
            station.findings().iter().any(|one| one.starts_with("files: ")),
            "{folder}"
        );
    }
}

#[test]
fn a_changed_archive_is_found_and_its_version_not_used() {
    let station = Station::with(&["1.0.0"]);
    station.activate("1.0.0");
    let zip = station.store("zips/lifted-v1.0.0-offline.zip");
    let whole = fs::read(&zip).unwrap();
    let mut other = whole.clone();
    other[100] ^= 1;
    fs::write(&zip, &other).unwrap();
    assert_eq!(
        station.findings(),
        ["archive: zips/lifted-v1.0.0-offline.zip was changed"]
    );
    Answer::of(&mut station.run_a01(&[])).expect(1);
    fs::remove_file(&zip).unwrap();
    assert_eq!(
        station.findings(),
        ["archive: zips/lifted-v1.0.0-offline.zip is missing"]
    );
    fs::write(&zip, &whole).unwrap();
    station.whole();
}

#[test]
fn what_the_registry_does_not_know_is_found() {
    let station = Station::with(&["1.0.0"]);
    station.activate("1.0.0");
    fs::create_dir_all(station.store("deployed/stranger/1.0.0")).unwrap();
    fs::write(station.store("zips/stranger.zip"), "zip").unwrap();
    fs::write(station.store("active/notes.txt"), "text").unwrap();
    let findings = station.findings();
    assert_eq!(
        findings,
        [
            "unregistered: deployed/stranger is not in the registry",
            "unregistered: zips/stranger.zip is not in the registry",
            "active: active/notes.txt is not what the registry says",
        ]
    );
    fs::remove_file(station.store("active/notes.txt")).unwrap();
    station.json(&["gc"], 0);
    station.whole();
}

#[test]
fn what_is_active_follows_the_registry_again() {
    let station = Station::with(&["1.0.0"]);
    station.activate("1.0.0");
    let file = station.store("active/A01.json");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, "{}").unwrap();
    fs::write(station.store("active/B01.json"), &whole).unwrap();
    let answer = station.whole();
    assert_eq!(answer["mended"].as_array().unwrap().len(), 2, "{answer}");
    assert_eq!(fs::read(&file).unwrap(), whole);
    assert!(!station.store("active/B01.json").exists());
    assert_eq!(station.audit().pop().unwrap()["operation"], "mend");
}

#[test]
fn a_missing_file_makes_a_version_invalid_in_the_list() {
    let station = Station::with(&["1.0.0", "1.1.0"]);
    fs::remove_file(station.store("deployed/lifted/1.1.0/assets/notes.txt")).unwrap();
    let answer = station.json(&["list", "--state", "invalid"], 0);
    assert_eq!(answer["versions"][0]["version"], "1.1.0");
    assert_eq!(answer["versions"].as_array().unwrap().len(), 1);
    // It can be installed anew once it is uninstalled.
    station.json(&["uninstall", "lifted", "1.1.0"], 0);
    station.install(&parts("1.1.0"));
    station.whole();
}
