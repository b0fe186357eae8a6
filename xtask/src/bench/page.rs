//! `cargo xtask bench page`: measures everything in one go and puts the tables into docs/performance.md, between the marks
//! there. The sentences around them are written by people.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::figures::{self, Aim, Figures, Frames, ratio, time};
use super::peers::calls::{self, Calls};
use super::peers::{self, Row};
use super::ways::{self, Ways};
use crate::cli::Part;
use crate::shell::Line;
use crate::workspace::Workspace;
use crate::{Finding, host};

const PAGE: &str = "docs/performance.md";
/// Between these stands what is measured. The whole calls stand apart, so that they can be measured alone.
const MEASURED: [&str; 2] = ["<!-- measured:begin -->\n", "<!-- measured:end -->"];
const CALLS: [&str; 2] = ["<!-- calls:begin -->\n", "<!-- calls:end -->"];
const WAYS: [&str; 2] = ["<!-- ways:begin -->\n", "<!-- ways:end -->"];

/// Measures and rewrites the page, or a part of it.
pub fn run(workspace: &Workspace, only: Option<Part>) -> Result<Finding> {
    let path = workspace.root().join(PAGE);
    let mut page = fs::read_to_string(&path).with_context(|| format!("cannot read {PAGE}"))?;
    // Before minutes are spent on measuring.
    for marks in [MEASURED, CALLS, WAYS] {
        replaced(&page, marks, "")?;
    }

    let program = host::build(workspace)?;
    if only != Some(Part::Ways) {
        let python = peers::environment(workspace)?;
        if only.is_none() {
            page = everything(workspace, &python, &program, &page)?;
        }
        let calls = calls::measure(workspace, &python, &program)?;
        page = replaced(&page, CALLS, &whole_calls(&calls))?;
    }
    if only != Some(Part::Calls) {
        page = replaced(&page, WAYS, &ways(&ways::measure(workspace)?))?;
    }
    fs::write(&path, page).with_context(|| format!("cannot write {PAGE}"))?;
    println!("{PAGE} has the figures of this run; read whether the sentences around them still hold.");
    Ok(Finding::Good)
}

/// The page with what the program measures of itself, and other systems beside it.
fn everything(workspace: &Workspace, python: &Path, program: &Path, page: &str) -> Result<String> {
    let report = workspace.target_dir()?.join("bench.html");
    let line = Line::new(program, workspace.root())
        .args(["bench", "--json", "--report"])
        .arg(&report);
    let figures = figures::measure(&line)?;
    let rows = peers::measure(workspace, python, &figures)?;
    println!("{} has the plots of this run.", report.display());
    replaced(page, MEASURED, &tables(&figures, &rows))
}

/// The page with another text between two marks.
fn replaced(page: &str, [begin, end]: [&str; 2], text: &str) -> Result<String> {
    let marked = || format!("the page does not have the marks {} and {end}", begin.trim_end());
    let (before, rest) = page.split_once(begin).with_context(marked)?;
    let (_, after) = rest.split_once(end).with_context(marked)?;
    Ok(format!("{before}{begin}{text}{end}{after}"))
}

