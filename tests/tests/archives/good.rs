//! Packages as they should be, through the program.

use crate::fuzz::package;
use crate::stage::{listing, procvision, rogue, rogue_archive};
use procvision_host::archive::{self, Archive};
use procvision_host::limits::Limits;
use procvision_host::package::Package;
use procvision_tests::workplace::Workplace;
use serde_json::{Value, json};
use std::path::Path;

#[test]
fn validate_runs_everything_on_an_archive_and_shows_its_digest() {
    let place = Workplace::new();
    let bytes = rogue_archive(&place);
    let digest = Archive::parse(bytes.clone(), Path::new(""))
        .unwrap()
        .digest()
        .to_owned();
    // Not told by its name.
    place.write("rogue-package", &bytes);
    let of_folder = procvision(&place, &["validate", "rogue", "--json"]).json();
    let answer = procvision(&place, &["validate", "rogue-package", "--json"]).json();
    let expected = json!({"bytes": bytes.len(), "sha256": digest, "signed": false});
    assert_eq!(answer["package"], expected);
    assert_eq!(of_folder["package"], Value::Null);
    assert_eq!(answer["checks"][0]["id"], "archive");
    assert_eq!(answer["checks"][0]["status"], "pass");
    assert_eq!(of_folder["checks"][0]["status"], "not_run");
    let rest = |answer: &Value| {
        let checks = answer["checks"].as_array().unwrap().iter().skip(1);
        checks
            .map(|check| (check["id"].clone(), check["status"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(rest(&answer), rest(&of_folder));
    let text = procvision(&place, &["validate", "rogue-package"]).stdout;
    assert!(text.contains(&format!("{digest} (not signed)")), "{text}");

    let signed = archive::embed(&bytes, &package::signature()).unwrap();
    place.write("signed.zip", &signed);
    let answer = procvision(&place, &["validate", "signed.zip", "--json"]).json();
    let expected = json!({"bytes": signed.len(), "sha256": digest, "signed": true});
    assert_eq!(answer["package"], expected);
}

#[test]
fn run_judges_with_an_archive_and_leaves_nothing_behind() {
    let place = Workplace::new();
    place.write("rogue.zip", &rogue_archive(&place));
    let run = |source: &str| {
        let arguments = [
            "run",
            source,
            "--pid",
            "A01",
            "--image",
            "photo.png",
            "--json",
            "--no-cache",
        ];
        procvision(&place, &arguments).expect(0).json()
    };
    let of_folder = run("rogue");
    let before = listing(&place.path(""));
    let answer = run("rogue.zip");
    assert_eq!(listing(&place.path("")), before);
    assert_eq!(answer["verdict"], of_folder["verdict"]);
    assert_eq!(answer["algorithm"]["component"], of_folder["algorithm"]["component"]);
    assert_eq!(answer["algorithm"]["source"], "rogue.zip");
}

#[test]
fn the_library_opens_an_archive_as_it_opens_a_folder() {
    let place = Workplace::new();
    place.write("rogue.zip", &rogue_archive(&place));
    let ceiling = Limits::default_ceiling();
    let package = Package::open(place.path("rogue.zip"), &ceiling).unwrap();
    let files = rogue(&place);
    assert_eq!(package.component(), files["component.wasm"]);
    assert_eq!(package.manifest().unwrap().name, "rogue");
    let assets: Vec<_> = package.assets().list().collect();
    assert_eq!(assets, [("notes/readme.txt", 41), ("zeros", 500_000)]);
    let read = |name: &str, offset, length| package.assets().read(name, offset, length).unwrap().unwrap();
    assert_eq!(read("notes/readme.txt", 6, 5), b"hello");
    assert_eq!(read("zeros", 499_990, 100), [0; 10]);
    let archive = package.archive().unwrap();
    assert_eq!(archive.file_name(), "rogue-v0.1.0-offline.zip");
    assert!(
        Package::open(place.path("rogue"), &ceiling)
            .unwrap()
            .archive()
            .is_none()
    );

    let small = Limits {
        component_bytes: 1_000,
        ..ceiling
    };
    let error = Package::open(place.path("rogue.zip"), &small).unwrap_err().to_string();
    assert!(
        error.contains("rogue.zip/component.wasm has") && error.contains("`component_bytes` is 1000"),
        "{error}"
    );
}
