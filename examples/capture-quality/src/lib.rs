//! Capture quality: is the picture good enough to judge?
//!
//! Step 1 is called once for each frame: `pre_execute` says whether exposure, contrast and focus suffice ([`measure`],
//! [`requirements`]), `execute` counts the frame. Step 2 closes the series: it is OK if enough frames were good
//! ([`series`]).

pub mod measure;
pub mod requirements;
pub mod series;

use measure::Quality;
use procvision_guest::ParamValue;
use procvision_guest::prelude::*;
use requirements::{Problem, Requirements};
use series::Series;

/// The algorithm. What it remembers of an inspection is in the session.
#[derive(Default)]
pub struct CaptureQuality;

const FRAME: u32 = 1;
const SERIES: u32 = 2;

impl Algorithm for CaptureQuality {
    fn info() -> Info {
        Info::new("capture_quality", env!("CARGO_PKG_VERSION"))
            .description("Is the picture good enough to judge: exposure, contrast, focus?")
            .pids(["C01"])
            .step(
                Step::new(FRAME, "frame")
                    .param(
                        Param::float("min_exposure", 0.0..=255.0)
                            .default(50.0)
                            .unit("gray levels")
                            .describe("Smallest mean level"),
                    )
                    .param(
                        Param::float("max_exposure", 0.0..=255.0)
                            .default(200.0)
                            .unit("gray levels")
                            .describe("Largest mean level"),
                    )
                    .param(
                        Param::float("max_clipped", 0.0..=1.0)
                            .default(0.08)
                            .describe("Largest share of pixels that are black or white without detail"),
                    )
                    .param(
                        Param::float("min_contrast", 0.0..=127.0)
                            .default(25.0)
                            .unit("gray levels")
                            .describe("Smallest standard deviation of the levels"),
                    )
                    .param(
                        Param::float("min_sharpness", 0.0..=1_000_000.0)
                            .default(100.0)
                            .describe("Smallest variance of the Laplacian; measure it on a sharp picture first"),
                    )
                    .param(Param::rect("region").describe("What is measured; the whole picture if not given")),
            )
            .step(
                Step::new(SERIES, "series").param(
                    Param::int("min_accepted", 1..=1000)
                        .default(2)
                        .unit("frames")
                        .describe("How many frames of the inspection must have been good"),
                ),
            )
    }

    fn pre_execute(&mut self, call: &Call, _session: &Session) -> Result<Readiness, Failure> {
        if call.step_index() != FRAME {
            return Ok(Readiness::ready());
        }
        let frame = judge(call)?;
        let Some(first) = frame.problems.first() else {
            let Quality {
                exposure,
                contrast,
                sharpness,
                ..
            } = frame.quality;
            let message = format!("mean {exposure:.1}, contrast {contrast:.1}, sharpness {sharpness:.1}");
            return Ok(Readiness::ready().message(message));
        };
        let texts: Vec<&str> = frame.problems.iter().map(|problem| problem.text.as_str()).collect();
        Ok(Readiness::not_ready(texts.join("; ")).calibration(Finding::new(frame.region, &first.text)))
    }

    fn execute(&mut self, call: &Call, session: &Session) -> Result<Verdict, Failure> {
        if call.step_index() == FRAME {
            return count_frame(call, session);
        }
        let required = call.params().int("min_accepted");
        let Series {
            seen,
            accepted,
            best_sharpness,
        } = Series::load(session)?;
        diagnostics::publish("frames_seen", seen);
        diagnostics::publish("frames_accepted", accepted);
        diagnostics::publish("best_sharpness", best_sharpness);
        if i64::from(accepted) < required {
            // The lack has no place of its own, so the whole picture stands for it.
            let whole = Finding::new(call.frame().bounds(), "too few good frames");
            return Ok(Verdict::ng(format!("{accepted} of {seen} frames good, {required} required")).defect(whole));
        }
        Ok(Verdict::ok().message(format!(
            "{accepted} of {seen} frames good, best sharpness {best_sharpness:.1}"
        )))
    }

    fn reset(&mut self, session: &Session) -> Result<(), Failure> {
        Series::forget(session);
        Ok(())
    }
}

/// A frame, measured and compared with the requirements.
struct Judged {
    region: Rect,
    quality: Quality,
    problems: Vec<Problem>,
}

fn judge(call: &Call) -> Result<Judged, Failure> {
    let region = match call.params().get("region") {
        Some(ParamValue::Rect(region)) => *region,
        _ => call.frame().bounds(),
    };
    let requirements: Requirements = call.params().parse()?;
    if requirements.min_exposure > requirements.max_exposure {
        return Err(Failure::invalid_params(
            "min_exposure is above max_exposure; no picture can meet both",
        ));
    }
    let quality = Quality::of(call.frame().gray_region(region)?.view());
    let problems = requirements.problems(&quality);
    diagnostics::publish("exposure", quality.exposure);
    diagnostics::publish("clipped", quality.clipped);
    diagnostics::publish("contrast", quality.contrast);
    diagnostics::publish("sharpness", quality.sharpness);
    log::info!(
        exposure = quality.exposure, contrast = quality.contrast, sharpness = quality.sharpness,
        problems = problems.len();
        "frame measured"
    );
    Ok(Judged {
        region,
        quality,
        problems,
    })
}

fn count_frame(call: &Call, session: &Session) -> Result<Verdict, Failure> {
    let frame = judge(call)?;
    let series = Series::load(session)?.with_frame(frame.problems.is_empty(), frame.quality.sharpness);
    series.save(session)?;
    diagnostics::publish("frames_seen", series.seen);
    diagnostics::publish("frames_accepted", series.accepted);
    let message = format!("{} of {} frames good so far", series.accepted, series.seen);
    let Some(first) = frame.problems.first() else {
        return Ok(Verdict::ok().message(message));
    };
    let defects = frame
        .problems
        .iter()
        .map(|problem| Finding::new(frame.region, &problem.text));
    // One reason is enough to act on; the rects carry the others.
    Ok(Verdict::ng(format!("frame {}", first.name))
        .with_defects(defects)
        .message(message))
}

procvision_guest::export!(CaptureQuality);
