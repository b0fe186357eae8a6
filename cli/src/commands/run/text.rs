//! The answer for people: verdict first.

use crate::commands::failure;
use anstyle::{AnsiColor, Style};
use procvision_host::limits::Unit;
use procvision_host::logs::{Level, LogLine, LogSource};
use procvision_host::outcome::{Finding, Outcome};
use procvision_host::report::{Picture, RunReport, Used, amount, time, usage};
use procvision_host::visible;
use std::fmt::Write;

/// Log lines that are shown; a page of them is enough on a terminal.
const SHOWN_LINES: usize = 50;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();

/// The whole answer, without the last line end. Writing to a string cannot fail, which is why results are dropped.
pub(super) fn of(report: &RunReport) -> String {
    let mut text = String::new();
    if report.request.pictures().any(|picture| picture.is_stand_in()) {
        // Before the verdict, since a black picture may well be judged OK.
        let _ = writeln!(
            text,
            "{YELLOW}BLACK PICTURE{YELLOW:#}  {BOLD}judged in place of one that could not be had{BOLD:#}"
        );
    }
    headline(&mut text, report);
    if let Some(failure) = report.failure() {
        text.push_str(&failure::details(failure));
    }
    let _ = writeln!(text, "{DIM}{}{DIM:#}", what(report));
    findings(&mut text, report);
    times(&mut text, report);
    used(&mut text, report);
    logs(&mut text, report);
    if report.all_warnings().next().is_some() {
        heading(&mut text, "Warnings");
        for warning in report.all_warnings() {
            let _ = writeln!(
                text,
                "  {YELLOW}{}{YELLOW:#}  {}",
                warning.kind,
                visible::line(&warning.message)
            );
        }
    }
    if report.annotated.is_some() || report.report.is_some() {
        heading(&mut text, "Written");
        for file in report.annotated.iter().chain(&report.report) {
            let _ = writeln!(text, "  {}", file.display());
        }
    }
    text.truncate(text.trim_end().len());
    text
}

fn headline(text: &mut String, report: &RunReport) {
    let (style, word, sentence) = match report.outcome() {
        Some(Outcome::Ok { message, .. }) => (GREEN, "OK", message.as_deref().unwrap_or("")),
        Some(Outcome::Ng { reason, .. }) => (RED, "NG", reason.as_str()),
        Some(Outcome::Ready { message, .. }) => (GREEN, "READY", message.as_deref().unwrap_or("")),
        Some(Outcome::NotReady { message, .. }) => (YELLOW, "NOT READY", message.as_str()),
        Some(Outcome::Failed(failure)) => (RED, "NO VERDICT", failure.message.as_str()),
        None => (RED, "NO VERDICT", "nothing was asked"),
    };
    let line = format!("{style}{word}{style:#}  {BOLD}{}{BOLD:#}", visible::line(sentence));
    let _ = writeln!(
        text,
        "{}",
        if sentence.is_empty() {
            format!("{style}{word}{style:#}")
        } else {
            line
        }
    );
    if let Some(Outcome::Ng {
        message: Some(message), ..
    }) = report.outcome()
    {
        let _ = writeln!(text, "{}", visible::line(message));
    }
    if let Some(Outcome::NotReady { .. }) = report.outcome() {
        let _ = writeln!(text, "The conditions are not right; the product was not judged.");
    }
}

fn what(report: &RunReport) -> String {
    let (info, request) = (&report.subject.info, &report.request);
    let frame = &request.image.frame;
    let mut what = format!(
        "{} {}, {} step {}, {} ({} x {}{})",
        visible::line(&info.name),
        visible::line(&info.version),
        request.pid,
        request.step,
        request.image.origin,
        frame.width(),
        frame.height(),
        black(&request.image)
    );
    for reference in &request.references {
        let _ = write!(what, ", {}={}{}", reference.name, reference.origin, black(reference));
    }
    what
}

fn black(picture: &Picture) -> &'static str {
    if picture.is_stand_in() { ", black" } else { "" }
}

fn heading(text: &mut String, title: &str) {
    let _ = writeln!(text, "\n{BOLD}{title}{BOLD:#}");
}

