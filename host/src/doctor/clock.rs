//! Clocks: deadlines are as good as the one that only goes forward, and signatures end by the one on the wall.

use super::finding::{Finding, Section};
use std::fs;
use std::time::{Duration, Instant};
use time::OffsetDateTime;

const SECTION: Section = Section::Clocks;
const SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
/// How often the clock is read.
const READINGS: usize = 20_000;
/// A coarser clock would miss deadlines by more than a tick of them.
const COARSE: Duration = Duration::from_millis(1);
/// The year in which this version was written: no clock that is right says less.
const WRITTEN: i32 = 2026;

pub(super) fn findings() -> Vec<Finding> {
    vec![monotonic(), wall()]
}

fn monotonic() -> Finding {
    let source = fs::read_to_string(SOURCE).map_or_else(|_| "unknown".to_owned(), |source| source.trim().to_owned());
    let began = Instant::now();
    let (mut last, mut step, mut back) = (began, Duration::MAX, false);
    for _ in 0..READINGS {
        let now = Instant::now();
        match now.checked_duration_since(last) {
            None => back = true,
            Some(Duration::ZERO) => {}
            Some(later) => step = step.min(later),
        }
        last = now;
    }
    let reading = began.elapsed() / u32::try_from(READINGS).unwrap_or(u32::MAX);
    if back {
        return Finding::problem(
            SECTION,
            "monotonic",
            format!("the clock `{source}` went backwards"),
            "choose another clock source (the kernel's parameter `clocksource=`), or report it to who runs the virtual machine",
        );
    }
    if step > COARSE {
        return Finding::problem(
            SECTION,
            "monotonic",
            format!("the clock `{source}` stood still, or moves in steps of {step:?}"),
            "choose another clock source (the kernel's parameter `clocksource=`): deadlines would not be met",
        );
    }
    let detail = format!("`{source}`, in steps of {step:?}, {reading:?} a reading");
    Finding::ok(SECTION, "monotonic", detail)
}

fn wall() -> Finding {
    let now = OffsetDateTime::now_utc();
    let detail = format!("{} (UTC)", crate::signing::show_moment(now));
    match now.year() < WRITTEN {
        true => Finding::hint(
            SECTION,
            "wall",
            format!("{detail}, which is before this version was written"),
            "set the clock: signatures that have ended would count as valid, and times in logs and reports be wrong",
        ),
        false => Finding::ok(SECTION, "wall", detail),
    }
}