/// Everything between the marks. Writing to a string cannot fail, which is why results are dropped.
fn tables(figures: &Figures, peers: &[Row]) -> String {
    let mut text = String::new();
    let machine = &figures.machine;
    let _ = writeln!(
        text,
        "\n{}, {} cores, {} GiB of memory, Linux {}.",
        machine.cpu,
        machine.cores,
        machine.memory_bytes.div_ceil(1 << 30),
        machine.kernel
    );
    heading(&mut text, "Aims");
    aims(&mut text, &figures.aims);
    heading(&mut text, "Beside other systems");
    begin(&mut text, &["picture", "through", "p50", "p99", "x this host"], 2);
    for row in peers {
        let cells = [
            &row.size,
            &row.peer,
            &time(row.p50_us),
            &time(row.p99_us),
            &ratio(row.ratio),
        ];
        line(&mut text, &cells);
    }
    if let Some(frames) = &figures.frames {
        self::frames(&mut text, frames);
    }
    if let Some(kernels) = &figures.kernels {
        heading(&mut text, "Kernels on 1920 x 1080 pixels");
        let headings = [
            "kernel",
            "native p50",
            "p99",
            "sandbox p50",
            "p99",
            "x native",
            "without metering p50",
            "p99",
            "metering x",
        ];
        begin(&mut text, &headings, 1);
        for row in &kernels.rows {
            let cells = [
                &format!("`{}`", row.kernel),
                &time(row.native.p50_us),
                &time(row.native.p99_us),
                &time(row.sandboxed.p50_us),
                &time(row.sandboxed.p99_us),
                &ratio(row.over_native),
                &time(row.unmetered.p50_us),
                &time(row.unmetered.p99_us),
                &ratio(row.metering),
            ];
            line(&mut text, &cells);
        }
    }
    if let Some(calls) = &figures.calls {
        heading(&mut text, "Calls that look at no picture");
        begin(&mut text, &["call", "p50", "p99", "x bare"], 1);
        for row in &calls.rows {
            let timing = row.timing;
            line(
                &mut text,
                &[&row.call, &time(timing.p50_us), &time(timing.p99_us), &ratio(row.ratio)],
            );
        }
    }
    if let Some(start) = &figures.start {
        heading(&mut text, "Starts");
        begin(&mut text, &["start", "beside", "p50", "p99", "ratio"], 2);
        for row in &start.rows {
            let (p50, p99) = (time(row.timing.p50_us), time(row.timing.p99_us));
            line(&mut text, &[&row.start, &row.baseline, &p50, &p99, &ratio(row.ratio)]);
        }
    }
    text.push('\n');
    text
}

fn aims(text: &mut String, aims: &[Aim]) {
    begin(text, &["aim", "wanted", "measured", ""], 1);
    for aim in aims {
        // A type's name would be taken for a tag.
        let what = aim.what.replace('<', "&lt;");
        let [wanted, measured, verdict] = aim.shown();
        line(text, &[&what, &wanted, &measured, &verdict]);
    }
}

fn whole_calls(calls: &Calls) -> String {
    let mut text = "\n".to_owned();
    aims(&mut text, &calls.aims);
    text.push('\n');
    let headings = [
        "pictures of 1920 x 1080",
        "adapter",
        "pictures in",
        "p50",
        "p99",
        "x faster",
    ];
    begin(&mut text, &headings, 3);
    for trip in &calls.trips {
        let (p50, p99) = (time(trip.timing.p50_us), time(trip.timing.p99_us));
        let (adapter, from) = (trip.adapter.to_owned(), trip.from.to_owned());
        line(
            &mut text,
            &[&trip.named(), &adapter, &from, &p50, &p99, &ratio(trip.gain)],
        );
    }
    text.push('\n');
    begin(
        &mut text,
        &["from starting until", "adapter", "p50", "p99", "x faster"],
        2,
    );
    for start in &calls.starts {
        let (p50, p99) = (time(start.timing.p50_us), time(start.timing.p99_us));
        let (until, adapter) = (start.until.to_owned(), start.adapter.to_owned());
        line(&mut text, &[&until, &adapter, &p50, &p99, &ratio(start.gain)]);
    }
    text.push('\n');
    begin(&mut text, &["a ping while a call runs", "p50", "p99", "pings"], 1);
    for ping in &calls.pings {
        let (p50, p99) = (time(ping.timing.p50_us), time(ping.timing.p99_us));
        line(
            &mut text,
            &[&ping.adapter.to_owned(), &p50, &p99, &ping.pings.to_string()],
        );
    }
    text.push('\n');
    text
}

