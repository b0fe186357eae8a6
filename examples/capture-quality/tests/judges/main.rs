//! Measurements and counts of the capture check against known truth.

mod frames;
mod pictures;
mod scenes;
mod series;

use capture_quality::CaptureQuality;
use procvision_guest::testing::Station;
use procvision_guest::testing::scene::Scene;

/// What `pre_execute` says about a frame: nothing if it is ready.
fn complaint(scene: &Scene) -> Option<String> {
    let station = Station::<CaptureQuality>::new();
    let mut inspection = station.inspection("C01");
    let run = inspection.step(1).image(scene.image()).pre_execute();
    let readiness = run.readiness();
    (!readiness.is_ready()).then(|| readiness.message_text().unwrap_or_default().to_owned())
}
