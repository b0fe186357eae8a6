//! The figures of one run beside their baselines of the same run. A time alone says as much about the machine as about
//! the project.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use serde::Deserialize;

/// A figure, what it is compared with, and how.
struct Comparison {
    what: String,
    figure: String,
    baseline: String,
    aim: Option<Aim>,
}

/// What a figure should reach.
#[derive(Clone, Copy)]
enum Aim {
    /// At most so much above its baseline.
    Above(Duration),
    /// At most so many times its baseline.
    Times(f64),
    /// At most this, whatever the baseline.
    AtMost(Duration),
}

/// What is compared in every run: words, figure, baseline, aim.
const COMPARISONS: &[(&str, &str, &str, Option<Aim>)] = &[
    (
        "a step that reads no pixels, over a bare typed call",
        "call/noop",
        "call/bare",
        Some(Aim::Above(Duration::from_micros(15))),
    ),
    (
        "the same with session read and write and a log line",
        "call/remember",
        "call/bare",
        Some(Aim::Above(Duration::from_micros(15))),
    ),
    (
        "a start from the compile cache, over a cold start",
        "start/cached",
        "start/cold",
        None,
    ),
    (
        "the first call after a trap, over a call",
        "start/after_trap",
        "start/call",
        None,
    ),
    (
        "mapping a 1920x1080 RGB frame, over list<u8> from a Vec",
        "frame/map",
        "frame/list",
        Some(Aim::Times(0.1)),
    ),
    (
        "the same beside 40 us",
        "frame/map",
        "frame/list",
        Some(Aim::AtMost(Duration::from_micros(40))),
    ),
    (
        "filling memory with it, over list<u8>",
        "frame/fill",
        "frame/list",
        None,
    ),
    (
        "reading it as shared bytes, over list<u8>",
        "frame/read",
        "frame/list",
        None,
    ),
    (
        "a region of 64x64 pixels, over list<u8> of it",
        "region/fill",
        "region/list",
        Some(Aim::AtMost(Duration::from_micros(15))),
    ),
    (
        "filling memory with the frame, over memcpy",
        "copy/fill",
        "copy/memcpy",
        Some(Aim::Times(1.3)),
    ),
];

/// All comparisons: those of every run, and two for each kernel that was measured.
fn comparisons(criterion: &Path) -> Result<Vec<Comparison>> {
    let mut all: Vec<_> = COMPARISONS
        .iter()
        .map(|&(what, figure, baseline, aim)| Comparison {
            what: what.to_owned(),
            figure: figure.to_owned(),
            baseline: baseline.to_owned(),
            aim,
        })
        .collect();
    let mut kernels = Vec::new();
    if criterion.is_dir() {
        for entry in fs::read_dir(criterion)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            kernels.extend(name.strip_prefix("kernel_").map(str::to_owned));
        }
    }
    kernels.sort();
    for kernel in kernels {
        for (baseline, what, most) in [
            ("native", "its native build", 1.25),
            ("unmetered", "without metering", 1.1),
        ] {
            all.push(Comparison {
                what: format!("kernel {kernel}, over {what}"),
                figure: format!("kernel_{kernel}/sandboxed"),
                baseline: format!("kernel_{kernel}/{baseline}"),
                aim: Some(Aim::Times(most)),
            });
        }
    }
    Ok(all)
}

#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    /// Nanoseconds.
    point_estimate: f64,
}

/// The table of all comparisons both of whose figures were measured since `start`.
pub fn table(criterion: &Path, start: SystemTime) -> Result<String> {
    let mut table = String::new();
    for comparison in comparisons(criterion)? {
        let figure = median(criterion, &comparison.figure, start)?;
        let baseline = median(criterion, &comparison.baseline, start)?;
        let (Some(figure), Some(baseline)) = (figure, baseline) else {
            continue;
        };
        if table.is_empty() {
            writeln!(
                table,
                "\n{:<58} {:>10} {:>10} {:>8}  aim",
                "medians of this run", "figure", "baseline", "ratio"
            )?;
        }
        let aim = match &comparison.aim {
            None => String::new(),
            Some(Aim::Above(most)) => {
                let above = figure - baseline;
                format!(
                    "at most {} above: {} ({})",
                    time(nanoseconds(*most)),
                    time(above),
                    met(above <= nanoseconds(*most))
                )
            }
            Some(Aim::AtMost(most)) => {
                format!(
                    "at most {} ({})",
                    time(nanoseconds(*most)),
                    met(figure <= nanoseconds(*most))
                )
            }
            Some(Aim::Times(most)) => format!("at most {most} ({})", met(figure / baseline <= *most)),
        };
        writeln!(
            table,
            "{:<58} {:>10} {:>10} {:>8.3}  {aim}",
            comparison.what,
            time(figure),
            time(baseline),
            figure / baseline
        )?;
    }
    Ok(table)
}

fn median(criterion: &Path, name: &str, start: SystemTime) -> Result<Option<f64>> {
    let path = criterion.join(name).join("new/estimates.json");
    let Ok(metadata) = fs::metadata(&path) else {
        return Ok(None);
    };
    if metadata.modified()? < start {
        return Ok(None);
    }
    let text = fs::read_to_string(&path)?;
    let estimates: Estimates =
        serde_json::from_str(&text).with_context(|| format!("{} has another form than expected", path.display()))?;
    Ok(Some(estimates.median.point_estimate))
}

fn nanoseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ns if ns < 1e3 => format!("{ns:.0} ns"),
        ns if ns < 1e6 => format!("{:.1} us", ns / 1e3),
        ns => format!("{:.1} ms", ns / 1e6),
    }
}

fn met(reached: bool) -> &'static str {
    if reached { "reached" } else { "missed" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_beside_their_baselines() {
        let folder = tempfile::tempdir().unwrap();
        let start = SystemTime::now() - Duration::from_secs(1);
        let put = |name: &str, median: f64| {
            let path = folder.path().join(name).join("new");
            fs::create_dir_all(&path).unwrap();
            let json = format!("{{\"mean\":{{}},\"median\":{{\"point_estimate\":{median}}}}}");
            fs::write(path.join("estimates.json"), json).unwrap();
        };
        assert_eq!(table(folder.path(), start).unwrap(), "");
        put("copy/memcpy", 100_000.0);
        put("copy/fill", 160_000.0);
        put("call/noop", 3_000.0);
        put("kernel_erode 3/sandboxed", 1_200.0);
        put("kernel_erode 3/native", 1_000.0);
        let table = table(folder.path(), start).unwrap();
        assert!(
            table.contains("160.0 us   100.0 us    1.600  at most 1.3 (missed)"),
            "{table}"
        );
        assert!(
            table.contains("kernel erode 3, over its native build") && table.contains("at most 1.25 (reached)"),
            "{table}"
        );
        // Their baselines were not measured.
        assert!(!table.contains("typed call") && !table.contains("metering"), "{table}");
    }

    #[test]
    fn figures_of_an_earlier_run_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["copy/memcpy", "copy/fill"] {
            let path = folder.path().join(name).join("new");
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join("estimates.json"), "{\"median\":{\"point_estimate\":1.0}}").unwrap();
        }
        let later = SystemTime::now() + Duration::from_secs(60);
        assert_eq!(table(folder.path(), later).unwrap(), "");
    }
}
