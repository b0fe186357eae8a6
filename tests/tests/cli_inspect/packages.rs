//! Archives, their signatures and bills of materials, and the station's policy: inspecting says what admission says.

use super::{evidence, inspect, named, point, points};
use procvision_host::archive;
use procvision_tests::guests::{lifted, rust_guest};
use procvision_tests::workplace::Workplace;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

/// An archive in the file `name`.
fn archive(place: &Workplace, name: &str, change: impl FnOnce(&mut Value, &mut BTreeMap<String, Vec<u8>>)) {
    let mut manifest = json!({
        "manifest_version": 1,
        "name": "cap_check",
        "version": "1.0.0",
        "description": "Is the cap on?",
        "component": "component.wasm",
        "supported_pids": ["A01"],
    });
    let mut files = BTreeMap::from([
        ("component.wasm".to_owned(), lifted("base")),
        ("assets/layout.json".to_owned(), b"{\"parts\": []}".to_vec()),
        (
            "sbom.cdx.json".to_owned(),
            sbom("1.0.0", &[("serde", "1.0.0", "MIT OR Apache-2.0")]),
        ),
    ]);
    change(&mut manifest, &mut files);
    files.insert("manifest.json".to_owned(), manifest.to_string().into_bytes());
    place.write(name, &archive::write(&files).expect("it is a package"));
}

fn sbom(version: &str, parts: &[(&str, &str, &str)]) -> Vec<u8> {
    let part = |(name, version, licence): &(&str, &str, &str)| {
        json!({
            "type": "library", "name": name, "version": version,
            "purl": format!("pkg:cargo/{name}@{version}"),
            "licenses": [{"expression": licence}],
        })
    };
    let text = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {"component": {"type": "application", "name": "cap_check", "version": version}},
        "components": parts.iter().map(part).collect::<Vec<_>>(),
    });
    text.to_string().into_bytes()
}

/// A station that trusts `maker`, whose key it is, and what else its policy says.
fn station(place: &Workplace, change: impl FnOnce(&mut Value)) {
    if !place.path("maker.key").exists() {
        place.procvision(&["keygen", "maker", "--no-password", "-q"]).expect(0);
    }
    let public = fs::read(place.path("maker.pub")).unwrap();
    place.write("station/trusted/maker.pub", &public);
    let mut policy = json!({"policy_version": 1, "signatures": "strict"});
    change(&mut policy);
    place.write("station/policy.json", policy.to_string().as_bytes());
}

