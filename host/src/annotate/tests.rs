//! What can be checked about annotated pictures without eyes.

use super::*;
use crate::failure::{ErrorCode, Failure, FailureClass, Severity};
use crate::frame::Rect;

fn gray(width: u32, height: u32) -> Frame {
    let pixels = vec![128; width as usize * height as usize];
    Frame::from_pixels(PixelFormat::Mono8, width, height, width as usize, pixels).unwrap()
}

fn finding(area: Rect, label: &str) -> Finding {
    Finding {
        area,
        label: label.into(),
        score: 0.5,
    }
}

fn ng(defect_rects: Vec<Finding>, position_rects: Vec<Finding>) -> Outcome {
    Outcome::Ng {
        reason: "scratch".into(),
        defect_rects,
        message: None,
        position_rects,
    }
}

fn is(image: &RgbImage, x: u32, y: u32, color: Rgb888) -> bool {
    image.get_pixel(x, y).0 == [color.r(), color.g(), color.b()]
}

#[test]
fn a_rect_is_framed_in_its_colour_and_not_covered() {
    let area = Rect::new(100, 80, 60, 40);
    let outcome = ng(vec![finding(area, "scratch")], vec![]);
    let image = annotate(&gray(384, 303), &[&outcome]);
    assert!(is(&image, 99, 100, MarkKind::Defect.color()));
    assert!(is(&image, 160, 100, MarkKind::Defect.color()));
    assert_eq!(image.get_pixel(130, 100).0, [128; 3]);
    assert_eq!(image.get_pixel(5, 5).0, [128; 3]);
}

#[test]
fn the_strip_lies_below_the_picture_in_the_colour_of_the_last_outcome() {
    let failed = Outcome::Failed(Failure::new(
        FailureClass::Trap,
        ErrorCode::Trap,
        "boom",
        Severity::Fatal,
    ));
    let ready = Outcome::Ready {
        message: None,
        calibration_rects: vec![],
    };
    let (width, height) = (200, 100);
    let strip = |outcomes: &[&Outcome]| {
        let image = annotate(&gray(width, height), outcomes);
        assert_eq!(image.width(), width);
        assert!(image.height() > height);
        image.get_pixel(0, height).0
    };
    assert_ne!(strip(&[&ready]), strip(&[&ready, &failed]));
    assert_eq!(strip(&[&failed]), strip(&[&ready, &failed]));
    assert_eq!(annotate(&gray(width, height), &[]).height(), height);
}

#[test]
fn labels_stay_inside_the_picture_and_do_not_hide_each_other() {
    let (width, height) = (384, 303);
    let corners = [(0, 0), (364, 0), (0, 283), (364, 283), (180, 150), (184, 154)];
    let defects: Vec<Finding> = corners
        .iter()
        .map(|&(x, y)| finding(Rect::new(x, y, 20, 20), "a rather long name of a defect"))
        .collect();
    let outcome = ng(defects, vec![finding(Rect::new(30, 30, 5, 5), "part")]);
    let marks = marks([&outcome]);
    let picture = Rectangle::new(Point::zero(), Size::new(width, height));
    let labels = label::place(&marks, &Lettering::for_picture(width, height), picture);
    assert_eq!(labels.len(), 7);
    for (index, label) in labels.iter().enumerate() {
        assert_eq!(label.area.intersection(&picture), label.area, "{}", label.text);
        for other in &labels[index + 1..] {
            assert!(label.area.intersection(&other.area).is_zero_sized(), "{}", label.text);
        }
    }
}

#[test]
fn hostile_names_and_tiny_pictures_are_no_trouble() {
    let name = "\u{1b}[31m缺陷\n".repeat(1000);
    for (width, height) in [(1, 1), (1, 5000), (5000, 1), (16, 16)] {
        let outcome = ng(vec![finding(Rect::new(0, 0, 1, 1), &name)], vec![]);
        assert_eq!(annotate(&gray(width, height), &[&outcome]).width(), width);
    }
    let shown = Lettering::for_picture(384, 303).fit(&name, 60);
    assert_eq!(shown, "?[31m?? ..");
}

#[test]
fn letters_grow_with_the_picture() {
    let heights: Vec<u32> = [(384, 303), (640, 480), (1920, 1080), (8000, 6000)]
        .map(|(width, height)| Lettering::for_picture(width, height).line_height())
        .to_vec();
    assert!(
        heights.is_sorted() && heights[0] == 10 && heights[2] >= 24,
        "{heights:?}"
    );
}
