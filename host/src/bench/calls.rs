//! A step that looks at no picture: what the host itself costs.

use super::bare::Bare;
use super::measure::{self, Subject, Timing};
use super::stage::{self, Sandbox, Stage};
use super::{Bench, BenchError};
use procvision_bench_tasks::task::Task;
use serde::Serialize;

/// Parts of the section.
pub(super) const PARTS: u32 = 1;

/// Calls beside each other.
#[derive(Clone, Debug, Serialize)]
pub struct CallResults {
    /// `bare`, `noop`, `remember`.
    pub rows: Vec<CallRow>,
}

/// One kind of call.
#[derive(Clone, Debug, Serialize)]
pub struct CallRow {
    /// `bare`: a typed call with nothing around it. `noop`: a whole step that does nothing. `remember`: one that reads and
    /// writes a value of the session and logs a line.
    pub call: String,
    /// How long it takes.
    #[serde(flatten)]
    pub timing: Timing,
    /// How many times as long as `bare`.
    pub ratio: f64,
}

/// `bare`, `noop` and `remember`.
///
/// # Errors
///
/// See [`BenchError`].
pub fn subjects() -> Result<Vec<Subject>, BenchError> {
    let mut bare = Bare::new()?;
    let mut subjects = vec![Subject::new("bare", move || bare.execute())];
    let stage = Stage::new(Sandbox::Normal)?;
    for (name, task) in [("noop", Task::Noop), ("remember", Task::Remember)] {
        let (stage, call) = (stage.clone(), stage::call_without_picture(task)?);
        subjects.push(Subject::new(name, move || stage.ask(&call).map(drop)));
    }
    Ok(subjects)
}

pub(super) fn measure(bench: &mut Bench<'_>) -> Result<CallResults, BenchError> {
    bench.part("calls");
    let mut subjects = subjects()?;
    let timings = measure::measure(&mut subjects, bench.effort())?;
    let rows = subjects.iter().zip(&timings).map(|(subject, timing)| CallRow {
        call: subject.name().to_owned(),
        timing: *timing,
        ratio: timing.ratio(&timings[0]),
    });
    Ok(CallResults { rows: rows.collect() })
}
