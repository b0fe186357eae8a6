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
    what: &'static str,
    figure: &'static str,
    baseline: &'static str,
    aim: Option<Aim>,
}

/// What a figure should reach.
enum Aim {
    /// At most so much above its baseline.
    Above(Duration),
    /// At most so many times its baseline.
    Times(f64),
}

const COMPARISONS: &[Comparison] = &[
    Comparison {
        what: "a step that reads no pixels, over a bare typed call",
        figure: "call/host-noop",
        baseline: "call/bare",
        aim: Some(Aim::Above(Duration::from_micros(15))),
    },
    Comparison {
        what: "the same with session read and write and a log line",
        figure: "call/host-remember",
        baseline: "call/bare",
        aim: Some(Aim::Above(Duration::from_micros(15))),
    },
    Comparison {
        what: "a start from the compile cache, over a cold start",
        figure: "start/cached",
        baseline: "start/cold",
        aim: None,
    },
    Comparison {
        what: "the first call after a trap, over a call",
        figure: "start/after-trap",
        baseline: "call/host-noop",
        aim: None,
    },
    Comparison {
        what: "reading a 1920x1080 RGB frame by copy, over memcpy",
        figure: "frame/read-rgb",
        baseline: "frame/memcpy",
        aim: Some(Aim::Times(1.5)),
    },
    Comparison {
        what: "reading 64x64 pixels of it as gray, over memcpy of all",
        figure: "frame/read-region",
        baseline: "frame/memcpy",
        aim: None,
    },
];

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
    for comparison in COMPARISONS {
        let figure = median(criterion, comparison.figure, start)?;
        let baseline = median(criterion, comparison.baseline, start)?;
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
        put("frame/memcpy", 100_000.0);
        put("frame/read-rgb", 160_000.0);
        put("call/host-noop", 3_000.0);
        let table = table(folder.path(), start).unwrap();
        assert!(
            table.contains("160.0 us   100.0 us    1.600  at most 1.5 (missed)"),
            "{table}"
        );
        // Its baseline was not measured.
        assert!(!table.contains("typed call"), "{table}");
    }

    #[test]
    fn figures_of_an_earlier_run_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["frame/memcpy", "frame/read-rgb"] {
            let path = folder.path().join(name).join("new");
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join("estimates.json"), "{\"median\":{\"point_estimate\":1.0}}").unwrap();
        }
        let later = SystemTime::now() + Duration::from_secs(60);
        assert_eq!(table(folder.path(), later).unwrap(), "");
    }
}
