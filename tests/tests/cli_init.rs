//! `procvision init`: a whole project, or none of it.

use procvision_host::manifest::Manifest;
use procvision_host::schemas::PublishedSchema;
use procvision_tests::binary::{Answer, guest_target_dir, procvision, project_root};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Runs `procvision init` with these arguments in this folder.
#[track_caller]
fn init(folder: &Path, arguments: &[&str]) -> Answer {
    Answer::of(procvision().current_dir(folder).arg("init").args(arguments))
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Every file below `folder`, by its path there.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_project_passes_its_tests_builds_and_judges_its_pictures() {
    let root = folder();
    init(root.path(), &["init-whole", "--pids", "A01,B-2.x"]).expect(0);
    let project = root.path().join("init-whole");

    let cargo = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        Answer::of(
            command
                .current_dir(&project)
                .args(arguments)
                .env("CARGO_TARGET_DIR", guest_target_dir()),
        )
    };
    let tests = cargo(&["test"]).expect(0);
    assert!(tests.stdout.contains("test result: ok. 5 passed"), "{tests:#?}");
    cargo(&["fmt", "--check"]).expect(0);
    assert!(!tests.stderr.contains("warning"), "{tests:#?}");

    let cache = root.path().join("cache");
    let procvision = |arguments: &[&str]| {
        let mut command = procvision();
        let command = command.current_dir(&project).env("PROCVISION_CACHE_DIR", &cache);
        Answer::of(command.args(arguments))
    };
    procvision(&["build"]).expect(0);
    assert!(project.join("component.wasm").is_file());
    for (picture, verdict) in [("pictures/ok.png", "OK"), ("pictures/ng.png", "NG")] {
        let run = procvision(&["run", ".", "--pid", "A01", "--image", picture, "--json", "--no-build"]).expect(0);
        assert_eq!(run.json()["verdict"], verdict, "{run:#?}");
    }
    let checked = procvision(&["validate", ".", "--json"]).expect(0).json();
    let cases = checked["cases"].as_array().unwrap();
    let as_expected = |case: &&Value| case["differences"] == json!([]);
    assert_eq!(cases.iter().filter(as_expected).count(), 2, "{checked}");
    let built_anew = procvision(&["run", ".", "--pid", "B-2.x", "--image", "pictures/ng.png", "--json"]).expect(0);
    assert_eq!(built_anew.json()["verdict"], "NG");
}

#[test]
fn a_project_has_a_manifest_pictures_and_the_sdk() {
    let root = folder();
    let answer = init(root.path(), &["cap_check", "--pids", "A01,A02", "--json"]).expect(0);
    assert_eq!(
        answer.json(),
        json!({
            "dir": "cap_check",
            "name": "cap_check",
            "package": "cap-check",
            "pids": ["A01", "A02"],
            "sdk": null,
            "next": [
                "cd cap_check",
                "cargo test",
                "procvision run . --pid A01 --image pictures/ok.png",
            ],
        })
    );
    assert_eq!(
        fs::read_dir(root.path()).unwrap().count(),
        1,
        "nothing temporary is left"
    );

    let project = root.path().join("cap_check");
    let manifest = Manifest::read(&project.join("manifest.json")).unwrap();
    assert_eq!(manifest.name, "cap_check");
    assert_eq!(manifest.supported_pids, ["A01", "A02"]);
    let written = files(&project);
    for file in [
        "Cargo.toml",
        "cases.json",
        ".gitignore",
        "README.md",
        "cases.json",
        "src/lib.rs",
        "tests/verdicts.rs",
    ] {
        assert!(written.contains_key(Path::new(file)), "{file}");
    }
    let schema = PublishedSchema::find("manifest").expect("it is published").text();
    assert_eq!(written[Path::new("manifest.schema.json")], schema.as_bytes());
    assert_eq!(manifest.schema.as_deref(), Some("manifest.schema.json"));
    for file in ["pictures/ok.png", "pictures/ng.png"] {
        assert!(written[Path::new(file)].starts_with(b"\x89PNG"), "{file}");
    }
    for part in ["guest-sdk/src", "wit"] {
        let original = files(&project_root().join(part));
        assert_eq!(files(&project.join("vendor/procvision").join(part)), original, "{part}");
    }
    let sdk = fs::read_dir(project.join("vendor/procvision/guest-sdk")).unwrap();
    let mut names: Vec<_> = sdk.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["Cargo.toml", "README.md", "src"], "only what a build needs");
}

