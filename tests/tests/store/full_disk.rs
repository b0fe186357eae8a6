//! Installing where nothing more can be written: a bound on the size of files that the kernel enforces, from too little
//! for anything to enough for everything; and a store that may only be read.

use crate::stage::{Station, parts};
use procvision_tests::binary::{Answer, procvision_binary};
use std::fs;
use std::process::Command;

/// The store's command under a bound of so many units of 512 bytes for each file.
fn bounded(station: &Station, units: usize, arguments: &[&str]) -> Answer {
    let mut command = Command::new("sh");
    command
        .current_dir(station.path(""))
        // Where the signal is ignored, writing fails as it does on a full disk.
        .args(["-c", r#"trap '' XFSZ; ulimit -f "$1"; shift; exec "$@""#, "sh"])
        .arg(units.to_string())
        .arg(procvision_binary())
        .args(["store", "--json", "--store"])
        .arg(station.store(""))
        .args(arguments);
    Answer::of(&mut command)
}

#[test]
fn an_installation_that_runs_out_of_space_leaves_nothing() {
    let station = Station::with(&["1.0.0"]);
    let noise: Vec<u8> = (0..200_000_u32)
        .flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    let zip = station.zip(&parts("1.1.0").with("assets/noise.bin", &noise));
    let zip = zip.to_str().unwrap();
    let before = station.registry()["algorithms"].clone();
    let mut failed = 0;
    for units in [0, 1, 2, 4, 8, 12, 16, 32, 64, 256, 1024] {
        let answer = bounded(&station, units, &["install", zip]);
        assert_ne!(answer.status, 0, "{units}: {answer:?}");
        failed += 1;
        assert_eq!(station.registry()["algorithms"], before, "{units}");
        station.whole();
        assert!(!station.store("deployed/lifted/1.1.0").exists(), "{units}");
    }
    assert_eq!(failed, 11);
    assert_eq!(bounded(&station, 1 << 20, &["install", zip]).status, 0);
    station.whole();
}

#[test]
fn every_other_operation_that_runs_out_of_space_changes_nothing_or_all() {
    let station = Station::with(&["1.0.0", "1.1.0"]);
    station.activate("1.0.0");
    for units in 0..24 {
        for arguments in [&["switch", "lifted", "1.1.0"][..], &["rollback", "lifted"]] {
            let before = station.active();
            let answer = bounded(&station, units, arguments);
            let after = station.active();
            assert_eq!(answer.status != 0, before == after, "{units} {arguments:?} {answer:?}");
            station.whole();
        }
    }
}

#[test]
fn a_store_that_can_only_be_read_can_be_read() {
    let station = Station::with(&["1.0.0"]);
    station.activate("1.0.0");
    // In a mount of its own, so that it holds for root as well.
    let script = r#"mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@""#;
    let read_only = |arguments: &[&str]| {
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--map-root-user", "sh", "-c", script, "sh"])
            .arg(station.store(""))
            .arg(procvision_binary())
            .args(["store", "--json", "--store"])
            .arg(station.store(""))
            .args(arguments);
        command
    };
    let possible = Command::new("unshare")
        .args(["--mount", "--map-root-user", "true"])
        .status();
    if !possible.is_ok_and(|status| status.success()) {
        eprintln!("skipped: this machine lets nobody make a mount of his own");
        return;
    }
    let listing = Answer::of(&mut read_only(&["list"])).expect(0).json();
    assert_eq!(listing["versions"][0]["state"], "running");
    let verified = Answer::of(&mut read_only(&["verify"]));
    assert!(verified.status == 0 || verified.status == 1, "{verified:?}");
    let before = fs::read(station.store("registry.json")).unwrap();
    let refused = Answer::of(&mut read_only(&["deactivate", "lifted"])).expect(2).json();
    assert_eq!(refused["error"]["code"], "store-io", "{refused}");
    assert!(
        refused["error"]["message"]
            .as_str()
            .unwrap()
            .starts_with("cannot write "),
        "{refused}"
    );
    assert_eq!(fs::read(station.store("registry.json")).unwrap(), before);
    station.whole();
}
