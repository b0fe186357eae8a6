//! What the project wants to reach, and whether this run did.

use super::Results;
use super::frames::{FrameResults, Touch};
use super::kernels::{KernelResults, KernelRow};
use super::measure::round;
use serde::Serialize;

/// One aim, and what was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Aim {
    /// A stable word for programs.
    pub id: &'static str,
    /// What it is about.
    pub what: &'static str,
    /// `at_most` or `at_least`.
    pub bound: Bound,
    /// What the measured value is to be compared with.
    pub limit: f64,
    /// `us`, `times` or `bytes`.
    pub unit: AimUnit,
    /// Of the worst, if it is about several.
    pub measured: f64,
    /// Whether it holds for all that it is about.
    pub reached: bool,
    /// For which it does not hold, if it is about several.
    pub missed_by: Vec<String>,
}

/// On which side of the limit the measured value should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Not above.
    AtMost,
    /// Not below.
    AtLeast,
}

/// What an aim is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AimUnit {
    /// Microseconds.
    Us,
    /// A ratio.
    Times,
    /// Bytes.
    Bytes,
}

/// Resident memory that may come and go without a leak: the kernel counts it to some hundred KiB, and a run that leaked
/// but one page for each thousand pictures would show as much.
const GROWTH_BYTES: f64 = 400_000.0;
/// How much dearer a picture may be in the largest memory: what measuring the same thing twice differs by.
const SAME: f64 = 1.1;

/// All aims that this run can tell about.
pub(super) fn of(results: &Results) -> Vec<Aim> {
    let mut aims = Vec::new();
    if let Some(frames) = &results.frames {
        aims.extend(of_frames(frames));
    }
    if let Some(kernels) = &results.kernels {
        aims.extend(of_kernels(kernels));
    }
    aims
}

fn of_frames(frames: &FrameResults) -> impl Iterator<Item = Aim> {
    let delivery = |touch: Touch, way: &str| {
        let mut rows = frames.deliveries.iter();
        let row = rows.find(|row| row.size.name == "1080p" && row.touched == touch.as_str() && row.way == way);
        row.map(|row| row.timing.p50_us)
    };
    let map = delivery(Touch::Pages, "map");
    let faster = delivery(Touch::Pages, "list")
        .zip(map)
        .map(|(list, map)| round(list / map));
    // What the SDK does for a part of a picture.
    let region = delivery(Touch::Region, "fill");
    let fill = frames
        .copies
        .iter()
        .find(|row| row.size.name == "1080p" && row.copy == "fill");
    let largest = frames.memory_sizes.last();
    let one = |id, what, bound, limit, unit, measured: Option<f64>| Some(aim(id, what, bound, limit, unit, measured?));
    [
        one(
            "map_over_list",
            "a mapped 1920x1080 picture, every page touched: how much faster than list<u8>",
            Bound::AtLeast,
            10.0,
            AimUnit::Times,
            faster,
        ),
        one(
            "map_time",
            "a mapped 1920x1080 picture, every page touched and taken back",
            Bound::AtMost,
            40.0,
            AimUnit::Us,
            map,
        ),
        one(
            "region_time",
            "a region of 64x64 pixels of it",
            Bound::AtMost,
            15.0,
            AimUnit::Us,
            region,
        ),
        one(
            "fill_over_memcpy",
            "filling the algorithm's memory with it, over memcpy",
            Bound::AtMost,
            1.3,
            AimUnit::Times,
            fill.map(|row| row.ratio),
        ),
        one(
            "growth",
            "growth of resident memory over all mapped pictures",
            Bound::AtMost,
            GROWTH_BYTES,
            AimUnit::Bytes,
            Some(frames.growth.grown_bytes() as f64),
        ),
        one(
            "memory_size",
            "a mapped picture in the largest memory, over the smallest",
            Bound::AtMost,
            SAME,
            AimUnit::Times,
            largest.map(|row| row.ratio),
        ),
    ]
    .into_iter()
    .flatten()
}

fn of_kernels(kernels: &KernelResults) -> [Aim; 2] {
    let worst = |id, what, limit, ratio: fn(&KernelRow) -> f64| {
        let measured = kernels.rows.iter().map(ratio).fold(0.0, f64::max);
        let misses = kernels.rows.iter().filter(|row| ratio(row) > limit);
        Aim {
            missed_by: misses.map(|row| row.kernel.to_owned()).collect(),
            ..aim(id, what, Bound::AtMost, limit, AimUnit::Times, measured)
        }
    };
    [
        worst(
            "kernels_over_native",
            "every kernel in the sandbox, over its native build",
            1.25,
            |row| row.over_native,
        ),
        worst("metering", "every kernel with metering, over without", 1.1, |row| {
            row.metering
        }),
    ]
}

fn aim(id: &'static str, what: &'static str, bound: Bound, limit: f64, unit: AimUnit, measured: f64) -> Aim {
    let reached = match bound {
        Bound::AtMost => measured <= limit,
        Bound::AtLeast => measured >= limit,
    };
    Aim {
        id,
        what,
        bound,
        limit,
        unit,
        measured,
        reached,
        missed_by: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::measure::Timing;

    #[test]
    fn an_aim_about_all_kernels_is_missed_by_one() {
        let timing = Timing {
            p50_us: 1.0,
            p99_us: 1.0,
            min_us: 1.0,
            samples: 1,
        };
        let row = |kernel, over_native, metering| KernelRow {
            kernel,
            native: timing,
            sandboxed: timing,
            unmetered: timing,
            over_native,
            metering,
            bytes: 1,
        };
        let kernels = KernelResults {
            width: 1,
            height: 1,
            rows: vec![row("a", 1.25, 1.0), row("b", 1.3, 1.1)],
        };
        let [native, metering] = of_kernels(&kernels);
        assert_eq!((native.reached, native.measured), (false, 1.3));
        assert_eq!(native.missed_by, ["b"]);
        assert!(metering.reached && metering.missed_by.is_empty());
    }

    #[test]
    fn bounds_hold_on_their_own_side() {
        let reached = |bound, measured| aim("x", "x", bound, 10.0, AimUnit::Times, measured).reached;
        assert!(reached(Bound::AtMost, 10.0) && !reached(Bound::AtMost, 10.1));
        assert!(reached(Bound::AtLeast, 10.0) && !reached(Bound::AtLeast, 9.9));
    }
}
