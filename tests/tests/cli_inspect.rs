//! `procvision inspect`: what it tells of honest packages, of hostile ones, and of two that differ.

#[path = "cli_inspect/against.rs"]
mod against;
#[path = "cli_inspect/facts.rs"]
mod facts;
#[path = "cli_inspect/hostile.rs"]
mod hostile;
#[path = "cli_inspect/packages.rs"]
mod packages;
#[path = "cli_inspect/page.rs"]
mod page;

use procvision_tests::workplace::Workplace;
use serde_json::Value;

/// The answer of `inspect` with these arguments, which ends with `status`.
#[track_caller]
fn inspect(place: &Workplace, arguments: &[&str], status: i32) -> Value {
    let all = [&["inspect", "--json"], arguments].concat();
    let answer = place.procvision(&all).expect(status);
    assert_eq!(answer.stderr, "");
    answer.json()
}

/// The points with this id.
fn points<'a>(answer: &'a Value, id: &str) -> Vec<&'a Value> {
    let points = answer["points"].as_array().expect("points are a list");
    points.iter().filter(|point| point["id"] == id).collect()
}

/// The one point with this id.
#[track_caller]
fn point<'a>(answer: &'a Value, id: &str) -> &'a Value {
    match points(answer, id).as_slice() {
        [point] => point,
        other => panic!("{} points `{id}` in {:#}", other.len(), answer["points"]),
    }
}

/// The evidence of the one point with this id, in one text.
#[track_caller]
fn evidence(answer: &Value, id: &str) -> String {
    let evidence = point(answer, id)["evidence"].as_array().expect("evidence is a list");
    let lines: Vec<&str> = evidence.iter().filter_map(Value::as_str).collect();
    lines.join("\n")
}

/// The entry of this name in a list.
#[track_caller]
fn named<'a>(list: &'a Value, name: &str) -> &'a Value {
    let entries = list.as_array().expect("it is a list");
    let found = entries.iter().find(|entry| entry["name"] == name);
    found.unwrap_or_else(|| panic!("no `{name}` in {list:#}"))
}