#[test]
fn people_are_told_what_to_do_next() {
    let root = folder();
    let answer = init(root.path(), &["cap-check", "--dir", "new/my cap"]).expect(0);
    insta::assert_snapshot!(answer.stdout.trim_end(), @r"
    Created cap_check in new/my cap

    Next:
      cd 'new/my cap'
      cargo test
      procvision run . --pid A01 --image pictures/ok.png
    ");
    assert!(root.path().join("new/my cap/src/lib.rs").is_file());
}

#[test]
fn an_empty_folder_is_filled() {
    let root = folder();
    init(root.path(), &["cap-check", "--dir", "."]).expect(0);
    assert!(root.path().join("Cargo.toml").is_file());
    let stray = files(root.path())
        .into_keys()
        .filter(|path| path.starts_with(".procvision-init-"))
        .count();
    assert_eq!(stray, 0);
}

#[test]
fn a_checkout_can_be_depended_on() {
    let root = folder();
    for sdk in [project_root().to_owned(), project_root().join("guest-sdk")] {
        let name = format!("with-{}", sdk.components().count());
        let answer = init(root.path(), &[&name, "--sdk", sdk.to_str().unwrap(), "--json"]).expect(0);
        let expected = project_root().join("guest-sdk").canonicalize().unwrap();
        assert_eq!(answer.json()["sdk"], json!(expected));

        let project = root.path().join(&name);
        assert!(!project.join("vendor").exists());
        let mut metadata = Command::new(env!("CARGO"));
        metadata
            .current_dir(&project)
            .args(["metadata", "--no-deps", "--format-version=1"]);
        let dependencies = Answer::of(&mut metadata).expect(0).json()["packages"][0]["dependencies"].clone();
        assert_eq!(dependencies[0]["path"], json!(expected));
    }
}

#[test]
fn what_cannot_be_used_is_refused_and_leaves_nothing() {
    let many = (0..51).map(|number| format!("P{number}")).collect::<Vec<_>>().join(",");
    let long = "a".repeat(65);
    let cases: [(&[&str], &str, &str); 11] = [
        (&["Cap"], "bad-name", "`Cap`"),
        (&["../cap"], "bad-name", "`../cap`"),
        (&[""], "bad-name", "``"),
        (&[&long], "bad-name", "1 to 64"),
        (&["struct"], "bad-name", "`struct`"),
        (&["cap", "--pids", "A01,a/b"], "bad-pid", "`a/b`"),
        (&["cap", "--pids", "A01,"], "bad-pid", "``"),
        (&["cap", "--pids", ".."], "bad-pid", "`..`"),
        (&["cap", "--pids", "A01,A01"], "bad-pid", "`A01` was given twice"),
        (&["cap", "--pids", &many], "bad-pid", "51 product models"),
        (&["cap", "--sdk", "nowhere"], "no-sdk", "`nowhere`"),
    ];
    for (arguments, code, named) in cases {
        let root = folder();
        let answer = init(root.path(), arguments).expect(2);
        assert!(
            answer.stderr.starts_with("error: ") && answer.stderr.contains(named),
            "{answer:#?}"
        );
        assert_eq!(answer.stderr.lines().count(), 2, "a sentence and a remedy: {answer:#?}");
        assert_eq!(answer.stdout, "");

        let answer = init(root.path(), &[arguments, &["--json"]].concat()).expect(2);
        let error = &answer.json()["error"];
        assert_eq!(error["code"], code, "{answer:#?}");
        assert!(
            error["message"].as_str().is_some_and(|message| message.contains(named)),
            "{answer:#?}"
        );
        assert!(error["help"].is_string());
        assert_eq!(answer.stderr, "");
        assert!(files(root.path()).is_empty(), "{arguments:?}");
    }
}

#[test]
fn nothing_that_exists_is_overwritten() {
    let root = folder();
    fs::create_dir(root.path().join("full")).unwrap();
    fs::write(root.path().join("full/notes"), "mine").unwrap();
    fs::write(root.path().join("file"), "mine").unwrap();
    let before = files(root.path());
    for dir in ["full", "file"] {
        let answer = init(root.path(), &["cap", "--dir", dir, "--json"]).expect(2);
        assert_eq!(answer.json()["error"]["code"], "occupied");
    }
    let answer = init(root.path(), &["cap", "--dir", "file/below", "--json"]).expect(2);
    assert_eq!(answer.json()["error"]["code"], "unwritable");
    assert_eq!(answer.json()["error"]["help"], Value::Null);
    assert_eq!(files(root.path()), before);
}
