//! Surface defects: scratches and stains against a reference picture of a good part.
//!
//! The part is aligned with the reference ([`align`]), the reference is shown in the picture's light ([`lighting`]),
//! and what then still differs is sorted by size and shape ([`defects`]).

pub mod align;
pub mod defects;
pub mod lighting;

use defects::{Criteria, Inspection, Shape, inspect};
use procvision_guest::prelude::*;
use serde::Deserialize;

/// The algorithm. It keeps nothing between calls.
#[derive(Default)]
pub struct SurfaceDefect;

/// The name under which a station gives the picture of a good part.
const REFERENCE: &str = "good";
/// The name that the second picture has which runners of version 0.3 send.
const GUIDE: &str = "guide";

/// The parameters of the step, as the schema in [`SurfaceDefect::info`] declares them.
#[derive(Deserialize)]
struct Settings {
    max_shift: u32,
    slack: u32,
    min_difference: f64,
    min_area: u64,
}

impl Algorithm for SurfaceDefect {
    fn info() -> Info {
        Info::new("surface_defect", env!("CARGO_PKG_VERSION"))
            .description("Scratches and stains against a reference picture of a good part")
            .pids(["B01", "B02"])
            .step(
                Step::new(1, "surface")
                    .param(
                        Param::int("max_shift", 0..=64)
                            .default(8)
                            .unit("px")
                            .describe("How far the part may lie from its place in the reference"),
                    )
                    .param(
                        Param::int("slack", 0..=10)
                            .default(1)
                            .unit("px")
                            .describe("How far single details may lie from their place after alignment"),
                    )
                    .param(
                        Param::float("min_difference", 2.0..=255.0)
                            .default(12.0)
                            .unit("gray levels")
                            .describe("Smallest difference of a defect, at the reference's brightness"),
                    )
                    .param(
                        Param::int("min_area", 1..=1_000_000)
                            .default(25)
                            .unit("px")
                            .describe("Smaller differences are not reported"),
                    ),
            )
    }

    fn pre_execute(&mut self, call: &Call, _session: &Session) -> Result<Readiness, Failure> {
        reference(call)?;
        Ok(Readiness::ready())
    }

    fn execute(&mut self, call: &Call, _session: &Session) -> Result<Verdict, Failure> {
        let good = reference(call)?.gray()?;
        let settings: Settings = call.params().parse()?;
        let criteria = Criteria {
            max_shift: settings.max_shift,
            slack: settings.slack,
            min_difference: settings.min_difference,
            min_area: settings.min_area,
        };
        let inspection = inspect(call.frame().gray()?.view(), good.view(), criteria)
            .ok_or_else(|| Failure::invalid_params("max_shift leaves nothing of the picture to compare; lower it"))?;
        report(&inspection);
        Ok(verdict(&inspection))
    }
}

/// The picture of a good part, of the same size as the one to judge.
fn reference(call: &Call) -> Result<&Frame, Failure> {
    let good = call
        .reference(REFERENCE)
        .or_else(|| call.reference(GUIDE))
        .ok_or_else(|| {
            Failure::image_load_failed(format!(
                "no reference named `{REFERENCE}`; give a picture of a good part under it"
            ))
            .permanent()
        })?;
    let frame = call.frame();
    if (good.width(), good.height()) != (frame.width(), frame.height()) {
        return Err(Failure::image_load_failed(format!(
            "reference is {} x {}, the picture {} x {} pixels; take both with the same setting",
            good.width(),
            good.height(),
            frame.width(),
            frame.height()
        ))
        .permanent());
    }
    Ok(good)
}

fn report(inspection: &Inspection) {
    let shift = inspection.alignment.shift;
    let strongest = inspection.defects.first().map_or(0.0, |defect| defect.strength);
    diagnostics::publish("shift_right_px", shift.right);
    diagnostics::publish("shift_down_px", shift.down);
    diagnostics::publish("alignment_correlation", inspection.alignment.correlation);
    diagnostics::publish("brightness_ratio", inspection.brightness);
    diagnostics::publish("strongest_defect", strongest);
    diagnostics::publish("inspected_px", inspection.inspected.area() as i64);
    log::info!(
        right = shift.right, down = shift.down, correlation = inspection.alignment.correlation;
        "picture aligned with its reference"
    );
    log::info!(defects = inspection.defects.len(), strongest; "surface compared");
}

fn verdict(inspection: &Inspection) -> Verdict {
    if inspection.defects.is_empty() {
        return Verdict::ok().message("nothing that the good part does not show");
    }
    let findings = inspection.defects.iter().map(|defect| {
        // 0.5 for a defect that is just strong enough, towards 1 for stronger ones.
        Finding::new(defect.bounds, defect.shape.to_string()).score(defect.strength / (defect.strength + 1.0))
    });
    Verdict::ng(reason(inspection)).with_defects(findings)
}

/// The number of scratches and of stains, in words.
fn reason(inspection: &Inspection) -> String {
    let count = |shape: Shape| inspection.defects.iter().filter(|defect| defect.shape == shape).count();
    let words = [
        (count(Shape::Scratch), "scratch", "scratches"),
        (count(Shape::Stain), "stain", "stains"),
    ];
    let present = words.iter().filter(|(count, ..)| *count > 0);
    let named = present.map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }));
    named.collect::<Vec<_>>().join(", ")
}

procvision_guest::export!(SurfaceDefect);
