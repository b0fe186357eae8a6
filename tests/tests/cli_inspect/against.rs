//! Two packages that differ, in one thing at a time.

use super::{evidence, inspect, point, points};
use procvision_tests::guests::{lifted, rust_guest};
use procvision_tests::workplace::Workplace;
use serde_json::{Value, json};

/// A package in the folder `name`.
fn package(place: &Workplace, name: &str, component: &[u8], change: impl FnOnce(&mut Value)) {
    let mut manifest = json!({
        "manifest_version": 1,
        "name": "cap_check",
        "version": "1.0.0",
        "description": "Is the cap on?",
        "component": "component.wasm",
        "supported_pids": ["A01"],
        "limits": {"memory_bytes": 134_217_728},
    });
    change(&mut manifest);
    place.write(&format!("{name}/manifest.json"), manifest.to_string().as_bytes());
    place.write(&format!("{name}/component.wasm"), component);
    place.write(&format!("{name}/assets/layout.json"), b"{}");
}

/// The answer about `new` after a change, compared with the same package before it.
fn changed(component: &[u8], change: impl FnOnce(&mut Value)) -> Value {
    let place = Workplace::new();
    package(&place, "old", &lifted("base"), |_| ());
    package(&place, "new", component, |manifest| {
        manifest["version"] = json!("1.1.0");
        change(manifest);
    });
    inspect(&place, &["new", "--against", "old"], 0)
}

#[test]
fn nothing_but_the_version() {
    let answer = changed(&lifted("base"), |_| ());
    let against = &answer["against"];
    assert_eq!(against["same_component"], true);
    assert_eq!(against["old"]["version"], "1.0.0");
    for (key, nothing) in [
        ("imports", json!({"added": [], "removed": []})),
        ("functions", json!({"added": [], "removed": []})),
        ("exports", json!({"added": [], "removed": []})),
        ("pids", json!({"added": [], "removed": []})),
        ("assets", json!({"added": [], "removed": []})),
        ("assets_changed", json!([])),
        ("limits", json!([])),
        ("contract", Value::Null),
        ("signer", Value::Null),
    ] {
        assert_eq!(against[key], nothing, "{key}");
    }
    assert_eq!(point(&answer, "same_component")["severity"], "note");
    assert_eq!(answer["counts"]["look"], 1, "{:#}", answer["points"]);
}

#[test]
fn another_component_of_the_same_size_is_said_to_be_another() {
    let place = Workplace::new();
    let old = lifted("base");
    let mut new = old.clone();
    // A custom section of the same length on both sides, with another content.
    let mut old = old;
    old.extend_from_slice(b"\0\x04\x02no\x01");
    new.extend_from_slice(b"\0\x04\x02no\x02");
    package(&place, "old", &old, |_| ());
    package(&place, "new", &new, |manifest| manifest["version"] = json!("1.1.0"));
    let text = place.procvision(&["inspect", "new", "--against", "old", "--report", "page.html"]);
    let text = text.expect(0).stdout;
    assert!(
        text.contains("  ~ component      another one, of the same size; before: SHA-256 "),
        "{text}"
    );
    let page = std::fs::read_to_string(place.path("page.html")).unwrap();
    assert!(page.contains("another one; before: SHA-256 "));
}

#[test]
fn a_new_import_and_a_raised_limit_are_points_of_their_own() {
    let snoop = std::fs::read(rust_guest("snoop")).unwrap();
    let answer = changed(&snoop, |manifest| {
        manifest["limits"] = json!({"memory_bytes": 268_435_456, "log_lines": 2_000});
    });
    let added = answer["against"]["imports"]["added"].as_array().unwrap();
    let import_points = points(&answer, "import_added");
    assert_eq!(import_points.len(), added.len());
    assert!(
        added
            .iter()
            .any(|name| name.as_str().unwrap().starts_with("wasi:sockets/tcp@"))
    );
    assert!(import_points.iter().all(|point| point["severity"] == "look"));
    let titles: Vec<&str> = points(&answer, "limit_raised")
        .iter()
        .map(|point| point["title"].as_str().unwrap())
        .collect();
    assert_eq!(
        titles,
        [
            "`memory_bytes` rises from 128.00 MiB to 256.00 MiB",
            "`log_lines` rises from 1,000 to 2,000"
        ]
    );
    let sizes = &answer["against"]["sizes"]["component"];
    assert!(sizes["new"].as_u64() > sizes["old"].as_u64());
    assert_eq!(points(&answer, "component_grew").len(), 1);
}

