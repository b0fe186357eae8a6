//! What the commands make of arguments that cannot be meant, and of stores that are not there.

use crate::stage::{Station, parts};
use procvision_tests::binary::{Answer, procvision};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

#[test]
fn names_that_lead_elsewhere_are_no_names() {
    let station = Station::with(&["1.0.0"]);
    fs::create_dir(station.path("victim")).unwrap();
    for name in ["../victim", "..", "/etc", "a/b", "a\\b", "A", ""] {
        station.refused(&["uninstall", name, "1.0.0", "--force"], 2, "usage");
        station.refused(&["activate", name, "1.0.0", "--all"], 2, "usage");
    }
    for version in ["../../victim", "1.0", "1.0.0/..", "v1.0.0", ""] {
        station.refused(&["uninstall", "lifted", version, "--force"], 2, "usage");
    }
    for pid in ["../A01", "..", "A/01", "", "A 01"] {
        station.refused(&["activate", "lifted", "1.0.0", "--pid", pid], 2, "usage");
    }
    assert!(station.path("victim").is_dir());
    station.whole();
}

#[test]
fn a_store_is_named_by_option_or_environment() {
    let station = Station::with(&["1.0.0"]);
    let list = |variable: Option<&std::path::Path>| {
        let mut command = procvision();
        command.env_remove("PROCVISION_STORE").args(["store", "list", "--json"]);
        if let Some(variable) = variable {
            command.env("PROCVISION_STORE", variable);
        }
        Answer::of(&mut command)
    };
    let answer = list(Some(&station.store(""))).expect(0).json();
    assert_eq!(answer["versions"].as_array().unwrap().len(), 1);
    let refused = list(None).expect(2).json();
    assert_eq!(refused["error"]["code"], "usage");
}

#[test]
fn nothing_but_install_makes_a_store() {
    let station = Station::new();
    for arguments in [&["list"][..], &["verify"], &["gc"], &["uninstall", "lifted", "1.0.0"]] {
        station.refused(arguments, 2, "no-store");
    }
    assert!(!station.store("").exists());
}

#[test]
fn no_store_is_made_among_other_files() {
    let station = Station::new();
    fs::create_dir(station.store("")).unwrap();
    fs::write(station.store("thesis.txt"), "text").unwrap();
    let zip = station.zip(&parts("1.0.0"));
    let message = station.refused(&["install", zip.to_str().unwrap()], 2, "no-store");
    assert!(message.contains("`thesis.txt`"), "{message}");
    assert_eq!(fs::read_dir(station.store("")).unwrap().count(), 1);
}

#[test]
fn policy_and_keys_may_lie_there_before_the_store() {
    let station = Station::new();
    fs::create_dir_all(station.store("trusted")).unwrap();
    fs::write(station.store("policy.json"), r#"{"policy_version": 1}"#).unwrap();
    station.install(&parts("1.0.0"));
    station.whole();
}

#[test]
fn run_takes_a_package_or_a_store() {
    let station = Station::with(&["1.0.0"]);
    let both = Answer::of(&mut station.run_a01(&["."])).expect(2).json();
    assert_eq!(both["error"]["code"], "usage", "{both}");
    let neither = Answer::of(procvision().args(["run", "--pid", "A01", "--camera", "c", "--json"]))
        .expect(2)
        .json();
    assert_eq!(neither["error"]["code"], "usage", "{neither}");
    let by_environment = |arguments: &[&str]| {
        let mut command = procvision();
        command.env("PROCVISION_STORE", station.store(""));
        Answer::of(
            command
                .args(["run", "--pid", "A01", "--camera", "c", "--json"])
                .args(arguments),
        )
    };
    let inactive = by_environment(&[]).expect(2).json();
    assert_eq!(inactive["error"]["code"], "not-active", "{inactive}");
    // It is the store's policy that holds.
    let policy = by_environment(&["--policy", "policy.json"]).expect(2).json();
    assert_eq!(policy["error"]["code"], "usage", "{policy}");
    let inactive = Answer::of(&mut station.run_a01(&[])).expect(2).json();
    assert_eq!(inactive["error"]["code"], "not-active", "{inactive}");
}

#[test]
fn what_can_be_named_is_said() {
    let station = Station::with(&["1.0.0"]);
    for (arguments, expected) in [
        (&["activate", "lifted", "1.0.0"][..], "<--pid <PID>|--all>"),
        (&["rollback"], "<NAME|--pid <PID>>"),
        (&["deactivate"], "<NAME|--pid <PID>>"),
    ] {
        let message = station.refused(arguments, 2, "usage");
        assert!(message.contains(expected), "{message}");
    }
    let text = station.run(&["verify"]).expect(0).stdout;
    assert!(text.contains("1 version, 5 files, "), "{text}");
}

#[test]
fn a_strict_station_is_set_up_before_its_store_is() {
    let station = Station::new();
    let run = |arguments: &[&str], status| {
        let mut command = procvision();
        command
            .current_dir(station.path(""))
            .env("PROCVISION_STORE", station.store(""));
        Answer::of(command.args(arguments)).expect(status)
    };
    fs::create_dir(station.store("")).unwrap();
    let zip = station.zip(&parts("1.0.0"));
    let zip = zip.to_str().unwrap();
    run(&["keygen", "line", "--no-password"], 0);
    fs::write(
        station.store("policy.json"),
        r#"{"policy_version": 1, "signatures": "strict"}"#,
    )
    .unwrap();
    for path in [station.store(""), station.store("policy.json")] {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
    run(&["trust", "add", "line.pub"], 0);
    run(&["trust", "list"], 0);
    run(&["store", "install", zip], 1);
    run(&["sign", zip, "--key", "line.key"], 0);
    run(&["store", "install", zip], 0);
    station.whole();
}
