//! The load in short: every picture of two cameras is judged, once and in order. How long it takes is not looked at.

use procvision_conformance::load::{self, Plan};
use procvision_tests::binary::procvision_binary;
use procvision_tests::packages::probe_parts;
use procvision_tests::station::Premises;
use serde_json::{Map, json};
use std::time::Duration;

/// Of each camera. Its pool has as many slots, so that none can be gone before its turn, however busy the machine is.
const PICTURES: u32 = 40;

#[test]
fn every_picture_of_two_cameras_is_judged_once_and_in_order() {
    let premises = Premises::with(&[probe_parts()], &["A01"]);
    let plan = Plan {
        program: procvision_binary(),
        store: &premises.path("store"),
        folder: &premises.path(""),
        pid: "A01",
        params: Map::from_iter([("task".to_owned(), json!("noop"))]),
        cameras: 2,
        fps: 20,
        size: (320, 240),
        pictures: PICTURES.into(),
        slots: PICTURES,
        patience: Duration::from_secs(60),
    };
    let mut told = 0;
    let summary = load::run(&plan, |_| told += 1).expect("it can be run");
    assert_eq!(summary.lines.len(), 2, "{summary:#?}");
    for line in &summary.lines {
        assert_eq!(line.problem(), None, "{summary:#?}");
        assert_eq!(
            (line.published, line.judged),
            (PICTURES.into(), PICTURES.into()),
            "{summary:#?}"
        );
    }
    assert_eq!(summary.delivery.count, 2 * u64::from(PICTURES), "{summary:#?}");
    assert!(told > 0 && summary.server.memory.end_bytes > 0, "{summary:#?}");
}
