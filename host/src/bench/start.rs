//! From a package to a first answer, and from a trap to the next answer.

use super::measure::{self, Subject, Timing};
use super::stage::{self, Sandbox, Stage};
use super::{Bench, BenchError};
use procvision_bench_tasks::task::Task;
use serde::Serialize;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Parts of the section.
pub(super) const PARTS: u32 = 1;

/// Starts beside each other.
#[derive(Clone, Debug, Serialize)]
pub struct StartResults {
    /// `cold`, `cached`, `call`, `after_trap`.
    pub rows: Vec<StartRow>,
}

/// One kind of start.
#[derive(Clone, Debug, Serialize)]
pub struct StartRow {
    /// `cold`: loading a component that has to be compiled. `cached`: one that was compiled before. `after_trap`: the first
    /// step after a trap, which starts a fresh instance. `call`: any other step.
    pub start: String,
    /// How long it takes.
    #[serde(flatten)]
    pub timing: Timing,
    /// What it is compared with.
    pub baseline: &'static str,
    /// How many times as long as its baseline.
    pub ratio: f64,
}

/// `cold`, `cached`, `call` and `after_trap`. The compile cache lies in a temporary folder.
///
/// # Errors
///
/// See [`BenchError`].
pub fn subjects() -> Result<Vec<Subject>, BenchError> {
    let package = stage::package();
    let host = stage::host(Sandbox::Normal, None)?;
    let stage = Stage::on(&host)?;
    let cold = Subject::timed("cold", move |times| {
        timed(times, || Ok(host.load(&package).map(drop)?))
    });

    let folder = TempDir::new().map_err(BenchError::system("make a temporary folder"))?;
    let cached = stage::host(Sandbox::Normal, Some(&folder.path().join("compiled")))?;
    let package = stage::package();
    cached.load(&package)?;
    let cached = Subject::timed("cached", move |times| {
        // The folder is there for as long as the subject.
        let _ = &folder;
        timed(times, || Ok(cached.load(&package).map(drop)?))
    });

    let noop = stage::call_without_picture(Task::Noop)?;
    let (again, same) = (stage.clone(), noop.clone());
    let call = Subject::new("call", move || again.ask(&same).map(drop));

    let trap = stage::call_without_picture(Task::Trap)?;
    let after_trap = Subject::timed("after_trap", move |times| {
        let mut total = Duration::ZERO;
        for _ in 0..times {
            stage.trap(&trap)?;
            total += timed(1, || stage.ask(&noop).map(drop))?;
        }
        Ok(total)
    });
    Ok(vec![cold, cached, call, after_trap])
}

fn timed(times: u32, mut once: impl FnMut() -> Result<(), BenchError>) -> Result<Duration, BenchError> {
    let start = Instant::now();
    for _ in 0..times {
        once()?;
    }
    Ok(start.elapsed())
}

pub(super) fn measure(bench: &mut Bench<'_>) -> Result<StartResults, BenchError> {
    bench.part("starts");
    let mut subjects = subjects()?;
    let timings = measure::measure(&mut subjects, bench.effort().samples(100))?;
    let baselines = [0, 0, 2, 2];
    let rows = subjects
        .iter()
        .zip(&timings)
        .zip(baselines)
        .map(|((subject, timing), baseline)| StartRow {
            start: subject.name().to_owned(),
            timing: *timing,
            baseline: if baseline == 0 { "cold" } else { "call" },
            ratio: timing.ratio(&timings[baseline]),
        });
    Ok(StartResults { rows: rows.collect() })
}
