//! The published schemas say what the code does: files equal to it, every key described, and the same documents
//! accepted and refused by both.

use super::docs::shown_policies;
use jsonschema::Validator;
use procvision_host::manifest::Manifest;
use procvision_host::policy::StationPolicy;
use procvision_host::schemas::{PublishedSchema, SCHEMAS};
use procvision_tests::binary::{Answer, procvision, project_root};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn validator(name: &str) -> Validator {
    let schema = PublishedSchema::find(name).expect("it is published").value();
    jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[track_caller]
fn valid(validator: &Validator, document: &Value) {
    let errors: Vec<String> = validator.iter_errors(document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{document}: {errors:?}");
}

#[test]
fn the_files_are_the_code() {
    let folder = project_root().join("schema");
    let mut names: Vec<String> = SCHEMAS
        .iter()
        .map(|schema| format!("{}.schema.json", schema.name))
        .collect();
    for schema in SCHEMAS {
        let path = folder.join(format!("{}.schema.json", schema.name));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, schema.text()).unwrap();
        }
        let file = fs::read_to_string(&path).unwrap_or_default();
        assert!(file == schema.text(), "UPDATE_GOLDEN=1 rewrites {}", path.display());
        let printed = Answer::of(procvision().args(["schema", schema.name])).expect(0).stdout;
        assert!(
            printed == file,
            "`procvision schema {}` prints something else",
            schema.name
        );
        let line = Answer::of(procvision().args(["schema", schema.name, "--json"])).expect(0);
        assert_eq!((line.stdout.lines().count(), line.json()), (1, schema.value()));
    }
    names.sort();
    let files = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<String> = files.collect();
    files.sort();
    assert_eq!(files, names, "nothing else lies there");
}

#[test]
fn every_schema_is_one_and_describes_every_key() {
    for schema in SCHEMAS {
        let value = schema.value();
        assert_eq!(
            value["$schema"], "https://json-schema.org/draft/2020-12/schema",
            "{}",
            schema.name
        );
        assert!(jsonschema::meta::is_valid(&value), "{}", schema.name);
        for key in ["$id", "title", "description"] {
            assert!(
                value[key].as_str().is_some_and(|text| !text.is_empty()),
                "{}: {key}",
                schema.name
            );
        }
        // A list is described by its items.
        let object = match value["type"] == "array" {
            true => value["items"]["$ref"]
                .as_str()
                .and_then(|target| value.pointer(target.strip_prefix('#')?)),
            false => Some(&value),
        };
        let object = object.expect("it is an object or a list of objects");
        assert_eq!(object["additionalProperties"], false, "{}", schema.name);
        let described = described(schema.name, object, &value);
        assert!(described > 8, "{}: only {described} keys", schema.name);
    }
}

/// How many keys are described; stops at one that is not.
fn described(place: &str, schema: &Value, root: &Value) -> usize {
    let mut count = 0;
    if let Some(target) = schema["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
        count += described(place, root.pointer(target).expect("it refers to something"), root);
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        let text = schema["description"].as_str().unwrap_or_default();
        assert!(!text.is_empty(), "{place}.{name} is not described");
        count += 1 + described(&format!("{place}.{name}"), schema, root);
    }
    count
}

#[test]
fn what_the_project_ships_is_valid() {
    let manifest = validator("manifest");
    let mut manifests = 0;
    for entry in fs::read_dir(project_root().join("examples")).unwrap() {
        let path = entry.unwrap().path().join("manifest.json");
        if let Ok(text) = fs::read(&path) {
            manifests += 1;
            valid(&manifest, &serde_json::from_slice(&text).unwrap());
            Manifest::parse(&text, &path).unwrap();
        }
    }
    assert!(manifests >= 3, "only {manifests}");
    let folder = tempfile::tempdir().unwrap();
    let init = ["init", "cap-check", "--pids", "A01,A-2.x"];
    Answer::of(procvision().current_dir(folder.path()).args(init)).expect(0);
    let made = folder.path().join("cap-check/manifest.json");
    valid(&manifest, &serde_json::from_slice(&fs::read(&made).unwrap()).unwrap());
    Manifest::read(&made).unwrap();

    let cases = validator("cases");
    for example in ["presence-check", "surface-defect", "capture-quality"] {
        let path = project_root().join("examples").join(example).join("cases.json");
        valid(&cases, &serde_json::from_slice(&fs::read(path).unwrap()).unwrap());
    }
    let made = fs::read(folder.path().join("cap-check/cases.json")).unwrap();
    valid(&cases, &serde_json::from_slice(&made).unwrap());

    let policy = validator("policy");
    for shown in shown_policies() {
        valid(&policy, &serde_json::from_str(&shown).unwrap());
    }
}