fn findings(text: &mut String, report: &RunReport) {
    for step in report.steps() {
        match &step.outcome {
            Outcome::Ready { calibration_rects, .. } | Outcome::NotReady { calibration_rects, .. } => {
                table(text, "Calibration", calibration_rects);
            }
            Outcome::Ok { position_rects, .. } => table(text, "Positions", position_rects),
            Outcome::Ng {
                defect_rects,
                position_rects,
                ..
            } => {
                table(text, "Defects", defect_rects);
                table(text, "Positions", position_rects);
            }
            Outcome::Failed(_) => {}
        }
    }
}

fn table(text: &mut String, title: &str, findings: &[Finding]) {
    if findings.is_empty() {
        return;
    }
    heading(text, &format!("{title} ({})", findings.len()));
    let labels: Vec<_> = findings.iter().map(|finding| visible::line(&finding.label)).collect();
    let widest = labels
        .iter()
        .map(|label| label.chars().count())
        .max()
        .unwrap_or(0)
        .clamp(4, 48);
    let _ = writeln!(
        text,
        "  {DIM}{:>3}  {:widest$}  {:>5}  {:>6} {:>6} {:>6} {:>6}{DIM:#}",
        "#", "what", "score", "x", "y", "width", "height"
    );
    for ((finding, label), number) in findings.iter().zip(labels).zip(1..) {
        let area = finding.area;
        let _ = writeln!(
            text,
            "  {number:>3}  {label:widest$}  {:>5.2}  {:>6} {:>6} {:>6} {:>6}",
            finding.score, area.x, area.y, area.width, area.height
        );
    }
}

fn times(text: &mut String, report: &RunReport) {
    heading(text, "Time");
    let preparation = &report.preparation;
    let mut row = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<12} {value}");
    };
    if let Some(build) = preparation.build {
        row("build", time(build));
    }
    let note = if preparation.from_cache {
        ", compiled before"
    } else {
        ""
    };
    row("compile", format!("{}{note}", time(preparation.compile)));
    row("start", time(preparation.start));
    row("setup", time(preparation.setup));
    for step in report.steps() {
        row(step.phase.as_str(), time(step.usage.wall));
    }
    if let Some(repeat) = &report.repeat
        && let (Some(min), Some(median), Some(high), Some(max)) =
            (repeat.min(), repeat.percentile(50), repeat.percentile(99), repeat.max())
    {
        let [min, median, high, max] = [min, median, high, max].map(time);
        let times = format!(
            "execute {} times: p50 {median}, p99 {high}, {min} to {max}",
            repeat.done()
        );
        row("repeat", times);
    }
}

fn used(text: &mut String, report: &RunReport) {
    heading(text, "Used");
    for used in usage(report) {
        let Used {
            name,
            unit,
            used: value,
            limit,
            ..
        } = &used;
        // Times are above already.
        if *unit != Unit::Milliseconds && *value > 0 {
            let share = used.percent();
            let value = amount(*unit, *value);
            let _ = writeln!(
                text,
                "  {name:<25} {value:>14}  {share:>5.1} % of {}",
                amount(*unit, *limit)
            );
        }
    }
}

fn logs(text: &mut String, report: &RunReport) {
    let lines = report.log_lines();
    if lines.clone().next().is_none() {
        return;
    }
    heading(text, "Log");
    for (place, line) in lines.clone().take(SHOWN_LINES) {
        log_line(text, place, line);
    }
    let hidden = lines.count().saturating_sub(SHOWN_LINES);
    if hidden > 0 {
        let _ = writeln!(
            text,
            "  {DIM}{hidden} more lines are shown by --report and --json{DIM:#}"
        );
    }
}

fn log_line(text: &mut String, place: &str, line: &LogLine) {
    let style = match line.level {
        Level::Error => RED,
        Level::Warn => YELLOW,
        Level::Info => BOLD,
        Level::Debug | Level::Trace => DIM,
    };
    let _ = write!(
        text,
        "  {DIM}{:<11}{DIM:#} {style}{:<5}{style:#} {}",
        place,
        line.level.as_str(),
        visible::line(&line.message)
    );
    for (key, value) in &line.fields {
        let _ = write!(
            text,
            " {DIM}{}={}{DIM:#}",
            visible::line(key),
            visible::line(&value.to_string())
        );
    }
    match line.source {
        LogSource::Log => {}
        printed => {
            let _ = write!(text, " ({})", printed.as_str());
        }
    }
    text.push('\n');
}