#[test]
fn an_archive_is_told_with_its_digest_and_entries() {
    let place = Workplace::new();
    archive(&place, "cap.zip", |_, _| ());
    let answer = inspect(&place, &["cap.zip"], 0);
    assert_eq!(answer["subject"]["form"], "archive");
    assert_eq!(answer["subject"]["digest"].as_str().unwrap().len(), 64);
    let size = fs::metadata(place.path("cap.zip")).unwrap().len();
    assert_eq!(answer["subject"]["archive_bytes"], size);
    let roles: Vec<&str> = answer["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["asset", "component", "digests", "manifest", "sbom"]);
    let asset = named(&answer["files"], "assets/layout.json");
    assert_eq!((&asset["bytes"], &asset["kind"]), (&json!(13), &json!("json")));
    assert!(asset["packed_bytes"].is_u64());
    let parts = &answer["dependencies"]["sbom"]["parts"];
    assert_eq!(named(parts, "serde")["licence"], "MIT OR Apache-2.0");
}

#[test]
fn a_damaged_archive_is_refused_in_one_sentence() {
    let place = Workplace::new();
    archive(&place, "cap.zip", |_, _| ());
    let whole = fs::read(place.path("cap.zip")).unwrap();
    place.write("cut.zip", &whole[..whole.len() - 7]);
    let answer = inspect(&place, &["cut.zip"], 1);
    assert_eq!(answer["error"]["code"], "2001");
}

#[test]
fn a_signed_package_without_anything_odd_leaves_nothing_to_decide() {
    let place = Workplace::new();
    station(&place, |_| ());
    archive(&place, "cap.zip", |_, _| ());
    let refused = inspect(&place, &["cap.zip", "--policy", "station/policy.json"], 1);
    assert_eq!(refused["signature"]["status"], "unsigned");
    place.procvision(&["sign", "cap.zip", "--key", "maker.key"]).expect(0);
    let answer = inspect(&place, &["cap.zip", "--policy", "station/policy.json"], 0);
    assert_eq!(answer["verdict"], "clear", "{:#}", answer["points"]);
    assert_eq!(answer["headline"], "Nothing a reviewer must decide");
    assert_eq!(answer["signature"]["status"], "valid");
    assert_eq!(answer["signature"]["signer"], "maker");
    assert_eq!(answer["policy"], "station/policy.json");
    // Without that policy nobody knows the key.
    let stranger = inspect(&place, &["cap.zip"], 0);
    assert_eq!(stranger["signature"]["status"], "unknown_key");
    assert_eq!(stranger["subject"]["digest"], answer["subject"]["digest"]);
    // The page says so as well.
    inspect(
        &place,
        &["cap.zip", "--policy", "station/policy.json", "--report", "page.html"],
        0,
    );
    let page = fs::read_to_string(place.path("page.html")).unwrap();
    assert!(page.contains("<h1>Nothing a reviewer must decide</h1>"));
    assert!(page.contains("<p class=\"value\">maker</p>"));
}

/// Whatever a policy has against a package, `validate` says the same.
#[test]
fn objections_are_those_of_validate() {
    let place = Workplace::new();
    archive(&place, "plain.zip", |_, _| ());
    archive(&place, "greedy.zip", |manifest, _| {
        manifest["limits"] = json!({"memory_bytes": 1_073_741_824_u64})
    });
    archive(&place, "snoop.zip", |_, files| {
        files.insert("component.wasm".into(), fs::read(rust_guest("snoop")).unwrap());
    });
    type Change = fn(&mut Value);
    let policies: [Change; 4] = [
        |policy| policy["signatures"] = json!("lenient"),
        |policy| policy["closed_imports"] = json!("refuse"),
        |policy| policy["allowed_imports"] = json!(["procvision:algorithm/*", "wasi:io/*"]),
        |policy| policy["ceilings"] = json!({"memory_bytes": 268_435_456}),
    ];
    for change in policies {
        station(&place, change);
        for package in ["plain.zip", "greedy.zip", "snoop.zip"] {
            let arguments = [package, "--policy", "station/policy.json", "--json"];
            let seen = place.procvision(&[&["inspect"][..], &arguments].concat());
            let validated = place.procvision(&[&["validate"][..], &arguments].concat());
            let objections = seen.json()["objections"].as_array().unwrap().clone();
            let refused = objections.iter().any(|objection| objection["severity"] == "refused");
            assert_eq!(seen.status, i32::from(refused), "{package}: {seen:?}");
            let checks = validated.json()["checks"].as_array().unwrap().clone();
            // Limits that are cut are a check of their own there, in words of its own.
            for objection in objections.iter().filter(|objection| objection["code"] != "limit-cut") {
                let message = objection["message"].as_str().unwrap();
                let said = |check: &Value| check["detail"].as_str().unwrap().contains(message);
                assert!(checks.iter().any(said), "{package}: {message}\n{checks:#?}");
            }
            if refused {
                assert_eq!(validated.status, 1, "{package}: {validated:?}");
            }
        }
    }
}

#[test]
fn another_signer_is_a_point_of_its_own() {
    let place = Workplace::new();
    station(&place, |policy| policy["signatures"] = json!("lenient"));
    archive(&place, "old.zip", |_, _| ());
    place.procvision(&["sign", "old.zip", "--key", "maker.key"]).expect(0);
    archive(&place, "new.zip", |manifest, files| {
        manifest["version"] = json!("1.1.0");
        let parts = [("serde", "1.0.1", "MIT"), ("ring", "0.17.0", "ISC")];
        files.insert("sbom.cdx.json".into(), sbom("1.1.0", &parts));
    });
    let arguments = ["new.zip", "--against", "old.zip", "--policy", "station/policy.json"];
    let answer = inspect(&place, &arguments, 0);
    let title = point(&answer, "signer_changed")["title"].as_str().unwrap();
    assert!(
        title.starts_with("Signed: not signed; before: by maker (key "),
        "{title}"
    );
    assert_eq!(evidence(&answer, "parts_added"), "ring 0.17.0");
    assert_eq!(evidence(&answer, "parts_changed"), "serde 1.0.0 to 1.0.1");
}

#[test]
fn what_the_bill_of_materials_does_not_say_is_a_point() {
    let place = Workplace::new();
    archive(&place, "none.zip", |_, files| {
        files.remove("sbom.cdx.json");
    });
    assert_eq!(
        point(&inspect(&place, &["none.zip"], 0), "sbom_missing")["severity"],
        "look"
    );

    archive(&place, "bad.zip", |_, files| {
        files.insert("sbom.cdx.json".into(), b"{\"bomFormat\": \"SPDX\"}".to_vec());
    });
    assert_eq!(points(&inspect(&place, &["bad.zip"], 0), "sbom_unreadable").len(), 1);

    archive(&place, "other.zip", |_, files| {
        files.insert(
            "sbom.cdx.json".into(),
            sbom("0.9.0", &[("readline", "8.0.0", "GPL-3.0-or-later")]),
        );
    });
    let answer = inspect(&place, &["other.zip"], 0);
    assert_eq!(points(&answer, "sbom_of_another_version").len(), 1);
    assert_eq!(
        evidence(&answer, "obliging_licences"),
        "readline 8.0.0: GPL-3.0-or-later"
    );
}

#[test]
fn crates_that_messages_name_must_be_listed() {
    let place = Workplace::new();
    archive(&place, "cap.zip", |_, files| {
        let traces = "/cargo/registry/src/index.crates.io-1949cf8c6b5b557f/serde-1.0.0/src/de.rs \
                      /cargo/registry/src/index.crates.io-1949cf8c6b5b557f/reqwest-0.12.4/src/lib.rs";
        files.insert("assets/traces.txt".into(), traces.into());
    });
    let answer = inspect(&place, &["cap.zip"], 0);
    assert_eq!(evidence(&answer, "sbom_incomplete"), "reqwest 0.12.4");
}

/// A version could otherwise shed, unseen, the pictures that it would fail on.
#[test]
fn golden_cases_that_are_gone_or_other_are_points() {
    let place = Workplace::new();
    let case =
        |name: &str| json!({"name": name, "pid": "A01", "image": format!("pictures/{name}.png"), "verdict": "OK"});
    for (name, cases) in [("old.zip", &["a", "b"][..]), ("new.zip", &["a"])] {
        archive(&place, name, |_, files| {
            let list: Vec<Value> = cases.iter().map(|name| case(name)).collect();
            files.insert("cases.json".into(), json!(list).to_string().into_bytes());
            for name in cases {
                files.insert(format!("pictures/{name}.png"), b"a picture".to_vec());
            }
        });
    }
    let answer = inspect(&place, &["new.zip", "--against", "old.zip"], 0);
    assert_eq!(answer["against"]["cases"]["removed"], json!(["pictures/b.png"]));
    assert_eq!(answer["against"]["cases_changed"][0]["name"], "cases.json");
    assert_eq!(point(&answer, "cases_changed")["severity"], "look");
    let text = place
        .procvision(&["inspect", "new.zip", "--against", "old.zip"])
        .expect(0)
        .stdout;
    assert!(text.contains("  - golden case    pictures/b.png"), "{text}");
}
