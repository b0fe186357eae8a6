use super::{StrictJsonError, nearest, parse};
use crate::explain::one_line;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// Denies unknown keys nowhere itself, and has one of everything that types are made of.
#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only whether it can be read counts")]
struct Document {
    version: u32,
    name: Option<String>,
    inner: Option<Inner>,
    #[serde(default)]
    list: Vec<Inner>,
    #[serde(default)]
    map: BTreeMap<String, Inner>,
    #[serde(default)]
    free: Map<String, Value>,
    variant: Option<Variant>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only whether it can be read counts")]
struct Inner {
    memory_bytes: u64,
    #[serde(default)]
    deeper: Vec<Vec<Inner>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(dead_code, reason = "only whether it can be read counts")]
enum Variant {
    Circle { radius: u32 },
    Square { side: u32 },
}

fn read(text: &str) -> Result<Document, StrictJsonError> {
    parse(text.as_bytes(), Path::new("d.json"))
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let line = one_line(&read(text).expect_err(text));
    assert!(line.contains(expected), "{text}: {line}");
}

#[test]
fn what_fits_is_read() {
    for text in [
        r#"{"version": 1}"#,
        "\n { \"version\" : 1 , \"name\" : null }\n ",
        r#"{"version": 1, "inner": null, "list": [], "free": {"a": {"b": [{"c": 1}]}, "version": 2}}"#,
        r#"{"version": 1, "map": {"x": {"memory_bytes": 1}, "memory_bytes": {"memory_bytes": 1}}}"#,
        r#"{"version": 1, "inner": {"memory_bytes": 1, "deeper": [[{"memory_bytes": 2}], []]}}"#,
        r#"{"version": 1, "variant": {"kind": "circle", "radius": 2}}"#,
    ] {
        read(text).unwrap_or_else(|error| panic!("{text}: {}", one_line(&error)));
    }
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_what_was_meant() {
    refused(
        r#"{"version": 1, "nmae": 1}"#,
        "d.json has the unknown key `nmae`; did you mean `name`?",
    );
    refused(r#"{"Version": 1}"#, "unknown key `Version`; did you mean `version`?");
    refused(
        r#"{"version": 1, "inner": {"memory": 1}}"#,
        "`inner.memory`; did you mean `memory_bytes`?",
    );
    refused(
        r#"{"version": 1, "list": [{"memory_bytes": 1}, {"zzz": 1}]}"#,
        "`list[1].zzz`; known here are `memory_bytes`",
    );
    refused(
        r#"{"version": 1, "map": {"x": {"memory-byte": 1}}}"#,
        "`map.x.memory-byte`; did you mean",
    );
    refused(
        r#"{"version": 1, "inner": {"memory_bytes": 1, "deeper": [[{"x": 2}]]}}"#,
        "`inner.deeper[0][0].x`",
    );
    refused(
        r#"{"version": 1, "variant": {"kind": "circle", "side": 2}}"#,
        "unknown key `variant.side`",
    );
    // A key that is unknown comes before one that is missing, since it may be that one misspelt.
    refused(r#"{"verson": 1}"#, "did you mean `version`?");
    let error = read(&format!(r#"{{"version": 1, "{}": 1}}"#, "k".repeat(100_000))).unwrap_err();
    assert!(error.to_string().len() < 500, "{}", error.to_string().len());
}

#[test]
fn a_key_that_stands_twice_is_refused_at_any_depth() {
    refused(
        r#"{"version": 1, "version": 1}"#,
        "key `version` stands twice in d.json",
    );
    refused(r#"{"version": 1, "\u0076ersion": 1}"#, "key `version` stands twice");
    refused(
        r#"{"version": 1, "free": {"a": [0, {"b": 1, "b": 2}]}}"#,
        "key `free.a[1].b` stands twice",
    );
    refused(
        r#"{"version": 1, "inner": {"memory_bytes": 1, "memory_bytes": 1}}"#,
        "`inner.memory_bytes`",
    );
}

#[test]
fn what_is_missing_or_of_the_wrong_type_is_named() {
    refused("{}", "key `version` is missing in d.json");
    refused(
        r#"{"version": 1, "list": [{}]}"#,
        "key `list[0].memory_bytes` is missing",
    );
    refused(
        r#"{"version": "1"}"#,
        "key `version` in d.json cannot be used: invalid type: string \"1\"",
    );
    refused(
        r#"{"version": 1, "map": {"x": {"memory_bytes": -1}}}"#,
        "key `map.x.memory_bytes`",
    );
    refused(r#"{"version": 1, "list": {}}"#, "key `list`");
    // Without the schema these would be read by the order of their keys.
    refused(
        r#"{"version": 1, "inner": [1]}"#,
        "key `inner` in d.json is a list, but must be an object",
    );
    refused(r#"{"version": 1, "list": [[1]]}"#, "key `list[0]`");
    refused(
        r#"{"version": 1, "inner": {"memory_bytes": 1, "deeper": [{}]}}"#,
        "key `inner.deeper[0]`",
    );
}

#[test]
fn only_one_object_of_json_is_read() {
    refused("", "d.json is not JSON");
    refused("[1]", "d.json is a list, but must be a JSON object");
    refused("null", "d.json is null");
    refused("7", "a number");
    refused(
        r#"{"version": 1} x"#,
        "d.json is not JSON: trailing characters at line 1",
    );
    refused(r#"{"version": 1}{}"#, "trailing");
    refused(r#"{"version": 1,}"#, "not JSON");
    refused("{'version': 1}", "not JSON");
    refused("{\"version\": 1 // one\n}", "not JSON");
    refused("\u{feff}{\"version\": 1}", "not JSON");
    refused(
        &format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
        "recursion limit",
    );
    let error = parse::<Document>(b"{\"version\": 1, \"name\": \"\xff\"}", Path::new("d.json")).unwrap_err();
    assert!(matches!(error, StrictJsonError::Syntax { .. }), "{error:?}");
}

#[test]
fn only_what_is_much_alike_is_suggested() {
    let known = ["memory_bytes", "execute_fuel", "tables"];
    assert_eq!(nearest("memory", known), Some("memory_bytes"));
    assert_eq!(nearest("Execute-Fuel", known), Some("execute_fuel"));
    assert_eq!(nearest("colour", known), None);
    assert_eq!(nearest("", known), None);
    assert_eq!(nearest(&"m".repeat(1_000), known), None);
}
