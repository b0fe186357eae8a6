//! `procvision policy show`, `procvision schema`, and `--policy`.

use super::stage::{Stage, results, worst};
use procvision_host::policy::StationPolicy;
use procvision_tests::workplace::Workplace;
use serde_json::json;

#[test]
fn a_policy_is_shown_with_what_holds_and_why() {
    let place = Workplace::new();
    let policy = json!({
        "policy_version": 1,
        "signatures": "strict",
        "allowed_imports": ["procvision:algorithm/*", "wasi:io/streams"],
        "ceilings": {"memory_bytes": 1_048_576},
        "compile": {"cpu_seconds": 7},
    });
    place.write("policy.json", policy.to_string().as_bytes());
    insta::assert_snapshot!(
        "policy-show",
        place.procvision(&["policy", "show", "policy.json"]).expect(0).stdout
    );
    let answer = place
        .procvision(&["policy", "show", "policy.json", "--json"])
        .expect(0)
        .json();
    assert_eq!((&answer["schema"], &answer["file"]), (&json!(1), &json!("policy.json")));
    let keys = answer["keys"].as_array().unwrap();
    let key = |name: &str| {
        keys.iter()
            .find(|key| key["key"] == name)
            .unwrap_or_else(|| panic!("no {name}"))
    };
    assert_eq!(
        (&key("signatures")["value"], &key("signatures")["default"]),
        (&json!("strict"), &json!("lenient"))
    );
    assert_eq!(key("ceilings.memory_bytes")["value"], 1_048_576);
    assert_eq!(key("ceilings.tables")["value"], 64);
    assert_eq!(key("policy_version")["required"], true);
    assert!(
        keys.iter()
            .all(|key| key["reason"].as_str().is_some_and(|reason| !reason.is_empty()))
    );
    assert_eq!(
        answer["trusted"],
        json!({"folder": "trusted", "keys": [], "warnings": []})
    );
    assert_eq!(keys.len(), StationPolicy::default().describe().len());

    let defaults = place.procvision(&["policy", "show"]).expect(0).stdout;
    assert!(
        defaults.starts_with("What holds at a station that has no policy.\n"),
        "{defaults}"
    );
    assert!(
        defaults.contains("\n  signatures = lenient\n") && !defaults.contains("\n* "),
        "{defaults}"
    );
}

#[test]
fn a_policy_that_cannot_be_used_is_refused_everywhere() {
    let stage = Stage::new(json!({"signaturs": "strict"}));
    for arguments in [
        &["policy", "show", "station/policy.json"][..],
        &["validate", "rogue", "--policy", "station/policy.json"],
        &[
            "run",
            "rogue",
            "--pid",
            "A01",
            "--image",
            "photo.png",
            "--policy",
            "station/policy.json",
        ],
    ] {
        let text = stage.place.procvision(arguments).expect(2);
        assert_eq!(
            text.stderr,
            "error: station/policy.json has the unknown key `signaturs`; did you mean `signatures`?\n\
             help: correct the policy; `procvision policy show` lists every key with its default and reason\n"
        );
        let json = stage
            .place
            .procvision(&[arguments, &["--json"]].concat())
            .expect(2)
            .json();
        assert_eq!(json["error"]["code"], "policy-unusable");
    }
    let missing = stage.place.procvision(&["policy", "show", "nowhere.json"]).expect(2);
    assert!(
        missing
            .stderr
            .starts_with("error: the policy nowhere.json is missing\n"),
        "{missing:?}"
    );
}

#[test]
fn validation_asks_the_policy() {
    let stage = Stage::new(json!({}));
    let answer = stage.validate("rogue", 0);
    let signature = worst(&answer, "signature");
    assert_eq!(signature["status"], "warn", "{answer}");
    assert!(
        signature["detail"].as_str().unwrap().contains("is not signed"),
        "{signature}"
    );
    assert_eq!(worst(&answer, "policy")["status"], "pass", "{answer}");
    assert_eq!(answer["signature"]["status"], "unsigned", "{answer}");

    // Everything that the policy has against it, not only the first.
    let few = json!(["procvision:algorithm/*", "wasi:cli/*"]);
    stage.decide(json!({"signatures": "strict", "allowed_imports": few}));
    let answer = stage.validate("rogue", 1);
    assert_eq!(
        (
            &worst(&answer, "signature")["status"],
            &worst(&answer, "signature")["code"]
        ),
        (&json!("fail"), &json!("2005"))
    );
    let refused = worst(&answer, "policy");
    assert_eq!(
        (&refused["status"], &refused["code"]),
        (&json!("fail"), &json!("2003")),
        "{answer}"
    );
    let detail = refused["detail"].as_str().unwrap();
    assert!(
        detail.contains("wasi:io/streams") && detail.contains("`allowed_imports`"),
        "{detail}"
    );
    // The host would not load it either.
    assert_eq!(worst(&answer, "imports")["status"], "fail");

    // Nobody asks a policy that was not named.
    let answer = stage
        .place
        .procvision(&["validate", "rogue", "--json"])
        .expect(0)
        .json();
    assert!(answer["signature"].is_null());
    for id in ["signature", "policy"] {
        assert_eq!(results(&answer, id).len(), 1);
        assert_eq!(worst(&answer, id)["status"], "not_run", "{answer}");
    }
}

#[test]
fn a_misspelt_limit_is_named_with_what_was_meant() {
    let place = Workplace::new();
    let answer = place
        .procvision(&["validate", "rogue", "--limit", "memory=1"])
        .expect(2);
    assert!(answer.stderr.contains("did you mean `memory_bytes`?"), "{answer:?}");
}

#[test]
fn only_what_is_published_has_a_schema() {
    let answer = Workplace::new().procvision(&["schema", "registry"]).expect(2);
    assert!(
        answer.stderr.contains("manifest") && answer.stderr.contains("policy"),
        "{answer:?}"
    );
}
