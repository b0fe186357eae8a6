//! The figures as one HTML file with plots, without scripts and without anything it would have to fetch.

use super::format::{duration, ratio};
use super::frames::{DeliveryRow, Touch};
use super::plot::{Entry, Plot, Scale};
use super::{AimUnit, Bound, Results, Timing};
use crate::explain::Explain;
use crate::report::render;
use indicatif::BinaryBytes;
use serde::Serialize;
use std::borrow::Cow;

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the report")]
pub struct PageError(#[from] minijinja::Error);

impl Explain for PageError {
    fn code(&self) -> Cow<'static, str> {
        "report-failed".into()
    }
}

/// What the template shows.
#[derive(Serialize)]
struct View {
    version: &'static str,
    quick: bool,
    machine: String,
    aims: Vec<AimView>,
    sections: Vec<SectionView>,
}

#[derive(Serialize)]
struct AimView {
    reached: bool,
    what: &'static str,
    wanted: String,
    measured: String,
    missed_by: String,
}

#[derive(Serialize, Default)]
struct SectionView {
    title: String,
    note: String,
    plot: Option<Plot>,
    headings: Vec<&'static str>,
    /// How many of the first columns are words.
    words: usize,
    rows: Vec<Vec<String>>,
}

impl Results {
    /// The whole report as one HTML file.
    ///
    /// # Errors
    ///
    /// See [`PageError`]; a fault of the host.
    pub fn to_html(&self) -> Result<String, PageError> {
        let machine = &self.machine;
        let view = View {
            version: self.version,
            quick: self.quick,
            machine: format!(
                "{}, {} cores, {} of memory, kernel {}",
                machine.cpu,
                machine.cores,
                BinaryBytes(machine.memory_bytes),
                machine.kernel
            ),
            aims: self.aims.iter().map(AimView::of).collect(),
            sections: sections(self),
        };
        let parts = [
            ("page.html", include_str!("page.html")),
            ("plot.html", include_str!("plot.html")),
        ];
        Ok(render("page.html", &parts, &view)?)
    }
}

impl AimView {
    fn of(aim: &super::Aim) -> Self {
        let shown = |value| match aim.unit {
            AimUnit::Us => duration(value),
            AimUnit::Times => ratio(value),
            AimUnit::Bytes => format!("{:.0} KiB", value / 1024.0),
        };
        let bound = match aim.bound {
            Bound::AtMost => "at most",
            Bound::AtLeast => "at least",
        };
        Self {
            reached: aim.reached,
            what: aim.what,
            wanted: format!("{bound} {}", shown(aim.limit)),
            measured: shown(aim.measured),
            missed_by: aim.missed_by.join(", "),
        }
    }
}

fn sections(results: &Results) -> Vec<SectionView> {
    let mut sections = Vec::new();
    if let Some(frames) = &results.frames {
        for touch in [Touch::Pages, Touch::All, Touch::Region] {
            let rows = frames.deliveries.iter().filter(|row| row.touched == touch.as_str());
            sections.extend(deliveries(touch, rows.collect()));
        }
        if let Some(first) = sections.first_mut() {
            first.note = format!(
                "Blue: into the sandbox. Gray: into the sandbox as an ordinary embedder would, the baseline. Orange: to a \
                 native receiver outside it. Mapped pictures lie on {}; files in {}.",
                frames.pages, frames.file_folder
            );
        }
        sections.push(SectionView {
            title: "Copies into memory that is there already".to_owned(),
            headings: vec!["picture", "copy", "p50", "p99", "× memcpy"],
            words: 2,
            rows: frames
                .copies
                .iter()
                .map(|row| cells(&[row.size.name, &row.copy], &row.timing, row.ratio))
                .collect(),
            ..SectionView::default()
        });
        let growth = &frames.growth;
        sections.push(SectionView {
            title: "What mapping leaves behind".to_owned(),
            note: format!(
                "Over {} mapped pictures: resident memory {} before, {} after; {} mappings before, {} after. Below, one \
                 picture in algorithms with memories of different sizes.",
                growth.pictures,
                BinaryBytes(growth.before_bytes),
                BinaryBytes(growth.after_bytes),
                growth.mappings_before,
                growth.mappings_after
            ),
            headings: vec!["memory", "p50", "p99", "× first"],
            words: 1,
            rows: frames
                .memory_sizes
                .iter()
                .map(|row| cells(&[&format!("{} MiB", row.memory_mib)], &row.timing, row.ratio))
                .collect(),
            ..SectionView::default()
        });
    }
    sections.extend(kernels(results));
    if let Some(calls) = &results.calls {
        sections.push(SectionView {
            title: "Calls that look at no picture".to_owned(),
            headings: vec!["call", "p50", "p99", "× bare"],
            words: 1,
            rows: calls
                .rows
                .iter()
                .map(|row| cells(&[&row.call], &row.timing, row.ratio))
                .collect(),
            ..SectionView::default()
        });
    }
    if let Some(start) = &results.start {
        sections.push(SectionView {
            title: "Starts".to_owned(),
            headings: vec!["start", "beside", "p50", "p99", "ratio"],
            words: 2,
            rows: start
                .rows
                .iter()
                .map(|row| cells(&[&row.start, row.baseline], &row.timing, row.ratio))
                .collect(),
            ..SectionView::default()
        });
    }
    sections
}

