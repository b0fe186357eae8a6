//! Verdicts, readiness, failures and rects as plain values.

use procvision_guest::prelude::*;
use procvision_guest::{AssetError, FailureCode, FrameError, SessionError, json};

#[test]
fn an_ok_verdict_has_neither_reason_nor_defects() {
    let verdict = Verdict::ok()
        .position(Finding::new(Rect::new(1, 2, 3, 4), "screw"))
        .message("all there");
    assert!(verdict.is_ok() && !verdict.is_ng());
    assert_eq!((verdict.reason(), verdict.defects()), (None, &[][..]));
    assert_eq!(
        (verdict.positions()[0].score, verdict.message_text()),
        (1.0, Some("all there"))
    );
}

#[test]
fn an_ng_verdict_keeps_everything_in_order() {
    let finding = |label| Finding::new(Rect::new(0, 0, 1, 1), label);
    let verdict = Verdict::ng("two missing")
        .defect(finding("a"))
        .with_defects(["b", "c"].map(finding))
        .with_positions(["d", "e"].map(finding))
        .position(finding("f"));
    let labels = |findings: &[Finding]| findings.iter().map(|finding| finding.label.clone()).collect::<Vec<_>>();
    assert_eq!(verdict.reason(), Some("two missing"));
    assert_eq!(labels(verdict.defects()), ["a", "b", "c"]);
    assert_eq!(labels(verdict.positions()), ["d", "e", "f"]);
}

#[test]
fn an_ok_verdict_takes_an_empty_list_of_defects() {
    assert!(Verdict::ok().with_defects([]).is_ok());
}

#[test]
#[should_panic(expected = "an OK verdict cannot have defects")]
fn an_ok_verdict_cannot_have_a_defect() {
    let _ = Verdict::ok().defect(Finding::new(Rect::new(0, 0, 1, 1), "scratch"));
}

#[test]
fn readiness_keeps_its_message_and_calibrations() {
    let ready = Readiness::ready()
        .calibration(Finding::new(Rect::new(0, 0, 1, 1), "mark"))
        .message("fine");
    assert!(ready.is_ready());
    assert_eq!((ready.message_text(), ready.calibrations().len()), (Some("fine"), 1));
    let not_ready = Readiness::not_ready("too dark");
    assert!(!not_ready.is_ready());
    assert_eq!(not_ready.message_text(), Some("too dark"));
}

#[test]
fn failures_have_codes_and_severities() {
    use procvision_guest::Severity::{Fatal, Permanent, Recoverable};
    let failures = [
        (Failure::invalid_pid("m"), 1001, Permanent),
        (Failure::image_load_failed("m"), 1002, Recoverable),
        (Failure::model_not_found("m"), 1003, Permanent),
        (Failure::out_of_memory("m"), 1004, Recoverable),
        (Failure::timeout("m"), 1005, Recoverable),
        (Failure::invalid_params("m"), 1006, Permanent),
        (Failure::coordinate_invalid("m"), 1007, Permanent),
        (Failure::unknown("m"), 9999, Recoverable),
    ];
    for (failure, number, severity) in failures {
        assert_eq!((failure.code().number(), failure.severity()), (number, severity));
        assert_eq!(failure.to_string(), format!("m ({number})"));
        assert_eq!(failure.clone().recoverable().severity(), Recoverable);
        assert_eq!(failure.clone().permanent().severity(), Permanent);
        assert_eq!(failure.fatal().severity(), Fatal);
    }
}

#[test]
fn the_crates_errors_become_failures() {
    let outside = FrameError::OutsidePicture {
        area: Rect::new(9, 9, 9, 9),
        width: 5,
        height: 5,
    };
    let failures: [(Failure, FailureCode, &str); 5] = [
        (outside.into(), FailureCode::CoordinateInvalid, "9 x 9 at (9, 9)"),
        (
            FrameError::NoSuchImage.into(),
            FailureCode::ImageLoadFailed,
            "not available",
        ),
        (
            FrameError::TooLarge { limit: 64 }.into(),
            FailureCode::ImageLoadFailed,
            "64 bytes",
        ),
        (
            AssetError::NotFound("x.bin".to_owned()).into(),
            FailureCode::ModelNotFound,
            "`x.bin`",
        ),
        (
            SessionError::Full { limit: 100 }.into(),
            FailureCode::Unknown,
            "100 bytes",
        ),
    ];
    for (failure, code, part) in failures {
        assert_eq!(failure.code(), code);
        assert!(failure.message().contains(part), "{failure}");
    }
}

#[test]
fn rects_at_the_edge_of_the_number_range_do_not_overflow() {
    let far = Rect::new(u32::MAX - 1, 0, 10, 1);
    assert_eq!((far.right(), far.bottom()), (u32::MAX, 1));
    assert!(far.contains(u32::MAX, 0) && !far.contains(0, 0));
    assert!(!Rect::of_size(u32::MAX, 1).contains_rect(far));
    assert_eq!(far.center(), (u32::MAX, 0));
    assert_eq!(
        Rect::of_size(u32::MAX, u32::MAX).area(),
        u64::from(u32::MAX) * u64::from(u32::MAX)
    );
    assert_eq!(far.inflate(u32::MAX, Rect::of_size(4, 4)), Rect::of_size(4, 4));
}

#[test]
fn rects_that_only_touch_have_nothing_in_common() {
    let left = Rect::new(0, 0, 4, 4);
    assert_eq!(left.intersection(Rect::new(4, 0, 4, 4)), None);
    assert_eq!(left.intersection(Rect::new(1, 1, 0, 2)), None);
    assert_eq!(left.union(Rect::new(9, 9, 0, 0)), left);
    assert_eq!(Rect::default().union(left), left);
    assert!(left.contains_rect(left) && !left.contains_rect(Rect::new(1, 1, 4, 1)));
    assert!(!left.contains_rect(Rect::new(1, 1, 0, 1)));
}

#[test]
fn rects_are_plain_json_objects() {
    let rect = Rect::new(1, 2, 3, 4);
    let json = json!({ "x": 1, "y": 2, "width": 3, "height": 4 });
    assert_eq!(serde_json::to_value(rect).unwrap(), json);
    assert_eq!(serde_json::from_value::<Rect>(json).unwrap(), rect);
    assert!(serde_json::from_value::<Rect>(json!({ "x": 1, "y": 2, "width": 3 })).is_err());
}
