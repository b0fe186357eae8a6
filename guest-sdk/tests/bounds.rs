//! Answers that are too long, too many or blank: what a host cuts, and what it refuses.

use std::panic::{AssertUnwindSafe, catch_unwind};

use procvision_guest::prelude::*;
use procvision_guest::testing::{Image, Station, StepRun};
use procvision_guest::{FailureCode, json};

/// The most text that a host takes in one answer, in bytes.
const TEXT: usize = 64 * 1024;

/// Answers with as many findings and as long texts as it is told.
#[derive(Default)]
struct Talkative;

impl Algorithm for Talkative {
    fn info() -> Info {
        let step = Step::new(1, "talk")
            .param(Param::string("answer", ..).required())
            .param(Param::string("text", ..).default("text"))
            .param(Param::int("findings", 0..).default(0))
            .param(Param::string("label", ..).default("spot"));
        Info::new("talkative", "1.0.0").pids(["A01"]).step(step)
    }

    fn pre_execute(&mut self, call: &Call, _: &Session) -> Result<Readiness, Failure> {
        let text = call.params().str("text");
        let readiness = match call.params().str("answer") {
            "failure" => return Err(Failure::unknown(text)),
            "not ready" => Readiness::not_ready(text),
            _ => Readiness::ready().message(text),
        };
        Ok(findings(call).fold(readiness, Readiness::calibration))
    }

    fn execute(&mut self, call: &Call, _: &Session) -> Result<Verdict, Failure> {
        let text = call.params().str("text");
        match call.params().str("answer") {
            "failure" => Err(Failure::unknown(text)),
            "ng" => Ok(Verdict::ng(text).with_defects(findings(call))),
            _ => Ok(Verdict::ok().message(text).with_positions(findings(call))),
        }
    }
}

/// As many findings as the call asks for. Each lies in the picture, but those that a host cuts.
fn findings(call: &Call) -> impl Iterator<Item = Finding> {
    let area = |index| {
        if index < 1_000 {
            call.frame().bounds()
        } else {
            Rect::new(9_999, 0, 1, 1)
        }
    };
    let label = call.params().str("label");
    (0..call.params().int("findings")).map(move |index| Finding::new(area(index), label))
}

fn execute(params: serde_json::Value) -> StepRun<Verdict> {
    let station = Station::<Talkative>::new();
    let mut inspection = station.inspection("A01");
    inspection
        .step(1)
        .image(Image::gray(4, 4, vec![0; 16]))
        .params(params)
        .execute()
}

fn pre_execute(params: serde_json::Value) -> StepRun<Readiness> {
    let station = Station::<Talkative>::new();
    let mut inspection = station.inspection("A01");
    inspection
        .step(1)
        .image(Image::gray(4, 4, vec![0; 16]))
        .params(params)
        .pre_execute()
}

/// The message with which `work` panics.
#[track_caller]
fn panic_of<T>(work: impl FnOnce() -> T) -> String {
    match catch_unwind(AssertUnwindSafe(|| drop(work()))) {
        Ok(()) => panic!("it does not panic"),
        Err(panic) => panic.downcast_ref::<String>().cloned().unwrap_or_default(),
    }
}

#[test]
fn blank_texts_that_must_say_something_fail_the_test() {
    for blank in ["", " \t\n", "\u{3000}"] {
        for answer in ["ng", "failure"] {
            let panic = panic_of(|| execute(json!({ "answer": answer, "text": blank })));
            assert!(panic.starts_with("the host refuses this answer (1000): "), "{panic}");
        }
        for answer in ["not ready", "failure"] {
            let panic = panic_of(|| pre_execute(json!({ "answer": answer, "text": blank })));
            assert!(panic.contains("has an empty message"), "{panic}");
        }
    }
}

#[test]
fn a_blank_remark_is_none() {
    let blank = json!({ "answer": "ok", "text": "  " });
    assert_eq!(execute(blank.clone()).verdict().message_text(), None);
    assert_eq!(pre_execute(blank).readiness().message_text(), None);
}

#[test]
fn surplus_positions_are_cut_before_they_are_looked_at() {
    let many = json!({ "answer": "ok", "findings": 1_003 });
    let run = execute(many.clone());
    assert_eq!(run.verdict().positions().len(), 1_000);
    let warning = "1003 positions were returned, and only the first 1000 are kept";
    assert!(run.logs().iter().any(|line| line.message == warning), "{run:?}");

    let run = pre_execute(many);
    assert_eq!(run.readiness().calibrations().len(), 1_000);
    let warning = "1003 calibrations were returned, and only the first 1000 are kept";
    assert!(run.logs().iter().any(|line| line.message == warning), "{run:?}");

    let exact = execute(json!({ "answer": "ok", "findings": 1_000 }));
    assert!(exact.verdict().is_ok() && exact.logs().is_empty());
}

#[test]
fn text_counts_together_and_has_a_bound() {
    let full = |answer: &str, findings: usize, label: &str| {
        let text = "x".repeat(TEXT - findings * label.len());
        json!({ "answer": answer, "text": text, "findings": findings, "label": label })
    };
    let over = |answer: &str, findings: usize, label: &str| {
        let mut params = full(answer, findings, label);
        params["text"] = format!("{}x", params["text"].as_str().unwrap()).into();
        params
    };
    assert!(execute(full("ok", 3, "part")).verdict().is_ok());
    assert!(execute(full("ng", 20, "näh")).verdict().is_ng());
    assert_eq!(execute(full("failure", 0, "")).failure().code(), FailureCode::Unknown);
    assert!(pre_execute(full("ready", 5, "mark")).readiness().is_ready());
    assert!(!pre_execute(full("not ready", 5, "mark")).readiness().is_ready());

    let refused = "the host refuses this answer (1000): its messages, reasons and labels have more than 65536 bytes";
    for (answer, findings) in [("ok", 3), ("ng", 20), ("failure", 0)] {
        let panic = panic_of(|| execute(over(answer, findings, "näh")));
        assert!(panic.starts_with(refused), "{answer}: {panic}");
    }
    for answer in ["ready", "not ready", "failure"] {
        let findings = if answer == "failure" { 0 } else { 5 };
        let panic = panic_of(|| pre_execute(over(answer, findings, "mark")));
        assert!(panic.starts_with(refused), "{answer}: {panic}");
    }
}

#[test]
fn labels_of_findings_that_are_cut_do_not_count() {
    let label = "x".repeat(TEXT / 21);
    let run = execute(json!({ "answer": "ng", "findings": 30, "label": label }));
    assert_eq!(run.verdict().defects().len(), 20);
}
