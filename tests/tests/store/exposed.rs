//! What other users of the machine can get at: locks, and under strict signatures everything that decides.

use crate::policy::{decide, signature};
use crate::stage::{Station, parts};
use procvision_tests::binary::Answer;
use serde_json::json;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

fn mode(station: &Station, path: &str) -> u32 {
    fs::metadata(station.store(path)).unwrap().permissions().mode() & 0o7777
}

fn set(station: &Station, path: &str, mode: u32) {
    fs::set_permissions(station.store(path), Permissions::from_mode(mode)).unwrap();
}

#[test]
fn nobody_else_can_hold_a_lock() {
    const LOCKS: [&str; 2] = [".lock", "uses/lifted-v1.0.0.lock"];
    let station = Station::with(&["1.0.0"]);
    station.activate("1.0.0");
    assert_eq!(LOCKS.map(|lock| mode(&station, lock)), [0o600; 2]);
    // As they were made once.
    for lock in LOCKS {
        set(&station, lock, 0o644);
    }
    Answer::of(&mut station.run_a01(&[])).expect(0);
    assert_eq!(LOCKS.map(|lock| mode(&station, lock)), [0o600; 2]);
}

#[test]
fn where_signatures_are_strict_nobody_else_may_decide() {
    let station = Station::new();
    let strict = json!({ "policy_version": 1, "signatures": "strict" });
    decide(&station, &strict);
    let one = parts("1.0.0");
    let zip = station.zip(&one);
    fs::write(zip.with_extension("zip.minisig"), signature(&station, &one, "line")).unwrap();
    station.json(&["install", zip.to_str().unwrap()], 0);
    station.activate("1.0.0");
    station.whole();
    let exposed = [
        ("policy.json", 0o664),
        ("policy.json", 0o646),
        ("trusted", 0o775),
        ("trusted", 0o1775),
        ("trusted/line.pub", 0o664),
        ("", 0o757),
        ("", 0o1777),
    ];
    for (path, open) in exposed {
        let closed = mode(&station, path);
        set(&station, path, open);
        let refused = Answer::of(&mut station.run_a01(&[])).expect(2).json();
        assert_eq!(refused["error"]["code"], "policy-exposed", "{path}: {refused}");
        station.refused(&["activate", "lifted", "1.0.0", "--all"], 2, "policy-exposed");
        let findings = station.findings();
        assert!(
            findings
                .iter()
                .any(|one| one.starts_with("policy: others than root and the user who runs this can change ")),
            "{path}: {findings:?}"
        );
        set(&station, path, closed);
    }
    Answer::of(&mut station.run_a01(&[])).expect(0);
    // Who accepts everything has nothing to lose here.
    decide(&station, &json!({ "policy_version": 1 }));
    set(&station, "policy.json", 0o664);
    Answer::of(&mut station.run_a01(&[])).expect(0);
}