/// A document with one change; `null` in place of a key takes it out.
fn changed(base: &Value, pointer: &str, value: &Value) -> Value {
    let mut document = base.clone();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let parent = document.pointer_mut(parent).expect("there is such a place");
    match (parent, value) {
        (Value::Object(object), Value::Null) => {
            object.remove(key);
        }
        (parent, value) => parent[key] = value.clone(),
    }
    document
}

/// Schema and parser must say the same of a document.
#[track_caller]
fn both_say(validator: &Validator, parser: impl Fn(&[u8]) -> Result<(), String>, document: &Value, good: bool) {
    let by_schema = validator.is_valid(document);
    let by_parser = parser(document.to_string().as_bytes());
    assert_eq!(
        (by_schema, by_parser.is_ok()),
        (good, good),
        "{document}: {by_parser:?}"
    );
}

#[test]
fn schema_and_parser_agree_on_manifests() {
    let validator = validator("manifest");
    let parser = |text: &[u8]| {
        Manifest::parse(text, Path::new("manifest.json"))
            .map(drop)
            .map_err(|error| error.to_string())
    };
    let base = json!({
        "manifest_version": 1, "name": "a", "version": "1.2.3", "description": "", "component": "c.wasm",
        "supported_pids": ["A01"], "required_assets": {"A01": {"t": "assets/t.png"}},
        "default_config": {}, "limits": {},
    });
    both_say(&validator, parser, &base, true);
    let long = "a".repeat(65);
    let many: Vec<String> = (0..51).map(|number| format!("P{number}")).collect();
    for (pointer, value) in [
        ("/manifest_version", json!(2)),
        ("/manifest_version", json!("1")),
        ("/manifest_version", json!(null)),
        ("/name", json!(null)),
        ("/name", json!("Big")),
        ("/name", json!("1a")),
        ("/name", json!("")),
        ("/name", json!("a\n")),
        ("/name", json!(long)),
        ("/version", json!("1.2")),
        ("/version", json!("01.2.3")),
        ("/version", json!("1.2.3-01")),
        ("/version", json!("1.2.3-")),
        ("/version", json!("v1.2.3")),
        ("/version", json!("1.2.3 ")),
        ("/description", json!(7)),
        ("/component", json!("")),
        ("/component", json!("/c.wasm")),
        ("/component", json!("../c.wasm")),
        ("/component", json!("a/../c.wasm")),
        ("/component", json!("a/./c.wasm")),
        ("/component", json!("a//c.wasm")),
        ("/component", json!("a/")),
        ("/component", json!("a\\c.wasm")),
        ("/component", json!("c:c.wasm")),
        ("/component", json!("c\u{0}.wasm")),
        ("/supported_pids", json!([])),
        ("/supported_pids", json!(["A01", "A01"])),
        ("/supported_pids", json!("A01")),
        ("/supported_pids", json!(["a/b"])),
        ("/supported_pids", json!([".."])),
        ("/supported_pids", json!([""])),
        ("/supported_pids", json!(["é"])),
        ("/supported_pids", json!([long])),
        ("/supported_pids", json!(many)),
        ("/required_assets", json!([])),
        ("/required_assets/A01", json!("assets/t.png")),
        ("/required_assets/A01/t", json!("t.png")),
        ("/required_assets/A01/t", json!("assets/")),
        ("/required_assets/A01/t", json!("assets/../t.png")),
        ("/required_assets/A01/t", json!("/assets/t.png")),
        ("/default_config", json!([])),
        ("/limits", json!([1])),
        ("/limits", json!({"memory": 1})),
        ("/limits", json!({"memory_bytes": -1})),
        ("/limits", json!({"memory_bytes": "1"})),
        ("/limits", json!({"memory_bytes": 1.5})),
        ("/entry_point", json!("x")),
        ("/$schema", json!(1)),
        ("/$schema", json!([])),
    ] {
        both_say(&validator, parser, &changed(&base, pointer, &value), false);
    }
    for (pointer, value) in [
        ("/required_assets", json!(null)),
        ("/limits", json!(null)),
        ("/default_config", json!(null)),
        ("/$schema", json!("manifest.schema.json")),
        ("/name", json!("a_1")),
        ("/version", json!("10.20.30-alpha.1.x-y+build.007")),
        ("/version", json!("0.0.0-0a")),
        ("/component", json!("..a/.b/c d.wasm")),
        ("/component", json!("...")),
        ("/supported_pids", json!(["A01", ".a", "..b.", "-"])),
        ("/required_assets/A01/t", json!("assets/a/..b/ü.png")),
        ("/default_config", json!({"anything": [1, {"goes": null}]})),
        ("/limits", json!({"memory_bytes": u64::MAX, "tables": 0})),
    ] {
        both_say(&validator, parser, &changed(&base, pointer, &value), true);
    }
}

