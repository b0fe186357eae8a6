//! What the sandbox costs on this machine: pictures, calls, kernels and starts, each beside a baseline that is measured
//! in the same run. `procvision bench` prints it; the criterion benches measure the same [`Subject`]s.
//!
//! The algorithm that is measured is inside this library, so that a station needs nothing but the program.

mod aims;
mod bare;
pub mod calls;
mod error;
pub mod format;
pub mod frames;
pub mod kernels;
mod machine;
mod measure;
mod page;
mod plot;
mod stage;
pub mod start;

pub use aims::{Aim, AimUnit, Bound};
pub use error::BenchError;
pub use machine::Machine;
pub use measure::{Subject, Timing};
pub use page::PageError;

use calls::CallResults;
use frames::FrameResults;
use kernels::KernelResults;
use measure::Effort;
use serde::Serialize;
use start::StartResults;

/// Version of the JSON shape.
pub const SCHEMA: u32 = 1;

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// Pictures on their way into an algorithm.
    Frames,
    /// A step that looks at no picture.
    Calls,
    /// The SDK's kernels, in the sandbox and outside.
    Kernels,
    /// From a package to a first answer.
    Start,
}

impl Section {
    /// All sections, in the order in which they are measured.
    pub const ALL: [Self; 4] = [Self::Frames, Self::Calls, Self::Kernels, Self::Start];
}

/// What to measure, and how carefully.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which sections. Each is measured once, in the order of [`Section::ALL`].
    pub sections: Vec<Section>,
    /// Fewer and smaller pictures and fewer samples: enough to see that everything works, too few for figures to quote.
    pub quick: bool,
}

/// How far the work is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Parts that are done.
    pub done: u32,
    /// Parts that there are.
    pub total: u32,
    /// What is measured now.
    pub doing: &'a str,
}

/// Everything that was measured in one run.
#[derive(Clone, Debug, Serialize)]
pub struct Results {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Of the program.
    pub version: &'static str,
    /// Whether the figures are too few to quote.
    pub quick: bool,
    /// Where it was measured.
    pub machine: Machine,
    /// If it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames: Option<FrameResults>,
    /// If it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<CallResults>,
    /// If it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernels: Option<KernelResults>,
    /// If it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<StartResults>,
    /// What the project wants to reach, as far as it was measured.
    pub aims: Vec<Aim>,
}

/// Measures; takes some minutes, or some seconds if it is to be quick.
///
/// `progress` is told before each part.
///
/// # Errors
///
/// If this machine cannot run a part. Missing an aim is a result, not an error.
pub fn run(options: &Options, progress: &mut dyn FnMut(Progress<'_>)) -> Result<Results, BenchError> {
    let wanted = |section| options.sections.contains(&section);
    let parts = [
        (Section::Frames, frames::parts(options.quick)),
        (Section::Calls, calls::PARTS),
        (Section::Kernels, kernels::parts()),
        (Section::Start, start::PARTS),
    ];
    let total = parts
        .iter()
        .filter(|(section, _)| wanted(*section))
        .map(|(_, parts)| parts)
        .sum();
    let mut bench = Bench {
        quick: options.quick,
        done: 0,
        total,
        progress,
    };
    let mut results = Results {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        quick: options.quick,
        machine: Machine::this(),
        frames: None,
        calls: None,
        kernels: None,
        start: None,
        aims: Vec::new(),
    };
    if wanted(Section::Frames) {
        results.frames = Some(frames::measure(&mut bench)?);
    }
    if wanted(Section::Calls) {
        results.calls = Some(calls::measure(&mut bench)?);
    }
    if wanted(Section::Kernels) {
        results.kernels = Some(kernels::measure(&mut bench)?);
    }
    if wanted(Section::Start) {
        results.start = Some(start::measure(&mut bench)?);
    }
    results.aims = aims::of(&results);
    Ok(results)
}

/// A run that is going on.
struct Bench<'a> {
    quick: bool,
    done: u32,
    total: u32,
    progress: &'a mut dyn FnMut(Progress<'_>),
}

impl Bench<'_> {
    /// Begins the next part.
    fn part(&mut self, doing: &str) {
        (self.progress)(Progress {
            done: self.done,
            total: self.total,
            doing,
        });
        self.done += 1;
    }

    /// How carefully a part is measured.
    fn effort(&self) -> Effort {
        if self.quick { Effort::QUICK } else { Effort::FULL }
    }
}
