//! Presence check: are all parts on the tray, at their places, and none too many?
//!
//! Parts are told from the ground by an adaptive threshold ([`locate`]), joined to connected components, and matched
//! with the places that a layout asset names for each product model ([`layout`], [`matching`]).

pub mod layout;
pub mod locate;
pub mod matching;

use std::collections::BTreeMap;

use layout::Layout;
use locate::{Part, Search};
use matching::{Comparison, Tolerance, compare};
use procvision_guest::prelude::*;
use serde::Deserialize;

/// The algorithm; keeps the layouts that it has read.
#[derive(Default)]
pub struct PresenceCheck {
    layouts: BTreeMap<String, Layout>,
}

/// The parameters of the step, as the schema in [`PresenceCheck::info`] declares them.
#[derive(Deserialize)]
struct Settings {
    tolerance: f64,
    size_tolerance: f64,
    contrast: f64,
    min_area: u64,
}

const PIDS: [&str; 2] = ["A01", "A02"];

impl Algorithm for PresenceCheck {
    fn info() -> Info {
        Info::new("presence_check", env!("CARGO_PKG_VERSION"))
            .description("Are all parts on the tray, at their places, and none too many?")
            .pids(PIDS)
            .step(
                Step::new(1, "tray")
                    .param(
                        Param::float("tolerance", 0.0..=500.0)
                            .default(10.0)
                            .unit("px")
                            .describe("How far the centre of a part may lie from its place"),
                    )
                    .param(
                        Param::float("size_tolerance", 0.0..=1.0)
                            .default(0.3)
                            .describe("How far width and height may differ, as a share of the expected ones"),
                    )
                    .param(
                        Param::float("contrast", 0.01..=0.9).default(0.14).describe(
                            "How far a part must differ from its surroundings, as a share of their brightness",
                        ),
                    )
                    .param(
                        Param::int("min_area", 1..=1_000_000)
                            .default(300)
                            .unit("px")
                            .describe("Smaller things are not taken for parts"),
                    ),
            )
    }

    fn setup(&mut self, assets: &Assets) -> Result<(), Failure> {
        for pid in PIDS {
            let layout = Layout::load(assets, pid)?;
            log::info!(pid, parts = layout.parts.len(); "layout read");
            self.layouts.insert(pid.to_owned(), layout);
        }
        Ok(())
    }

    fn pre_execute(&mut self, call: &Call, _session: &Session) -> Result<Readiness, Failure> {
        self.layout(call)?;
        Ok(Readiness::ready())
    }

    fn execute(&mut self, call: &Call, _session: &Session) -> Result<Verdict, Failure> {
        let layout = self.layout(call)?;
        let settings: Settings = call.params().parse()?;
        let search = Search {
            tone: layout.parts_are,
            part_size: layout.part_size(),
            contrast: settings.contrast,
            min_area: settings.min_area,
        };
        let found = locate::locate(call.frame().gray()?.view(), search);
        let tolerance = Tolerance {
            distance: settings.tolerance,
            size: settings.size_tolerance,
        };
        let comparison = compare(&layout.parts, &found, tolerance);
        report(&comparison, &found);
        Ok(verdict(layout, &found, &comparison, tolerance))
    }
}

impl PresenceCheck {
    /// The layout for the call's product model, if it fits the call's picture.
    fn layout(&self, call: &Call) -> Result<&Layout, Failure> {
        let pid = call.pid();
        let layout = self.layouts.get(pid);
        let layout = layout.ok_or_else(|| Failure::invalid_pid(format!("pid {pid} has no layout")))?;
        layout.check_size(call.frame())?;
        Ok(layout)
    }
}

fn report(comparison: &Comparison, found: &[Part]) {
    let farthest = comparison.present.iter().map(|pair| pair.distance).fold(0.0, f64::max);
    let smallest = found.iter().map(|part| part.area).min().unwrap_or(0);
    let count = |indexes: &[usize]| indexes.len() as i64;
    diagnostics::publish("parts_found", found.len() as i64);
    diagnostics::publish("parts_missing", count(&comparison.missing));
    diagnostics::publish("parts_surplus", count(&comparison.surplus));
    diagnostics::publish("largest_displacement_px", farthest);
    diagnostics::publish("smallest_part_px", smallest as i64);
    log::info!(
        found = found.len(), missing = comparison.missing.len(), surplus = comparison.surplus.len();
        "tray compared with its layout"
    );
}

fn verdict(layout: &Layout, found: &[Part], comparison: &Comparison, tolerance: Tolerance) -> Verdict {
    let positions = comparison.present.iter().map(|pair| {
        // 1 for a part in the middle of its place, 0.5 for one at the edge of the tolerance.
        let score = 1.0 - 0.5 * pair.distance / tolerance.distance.max(f64::MIN_POSITIVE);
        Finding::new(found[pair.found].bounds, &layout.parts[pair.expected].label).score(score.clamp(0.0, 1.0))
    });
    let missing = comparison.missing.iter().map(|&index| {
        let part = &layout.parts[index];
        Finding::new(part.rect, format!("missing: {}", part.label))
    });
    let surplus = comparison
        .surplus
        .iter()
        .map(|&index| Finding::new(found[index].bounds, "surplus part"));
    let answer = match reason(comparison.missing.len(), comparison.surplus.len()) {
        None => Verdict::ok().message(format!("all {} parts present", layout.parts.len())),
        Some(reason) => Verdict::ng(reason).with_defects(missing.chain(surplus)),
    };
    answer.with_positions(positions)
}

/// Why the tray is not good, in a few words; nothing if it is good.
fn reason(missing: usize, surplus: usize) -> Option<String> {
    let parts = |count: usize| if count == 1 { "part" } else { "parts" };
    match (missing, surplus) {
        (0, 0) => None,
        (missing, 0) => Some(format!("{missing} {} missing", parts(missing))),
        (0, surplus) => Some(format!("{surplus} surplus {}", parts(surplus))),
        (missing, surplus) => Some(format!("{missing} {} missing, {surplus} surplus", parts(missing))),
    }
}

procvision_guest::export!(PresenceCheck);
