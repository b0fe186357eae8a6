//! Single frames: sharp and blurred, bright and dark, even and uneven.

use procvision_guest::testing::Station;
use procvision_guest::{FailureCode, Rect, Scalar, json};

use super::complaint;
use super::scenes::{coffee, workpiece};
use capture_quality::CaptureQuality;

#[test]
fn sharp_frames_are_ready_also_with_noise_and_uneven_light() {
    for scene in [coffee(), workpiece(1), workpiece(2)] {
        for (across, down) in [(0.0, 0.0), (0.3, 0.0), (-0.2, 0.3)] {
            for noise in [0.0, 2.0] {
                let frame = scene.clone().lighting(across, down).noise(noise, 4);
                assert_eq!(complaint(&frame), None, "light ({across}, {down}), noise {noise}");
            }
        }
    }
}

#[test]
fn blurred_frames_are_out_of_focus_in_every_light() {
    for scene in [coffee(), workpiece(1), workpiece(2)] {
        for sigma in [2.5, 4.0, 8.0] {
            for gain in [0.7, 1.0] {
                let complaint = complaint(&scene.clone().blur(sigma).brightness(gain, 0.0).noise(0.5, 3));
                let complaint = complaint.expect("a blurred frame is not ready");
                assert!(
                    complaint.contains("out of focus: "),
                    "sigma {sigma}, gain {gain}: {complaint}"
                );
                assert!(complaint.contains(", required 100.0"), "{complaint}");
            }
        }
    }
}

#[test]
fn wrong_exposure_is_named_with_the_measured_mean() {
    for scene in [coffee(), workpiece(1), workpiece(2)] {
        for gain in [0.1, 0.2, 0.3] {
            let dark = complaint(&scene.clone().brightness(gain, 0.0)).expect("a dark frame is not ready");
            assert!(dark.starts_with("too dark: mean "), "{dark}");
        }
        let bright = complaint(&scene.clone().brightness(1.0, 140.0)).expect("a bright frame is not ready");
        assert!(
            bright.starts_with("too bright: mean ") && bright.contains("clipped: "),
            "{bright}"
        );
        let hazy = complaint(&scene.clone().brightness(0.2, 100.0)).expect("a frame without contrast is not ready");
        assert!(hazy.contains("low contrast: "), "{hazy}");
    }
}

#[test]
fn only_the_region_asked_for_is_measured() {
    let station = Station::<CaptureQuality>::new();
    let mut inspection = station.inspection("C01");
    let picture = workpiece(1).image();
    let run = inspection
        .step(1)
        .image(&picture)
        .params(json!({"region": Rect::new(40, 40, 40, 40)}))
        .execute();
    // The inside of the block is even.
    assert_eq!(run.verdict().reason(), Some("frame low contrast"));
    assert!(
        run.verdict()
            .defects()
            .iter()
            .all(|defect| defect.area == Rect::new(40, 40, 40, 40))
    );
    assert_eq!(run.diagnostics().get("contrast"), Some(&Scalar::Float(0.0)));
    assert_eq!(run.diagnostics().get("exposure"), Some(&Scalar::Float(160.0)));
}

#[test]
fn limits_that_exclude_each_other_are_refused() {
    let station = Station::<CaptureQuality>::new();
    let limits = json!({"min_exposure": 150, "max_exposure": 100});
    let run = station
        .inspection("C01")
        .step(1)
        .image(workpiece(1).image())
        .params(limits)
        .pre_execute();
    assert_eq!(run.failure().code(), FailureCode::InvalidParams);
    assert!(run.failure().message().contains("min_exposure"));
}
