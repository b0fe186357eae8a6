//! Golden cases: what is wrong with them is said before anything runs, and an answer that is not the expected one shows.

use procvision_host::archive::{self, Archive};
use procvision_host::cases::{Cases, CasesError, replay};
use procvision_host::explain::{Explain, one_line};
use procvision_host::host::{Host, HostConfig};
use procvision_host::package::Package;
use procvision_tests::binary::project_root;
use procvision_tests::workplace::Workplace;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A folder with these cases and the pictures `pictures/a.png` and `pictures/b.png`.
fn folder(cases: &str) -> Workplace {
    let place = Workplace::new();
    let photo = fs::read(place.path("photo.png")).unwrap();
    place.write("rogue/pictures/a.png", &photo);
    place.write("rogue/pictures/b.png", &photo);
    place.write("rogue/cases.json", cases.as_bytes());
    place
}

fn read(cases: &str) -> Result<Option<Cases>, CasesError> {
    Cases::read(&folder(cases).path("rogue"))
}

fn case(fields: &Value) -> Value {
    let mut case = json!({"name": "n", "pid": "A01", "image": "pictures/a.png", "verdict": "OK"});
    for (key, value) in fields.as_object().unwrap() {
        case[key] = value.clone();
    }
    case
}

#[test]
fn cases_are_read_with_what_is_not_given_filled_in() {
    let cases = read(r#"[{"name": "good", "pid": "A01", "image": "pictures/a.png"}]"#);
    let cases = cases.unwrap().unwrap();
    let [case] = cases.list() else { panic!("{cases:?}") };
    assert_eq!((case.step, case.expected(), case.pictures().count()), (1, "failed", 1));
    assert!(Cases::read(Path::new("/nowhere")).unwrap().is_none());
}

#[test]
fn what_is_wrong_is_said_with_the_case_and_the_key() {
    let one = |fields: Value| json!([case(&fields)]).to_string();
    let rect = |width: u32| json!([{"x": 1, "y": 1, "width": width, "height": 4}]);
    let many: Vec<Value> = (0..201)
        .map(|number| case(&json!({"name": number.to_string()})))
        .collect();
    let wrong = [
        ("{}".to_owned(), "is an object, but must be a list", "2005"),
        ("[".to_owned(), "is not JSON", "2005"),
        ("[] []".to_owned(), "is not JSON", "2005"),
        ("[]".to_owned(), "holds no case", "2005"),
        (json!(many).to_string(), "holds 201 cases of at most 200", "2005"),
        (one(json!({"verdikt": "OK"})), "did you mean `verdict`?", "2005"),
        (one(json!({"verdict": "GOOD"})), "[0].verdict", "2005"),
        (one(json!({"step": -1})), "[0].step", "2005"),
        (one(json!({"step": 0})), "steps count from 1", "2005"),
        (one(json!({"name": " "})), "needs a name", "2005"),
        (
            one(json!({"references": {"": "pictures/b.png"}})),
            "reference without a name",
            "2005",
        ),
        (one(json!({"image": "photo.png"})), "not a path below pictures/", "2005"),
        (
            one(json!({"image": "pictures/../manifest.json"})),
            "not a path below pictures/",
            "2005",
        ),
        (one(json!({"image": "pictures/c.png"})), "which is missing", "2004"),
        (
            one(json!({"references": {"good": "pictures"}})),
            "not a path below pictures/",
            "2005",
        ),
        (one(json!({"pre": "not_ready"})), "nobody asks for one", "2005"),
        (one(json!({"pre": "failed"})), "nobody asks for one", "2005"),
        (one(json!({"ng_reason_contains": "x"})), "which only NG has", "2005"),
        (one(json!({"defect_rects": rect(4)})), "which only NG has", "2005"),
        (
            one(json!({"verdict": "NG", "defect_rects": rect(0)})),
            "without width or height",
            "2005",
        ),
        (
            json!([case(&json!({})), case(&json!({}))]).to_string(),
            "case `n` is there twice",
            "2005",
        ),
        (
            r#"[{"name": "n", "pid": "A01", "image": "pictures/a.png", "pid": "A02"}]"#.to_owned(),
            "twice",
            "2005",
        ),
    ];
    for (cases, part, code) in wrong {
        let error = read(&cases).expect_err(part);
        let message = one_line(&error);
        assert!(message.contains(part) && message.contains("cases.json"), "{message}");
        assert_eq!(error.code(), code, "{message}");
        assert!(error.remedy().is_some() && error.subject_failed());
    }
    let place = folder(&one(json!({"image": "pictures/link.png"})));
    std::os::unix::fs::symlink(place.path("photo.png"), place.path("rogue/pictures/link.png")).unwrap();
    let error = Cases::read(&place.path("rogue")).unwrap_err();
    assert!(one_line(&error).contains("which is a link"), "{error}");
    fs::rename(place.path("rogue/pictures"), place.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(place.path("elsewhere"), place.path("rogue/pictures")).unwrap();
    let error = Cases::read(&place.path("rogue")).unwrap_err();
    assert!(one_line(&error).contains("which is a link"), "{error}");

    let huge = " ".repeat(2 << 20);
    let message = one_line(&read(&huge).unwrap_err());
    assert!(message.contains("2097152 bytes of at most 1048576"), "{message}");
}

#[test]
fn the_examples_answer_as_their_cases_expect_from_folder_and_archive() {
    let host = Host::new(HostConfig::default()).unwrap();
    for example in ["presence-check", "surface-defect", "capture-quality"] {
        let folder = project_root().join("examples").join(example);
        procvision_host::component_build::build(
            &folder,
            &procvision_host::component_build::BuildOptions {
                quiet: true,
                ..Default::default()
            },
        )
        .unwrap();
        let package = Package::open(&folder, &host.config().ceiling).unwrap();
        let mut algorithm = host.load(&package).unwrap();
        let from_folder = Cases::read(&folder).unwrap().unwrap();
        let from_archive = Cases::of_archive(&archived(&folder, &from_folder)).unwrap().unwrap();
        assert_eq!(from_folder.list(), from_archive.list());
        for cases in [&from_folder, &from_archive] {
            for result in replay(&mut algorithm, cases, Duration::from_secs(600)) {
                assert!(result.is_as_expected(), "{example}: {result:?}");
                assert_eq!(result.answered, Some(result.expected));
            }
        }
        // What there is no time for counts as not answered.
        for result in replay(&mut algorithm, &from_folder, Duration::ZERO) {
            assert_eq!(result.answered, None);
            assert_eq!(result.differences, ["it was not asked within 0 s"]);
        }
    }
}

/// The example as a package archive.
fn archived(folder: &Path, cases: &Cases) -> Arc<Archive> {
    let mut names = vec![
        "manifest.json".to_owned(),
        "component.wasm".to_owned(),
        "cases.json".to_owned(),
    ];
    names.extend(cases.list().iter().flat_map(|case| case.pictures().map(str::to_owned)));
    let assets = fs::read_dir(folder.join("assets")).into_iter().flatten().flatten();
    names.extend(assets.map(|file| format!("assets/{}", file.file_name().into_string().unwrap())));
    let files: BTreeMap<String, Vec<u8>> = names
        .into_iter()
        .map(|name| {
            let bytes = fs::read(folder.join(&name)).unwrap();
            (name, bytes)
        })
        .collect();
    let bytes = archive::write(&files).unwrap();
    Arc::new(Archive::parse(bytes, Path::new("example.zip")).unwrap())
}

/// The guest does what `attack` says: its own answer to a picture is OK.
#[test]
fn answers_that_are_not_expected_show() {
    let attack = |order: &str| json!({"params": {"attack": order}});
    let cases = [
        ("as expected", json!({}), ""),
        (
            "another verdict",
            json!({"verdict": "NG"}),
            "the answer is OK, NG was expected",
        ),
        (
            "another phase",
            json!({"verdict": null, "pre": "not_ready"}),
            "the answer is ready, not ready was expected",
        ),
        (
            "no failure",
            json!({"verdict": null, "pre": "failed"}),
            "the answer is OK, failed was expected",
        ),
        (
            "another product",
            json!({"pid": "B01", "verdict": null}),
            "it did not say that it cannot judge",
        ),
        (
            "no such step",
            json!({"step": 7}),
            "the answer is failed, OK was expected: ",
        ),
        (
            "a trap",
            json!({"params": attack("unreachable")["params"], "verdict": null}),
            "but failed: ",
        ),
        (
            "stated",
            json!({"params": attack("failure-recoverable")["params"], "verdict": null}),
            "",
        ),
    ];
    let list: Vec<Value> = cases
        .iter()
        .map(|(name, fields, _)| {
            let mut case = case(fields);
            case["name"] = json!(name);
            case
        })
        .collect();
    let place = folder(&json!(list).to_string());
    place.write("rogue/pictures/a.png", &fs::read(place.path("photo.png")).unwrap());
    let answer = place.procvision(&["validate", "rogue", "--json"]).expect(1).json();
    let results = answer["cases"].as_array().unwrap();
    assert_eq!(results.len(), cases.len());
    for ((name, _, part), result) in cases.iter().zip(results) {
        assert_eq!(&result["name"], name);
        let differences = result["differences"].as_array().unwrap();
        match *part {
            "" => assert!(differences.is_empty(), "{result}"),
            part => assert!(
                differences.len() == 1 && differences[0].as_str().unwrap().contains(part),
                "{result}"
            ),
        }
    }
    let checks = answer["checks"].as_array().unwrap();
    let failed: Vec<&Value> = checks.iter().filter(|check| check["id"] == "cases").collect();
    assert_eq!(failed.len(), 6, "{answer}");
    assert!(
        failed
            .iter()
            .all(|check| check["status"] == "fail" && check["code"] == "2005")
    );
}

#[test]
fn a_picture_that_is_none_is_a_difference() {
    let place = folder(&json!([case(&json!({}))]).to_string());
    place.write("rogue/pictures/a.png", b"no picture");
    let answer = place.procvision(&["validate", "rogue", "--json"]).expect(1).json();
    let result = &answer["cases"][0];
    assert_eq!(result["answered"], Value::Null, "{answer}");
    let difference = result["differences"][0].as_str().unwrap();
    assert!(
        difference.starts_with("the picture pictures/a.png cannot be used: "),
        "{difference}"
    );
}

#[test]
fn cases_that_cannot_be_read_fail_and_none_are_no_fault() {
    let place = folder("[]");
    let answer = place.procvision(&["validate", "rogue", "--json"]).expect(1).json();
    let checks = answer["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["id"] == "cases").unwrap();
    assert_eq!(check["status"], "fail", "{check}");
    assert_eq!(answer["cases"], json!([]));
    fs::remove_file(place.path("rogue/cases.json")).unwrap();
    let answer = place.procvision(&["validate", "rogue", "--json"]).expect(0).json();
    let checks = answer["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["id"] == "cases").unwrap();
    assert_eq!(
        (&check["status"], &check["detail"]),
        (&json!("not_run"), &json!("the package has no cases.json"))
    );
}
