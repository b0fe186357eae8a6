//! `procvision doctor`: what it finds, what it makes of it, and how it says so.

use procvision_host::lockdown::Lock;
use procvision_tests::binary::Answer;
use procvision_tests::workplace::Workplace;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn finding<'a>(said: &'a Value, id: &str) -> &'a Value {
    let findings = said["findings"].as_array().unwrap();
    let mut found = findings.iter().filter(|finding| finding["id"] == id);
    found.next().unwrap_or_else(|| panic!("no `{id}` in {said:#}"))
}

/// The machine that runs the tests can run a station.
#[test]
fn everything_is_looked_at() {
    let place = Workplace::new();
    let said = place.procvision(&["doctor", "--json"]).expect(0).json();
    assert_eq!((&said["schema"], &said["ready"]), (&1.into(), &true.into()));
    let findings = said["findings"].as_array().unwrap();
    let ids: BTreeSet<&str> = findings.iter().map(|finding| finding["id"].as_str().unwrap()).collect();
    let others = [
        "kernel",
        "user",
        "user_namespaces",
        "address_space",
        "landlock",
        "sealed_memory",
        "huge_pages",
        "shared_memory",
        "monotonic",
        "wall",
        "compiler",
        "cache",
        "cargo",
        "wasm_target",
    ];
    for id in Lock::ALL.map(Lock::as_str).into_iter().chain(others) {
        assert!(ids.contains(id), "no `{id}`");
    }
    let mut counts = [("ok", 0), ("hint", 0), ("problem", 0)];
    for finding in findings {
        let status = finding["status"].as_str().unwrap();
        assert_eq!(finding["remedy"].is_string(), status != "ok", "{finding}");
        assert!(!finding["detail"].as_str().unwrap().is_empty(), "{finding}");
        counts
            .iter_mut()
            .filter(|(name, _)| *name == status)
            .for_each(|(_, count)| *count += 1);
    }
    for (name, count) in counts {
        assert_eq!(said["counts"][name], count, "{said:#}");
    }
}

#[test]
fn people_get_sections_and_a_last_line() {
    let told = Workplace::new().procvision(&["doctor"]).expect(0);
    assert_eq!(told.stderr, "");
    let sections = [
        "System",
        "Locks around algorithms",
        "Pictures",
        "Clocks",
        "Station",
        "For authors",
    ];
    let lines: Vec<&str> = told.stdout.lines().collect();
    let headings = lines.iter().filter(|line| sections.contains(line)).count();
    assert_eq!(headings, sections.len(), "{}", told.stdout);
    assert!(lines.last().unwrap().starts_with("READY  "), "{}", told.stdout);
    for line in lines.iter().filter(|line| line.starts_with(' ')) {
        let begins = ["  ok       ", "  hint     ", "           remedy: "];
        assert!(begins.iter().any(|begin| line.starts_with(begin)), "{line}");
    }
}

#[test]
fn a_store_that_cannot_be_used_is_in_the_way() {
    let place = Workplace::new();
    let said = place
        .procvision(&["doctor", "--json", "--store", "nowhere"])
        .expect(1)
        .json();
    assert_eq!(said["ready"], false);
    let store = finding(&said, "store");
    assert_eq!(store["status"], "problem");
    assert!(store["remedy"].is_string(), "{store}");
    let told = place.procvision(&["doctor", "--store", "nowhere"]).expect(1);
    assert!(
        told.stdout.contains("\n  PROBLEM  store            "),
        "{}",
        told.stdout
    );
    assert!(told.stdout.contains("\nNOT READY  "), "{}", told.stdout);
}

#[test]
fn a_store_is_looked_at_with_its_policy() {
    let place = Workplace::new();
    made(&place);
    let said = place.procvision(&["doctor", "--json", "--store", "S"]).expect(0).json();
    let detail = finding(&said, "store")["detail"].as_str().unwrap();
    assert!(detail.ends_with("S: 1 installed, 0 product models"), "{detail}");
    place.write("S/policy.json", br#"{"policy_version": 1, "lockdown": "sometimes"}"#);
    let said = place.procvision(&["doctor", "--json", "--store", "S"]).expect(1).json();
    let store = finding(&said, "store");
    assert!(store["detail"].as_str().unwrap().contains("lockdown"), "{store}");
}

fn made(place: &Workplace) {
    let packed = place
        .procvision(&["package", "rogue", "--no-build", "-o", "rogue.zip", "--json"])
        .expect(0)
        .json();
    let package = packed["package"].as_str().unwrap();
    place
        .procvision(&["store", "install", package, "--store", "S"])
        .expect(0);
}

#[test]
fn an_unsafe_cache_is_a_hint() {
    let place = Workplace::new();
    fs::create_dir_all(place.path("open/compiled")).unwrap();
    fs::set_permissions(place.path("open/compiled"), fs::Permissions::from_mode(0o777)).unwrap();
    let mut command = place.command(&["doctor", "--json"]);
    let said = Answer::of(command.env("PROCVISION_CACHE_DIR", place.path("open")))
        .expect(0)
        .json();
    let cache = finding(&said, "cache");
    assert_eq!(cache["status"], "hint");
    assert!(
        cache["remedy"].as_str().unwrap().contains("PROCVISION_CACHE_DIR"),
        "{cache}"
    );
}

#[test]
fn authors_tools_are_a_hint() {
    let place = Workplace::new();
    let mut command = place.command(&["doctor", "--json"]);
    command.env("PATH", "/nonexistent").env_remove("RUSTC");
    let said = Answer::of(&mut command).expect(0).json();
    assert_eq!(finding(&said, "cargo")["status"], "hint");
}

#[test]
fn trying_the_locks_is_no_command() {
    let help = Workplace::new().procvision(&["--help"]).expect(0);
    assert!(!help.stdout.contains("try-locks"), "{}", help.stdout);
}
