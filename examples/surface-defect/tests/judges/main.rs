//! Verdicts and rects of the surface inspection against known truth, over displacements, lightings, noise and seeds.

mod bricks;
mod failures;
mod panels;
mod pictures;
mod scenes;

use procvision_guest::Rect;
use procvision_guest::testing::Station;
use procvision_guest::testing::scene::{Kind, Scene};
use surface_defect::SurfaceDefect;

/// Judges `picture` against `reference`: OK if nothing was planted in it, else NG with one rect for each planted
/// defect, of the right name and about the right place, and none elsewhere.
#[track_caller]
fn assert_judged_right(picture: &Scene, reference: &Scene, what: &str) {
    let station = Station::<SurfaceDefect>::new();
    let mut inspection = station.inspection("B01");
    let run = inspection
        .step(1)
        .image(picture.image())
        .reference("good", reference.image())
        .execute();
    let verdict = run.verdict();
    let planted: Vec<(&str, Rect)> = [Kind::Scratch, Kind::Stain]
        .into_iter()
        .flat_map(|kind| picture.marks(kind))
        .map(|mark| (mark.label.as_str(), mark.area))
        .collect();
    assert_eq!(verdict.is_ok(), planted.is_empty(), "{what}: {planted:?}, {verdict:?}");
    for (label, area) in &planted {
        let found = verdict
            .defects()
            .iter()
            .any(|defect| defect.label == *label && alike(defect.area, *area));
        assert!(found, "{what}: {label} at {area} was missed: {verdict:?}");
    }
    for defect in verdict.defects() {
        let true_one = planted.iter().any(|(_, area)| alike(defect.area, *area));
        assert!(true_one, "{what}: nothing was planted at {}: {planted:?}", defect.area);
        assert!((0.5..1.0).contains(&defect.score), "{what}: {defect:?}");
    }
    assert!(
        verdict
            .reason()
            .is_none_or(|reason| !reason.is_empty() && reason.len() < 50)
    );
}

/// Whether two areas share at least four tenths of what they cover together.
fn alike(a: Rect, b: Rect) -> bool {
    let shared = a.intersection(b).map_or(0, Rect::area);
    10 * shared >= 4 * (a.area() + b.area() - shared)
}