fn ways(ways: &Ways) -> String {
    let mut text = "\n".to_owned();
    let headings = [
        "asked",
        "results",
        "p50",
        "p99",
        "x in the same process",
        "of it the disk",
    ];
    begin(&mut text, &headings, 2);
    for row in &ways.rows {
        let (p50, p99) = (time(row.timing.p50_us), time(row.timing.p99_us));
        let (way, results) = (row.way.to_owned(), row.results.to_owned());
        line(
            &mut text,
            &[&way, &results, &p50, &p99, &ratio(row.ratio), &ways::share(row)],
        );
    }
    text.push('\n');
    text
}

fn frames(text: &mut String, frames: &Frames) {
    heading(text, "Pictures into an algorithm");
    let _ = writeln!(text, "Mapped pictures lie on {}.\n", frames.pages);
    begin(text, &["picture", "looked at", "way", "p50", "p99", "x list"], 3);
    for row in &frames.deliveries {
        let (p50, p99) = (time(row.timing.p50_us), time(row.timing.p99_us));
        line(
            text,
            &[&row.size, &row.touched, &row.way, &p50, &p99, &ratio(row.ratio)],
        );
    }
    heading(text, "Copies into memory that is there already");
    begin(text, &["picture", "copy", "p50", "p99", "x memcpy"], 2);
    for row in &frames.copies {
        let (p50, p99) = (time(row.timing.p50_us), time(row.timing.p99_us));
        line(text, &[&row.size, &row.copy, &p50, &p99, &ratio(row.ratio)]);
    }
    heading(text, "What mapping leaves behind");
    let growth = &frames.growth;
    let _ = writeln!(
        text,
        "Over {} mapped pictures of 1920 x 1080 the process had {} KiB resident before and {} KiB after, and {} mappings \
         before and {} after. One picture costs, in algorithms whose memory is in use to:\n",
        growth.pictures,
        growth.before_bytes / 1024,
        growth.after_bytes / 1024,
        growth.mappings_before,
        growth.mappings_after
    );
    begin(text, &["memory", "p50", "p99", "x first"], 1);
    for row in &frames.memory_sizes {
        let (p50, p99) = (time(row.timing.p50_us), time(row.timing.p99_us));
        line(
            text,
            &[&format!("{} MiB", row.memory_mib), &p50, &p99, &ratio(row.ratio)],
        );
    }
}

fn heading(text: &mut String, title: &str) {
    let _ = writeln!(text, "\n### {title}\n");
}

/// Begins a table whose first columns are words and whose others are figures.
fn begin(text: &mut String, headings: &[&str], words: usize) {
    let rules: Vec<_> = (0..headings.len())
        .map(|column| if column < words { "---" } else { "---:" })
        .collect();
    let _ = writeln!(text, "| {} |\n| {} |", headings.join(" | "), rules.join(" | "));
}

fn line(text: &mut String, cells: &[&String]) {
    let cells: Vec<&str> = cells.iter().map(|cell| cell.as_str()).collect();
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let page = "a\n<!-- calls:begin -->\nold\n<!-- calls:end -->\nb\n";
        let new = replaced(page, CALLS, "new\n").unwrap();
        assert_eq!(new, "a\n<!-- calls:begin -->\nnew\n<!-- calls:end -->\nb\n");
        let error = replaced(page, MEASURED, "").unwrap_err().to_string();
        assert!(error.contains("<!-- measured:begin -->"), "{error}");
    }

    #[test]
    fn a_missed_aim_says_who_missed_it() {
        let figures = serde_json::from_str(
            r#"{"machine": {"cpu": "C", "cores": 2, "kernel": "6.1", "memory_bytes": 1073741825}, "aims": [
                {"what": "kernels<u8>", "bound": "at_most", "limit": 1.25, "unit": "times", "measured": 2.0,
                 "reached": false, "missed_by": ["a", "b"]}]}"#,
        )
        .unwrap();
        let text = tables(&figures, &[]);
        assert!(text.contains("C, 2 cores, 2 GiB of memory, Linux 6.1.\n"), "{text}");
        assert!(
            text.contains("| kernels&lt;u8> | at most 1.25 | 2.00 | **missed** by a, b |\n"),
            "{text}"
        );
    }
}
