//! The file is read strictly: each mistake is refused, and the sentence names key and file.

use procvision_host::explain::{Explain, one_line};
use procvision_host::limits::{LIMIT_NAMES, Limits};
use procvision_host::policy::{
    ClockPolicy, ClosedImports, PicturePolicy, PolicyError, RandomPolicy, SignaturePolicy, StationPolicy,
};
use procvision_host::strict_json::StrictJsonError;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn parse(text: &str) -> Result<StationPolicy, PolicyError> {
    StationPolicy::parse(text.as_bytes(), Path::new("station/policy.json"))
}

/// The policy with these keys beside its version.
fn with(mut keys: Value) -> Result<StationPolicy, PolicyError> {
    if keys.get("policy_version").is_none() {
        keys["policy_version"] = json!(1);
    }
    parse(&keys.to_string())
}

#[track_caller]
fn refused(keys: Value, expected: &str) {
    let error = with(keys.clone()).expect_err(&keys.to_string());
    let line = one_line(&error);
    assert!(
        line.contains(expected) && line.contains("station/policy.json"),
        "{keys}: {line}"
    );
    assert!(error.remedy().is_some_and(|remedy| !remedy.is_empty()));
    assert_eq!(error.code(), "policy-unusable");
}

#[test]
fn the_smallest_policy_changes_nothing() {
    let policy = with(json!({})).unwrap();
    let defaults = StationPolicy::default();
    assert_eq!(policy.ceiling(), Limits::default_ceiling());
    assert_eq!(policy.describe(), defaults.describe());
    assert!(
        policy.describe().iter().all(|key| !key.changed()),
        "{:?}",
        policy.describe()
    );
    let (config, host) = (policy.host_config(None), procvision_host::host::HostConfig::default());
    assert_eq!((config.ceiling, config.policy), (host.ceiling, host.policy));
    assert_eq!(policy.trusted_keys_folder(), PathBuf::from("station/trusted"));
}

#[test]
fn every_key_is_read() {
    let policy = with(json!({
        "$schema": "policy.schema.json",
        "signatures": "strict",
        "trusted_keys": "/keys",
        "allowed_imports": ["procvision:algorithm/*", "wasi:io/streams"],
        "closed_imports": "refuse",
        "ceilings": {"memory_bytes": 1_048_576, "execute_fuel": 5},
        "compile": {"memory_bytes": 1_073_741_824, "cpu_seconds": 7},
        "clocks": "real",
        "random": "real",
        "pictures": "zero-fill",
        "quarantine_after": 9,
        "log_level": "trace",
        "keep_versions": 5,
    }))
    .unwrap();
    assert_eq!(policy.signatures, SignaturePolicy::Strict);
    assert_eq!(policy.trusted_keys_folder(), PathBuf::from("/keys"));
    assert_eq!(policy.closed_imports, ClosedImports::Refuse);
    assert_eq!(
        (policy.ceiling().memory_bytes, policy.ceiling().execute_fuel),
        (1 << 20, 5)
    );
    assert_eq!(policy.ceiling().tables, Limits::default_ceiling().tables);
    let defaults = StationPolicy::default();
    assert_eq!((policy.compile.memory_bytes, policy.compile.cpu_seconds), (1 << 30, 7));
    assert_eq!(policy.compile.wall_seconds, defaults.compile.wall_seconds);
    assert_eq!((policy.clocks, policy.random), (ClockPolicy::Real, RandomPolicy::Real));
    assert_eq!(policy.pictures, PicturePolicy::ZeroFill);
    assert_eq!((policy.quarantine_after, policy.keep_versions), (9, 5));
    let sandbox = policy.host_config(None).policy;
    assert_eq!((sandbox.quarantine_after, sandbox.log_level.as_str()), (9, "trace"));
    let unchanged: Vec<_> = policy
        .describe()
        .into_iter()
        .filter(|key| !key.changed())
        .map(|key| key.key)
        .collect();
    assert!(
        !unchanged
            .iter()
            .any(|key| key == "signatures" || key == "allowed_imports"),
        "{unchanged:?}"
    );
}

