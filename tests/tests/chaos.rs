//! A few kills of each kind of process under load: no answered result is lost, doubled or wrong, and everything comes
//! back by itself. `cargo xtask chaos` kills a hundred.

use procvision_conformance::chaos::{self, Plan, Victim};
use procvision_conformance::subject::manifest;
use procvision_host::archive;
use procvision_tests::binary::procvision_binary;
use procvision_tests::conformance_component;
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// Long enough for anything that happens at all, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(120);
/// Longer than any task that is asked here.
const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn whatever_is_killed_no_answer_is_lost_and_everything_comes_back() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let component = fs::read(conformance_component()).expect("the guest was built");
    let files = BTreeMap::from([
        (
            "manifest.json".to_owned(),
            manifest(LIMIT, LIMIT).to_string().into_bytes(),
        ),
        ("component.wasm".to_owned(), component),
    ]);
    let package = folder.path().join("conformance_subject-v1.0.0-offline.zip");
    fs::write(&package, archive::write(&files).expect("it is a package")).expect("it can be written");
    let plan = Plan {
        program: procvision_binary(),
        package: &package,
        folder: folder.path(),
        kills: 9,
        seed: 7,
        callers: 3,
        patience: PATIENCE,
    };
    let summary = chaos::run(&plan, |_| {}).expect("the station can be set up");
    assert_eq!(summary.problem, None, "{summary:#?}");
    for victim in Victim::ALL {
        assert_eq!(
            summary.deaths.get(&victim).map(|deaths| deaths.kills),
            Some(3),
            "{summary:#?}"
        );
    }
    assert!(
        summary.acknowledged >= 9 && summary.of_the_line > 0,
        "it was under load: {summary:#?}"
    );
    assert_eq!(
        (summary.found, summary.lost, summary.wrong),
        (summary.acknowledged, 0, 0),
        "{summary:#?}"
    );
}
