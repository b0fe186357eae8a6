//! The store's policy holds when something is installed, activated, run and verified, by the same code.

use crate::stage::{Parts, Station, parts};
use procvision_host::archive::{self, Archive};
use procvision_host::signing::{LockedKey, NewKey, sign};
use procvision_host::whole_file::Existing;
use procvision_tests::binary::Answer;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::SystemTime;

/// Writes the policy of the store, which may not be there yet, so that nobody else can change it.
pub fn decide(station: &Station, policy: &Value) {
    fs::create_dir_all(station.store("trusted")).unwrap();
    fs::write(station.store("policy.json"), policy.to_string()).unwrap();
    for (path, mode) in [("", 0o755), ("trusted", 0o755), ("policy.json", 0o644)] {
        fs::set_permissions(station.store(path), Permissions::from_mode(mode)).unwrap();
    }
}

#[test]
fn an_unsigned_package_is_loudly_accepted_or_refused() {
    let station = Station::new();
    let installed = station.install(&parts("1.0.0"));
    assert_eq!(installed["objections"][0]["rule"], "signatures", "{installed}");
    let answer = station.run(&["activate", "lifted", "1.0.0", "--all"]).expect(0);
    assert!(
        answer.stdout.contains("warning: the package is not signed"),
        "{answer:?}"
    );
    let ran = Answer::of(&mut station.run_a01(&[])).expect(0).json();
    assert!(
        ran["warnings"].to_string().contains("the package is not signed"),
        "{ran}"
    );

    // What was good enough yesterday is judged by today's policy.
    decide(&station, &json!({ "policy_version": 1, "signatures": "strict" }));
    let zip = station.zip(&parts("1.1.0"));
    station.refused(&["install", zip.to_str().unwrap()], 1, "2005");
    let ran = Answer::of(&mut station.run_a01(&[])).expect(1).json();
    assert_eq!(ran["error"]["code"], "2005", "{ran}");
    station.json(&["deactivate", "lifted"], 0);
    station.refused(&["activate", "lifted", "1.0.0", "--all"], 1, "2005");
    station.refused(&["rollback", "lifted"], 1, "2005");
    let findings = station.findings();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].starts_with("policy: "), "{findings:?}");
    decide(&station, &json!({ "policy_version": 1 }));
    station.json(&["rollback", "lifted"], 0);
    station.whole();
}

#[test]
fn imports_that_the_policy_does_not_allow_are_refused() {
    let station = Station::new();
    decide(&station, &json!({ "policy_version": 1, "closed_imports": "refuse" }));
    station.install(&parts("1.0.0"));
    let only = json!({ "policy_version": 1, "allowed_imports": ["procvision:algorithm/lifecycle"] });
    decide(&station, &only);
    let zip = station.zip(&parts("1.1.0"));
    // A policy under which nothing runs is a mistake in the policy.
    let answer = station.json(&["install", zip.to_str().unwrap()], 2);
    assert!(
        answer["error"]["message"].as_str().unwrap().contains("allowed_imports"),
        "{answer}"
    );
}

#[test]
fn a_policy_that_cannot_be_read_stops_everything_that_asks_it() {
    let station = Station::with(&["1.0.0"]);
    fs::write(
        station.store("policy.json"),
        r#"{"policy_version": 1, "signature": "strict"}"#,
    )
    .unwrap();
    let zip = station.zip(&parts("1.1.0"));
    for arguments in [
        &["install", zip.to_str().unwrap()][..],
        &["activate", "lifted", "1.0.0", "--all"],
        &["verify"],
    ] {
        let answer = station.json(arguments, 2);
        assert!(
            answer["error"]["message"].as_str().unwrap().contains("signature"),
            "{answer}"
        );
    }
    station.json(&["list"], 0);
}

#[test]
fn ceilings_and_the_number_of_versions_are_the_policys() {
    let station = Station::new();
    decide(
        &station,
        &json!({ "policy_version": 1, "keep_versions": 2, "ceilings": { "execute_fuel": 1 } }),
    );
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
        station.install(&parts(version));
    }
    station.activate("1.0.0");
    let ran = Answer::of(&mut station.run_a01(&[])).expect(1).json();
    assert_eq!(ran["failure"]["class"], "out_of_fuel", "{ran}");
    for version in ["1.1.0", "1.2.0"] {
        station.json(&["switch", "lifted", version], 0);
    }
    station.json(&["rollback", "lifted"], 0);
    station.refused(&["rollback", "lifted"], 2, "nothing-before");
}

/// Signs the archive of a package with a new key, whose public half is in `trusted/<name>.pub` then.
pub fn signature(station: &Station, package: &Parts, name: &str) -> String {
    let (secret, public) = (
        station.path(format!("{name}.key")),
        station.store(format!("trusted/{name}.pub")),
    );
    fs::create_dir_all(station.store("trusted")).unwrap();
    if !secret.exists() {
        NewKey::generate(None)
            .unwrap()
            .write(&secret, &public, Existing::Keep)
            .unwrap();
    }
    let key = LockedKey::read(&secret).unwrap().unlock(None).unwrap();
    let archive = Archive::parse(package.archive(), Path::new("package.zip")).unwrap();
    let now = SystemTime::now().into();
    sign(&archive.unsigned(), archive.manifest(), &key, now, None)
        .unwrap()
        .text
}

