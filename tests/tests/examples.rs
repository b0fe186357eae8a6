//! The example algorithms in the sandbox: every case of their `cases.json`, rects within a few pixels of the truth, and
//! the same answer twice.

use procvision_host::algorithm::Algorithm;
use procvision_host::call::StepCall;
use procvision_host::component_build::{self, BuildOptions};
use procvision_host::frame::{Frame, Rect};
use procvision_host::host::{Host, HostConfig};
use procvision_host::outcome::{Finding, Outcome};
use procvision_host::package::Package;
use procvision_host::session::Session;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// How far an edge of a reported rect may lie from the truth, in pixels.
const TOLERANCE: u32 = 8;

fn folder(example: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(example)
}

fn load(example: &str) -> Algorithm {
    let folder = folder(example);
    let built = component_build::build(
        &folder,
        &BuildOptions {
            quiet: true,
            ..BuildOptions::default()
        },
    );
    let built = built.unwrap_or_else(|error| panic!("{}", procvision_host::explain::one_line(&error)));
    let host = Host::new(HostConfig::default()).unwrap();
    let package = Package::open_with_component(&folder, built.component, &host.config().ceiling).unwrap();
    host.load(&package).unwrap()
}

fn cases(example: &str) -> Vec<Value> {
    let text = std::fs::read(folder(example).join("cases.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_slice(&text).unwrap();
    assert!(cases.len() >= 5, "{example} has {} cases", cases.len());
    cases
}

fn call(example: &str, case: &Value) -> StepCall {
    let open = |path: &Value| Frame::open(folder(example).join(path.as_str().unwrap())).unwrap();
    let step = u32::try_from(case["step"].as_u64().unwrap()).unwrap();
    let mut call = StepCall::new(step, case["pid"].as_str().unwrap(), open(&case["image"]));
    call.params = case["params"].as_object().unwrap().clone();
    for (name, path) in case["references"].as_object().unwrap() {
        call = call.with_reference(name, open(path));
    }
    call
}

fn judge_all(example: &str) {
    let mut algorithm = load(example);
    for case in cases(example) {
        let name = format!("{example}, {}", case["name"]);
        let call = call(example, &case);
        let mut answers = Vec::new();
        for _ in 0..2 {
            let mut session = Session::new("case", Map::new());
            let pre = algorithm.pre_execute(&mut session, &call).outcome;
            let outcome = match &pre {
                Outcome::Ready { .. } => algorithm.execute(&mut session, &call).outcome,
                _ => pre.clone(),
            };
            answers.push((pre, outcome));
        }
        assert_eq!(answers[0], answers[1], "{name}: not the same twice");
        let (pre, outcome) = &answers[0];
        // A case that fails may do so in either phase.
        if case["pre"] != "failed" {
            assert_eq!(pre.as_str(), case["pre"], "{name}: {pre:?}");
        } else {
            assert!(outcome.failure().is_some(), "{name}: {outcome:?}");
        }
        assert_eq!(outcome.verdict(), case["verdict"].as_str(), "{name}: {outcome:?}");
        if let Outcome::Ng {
            reason, defect_rects, ..
        } = outcome
        {
            let expected = case["ng_reason_contains"].as_str().unwrap_or_default();
            assert!(reason.contains(expected), "{name}: {reason}");
            if let Some(truth) = case["defect_rects"].as_array().filter(|truth| !truth.is_empty()) {
                check_rects(&name, defect_rects, truth);
            }
        }
    }
    assert_eq!(algorithm.teardown().failure, None);
}

fn check_rects(name: &str, found: &[Finding], truth: &[Value]) {
    assert_eq!(found.len(), truth.len(), "{name}: {found:?}");
    for expected in truth {
        let label = expected["label"].as_str().unwrap();
        let area: Rect = serde_json::from_value(serde_json::json!({
            "x": expected["x"], "y": expected["y"], "width": expected["width"], "height": expected["height"],
        }))
        .unwrap();
        let near = |finding: &&Finding| finding.label == label && close(finding.area, area);
        assert!(
            found.iter().any(|finding| near(&finding)),
            "{name}: no `{label}` at {area} in {found:?}"
        );
    }
}

fn close(a: Rect, b: Rect) -> bool {
    let edges = |rect: Rect| [rect.x, rect.y, rect.x + rect.width, rect.y + rect.height];
    edges(a)
        .into_iter()
        .zip(edges(b))
        .all(|(a, b)| a.abs_diff(b) <= TOLERANCE)
}

#[test]
fn presence_check_judges_as_its_cases_say() {
    judge_all("presence-check");
}

#[test]
fn surface_defect_judges_as_its_cases_say() {
    judge_all("surface-defect");
}

#[test]
fn capture_quality_judges_as_its_cases_say() {
    judge_all("capture-quality");
}

#[test]
fn capture_quality_counts_frames_across_the_steps_of_one_product() {
    let mut algorithm = load("capture-quality");
    let cases = cases("capture-quality");
    let mut session = Session::new("product", Map::new());
    let call = call("capture-quality", &cases[0]);
    let mut messages = Vec::new();
    for _ in 0..3 {
        algorithm.pre_execute(&mut session, &call);
        match algorithm.execute(&mut session, &call).outcome {
            Outcome::Ok { message, .. } => messages.push(message.unwrap()),
            other => panic!("{other:?}"),
        }
    }
    assert!(
        messages[0].contains("1 of 1") && messages[2].contains("3 of 3"),
        "{messages:?}"
    );
    // Another product starts from nothing.
    let mut other = Session::new("other", Map::new());
    algorithm.pre_execute(&mut other, &call);
    let outcome = algorithm.execute(&mut other, &call).outcome;
    assert!(
        matches!(&outcome, Outcome::Ok { message: Some(message), .. } if message.contains("1 of 1")),
        "{outcome:?}"
    );
}
