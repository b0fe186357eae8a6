//! What cannot be judged is a failure that says why, and measured values are published.

use procvision_guest::testing::Image;
use procvision_guest::{FailureCode, Scalar};

use super::scenes::{Tray, coins, tray};
use super::station;

#[test]
fn a_picture_of_another_size_is_refused_with_both_sizes() {
    let run = station()
        .inspection("A01")
        .step(1)
        .image(Image::from_fn(320, 240, |_, _| [80]))
        .execute();
    assert_eq!(run.failure().code(), FailureCode::ImageLoadFailed);
    assert!(run.failure().message().contains("320 x 240") && run.failure().message().contains("384 x 303"));
}

#[test]
fn the_answer_comes_with_measured_values_and_a_log_line() {
    let station = station();
    let run = station.inspection("A01").step(1).image(coins().image()).execute();
    assert_eq!(run.diagnostics().get("parts_found"), Some(&Scalar::Int(24)));
    assert_eq!(run.diagnostics().get("parts_missing"), Some(&Scalar::Int(0)));
    assert_eq!(run.logs()[0].field("found"), Some(&Scalar::Int(24)));
    assert_eq!(run.verdict().message_text(), Some("all 24 parts present"));
}

#[test]
fn parameters_reach_the_search() {
    let station = station();
    let mut inspection = station.inspection("A02");
    let picture = tray(Tray {
        surplus: &[(87.0, 84.0)],
        ..Tray::default()
    })
    .image();
    assert!(inspection.step(1).image(&picture).execute().verdict().is_ng());
    // The surplus disc has about 450 pixels, the parts more than 1100.
    assert!(
        inspection
            .step(1)
            .image(&picture)
            .param("min_area", 700)
            .execute()
            .verdict()
            .is_ok()
    );
    let blind = inspection.step(1).image(&picture).param("contrast", 0.9).execute();
    assert_eq!(blind.verdict().reason(), Some("12 parts missing"));
}
