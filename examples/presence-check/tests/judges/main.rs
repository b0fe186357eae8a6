//! Verdicts and rects of the presence check against known truth, over many lightings, exposures and noise levels.

mod coins;
mod failures;
mod pictures;
mod scenes;
mod tray;

use presence_check::PresenceCheck;
use procvision_guest::prelude::*;
use procvision_guest::testing::Station;
use procvision_guest::testing::scene::{Kind, Scene};

/// A station with the package's own assets.
fn station() -> Station<PresenceCheck> {
    let asset = |name: &str| std::fs::read(format!("assets/{name}")).expect("the example has this asset");
    Station::new()
        .asset("coins.json", asset("coins.json"))
        .asset("tray.json", asset("tray.json"))
        .asset_for("A01", "layout", "coins.json")
        .asset_for("A02", "layout", "tray.json")
}

/// Judges a scene and compares the answer with what was put into it: OK if nothing is missing or surplus, else NG with
/// exactly one rect for each, where it is; and a position for each part that is there.
#[track_caller]
fn assert_judged_right(station: &Station<PresenceCheck>, pid: &str, scene: &Scene, what: &str) {
    let mut inspection = station.inspection(pid);
    let run = inspection.step(1).image(scene.image()).execute();
    let verdict = run.verdict();
    let count = |kind| scene.marks(kind).count();
    let (missing, surplus) = (count(Kind::Missing), count(Kind::Surplus));
    assert_eq!(verdict.is_ok(), missing + surplus == 0, "{what}: {verdict:?}");
    assert_eq!(verdict.defects().len(), missing + surplus, "{what}: {verdict:?}");
    assert_eq!(verdict.positions().len(), count(Kind::Part), "{what}: {verdict:?}");
    for mark in scene.marks(Kind::Missing) {
        let label = format!("missing: {}", mark.label);
        assert!(
            has(verdict.defects(), &label, mark.area),
            "{what}: {label} at {}: {verdict:?}",
            mark.area
        );
    }
    for mark in scene.marks(Kind::Surplus) {
        assert!(
            has(verdict.defects(), "surplus part", mark.area),
            "{what}: {}: {verdict:?}",
            mark.area
        );
    }
    for mark in scene.marks(Kind::Part) {
        assert!(
            has(verdict.positions(), &mark.label, mark.area),
            "{what}: {mark:?}: {verdict:?}"
        );
    }
    if let Some(reason) = verdict.reason() {
        assert!(reason.len() < 50, "{reason}");
    }
}

/// Whether a finding of this label shares at least two thirds of its area with `area`.
fn has(findings: &[Finding], label: &str, area: Rect) -> bool {
    findings.iter().filter(|finding| finding.label == label).any(|finding| {
        let shared = finding.area.intersection(area).map_or(0, Rect::area);
        3 * shared >= 2 * (finding.area.area() + area.area() - shared)
    })
}
