//! The soak test in short: every answer is the one that was asked for, whatever else goes wrong, and nothing grows.

use procvision_conformance::camera::Camera;
use procvision_conformance::soak::{self, Plan, Summary};
use procvision_conformance::subject::{Dialect, Launch, Subject};
use procvision_tests::conformance::Ours;
use procvision_tests::frame_pool::{broker_process, socket};
use std::time::Duration;

/// Long enough for any answer, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn two_thousand_calls_are_answered_once_each() {
    let (_folder, socket) = socket();
    let _broker = broker_process(&socket);
    let camera = Camera::connect(&socket, "soak", 8).expect("the broker listens");
    let mut ours = Ours::new();
    ours.subject.launch = ours.subject.launch.env("PROCVISION_FRAMES_SOCKET", &socket);
    let plan = Plan {
        calls: 2000,
        seed: 7,
        camera: Some(&camera),
        folder: &ours.folder.path().join("pictures"),
        patience: PATIENCE,
    };
    let summary = soak::run(&ours.subject, &plan, |_| {}).expect("pictures can be written");
    assert_eq!(summary.problem, None, "{summary:#?}");
    assert!(summary.calls >= plan.calls, "{summary:#?}");
    for kind in [
        "picture of the pool",
        "picture of the store",
        "exception",
        "time-out",
        "bad frame",
        "overlapping",
    ] {
        assert!(
            summary.kinds.get(kind).is_some_and(|times| *times > 0),
            "{kind}: {summary:#?}"
        );
    }
}

fn of_wrong(mode: &str) -> Summary {
    let subject = Subject::new(
        mode,
        [Dialect::V02],
        Launch::new(env!("CARGO_BIN_EXE_wrong-adapter")).arg(mode),
    );
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let plan = Plan {
        calls: 100,
        seed: 7,
        camera: None,
        folder: folder.path(),
        patience: PATIENCE,
    };
    soak::run(&subject, &plan, |_| {}).expect("pictures can be written")
}

#[test]
fn wrong_and_doubled_answers_are_seen() {
    for mode in ["yes", "twice"] {
        let summary = of_wrong(mode);
        assert!(summary.problem.is_some(), "{mode}: {summary:#?}");
    }
}
