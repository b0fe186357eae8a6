//! Counts over the frames of an inspection.

use capture_quality::CaptureQuality;
use procvision_guest::Scalar;
use procvision_guest::testing::{Image, Inspection, Station};

use super::scenes::workpiece;

fn take(inspection: &mut Inspection<'_, CaptureQuality>, picture: &Image) -> (bool, f64) {
    let run = inspection.step(1).image(picture).execute();
    let Some(Scalar::Float(sharpness)) = run.diagnostics().get("sharpness") else {
        panic!("sharpness is published")
    };
    (run.verdict().is_ok(), *sharpness)
}

#[test]
fn good_frames_are_counted_and_the_best_sharpness_kept() {
    let station = Station::<CaptureQuality>::new();
    let mut inspection = station.inspection("C01");
    let sharp = workpiece(1).image();
    let softer = workpiece(1).blur(0.4).image();
    let blurred = workpiece(1).blur(5.0).image();
    let (first, first_sharpness) = take(&mut inspection, &softer);
    let (second, _) = take(&mut inspection, &blurred);
    let early = inspection.step(2).image(&sharp).execute();
    assert_eq!(early.verdict().reason(), Some("1 of 2 frames good, 2 required"));
    let (third, best) = take(&mut inspection, &sharp);
    assert_eq!((first, second, third), (true, false, true));
    assert!(best > first_sharpness);
    let closed = inspection.step(2).image(&sharp).execute();
    assert!(closed.verdict().is_ok());
    assert_eq!(closed.diagnostics().get("frames_seen"), Some(&Scalar::Int(3)));
    assert_eq!(closed.diagnostics().get("frames_accepted"), Some(&Scalar::Int(2)));
    assert_eq!(closed.diagnostics().get("best_sharpness"), Some(&Scalar::Float(best)));
    let strict = inspection.step(2).image(&sharp).param("min_accepted", 3).execute();
    assert_eq!(strict.verdict().reason(), Some("2 of 3 frames good, 3 required"));
}

#[test]
fn checking_conditions_does_not_count_and_reset_and_another_inspection_begin_anew() {
    let station = Station::<CaptureQuality>::new();
    let mut inspection = station.inspection("C01");
    let sharp = workpiece(1).image();
    assert!(inspection.step(1).image(&sharp).pre_execute().readiness().is_ready());
    assert_eq!(inspection.session_value("series"), None);
    take(&mut inspection, &sharp);
    assert!(inspection.session_value("series").is_some());
    assert_eq!(station.inspection("C01").session_value("series"), None);
    inspection.reset().expect("reset does not fail");
    let closed = inspection.step(2).image(&sharp).execute();
    assert_eq!(closed.verdict().reason(), Some("0 of 0 frames good, 2 required"));
}
