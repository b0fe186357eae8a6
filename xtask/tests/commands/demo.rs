//! `cargo xtask demo`: from an example's folder to the pages that are left.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use crate::project::Project;

const MANIFEST: &str =
    r#"{"name": "look", "version": "0.1.0", "component": "component.wasm", "supported_pids": ["A01"]}"#;

/// A project with one example: a picture for each answer that the stand-in for the host can give.
fn project(cases: &str) -> Project {
    let project = Project::complete();
    project.write("examples/look/manifest.json", MANIFEST);
    project.write("examples/look/cases.json", &format!("[{cases}]"));
    project.write("examples/look/assets/template/a.txt", "template");
    project.write("examples/look/src/lib.rs", "");
    for verdict in ["OK", "NG", "dark", "broken"] {
        project.write(&format!("examples/look/pictures/{verdict}.png"), verdict);
    }
    project
}

fn case(name: &str, picture: &str, expected: &str) -> String {
    format!(r#"{{"name": "{name}", "pid": "A01", "image": "pictures/{picture}.png", {expected}}}"#)
}

fn all_as_expected() -> String {
    [
        case("all there", "OK", r#""verdict": "OK""#),
        case("scratched", "NG", r#""verdict": "NG", "ng_reason_contains": "scratch""#),
        case("too dark", "dark", r#""pre": "not_ready", "verdict": null"#),
    ]
    .join(",")
}

#[test]
fn packages_are_judged_and_everything_is_named_at_the_end() {
    let project = project(&all_as_expected());
    let ended = project.xtask(&["demo", "--once"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let rows: Vec<Vec<&str>> = ended
        .stdout
        .lines()
        .map(|line| line.split("  ").map(str::trim).collect())
        .collect();
    for row in [
        ["look", "all there", "OK", "OK"],
        ["look", "scratched", "NG", "NG"],
        ["look", "too dark", "not ready", "not ready"],
    ] {
        let same = |cells: &Vec<&str>| cells.iter().filter(|cell| !cell.is_empty()).take(4).eq(row.iter());
        assert!(rows.iter().any(same), "{row:?} in {}", ended.stdout);
    }
    assert!(ended.stdout.contains("demo-output/index.html"), "{ended:?}");
    assert!(
        ended.stdout.contains("demo-output/cases/look/scratched.png"),
        "{ended:?}"
    );
    assert!(ended.stdout.contains("All 3 verdicts are as expected."), "{ended:?}");
    assert!(
        ended.stdout.contains("All 3 verdicts of the station are as expected."),
        "{ended:?}"
    );

    let out = project.root().join("demo-output");
    assert_eq!(
        fs::read_to_string(out.join("packages/look-v0.1.0/assets/template/a.txt")).unwrap(),
        "template"
    );
    let index = fs::read_to_string(out.join("index.html")).unwrap();
    for file in [
        "cases/look/all-there.html",
        "cases/look/all-there.png",
        "cases/look/all-there.json",
    ] {
        assert!(
            out.join(file).is_file() && index.contains(&format!("\"{file}\"")),
            "{file} in {index}"
        );
    }

    let station = out.join("station");
    let page = fs::read_to_string(station.join("index.html")).unwrap();
    for file in ["results.csv", "results.json", "pictures/3.jpg"] {
        assert!(
            station.join(file).is_file() && page.contains(&format!("\"{file}\"")),
            "{file} in {page}"
        );
    }
    let results: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(station.join("results.json")).unwrap()).unwrap();
    assert_eq!(results.as_array().map(Vec::len), Some(3), "{results}");
    let asked = fs::read_to_string(station.join("store/log")).unwrap();
    assert!(
        asked.contains("look-v0.1.0-offline.zip") && asked.contains("activate look A01"),
        "{asked}"
    );
}

#[test]
fn without_a_terminal_the_short_form_is_run_and_says_so() {
    let in_ci = project(&all_as_expected()).with_env("CI", "true").xtask(&["demo"]);
    assert_eq!(in_ci.code, 0, "{in_ci:?}");
    assert!(
        in_ci
            .stderr
            .contains("the variable CI is set, so this is the short form"),
        "{in_ci:?}"
    );
    let ended = project(&all_as_expected()).xtask(&["demo"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(
        ended
            .stderr
            .contains("stdout is no terminal, so this is the short form")
            && ended.stderr.contains("--live"),
        "{ended:?}"
    );
    assert!(ended.stdout.contains("All 3 verdicts are as expected."), "{ended:?}");
}

#[test]
fn the_long_form_goes_on_until_it_is_interrupted_and_leaves_no_process() {
    let project = project(&all_as_expected());
    let mut started = project
        .command(&["demo", "--live"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(started.stdout.take().unwrap()).lines();
    let mut until = |text: &str| {
        let found = lines.by_ref().map(Result::unwrap).find(|line| line.contains(text));
        found.unwrap_or_else(|| panic!("it does not say {text}"))
    };
    let page = until("The station's page: http://127.0.0.1:");
    until("Ctrl-C");
    assert!(until("a scratch").contains("NG"));
    let asked = Command::new("kill").args(["-INT", &started.id().to_string()]).status();
    assert!(asked.unwrap().success());
    until("Everything has ended.");
    assert_eq!(started.wait().unwrap().code(), Some(0));
    let address = page.rsplit("http://").next().unwrap().trim_end_matches('/');
    assert!(TcpStream::connect(address).is_err(), "{address} still answers");
    assert!(project.root().join("demo-output/station/results.csv").is_file());
}

#[test]
fn a_station_that_cannot_be_set_up_or_ends_is_an_error() {
    for (fails, sentence) in [
        ("store", "the station's store does not take an example"),
        ("serve", "the station cannot be started"),
        ("station", "the station has ended"),
        ("package", "no package could be made of the example look"),
    ] {
        let ended = project(&all_as_expected())
            .with_env("FAKE_FAILS", fails)
            .xtask(&["demo", "--live"]);
        assert_eq!(ended.code, 2, "{fails}: {ended:?}");
        assert!(ended.stderr.contains(sentence), "{fails}: {ended:?}");
    }
}

#[test]
fn a_verdict_that_differs_is_told_and_fails() {
    let cases = [
        case("painted out", "OK", r#""verdict": "NG""#),
        case("scratched", "NG", r#""verdict": "NG", "ng_reason_contains": "stain""#),
        case("unreadable", "broken", r#""verdict": "OK""#),
        case("good", "OK", r#""verdict": "OK""#),
    ];
    let ended = project(&cases.join(",")).xtask(&["demo", "--once"]);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("look painted out: the answer is OK, NG was expected"),
        "{ended:?}"
    );
    assert!(
        ended
            .stdout
            .contains("look scratched: the reason \"a scratch\" does not contain \"stain\""),
        "{ended:?}"
    );
    assert!(
        ended.stdout.contains("look unreadable: the host could not run it"),
        "{ended:?}"
    );
    assert!(ended.stdout.contains("3 of 4 cases are not as expected."), "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("3 of 4 verdicts of the station are not as expected."),
        "{ended:?}"
    );
    let page = "demo-output/station/index.html";
    assert!(ended.stdout.contains(page), "{ended:?}");
    assert!(
        ended.stderr.contains("cannot run it") && ended.stderr.contains("repeat with: "),
        "{ended:?}"
    );
}

#[test]
fn out_is_the_callers_and_only_ever_emptied_if_a_demo_made_it() {
    let project = project(&all_as_expected());
    project.write("mine/note.txt", "keep");
    let ended = project.xtask(&["demo", "--once", "--out", "mine"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert_eq!(
        fs::read_to_string(project.root().join("mine/note.txt")).unwrap(),
        "keep"
    );

    assert_eq!(project.xtask(&["demo", "--once", "--out", "a/b"]).code, 0);
    project.write("a/b/cases/look/old.png", "");
    assert_eq!(project.xtask(&["demo", "--once", "--out", "a/b"]).code, 0);
    assert!(!project.root().join("a/b/cases/look/old.png").exists());
}

#[test]
fn what_cannot_be_built_is_named_with_its_command() {
    let ended = project(&all_as_expected())
        .with_env("FAKE_FAILS", "build")
        .xtask(&["demo", "--once"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(
        ended
            .stderr
            .contains("cargo build --release --workspace --bin procvision"),
        "{ended:?}"
    );
    let ended = project(&all_as_expected())
        .with_env("FAKE_FAILS", "procvision-build")
        .xtask(&["demo", "--once"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.stderr.contains("example look could not be built"), "{ended:?}");
    assert!(ended.stderr.contains("procvision build examples/look"), "{ended:?}");
}

#[test]
fn only_the_target_of_algorithms_is_needed() {
    let project = project(&all_as_expected());
    project.remove("toolchain/lib/wasm32-wasip1");
    project.remove("toolchain/components/clippy");
    assert_eq!(project.xtask(&["demo", "--once"]).code, 0);
    project.remove("toolchain/lib/wasm32-wasip2");
    let ended = project.xtask(&["demo", "--once"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.stderr.contains("rustup target add wasm32-wasip2`"), "{ended:?}");
}