#[test]
fn signatures_inside_and_beside_are_kept_and_judged_as_of_today() {
    let station = Station::new();
    decide(&station, &json!({ "policy_version": 1, "signatures": "strict" }));
    let (one, two) = (parts("1.0.0"), parts("1.1.0"));
    let inside = archive::embed(&one.archive(), &signature(&station, &one, "line")).unwrap();
    fs::write(station.path("one.zip"), &inside).unwrap();
    let answer = station.json(&["install", "one.zip"], 0);
    assert_eq!(
        (&answer["signature"]["status"], &answer["objections"]),
        (&json!("valid"), &json!([]))
    );
    let zip = station.zip(&two);
    station.refused(&["install", zip.to_str().unwrap()], 1, "2005");
    let beside = zip.with_file_name(format!("{}.minisig", zip.file_name().unwrap().to_str().unwrap()));
    fs::write(&beside, signature(&station, &two, "line")).unwrap();
    let answer = station.json(&["install", zip.to_str().unwrap()], 0);
    assert_eq!(answer["signature"]["place"], "beside", "{answer}");
    assert_eq!(
        fs::read(station.store("zips/lifted-v1.0.0-offline.zip")).unwrap(),
        inside
    );
    assert!(station.store("deployed/lifted/1.0.0/signature.minisig").exists());
    station.activate("1.1.0");
    Answer::of(&mut station.run_a01(&[])).expect(0);
    station.whole();

    let kept = station.store("zips/lifted-v1.1.0-offline.zip.minisig");
    let text = fs::read(&kept).unwrap();
    fs::remove_file(&kept).unwrap();
    assert_eq!(
        station.findings(),
        ["archive: zips/lifted-v1.1.0-offline.zip.minisig is missing"]
    );
    Answer::of(&mut station.run_a01(&[])).expect(1);
    fs::write(&kept, text).unwrap();
    station.whole();

    fs::create_dir(station.store("trusted/revoked")).unwrap();
    fs::rename(
        station.store("trusted/line.pub"),
        station.store("trusted/revoked/line.pub"),
    )
    .unwrap();
    let refused = Answer::of(&mut station.run_a01(&[])).expect(1).json();
    assert!(
        refused["error"]["message"].as_str().unwrap().contains("revoked"),
        "{refused}"
    );
    station.refused(&["switch", "lifted", "1.0.0"], 1, "2005");
    let findings = station.findings();
    assert!(
        findings.len() == 2 && findings.iter().all(|one| one.starts_with("policy: ")),
        "{findings:?}"
    );
    // Without a signature it is gone altogether with its archive.
    station.json(&["uninstall", "lifted", "1.1.0", "--force"], 0);
    assert_eq!(fs::read_dir(station.store("zips")).unwrap().count(), 1);
}

#[test]
fn a_policy_that_is_lost_does_not_turn_strict_into_lenient() {
    let station = Station::with(&["1.0.0"]);
    station.activate("1.0.0");
    decide(&station, &json!({ "policy_version": 1, "signatures": "strict" }));
    // Whatever is logged, be it a refusal, the store knows from then on that it has a policy.
    let zip = station.zip(&parts("1.1.0"));
    let install = ["install", zip.to_str().unwrap()];
    station.refused(&install, 1, "2005");
    fs::remove_file(station.store("policy.json")).unwrap();
    let message = station.refused(&install, 2, "policy-gone");
    assert!(
        message.ends_with("policy.json is missing, and this store had one"),
        "{message}"
    );
    station.refused(&["activate", "lifted", "1.0.0", "--all"], 2, "policy-gone");
    let refused = Answer::of(&mut station.run_a01(&[])).expect(2).json();
    assert_eq!(refused["error"]["code"], "policy-gone", "{refused}");
    let findings = station.findings();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(
        findings[0].starts_with("policy: ") && findings[0].ends_with("policy.json is missing, and this store had one"),
        "{findings:?}"
    );
    station.json(&["list"], 0);
    // To be lenient is a decision that somebody writes down.
    decide(&station, &json!({ "policy_version": 1, "signatures": "lenient" }));
    station.json(&install, 0);
    Answer::of(&mut station.run_a01(&[])).expect(0);
    station.whole();
}

#[test]
fn entries_name_the_policy_by_which_they_were_made() {
    let station = Station::with(&["1.0.0"]);
    decide(&station, &json!({ "policy_version": 1 }));
    station.activate("1.0.0");
    let text = fs::read(station.store("policy.json")).unwrap();
    let policies: Vec<Value> = station.audit().iter().map(|entry| entry["policy"].clone()).collect();
    let digest = json!(format!("{:x}", Sha256::digest(text)));
    assert_eq!(policies, [Value::Null, Value::Null, digest]);
}

#[test]
fn a_component_above_the_ceiling_is_refused_before_it_is_unpacked() {
    let station = Station::with(&["1.0.0"]);
    station.activate("1.0.0");
    decide(
        &station,
        &json!({ "policy_version": 1, "ceilings": { "component_bytes": 1000 } }),
    );
    let zip = station.zip(&parts("1.1.0"));
    let message = station.refused(&["install", zip.to_str().unwrap()], 1, "2005");
    assert!(message.ends_with("the limit `component_bytes` is 1000"), "{message}");
    let ran = Answer::of(&mut station.run_a01(&[])).expect(1).json();
    assert_eq!(ran["error"]["code"], "2005", "{ran}");
    let findings = station.findings();
    assert!(
        findings.len() == 1 && findings[0].starts_with("policy: ") && findings[0].contains("`component_bytes`"),
        "{findings:?}"
    );
}
