//! The description of the interface and the interface are the same: schemathesis makes requests from the one, good ones
//! and bad ones, and looks whether the other answers as it says.
//!
//! What it asks is the same each time: a fixed seed, a bounded number of requests, one after the other.

use procvision_tests::binary::project_root;
use procvision_tests::examples;
use procvision_tests::packages::parts;
use procvision_tests::python;
use procvision_tests::station::{Premises, Served};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which requests are made.
const SEED: &str = "7";
/// Requests of each kind for each operation, besides those that follow from the description.
const EXAMPLES: &str = "30";

fn folder() -> PathBuf {
    project_root().join("tests/tests/http_api")
}

/// A station with two versions to choose from, one of them active, the other to be sent, and results.
fn station() -> (Premises, Served) {
    let premises = Premises::with(&[parts("1.0.0")], &["A01"]);
    parts("1.1.0").write(premises.path("").as_path());
    let config = json!({"station": {
        "sources": {"tray": {"pool": "tray"}, "good": {"file": examples::picture("presence-check", "tray-good.png")}},
        "lines": {"tray": {"pid": "A01", "source": "good", "start": false}},
        "results": {"thumbnails": "all"},
    }});
    let served = premises.serve(&config);
    for _ in 0..3 {
        let inspection = served.inspection("A01");
        let step = json!({"step_index": 1, "phases": ["execute"], "picture": {"source": "good"}});
        let (status, answer) = served.post(&format!("{inspection}/steps"), &step);
        assert_eq!((status, &answer["verdict"]), (200, &json!("OK")), "{answer}");
    }
    (premises, served)
}

/// The operation that an address belongs to: of several, the one with the fewest parts that could be anything.
fn operation<'d>(described: &'d Value, method: &str, path: &str) -> Option<(&'d str, String)> {
    let paths = described["paths"].as_object().unwrap();
    let fits = |template: &&String| {
        let (left, right) = (template.split('/'), path.split('/'));
        left.clone().count() == right.clone().count()
            && left.zip(right).all(|(one, other)| one.starts_with('{') || one == other)
    };
    let method = method.to_lowercase();
    let template = paths
        .keys()
        .filter(fits)
        .min_by_key(|template| template.matches('{').count())?;
    paths[template].get(&method).map(|_| (template.as_str(), method))
}

/// How each operation was answered: its name, and how often with which status.
fn answered(har: &Path, described: &Value, page: &str) -> BTreeMap<String, BTreeMap<u64, usize>> {
    let har: Value = serde_json::from_slice(&std::fs::read(har).unwrap()).unwrap();
    let mut answered = BTreeMap::new();
    for entry in har["log"]["entries"].as_array().unwrap() {
        let address = entry["request"]["url"].as_str().unwrap();
        let path = address.strip_prefix(page).unwrap_or(address).split('?').next().unwrap();
        let method = entry["request"]["method"].as_str().unwrap();
        if let Some((template, method)) = operation(described, method, path) {
            let statuses: &mut BTreeMap<u64, usize> = answered.entry(format!("{method} {template}")).or_default();
            *statuses
                .entry(entry["response"]["status"].as_u64().unwrap())
                .or_default() += 1;
        }
    }
    answered
}

#[test]
fn schemathesis_finds_nothing() {
    let python = python::environment("schemathesis", &folder().join("requirements.txt"));
    let (premises, served) = station();
    let (_, described) = served.get("/openapi.json");
    // Left there for whoever wants to see what was asked.
    let har = project_root().join("target/schemathesis.har");
    let mut command = Command::new(python);
    command
        .current_dir(folder())
        .args(["-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run"])
        .arg(format!("{}/openapi.json", served.page))
        .args([
            "--seed",
            SEED,
            "--max-examples",
            EXAMPLES,
            "--checks",
            "all",
            "--workers",
            "1",
        ])
        // It takes nothing for gone but what was deleted; inspections are ended.
        .args(["--exclude-checks", "ensure_resource_availability"])
        // A stream without an end is no answer that it could look at.
        .args(["--exclude-path", "/events"])
        .arg("--report-har-path")
        .arg(&har)
        .env("PACKAGE", premises.path("lifted-v1.1.0-offline.zip"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NO_PROXY", "127.0.0.1");
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}\n{command:?}");
    assert_eq!(served.get("/healthz").0, 200);

    // It has asked for everything, and everything has been answered well at least once: what only ever fails is not
    // tried.
    let answered = answered(&har, &described, &served.page);
    let operations = described["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| format!("{method} {path}"))
        });
    let untried: Vec<String> = operations
        // The description itself it has read before.
        .filter(|name| name != "get /events" && name != "get /openapi.json")
        .filter(|name| {
            let statuses = answered.get(name);
            !statuses.is_some_and(|statuses| statuses.keys().any(|status| (200..300).contains(status)))
        })
        .collect();
    assert!(untried.is_empty(), "{untried:#?} of {answered:#?}");
}
