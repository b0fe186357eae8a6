//! Which version judges what: activating, switching, going back, taking out.

use crate::stage::{Station, parts, parts_named};
use procvision_tests::binary::Answer;
use serde_json::json;
use std::fs;

#[test]
fn the_way_there_and_back() {
    let station = Station::with(&["1.0.0", "1.1.0", "1.2.0", "1.3.0"]);
    station.activate("1.0.0");
    let active: serde_json::Value =
        serde_json::from_slice(&fs::read(station.store("active/A01.json")).unwrap()).unwrap();
    assert_eq!(
        (&active["pid"], &active["name"], &active["version"]),
        (&json!("A01"), &json!("lifted"), &json!("1.0.0"))
    );
    for version in ["1.1.0", "1.2.0", "1.3.0"] {
        let answer = station.json(&["switch", "lifted", version], 0);
        assert_eq!(answer["moves"][0]["pid"], "A01", "{answer}");
    }
    // Three are remembered, with the one that is active.
    for version in ["1.2.0", "1.1.0"] {
        let answer = station.json(&["rollback", "--pid", "A01"], 0);
        assert_eq!(answer["releases"][0]["version"], version, "{answer}");
        assert_eq!(station.active().as_deref(), Some(version));
    }
    station.refused(&["rollback", "lifted"], 2, "nothing-before");
    station.json(&["deactivate", "lifted"], 0);
    assert_eq!(station.active(), None);
    assert!(!station.store("active/A01.json").exists());
    station.refused(&["deactivate", "--pid", "A01"], 2, "not-active");
    station.json(&["rollback", "lifted"], 0);
    assert_eq!(station.active().as_deref(), Some("1.1.0"));
    station.whole();
}

#[test]
fn conflicts_are_refused_with_2006() {
    let station = Station::with(&["1.0.0", "1.1.0"]);
    station.install(&parts_named("second", "1.0.0"));
    let unsupported = station.refused(&["activate", "lifted", "1.0.0", "--pid", "A01,B01"], 2, "2006");
    assert!(
        unsupported.contains("B01") && unsupported.contains("A01"),
        "{unsupported}"
    );
    assert_eq!(station.active(), None);
    station.refused(&["switch", "lifted", "1.0.0"], 2, "2006");
    station.refused(&["switch", "lifted", "1.0.0", "--pid", "A01"], 2, "2006");
    station.activate("1.0.0");
    for (name, version) in [("second", "1.0.0"), ("lifted", "1.1.0")] {
        let taken = station.refused(&["activate", name, version, "--all"], 2, "2006");
        assert_eq!(taken, "A01 is judged by lifted 1.0.0");
    }
    // Again the same is no conflict.
    let answer = station.activate("1.0.0");
    assert_eq!((&answer["moves"], &answer["unchanged"]), (&json!([]), &json!(["A01"])));
    station.json(&["switch", "second", "1.0.0", "--pid", "A01"], 0);
    assert_eq!(station.active().as_deref(), Some("1.0.0"));
    let missing = station.refused(&["activate", "lifted", "9.9.9", "--all"], 2, "not-installed");
    assert!(missing.contains("installed are 1.0.0, 1.1.0"), "{missing}");
    station.whole();
}

#[test]
fn a_version_whose_golden_cases_fail_does_not_go_live() {
    let station = Station::new();
    station.install(&parts("1.0.0").with_case("OK"));
    station.install(&parts("1.1.0").with_case("NG"));
    let answer = station.activate("1.0.0");
    assert_eq!(answer["cases"], 1);
    let failed = station.refused(&["switch", "lifted", "1.1.0"], 1, "2005");
    assert!(failed.contains("tray"), "{failed}");
    assert_eq!(station.active().as_deref(), Some("1.0.0"));
    Answer::of(&mut station.run_a01(&[])).expect(0);
    let last = station.audit().pop().unwrap();
    assert_eq!(
        (&last["operation"], &last["outcome"]),
        (&json!("switch"), &json!("refused"))
    );
    station.json(&["deactivate", "lifted"], 0);
    station.refused(&["activate", "lifted", "1.1.0", "--all"], 1, "2005");
    station.whole();
}