#[test]
fn a_misspelt_key_is_refused_with_what_was_meant() {
    refused(
        json!({"signaturs": "strict"}),
        "unknown key `signaturs`; did you mean `signatures`?",
    );
    refused(
        json!({"ceilings": {"memory": 1}}),
        "`ceilings.memory`; did you mean `memory_bytes`?",
    );
    refused(
        json!({"compile": {"cpu-seconds": 1}}),
        "`compile.cpu-seconds`; did you mean `cpu_seconds`?",
    );
    // What no station can change is no ceiling.
    refused(
        json!({"ceilings": {"stack_bytes": 1}}),
        "unknown key `ceilings.stack_bytes`",
    );
    let error = parse(r#"{"policy_version": 1, "signatures": "strict", "signatures": "lenient"}"#).unwrap_err();
    assert!(matches!(&error, PolicyError::Json(StrictJsonError::DuplicateKey { key, .. }) if key == "signatures"));
    let error = parse(r#"{"policy_version": 1, "ceilings": {"tables": 1, "tables": 2}}"#).unwrap_err();
    assert!(error.to_string().contains("`ceilings.tables` stands twice"), "{error}");
}

#[test]
fn a_value_of_the_wrong_type_is_refused_with_its_key() {
    refused(json!({"policy_version": "1"}), "key `policy_version`");
    refused(json!({"signatures": true}), "key `signatures`");
    refused(
        json!({"signatures": "strickt"}),
        "unknown variant `strickt`, expected `strict` or `lenient`",
    );
    refused(
        json!({"ceilings": {"memory_bytes": "1 GiB"}}),
        "key `ceilings.memory_bytes`",
    );
    refused(
        json!({"ceilings": {"memory_bytes": null}}),
        "key `ceilings.memory_bytes`",
    );
    refused(
        json!({"ceilings": [1, 2, 3]}),
        "key `ceilings` in station/policy.json is a list",
    );
    refused(json!({"compile": null}), "key `compile`");
    refused(json!({"quarantine_after": -1}), "key `quarantine_after`");
    refused(json!({"quarantine_after": 1.5}), "key `quarantine_after`");
    refused(json!({"allowed_imports": "wasi:io/*"}), "key `allowed_imports`");
    refused(json!({"allowed_imports": null}), "key `allowed_imports`");
    let error = parse("[]").unwrap_err();
    assert!(
        error.to_string().contains("is a list, but must be a JSON object"),
        "{error}"
    );
    let error = parse("{}").unwrap_err();
    assert!(error.to_string().contains("key `policy_version` is missing"), "{error}");
}

#[test]
fn a_value_without_sense_is_refused_with_what_is_possible() {
    refused(
        json!({"policy_version": 2}),
        "key `policy_version` in station/policy.json is 2, but this host reads version 1",
    );
    refused(json!({"trusted_keys": ""}), "key `trusted_keys`");
    for name in LIMIT_NAMES {
        let most = Limits::highest_ceiling().get(name).unwrap();
        let key = format!("key `ceilings.{name}`");
        refused(
            json!({"ceilings": {*name: u64::MAX}}),
            &format!("{key} in station/policy.json is {}, but must be 1 to {most}", u64::MAX),
        );
        refused(json!({"ceilings": {*name: most + 1}}), &key);
        refused(json!({"ceilings": {*name: 0}}), "is 0, which does not mean unlimited");
        with(json!({"ceilings": {*name: most}})).unwrap();
        with(json!({"ceilings": {*name: 1}})).unwrap();
    }
    refused(json!({"compile": {"memory_bytes": 1}}), "key `compile.memory_bytes`");
    refused(
        json!({"compile": {"memory_bytes": u64::MAX}}),
        "key `compile.memory_bytes`",
    );
    refused(json!({"compile": {"cpu_seconds": 0}}), "key `compile.cpu_seconds`");
    refused(json!({"compile": {"wall_seconds": 86_400}}), "but must be 1 to 3600");
    refused(json!({"quarantine_after": 0}), "key `quarantine_after`");
    refused(json!({"keep_versions": 0}), "key `keep_versions`");
    refused(json!({"keep_versions": 1_000}), "but must be 1 to 100");
    refused(json!({"random": "coarse"}), "random numbers cannot be coarse");
    with(json!({"clocks": "coarse"})).unwrap();
}

#[test]
fn a_pattern_that_matches_nothing_is_refused() {
    let list = |patterns: &[&str]| json!({ "allowed_imports": patterns });
    let contract = "procvision:algorithm/*";
    refused(
        list(&[contract, "wasi:clock/*"]),
        "key `allowed_imports[1]` in station/policy.json cannot be used: `wasi:clock/*` is nothing that this host \
         knows; did you mean `wasi:clocks/*`?",
    );
    refused(
        list(&[contract, "wasi:http/*"]),
        "`wasi:http/*` is nothing that this host knows",
    );
    refused(list(&[contract, "wasi:io/streams@0.2.0"]), "write `wasi:io/streams`");
    refused(list(&[contract, "*"]), "is nothing that this host knows");
    refused(list(&[contract, contract]), "twice");
    refused(list(&[]), "leaves out `procvision:algorithm/types`");
    refused(
        list(&["wasi:io/*", "procvision:algorithm/types"]),
        "leaves out `procvision:algorithm/imaging`",
    );
    with(list(&[contract, "wasi:clocks/wall-clock"])).unwrap();
}

#[test]
fn what_is_no_policy_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.json");
    assert!(matches!(StationPolicy::read(&path), Err(PolicyError::Missing(_))));
    assert!(matches!(
        StationPolicy::read(folder.path()),
        Err(PolicyError::Missing(_))
    ));
    std::fs::write(&path, " ".repeat((1 << 20) + 1)).unwrap();
    assert!(matches!(StationPolicy::read(&path), Err(PolicyError::TooLarge(_))));
    std::fs::write(&path, "{}{}").unwrap();
    assert!(matches!(
        StationPolicy::read(&path),
        Err(PolicyError::Json(StrictJsonError::Syntax { .. }))
    ));
    std::fs::write(&path, "{\"policy_version\": 1}").unwrap();
    assert_eq!(
        StationPolicy::read(&path).unwrap().trusted_keys_folder(),
        folder.path().join("trusted")
    );
}