fn deliveries(touch: Touch, rows: Vec<&DeliveryRow>) -> Option<SectionView> {
    let looked_at = match touch {
        Touch::Nothing => return None,
        Touch::Pages => "one byte of every page looked at",
        Touch::All => "every byte looked at",
        Touch::Region => "64 × 64 pixels looked at",
    };
    let entry = |row: &&DeliveryRow| Entry {
        group: row.size.name.to_owned(),
        name: row.way.clone(),
        kind: match row.way.as_str() {
            "list" => "baseline",
            "map" | "fill" | "read" => "own",
            _ => "outside",
        },
        value: row.timing.p50_us,
        figure: duration(row.timing.p50_us),
    };
    let entries: Vec<_> = rows.iter().map(entry).collect();
    let title = format!("Pictures into an algorithm, {looked_at}");
    (!rows.is_empty()).then(|| SectionView {
        plot: Some(Plot::of(
            format!("{title}: medians, on a logarithmic scale"),
            entries,
            &Scale::Log,
        )),
        title,
        headings: vec!["picture", "way", "p50", "p99", "× list"],
        words: 2,
        rows: rows
            .iter()
            .map(|row| cells(&[row.size.name, &row.way], &row.timing, row.ratio))
            .collect(),
        ..SectionView::default()
    })
}

fn kernels(results: &Results) -> Option<SectionView> {
    let kernels = results.kernels.as_ref().filter(|kernels| !kernels.rows.is_empty())?;
    let entries = kernels.rows.iter().flat_map(|row| {
        let entry = |name: &str, kind, value| Entry {
            group: row.kernel.to_owned(),
            name: name.to_owned(),
            kind,
            value,
            figure: ratio(value),
        };
        [
            entry("× native", "own", row.over_native),
            entry("× unmetered", "outside", row.metering),
        ]
    });
    let title = format!("Kernels on {} × {} pixels", kernels.width, kernels.height);
    Some(SectionView {
        note: "The line is the aim for the sandbox over the native build, 1.25. The aim for metering is 1.1."
            .to_owned(),
        plot: Some(Plot::of(
            format!("{title}: medians over those of the native build and of the sandbox without metering"),
            entries.collect(),
            &Scale::Linear { limit: 1.25 },
        )),
        title,
        headings: vec![
            "kernel",
            "native p50",
            "p99",
            "sandbox p50",
            "p99",
            "× native",
            "unmetered p50",
            "p99",
            "× unmetered",
        ],
        words: 1,
        rows: kernels
            .rows
            .iter()
            .map(|row| {
                let times = |timing: &Timing| [duration(timing.p50_us), duration(timing.p99_us)];
                let mut cells = vec![row.kernel.to_owned()];
                cells.extend(times(&row.native));
                cells.extend(times(&row.sandboxed));
                cells.push(ratio(row.over_native));
                cells.extend(times(&row.unmetered));
                cells.push(ratio(row.metering));
                cells
            })
            .collect(),
    })
}

fn cells(words: &[&str], timing: &Timing, times: f64) -> Vec<String> {
    let words = words.iter().map(|&word| word.to_owned());
    words
        .chain([duration(timing.p50_us), duration(timing.p99_us), ratio(times)])
        .collect()
}