#[test]
fn imports_and_limits_that_are_gone_are_notes() {
    let place = Workplace::new();
    let snoop = std::fs::read(rust_guest("snoop")).unwrap();
    package(&place, "old", &snoop, |_| ());
    package(&place, "new", &lifted("base"), |manifest| {
        manifest["version"] = json!("1.0.1");
        manifest["limits"] = json!({"memory_bytes": 67_108_864});
    });
    let answer = inspect(&place, &["new", "--against", "old"], 0);
    assert!(evidence(&answer, "imports_removed").contains("wasi:sockets/tcp@"));
    assert_eq!(
        evidence(&answer, "limits_lowered"),
        "memory_bytes: 128.00 MiB to 64.00 MiB"
    );
    assert_eq!(points(&answer, "import_added"), Vec::<&Value>::new());
}

#[test]
fn product_models_and_assets() {
    let place = Workplace::new();
    package(&place, "old", &lifted("base"), |manifest| {
        manifest["supported_pids"] = json!(["A01", "A02"]);
    });
    place.write("old/assets/gone.txt", b"x");
    package(&place, "new", &lifted("base"), |manifest| {
        manifest["version"] = json!("2.0.0");
        manifest["supported_pids"] = json!(["A01", "A03"]);
    });
    place.write("new/assets/layout.json", b"{\"parts\": 3}");
    place.write("new/assets/new.txt", b"x");
    let answer = inspect(&place, &["new", "--against", "old"], 0);
    assert_eq!(evidence(&answer, "pids_changed"), "new: A03\ngone: A02");
    let assets = evidence(&answer, "assets_changed");
    assert_eq!(
        assets,
        "new: assets/new.txt\ngone: assets/gone.txt\nchanged: assets/layout.json (2 B to 12 B)"
    );
    assert_eq!(
        answer["against"]["assets_changed"][0]["bytes"],
        json!({"old": 2, "new": 12})
    );
}

#[test]
fn names_and_versions_that_do_not_follow_each_other() {
    let older = changed(&lifted("copy-loop"), |manifest| manifest["version"] = json!("0.9.0"));
    assert_eq!(point(&older, "older_version")["severity"], "look");
    let same = changed(&lifted("copy-loop"), |manifest| manifest["version"] = json!("1.0.0"));
    assert_eq!(point(&same, "same_version")["severity"], "look");
    let other = changed(&lifted("base"), |manifest| manifest["name"] = json!("lid_check"));
    assert_eq!(point(&other, "other_algorithm")["severity"], "look");
}

#[test]
fn the_text_and_the_page_show_changes() {
    let place = Workplace::new();
    package(&place, "old", &lifted("base"), |_| ());
    let snoop = std::fs::read(rust_guest("snoop")).unwrap();
    package(&place, "new", &snoop, |manifest| manifest["version"] = json!("1.1.0"));
    let text = place.procvision(&["inspect", "new", "--against", "old", "--report", "page.html"]);
    let text = text.expect(0).stdout;
    assert!(text.contains("\nChanges since cap_check 1.0.0\n"), "{text}");
    assert!(text.contains("  + import         wasi:cli/"), "{text}");
    let page = std::fs::read_to_string(place.path("page.html")).unwrap();
    assert!(page.contains("Changes since cap_check 1.0.0"));
    // In HTML a slash is written as a reference.
    assert!(page.contains("wasi:sockets&#x2f;tcp@"));
}
