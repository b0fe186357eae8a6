//! Guests that write more than anybody reads: what exceeds a bound is counted and dropped, and the verdict stands.

use crate::stage::{Villain, message, warned};
use procvision_host::outcome::StepReport;
use serde_json::json;

const LINES: usize = 1_000;
const LOG_BYTES: usize = 256 << 10;

fn flood(attack: &str) -> StepReport {
    let mut villain = Villain::rogue();
    let report = villain.attack(attack);
    assert_eq!(message(&report), "flooded");
    let lines = &report.logs.lines;
    let bytes: usize = lines.iter().map(|line| line.message.len()).sum();
    assert!(
        lines.len() <= LINES && bytes <= LOG_BYTES,
        "{} lines, {bytes} bytes",
        lines.len()
    );
    villain.recovers();
    let quiet = villain.attack("none");
    assert!(
        quiet.logs.lines.is_empty() && quiet.logs.dropped_lines == 0,
        "a flood ends with its call"
    );
    assert!(quiet.diagnostics.is_empty());
    report
}

#[test]
fn log_lines() {
    for attack in ["log-flood", "log-empty-flood", "stdout-flood"] {
        let report = flood(attack);
        assert_eq!(report.logs.lines.len() + report.logs.dropped_lines as usize, 20_000);
        assert_eq!(report.logs.lines.len(), LINES);
        assert!(warned(&report, "logs_dropped"));
    }
}

#[test]
fn standard_error_without_line_ends() {
    let report = flood("stderr-without-newline");
    assert!(report.logs.dropped_lines > 0 && warned(&report, "logs_dropped"));
    assert!(report.logs.lines.iter().all(|line| line.message.len() <= 8 << 10));
}

#[test]
fn fields_count_against_the_bound() {
    let report = flood("log-fields");
    assert!(report.logs.dropped_lines > 80, "{}", report.logs.dropped_lines);
}

#[test]
fn prints_that_are_not_text_or_not_finished() {
    let report = flood("stdout-not-utf8");
    assert_eq!(report.logs.lines[0].message, "\u{fffd}\u{fffd}a");
    let report = flood("stdout-unfinished");
    assert_eq!(report.logs.lines[0].message, "no end of line");
}

#[test]
fn log_line_that_imitates_others_stays_one_line_of_data() {
    let report = flood("log-terminal");
    assert_eq!(report.logs.lines.len(), 1);
    let shown = procvision_host::visible::line(&report.logs.lines[0].message);
    assert!(!shown.contains(|letter: char| letter.is_control()), "{shown}");
}

#[test]
fn diagnostics() {
    let report = flood("diagnostics-flood");
    assert_eq!(report.diagnostics.len(), 100);
    assert!(warned(&report, "diagnostics_dropped"));
}

#[test]
fn large_diagnostics() {
    let report = flood("diagnostics-large");
    assert_eq!(report.diagnostics.len(), 6, "six values of 10 kB fit into 64 KiB");
    assert!(warned(&report, "diagnostics_dropped"));
}

#[test]
fn replacing_a_diagnostic_does_not_use_the_bound_up() {
    let report = flood("diagnostics-replaced");
    assert_eq!(report.diagnostics["progress"], json!(19_999));
    assert!(!warned(&report, "diagnostics_dropped"));
}

#[test]
fn number_that_json_does_not_have() {
    let report = flood("diagnostics-nan");
    assert_eq!(report.diagnostics["ratio"], json!("NaN"));
}
