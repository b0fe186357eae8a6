//! Whether mapping leaves anything behind: memory of the process over very many pictures, and the cost of one in
//! algorithms with memories of different sizes.

use super::pictures::{FULL_HD, Pictures};
use super::{BenchError, Touch, check};
use crate::bench::measure::{self, Effort, Subject, Timing};
use crate::bench::stage::{self, Sandbox, Stage};
use crate::call::StepCall;
use procvision_bench_tasks::task::{Task, Way};
use serde::Serialize;
use std::fs;
use std::rc::Rc;

/// Pictures that are mapped before memory is looked at first.
const WARM_UP: u32 = 200;

/// Memory of the process before and after.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct GrowthResults {
    /// Mapped in between, all of the size that aims are about, every page touched.
    pub pictures: u32,
    /// Resident before.
    pub before_bytes: u64,
    /// Resident after. The kernel's count is exact to some hundred KiB.
    pub after_bytes: u64,
    /// Mappings of the process before.
    pub mappings_before: u32,
    /// Mappings of the process after.
    pub mappings_after: u32,
}

impl GrowthResults {
    /// How much more memory is resident; less than none if it has become less.
    pub fn grown_bytes(&self) -> i64 {
        self.after_bytes.cast_signed() - self.before_bytes.cast_signed()
    }
}

/// A mapped picture in an algorithm with a memory of some size, every page touched.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MemorySizeRow {
    /// Linear memory of the algorithm, all of it in use, in MiB.
    pub memory_mib: u32,
    /// How long it takes.
    #[serde(flatten)]
    pub timing: Timing,
    /// How many times as long as with the smallest memory.
    pub ratio: f64,
}

/// Calls that map pictures in turn.
fn mapping(pictures: &Pictures) -> [StepCall; 2] {
    let task = Task::Deliver(Way::Map, Touch::Pages);
    pictures.pooled().map(|frame| stage::call(task, frame))
}

pub(super) fn over_many_pictures(quick: bool) -> Result<GrowthResults, BenchError> {
    let pictures = Pictures::new(FULL_HD)?;
    let calls = mapping(&pictures);
    let stage = Stage::new(Sandbox::Normal)?;
    let map = |times: u32| -> Result<(), BenchError> {
        for turn in 0..times as usize {
            let found = stage.ask(&calls[turn % calls.len()])?.unwrap_or_default();
            check("map", found, pictures.expected(turn, Touch::Pages))?;
        }
        Ok(())
    };
    let number = if quick { 1_000 } else { 100_000 };
    map(WARM_UP)?;
    let (before_bytes, mappings_before) = resident()?;
    map(number)?;
    let (after_bytes, mappings_after) = resident()?;
    Ok(GrowthResults {
        pictures: number,
        before_bytes,
        after_bytes,
        mappings_before,
        mappings_after,
    })
}

pub(super) fn over_memory_sizes(effort: Effort) -> Result<Vec<MemorySizeRow>, BenchError> {
    const MEBIBYTES: [u32; 3] = [16, 128, 512];
    let pictures = Rc::new(Pictures::new(FULL_HD)?);
    let mut subjects = Vec::new();
    for mebibytes in MEBIBYTES {
        let stage = Stage::new(Sandbox::Normal)?;
        let calls = mapping(&pictures);
        // The window first, so that the memory then grows to exactly what was asked for.
        stage.ask(&calls[0])?;
        stage.ask(&stage::call_without_picture(Task::Grow(mebibytes))?)?;
        let pictures = pictures.clone();
        let mut turn = 0;
        subjects.push(Subject::new(mebibytes.to_string(), move || {
            turn += 1;
            let found = stage.ask(&calls[turn % calls.len()])?.unwrap_or_default();
            check("map", found, pictures.expected(turn, Touch::Pages))
        }));
    }
    let timings = measure::measure(&mut subjects, effort)?;
    let rows = MEBIBYTES
        .iter()
        .zip(&timings)
        .map(|(&memory_mib, timing)| MemorySizeRow {
            memory_mib,
            timing: *timing,
            ratio: timing.ratio(&timings[0]),
        });
    Ok(rows.collect())
}

/// Resident memory of this process in bytes, and its mappings.
fn resident() -> Result<(u64, u32), BenchError> {
    let doing = BenchError::system("read the memory of this process");
    let sizes = fs::read_to_string("/proc/self/statm").map_err(&doing)?;
    let pages: u64 = sizes
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .unwrap_or(0);
    let maps = fs::read_to_string("/proc/self/maps").map_err(&doing)?;
    let mappings = u32::try_from(maps.lines().count()).unwrap_or(u32::MAX);
    Ok((pages.saturating_mul(rustix::param::page_size() as u64), mappings))
}