#[test]
fn schema_and_parser_agree_on_policies() {
    let validator = validator("policy");
    let parser = |text: &[u8]| {
        StationPolicy::parse(text, Path::new("policy.json"))
            .map(drop)
            .map_err(|error| error.to_string())
    };
    let base = json!({"policy_version": 1, "ceilings": {}, "compile": {}});
    both_say(&validator, parser, &base, true);
    for (pointer, value) in [
        ("/policy_version", json!(null)),
        ("/policy_version", json!(2)),
        ("/signatures", json!("none")),
        ("/signaturs", json!("strict")),
        ("/trusted_keys", json!("")),
        ("/trusted_keys", json!(["a"])),
        ("/allowed_imports", json!("procvision:algorithm/*")),
        (
            "/allowed_imports",
            json!(["procvision:algorithm/*", "procvision:algorithm/*"]),
        ),
        ("/allowed_imports", json!(["procvision:algorithm/*", "wasi:http/*"])),
        (
            "/allowed_imports",
            json!(["procvision:algorithm/*", "wasi:io/streams@0.2.0"]),
        ),
        ("/closed_imports", json!("deny")),
        ("/ceilings/memory_bytes", json!(0)),
        ("/ceilings/memory_bytes", json!((4_u64 << 30) + 1)),
        ("/ceilings/memory_bytes", json!("1")),
        ("/ceilings/stack_bytes", json!(1)),
        ("/compile/memory_bytes", json!(1)),
        ("/compile/cpu_seconds", json!(0)),
        ("/compile/wall_seconds", json!(3_601)),
        ("/compile/minutes", json!(1)),
        ("/clocks", json!("exact")),
        ("/random", json!("coarse")),
        ("/pictures", json!("zero_fill")),
        ("/quarantine_after", json!(0)),
        ("/quarantine_after", json!(1_001)),
        ("/log_level", json!("all")),
        ("/keep_versions", json!(0)),
        ("/keep_versions", json!(101)),
        ("/keep_versions", json!("3")),
    ] {
        both_say(&validator, parser, &changed(&base, pointer, &value), false);
    }
    for (pointer, value) in [
        ("/$schema", json!("policy.schema.json")),
        ("/signatures", json!("strict")),
        ("/trusted_keys", json!("/etc/keys")),
        (
            "/allowed_imports",
            json!(["procvision:algorithm/*", "wasi:clocks/wall-clock"]),
        ),
        ("/closed_imports", json!("refuse")),
        ("/ceilings/memory_bytes", json!(4_u64 << 30)),
        ("/compile/cpu_seconds", json!(3_600)),
        ("/clocks", json!("deterministic")),
        ("/pictures", json!("zero-fill")),
        ("/log_level", json!("debug")),
        ("/keep_versions", json!(100)),
    ] {
        both_say(&validator, parser, &changed(&base, pointer, &value), true);
    }
}
