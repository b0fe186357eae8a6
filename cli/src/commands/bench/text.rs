//! The figures as tables, the aims last, where a terminal shows them.

use anstyle::{AnsiColor, Style};
use procvision_host::bench::format::{duration, ratio};
use procvision_host::bench::{Aim, AimUnit, Bound, Results, Timing};
use std::fmt::Write;
use std::path::Path;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();

/// A table whose first columns are words and whose others are figures.
struct Table {
    words: usize,
    rows: Vec<Vec<String>>,
}

/// The whole answer, without the last line end. Writing to a string cannot fail, which is why results are dropped.
pub(super) fn of(results: &Results, report: Option<&Path>) -> String {
    let mut text = String::new();
    let machine = &results.machine;
    let _ = writeln!(
        text,
        "{BOLD}procvision {}{BOLD:#} on {}, {} cores, kernel {}",
        results.version, machine.cpu, machine.cores, machine.kernel
    );
    if results.quick {
        let _ = writeln!(
            text,
            "{YELLOW}--quick{YELLOW:#}: few samples; measure without it for figures to quote"
        );
    }
    frames(&mut text, results);
    if let Some(calls) = &results.calls {
        let mut table = Table::new(1, &["call", "p50", "p99", "x bare"]);
        for row in &calls.rows {
            table.row(&[&row.call], &row.timing, row.ratio);
        }
        section(&mut text, "Calls that look at no picture", &table);
    }
    kernels(&mut text, results);
    if let Some(start) = &results.start {
        let mut table = Table::new(2, &["start", "beside", "p50", "p99", "ratio"]);
        for row in &start.rows {
            table.row(&[&row.start, row.baseline], &row.timing, row.ratio);
        }
        section(&mut text, "Starts", &table);
    }
    aims(&mut text, &results.aims);
    if let Some(report) = report {
        let _ = writeln!(text, "\n{BOLD}Written{BOLD:#}\n  {}", report.display());
    }
    text.truncate(text.trim_end().len());
    text
}

fn frames(text: &mut String, results: &Results) {
    let Some(frames) = &results.frames else { return };
    let mut table = Table::new(3, &["picture", "looked at", "way", "p50", "p99", "x list"]);
    let mut before = ("", "");
    for row in &frames.deliveries {
        let group = (row.size.name, row.touched);
        let [size, touched] = if group == before { ["", ""] } else { [group.0, group.1] };
        before = group;
        table.row(&[size, touched, &row.way], &row.timing, row.ratio);
    }
    section(text, "Pictures into an algorithm, looked at and taken back", &table);
    let _ = writeln!(
        text,
        "  {DIM}mapped pictures lie on {}; files in {}{DIM:#}",
        frames.pages, frames.file_folder
    );

    let mut table = Table::new(2, &["picture", "copy", "p50", "p99", "x memcpy"]);
    for row in &frames.copies {
        table.row(&[row.size.name, &row.copy], &row.timing, row.ratio);
    }
    section(text, "Copies into memory that is there already", &table);

    let mut table = Table::new(1, &["memory", "p50", "p99", "x first"]);
    for row in &frames.memory_sizes {
        table.row(&[&format!("{} MiB", row.memory_mib)], &row.timing, row.ratio);
    }
    section(
        text,
        "A mapped 1080p picture in algorithms with memories of different sizes",
        &table,
    );

    let growth = &frames.growth;
    let _ = writeln!(
        text,
        "\n{BOLD}Memory of the process over {} mapped pictures{BOLD:#}\n  resident {} before, {} after; mappings {} before, {} after",
        growth.pictures,
        kibibytes(growth.before_bytes as f64),
        kibibytes(growth.after_bytes as f64),
        growth.mappings_before,
        growth.mappings_after
    );
}

fn kernels(text: &mut String, results: &Results) {
    let Some(kernels) = &results.kernels else { return };
    let headings = [
        "kernel",
        "native p50",
        "p99",
        "sandbox p50",
        "p99",
        "x native",
        "no meter p50",
        "p99",
        "x no meter",
    ];
    let mut table = Table::new(1, &headings);
    for row in &kernels.rows {
        table.rows.push(vec![
            row.kernel.to_owned(),
            duration(row.native.p50_us),
            duration(row.native.p99_us),
            duration(row.sandboxed.p50_us),
            duration(row.sandboxed.p99_us),
            ratio(row.over_native),
            duration(row.unmetered.p50_us),
            duration(row.unmetered.p99_us),
            ratio(row.metering),
        ]);
    }
    let title = format!("Kernels on {} x {} pixels", kernels.width, kernels.height);
    section(text, &title, &table);
}

fn aims(text: &mut String, aims: &[Aim]) {
    if aims.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{BOLD}Aims{BOLD:#}");
    for aim in aims {
        let (style, word) = if aim.reached {
            (GREEN, "reached")
        } else {
            (RED, "missed ")
        };
        let bound = match aim.bound {
            Bound::AtMost => "at most",
            Bound::AtLeast => "at least",
        };
        let _ = writeln!(
            text,
            "  {style}{word}{style:#}  {}: {}, {bound} {}",
            aim.what,
            amount(aim.measured, aim.unit),
            amount(aim.limit, aim.unit)
        );
        if !aim.missed_by.is_empty() {
            let _ = writeln!(text, "           by {}", aim.missed_by.join(", "));
        }
    }
}

impl Table {
    fn new(words: usize, headings: &[&str]) -> Self {
        let headings = headings.iter().map(|&heading| heading.to_owned()).collect();
        Self {
            words,
            rows: vec![headings],
        }
    }

    fn row(&mut self, words: &[&str], timing: &Timing, times: f64) {
        let mut row: Vec<_> = words.iter().map(|&word| word.to_owned()).collect();
        row.extend([duration(timing.p50_us), duration(timing.p99_us), ratio(times)]);
        self.rows.push(row);
    }
}

fn section(text: &mut String, title: &str, table: &Table) {
    let _ = writeln!(text, "\n{BOLD}{title}{BOLD:#}");
    let columns = table.rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        table
            .rows
            .iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for (number, row) in table.rows.iter().enumerate() {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let _ = if column < table.words {
                write!(line, "  {cell:width$}")
            } else {
                write!(line, "  {cell:>width$}")
            };
        }
        let line = line.trim_end();
        let _ = if number == 0 {
            writeln!(text, "{DIM}{line}{DIM:#}")
        } else {
            writeln!(text, "{line}")
        };
    }
}

fn amount(value: f64, unit: AimUnit) -> String {
    match unit {
        AimUnit::Us => duration(value),
        AimUnit::Times => format!("{} times", ratio(value)),
        AimUnit::Bytes => kibibytes(value),
    }
}

fn kibibytes(bytes: f64) -> String {
    format!("{:.0} KiB", bytes / 1024.0)
}
