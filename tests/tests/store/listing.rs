//! What programs and people read: the golden shapes of list, registry and audit log.

use crate::stage::{Station, parts};
use serde_json::{Value, json};

/// Replaces what differs from run to run.
fn settled(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match key.as_str() {
                    "installed" | "since" | "time" => *value = json!("2026-01-01T00:00:00Z"),
                    "digest" | "sha256" | "hash" | "previous" if value.is_string() => *value = json!("0123abcd"),
                    "bytes" => *value = json!(1),
                    "uid" => *value = json!(0),
                    "user" => *value = json!("root"),
                    "store" => *value = json!("S"),
                    _ => settled(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(settled),
        _ => {}
    }
}

fn golden(name: &str, mut value: Value) {
    settled(&mut value);
    insta::assert_snapshot!(name, format!("{value:#}"));
}

#[test]
fn list_registry_and_log_have_these_shapes() {
    let station = Station::with(&["1.0.0", "1.1.0"]);
    station.activate("1.0.0");
    station.json(&["switch", "lifted", "1.1.0", "--by", "Jana"], 0);
    station.refused(&["uninstall", "lifted", "1.1.0"], 2, "2007");
    golden("list", station.json(&["list"], 0));
    golden("registry", station.registry());
    golden("audit", Value::Array(station.audit()));
    let active = std::fs::read(station.store("active/A01.json")).unwrap();
    golden("active", serde_json::from_slice(&active).unwrap());
    golden("verify", station.json(&["verify"], 0));
}

#[test]
fn people_read_tables_and_sentences() {
    let station = Station::with(&["1.0.0"]);
    station.install(&parts("1.1.0").with_case("OK"));
    let digests: Vec<String> = station.json(&["list"], 0)["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| version["digest"].as_str().unwrap()[..12].to_owned())
        .collect();
    let mut text = String::new();
    for arguments in [
        &["activate", "lifted", "1.0.0", "--pid", "A01"][..],
        &["switch", "lifted", "1.1.0"],
        &["list"],
        &["rollback", "lifted"],
        &["uninstall", "lifted", "1.0.0", "--force"],
        &["list"],
        &["gc", "--dry-run"],
    ] {
        let answer = station.run(arguments).expect(0);
        assert_eq!(answer.stderr, "", "{arguments:?}");
        text += &format!("$ procvision store {}\n{}\n", arguments.join(" "), answer.stdout);
    }
    for digest in digests {
        text = text.replace(&digest, "0123456789ab");
    }
    // Sizes and names of compiled components are the engine's.
    let text: String = text
        .lines()
        .map(|line| match line.split_once("compiled/") {
            Some((begin, _)) => format!("{begin}compiled/...\n"),
            None if line.starts_with("would be removed: ") => "would be removed: ...\n".to_owned(),
            None => format!("{line}\n"),
        })
        .collect();
    insta::assert_snapshot!("text", text);
}
