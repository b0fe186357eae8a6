//! Very many calls to one process: pictures from a pool and from the development store, with exceptions, time-outs, bad
//! frames and overlapping calls among them, in an order that a seed decides.
//!
//! Every answer is compared with what it must be, in the order in which answers must come, so that none can be lost,
//! doubled or another's. Memory, descriptors, threads and processes of the adapter and its children are looked at again
//! and again: what they take at the end must be what they took after the warm-up.

mod course;
pub(crate) mod random;
mod watch;

pub use watch::Growth;

use crate::bench::Bench;
use crate::camera::Camera;
use crate::peer::exit;
use crate::step::Stop;
use crate::subject::{Dialect, Subject};
use course::Course;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};
use watch::Watch;

/// What is done.
#[derive(Debug)]
pub struct Plan<'a> {
    /// How many calls.
    pub calls: u64,
    /// What decides the order.
    pub seed: u64,
    /// Where pictures are published; without it there are none from a pool.
    pub camera: Option<&'a Camera>,
    /// A folder for pictures, which is made.
    pub folder: &'a Path,
    /// How long one answer may take.
    pub patience: Duration,
}

/// What became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// What decided the order.
    pub seed: u64,
    /// How many calls were answered as they must be.
    pub calls: u64,
    /// How many requests of each kind there were.
    pub kinds: BTreeMap<&'static str, u64>,
    /// Seconds from the first call to the last answer.
    pub seconds: f64,
    /// Of calls with a picture from a pool, or from the store if there is no pool: microseconds that half of them took at
    /// most.
    pub p50_us: f64,
    /// The same of 99 in a hundred.
    pub p99_us: f64,
    /// What the adapter and its children took, after the warm-up and in the end.
    pub growth: Growth,
    /// What was seen that must not be; nothing if all is well.
    pub problem: Option<String>,
}

/// How many times it is looked at what the adapter takes.
const LOOKS: u64 = 100;

/// Runs the plan. `progress` is told how many calls are done.
///
/// # Errors
///
/// If the folder cannot be written. What the adapter does wrong is in the summary.
pub fn run(subject: &Subject, plan: &Plan<'_>, mut progress: impl FnMut(u64)) -> io::Result<Summary> {
    let benches = subject
        .dialects
        .iter()
        .map(|&dialect| Bench::new(subject, dialect, plan.folder, plan.patience))
        .collect::<io::Result<Vec<_>>>()?;
    let bench = |dialect| benches.iter().find(|bench| bench.dialect == dialect);
    let Some(phases) = bench(Dialect::V02) else {
        return Err(io::Error::other(
            "the soak test speaks version 0.2, which the subject does not",
        ));
    };
    let mut course = Course::new(plan, phases, bench(Dialect::V03))?;
    let mut watch = Watch::default();
    let begun = Instant::now();
    let mut drive = || {
        let mut peer = phases.start()?;
        let every = (plan.calls / LOOKS).max(1);
        while course.calls < plan.calls {
            course.step(&mut peer)?;
            if course.calls / every > watch.looks() {
                watch.look(peer.taken()?);
                progress(course.calls);
            }
        }
        peer.send(&crate::request::shutdown())?;
        let message = peer.receive()?.message;
        crate::step::check(message["type"] == "shutdown", || {
            format!("{} in place of a shutdown", message["type"])
        })?;
        let status = peer.ended()?;
        crate::step::check(status.success(), || format!("it ends with {}", exit(status)))
    };
    let problem = match drive() {
        Ok(()) => watch.growth().problem(),
        Err(Stop::Failed(seen) | Stop::NotApplicable(seen)) => Some(format!("after {} calls: {seen}", course.calls)),
    };
    let (p50_us, p99_us) = course.times();
    Ok(Summary {
        seed: plan.seed,
        calls: course.calls,
        kinds: course.kinds,
        seconds: begun.elapsed().as_secs_f64(),
        p50_us,
        p99_us,
        growth: watch.growth(),
        problem,
    })
}
