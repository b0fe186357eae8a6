//! What cannot be judged is a failure that says why; parameters and measured values.

use procvision_guest::testing::{Image, Station};
use procvision_guest::{FailureCode, Scalar};
use surface_defect::SurfaceDefect;

use super::scenes::{DEFECTS, good_panel, panel};

#[test]
fn without_a_reference_both_phases_fail_and_say_how_to_give_one() {
    let station = Station::<SurfaceDefect>::new();
    let mut inspection = station.inspection("B01");
    let picture = good_panel().image();
    let ready = inspection.step(1).image(&picture).pre_execute();
    let judged = inspection
        .step(1)
        .image(&picture)
        .reference("other", &picture)
        .execute();
    for failure in [ready.failure(), judged.failure()] {
        assert_eq!(failure.code(), FailureCode::ImageLoadFailed);
        assert_eq!(
            failure.message(),
            "no reference named `good`; give a picture of a good part under it"
        );
    }
}

#[test]
fn a_reference_of_another_size_is_refused_with_both_sizes() {
    let station = Station::<SurfaceDefect>::new();
    let small = Image::from_fn(20, 10, |_, _| [9]);
    let run = station
        .inspection("B01")
        .step(1)
        .image(good_panel().image())
        .reference("good", small)
        .execute();
    assert_eq!(run.failure().code(), FailureCode::ImageLoadFailed);
    assert!(run.failure().message().contains("20 x 10") && run.failure().message().contains("320 x 240"));
}

#[test]
fn the_displacement_is_published_and_one_beyond_reach_is_not_compensated() {
    let station = Station::<SurfaceDefect>::new();
    let mut inspection = station.inspection("B01");
    let moved = panel().blur(0.8).shift(6.0, -4.0).noise(1.5, 3).image();
    let reference = good_panel().image();
    let run = inspection.step(1).image(&moved).reference("good", &reference).execute();
    assert!(run.verdict().is_ok(), "{:?}", run.verdict());
    assert_eq!(run.diagnostics().get("shift_right_px"), Some(&Scalar::Int(6)));
    assert_eq!(run.diagnostics().get("shift_down_px"), Some(&Scalar::Int(-4)));
    assert_eq!(run.logs()[0].field("right"), Some(&Scalar::Int(6)));
    let short = inspection
        .step(1)
        .image(&moved)
        .reference("good", &reference)
        .param("max_shift", 3)
        .execute();
    assert!(short.verdict().is_ng());
}

#[test]
fn parameters_decide_what_is_too_faint_or_too_small() {
    let station = Station::<SurfaceDefect>::new();
    let mut inspection = station.inspection("B01");
    let (stained, reference) = (DEFECTS[4](panel()).blur(0.8).image(), good_panel().image());
    let mut verdict = |key: &str, value: f64| {
        let value = if key == "min_area" {
            (value as i64).into()
        } else {
            procvision_guest::json!(value)
        };
        let run = inspection
            .step(1)
            .image(&stained)
            .reference("good", &reference)
            .param(key, value)
            .execute();
        run.verdict().is_ok()
    };
    assert!(!verdict("min_difference", 12.0) && verdict("min_difference", 60.0));
    assert!(!verdict("min_area", 100.0) && verdict("min_area", 500.0));
}

#[test]
fn the_second_picture_of_a_runner_serves_as_the_good_part() {
    let station = Station::<SurfaceDefect>::new();
    let reference = good_panel().image();
    let picture = panel().blur(0.8).noise(1.5, 3).image();
    let mut inspection = station.inspection("B01");
    let run = inspection
        .step(1)
        .image(&picture)
        .reference("guide", &reference)
        .execute();
    assert!(run.verdict().is_ok(), "{:?}", run.verdict());
    // A picture of that very name comes first.
    let small = Image::from_fn(20, 10, |_, _| [9]);
    let both = inspection.step(1).image(&picture).reference("guide", small);
    assert!(both.reference("good", &reference).execute().verdict().is_ok());
}
