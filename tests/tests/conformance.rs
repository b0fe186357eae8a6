//! This project's adapter follows every rule of the runner protocol, the suite notices one that does not, and the page
//! says what the suite says.

use procvision_conformance::bench::Bench;
use procvision_conformance::cases::{self, Case};
use procvision_conformance::report::Verdict;
use procvision_conformance::subject::{Dialect, Launch, Subject};
use procvision_conformance::suite::{self, Options};
use procvision_tests::binary::project_root;
use procvision_tests::conformance::Ours;
use std::time::Duration;

/// Long enough for anything that happens at all, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// One test for each part of the suite, so that they run side by side.
macro_rules! parts {
    ($($name:ident: $part:literal),* $(,)?) => {
        const PARTS: &[&str] = &[$($part),*];
        $(
            #[test]
            fn $name() {
                every_rule_holds(concat!($part, "."));
            }
        )*
    };
}

parts! {
    hello: "hello",
    ping: "ping",
    calls: "call",
    phases: "phase",
    results: "result",
    pictures: "picture",
    requests: "request",
    params: "param",
    sessions: "session",
    busy: "busy",
    accidents: "accident",
    stdout: "stdout",
    logs: "logs",
    framing: "framing",
    pressure: "pressure",
    end: "end",
}

#[track_caller]
fn every_rule_holds(part: &str) {
    let ours = Ours::new();
    let options = Options {
        filter: Some(part),
        patience: PATIENCE,
        folder: &ours.folder.path().join("pictures"),
    };
    let report = suite::run(&ours.subject, &options, |_| {}).expect("pictures can be written");
    assert!(!report.rows.is_empty());
    assert!(report.passed() == report.rows.len(), "\n{}", report.text());
}

#[test]
fn every_case_belongs_to_a_part() {
    for case in cases::all() {
        let part = case.id.split('.').next();
        assert!(part.is_some_and(|part| PARTS.contains(&part)), "{}", case.id);
    }
}

fn case(id: &str) -> &'static Case {
    cases::all().find(|case| case.id == id).expect("there is such a case")
}

/// What the suite says of the wrong adapter.
fn verdict(mode: &str, id: &str, patience: Duration) -> Verdict {
    let launch = Launch::new(env!("CARGO_BIN_EXE_wrong-adapter")).arg(mode);
    let subject = Subject::new(mode, Dialect::ALL, launch);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let bench = Bench::new(&subject, Dialect::V02, folder.path(), patience).expect("pictures can be written");
    case(id).run(&bench).into()
}

#[test]
fn an_adapter_that_says_yes_to_everything_fails() {
    for id in ["hello.first", "hello.answered", "ping.idle", "result.ok", "call.data"] {
        let verdict = verdict("yes", id, PATIENCE);
        // It does not even look at the call that `call.data` sends.
        let right = if id == "call.data" { "fail" } else { "pass" };
        assert_eq!(verdict.as_str(), right, "{id}: {verdict:?}");
    }
    for (id, seen) in [
        ("hello.capabilities", "shared_memory:v1, info not named"),
        ("result.ng", "result_status is \"OK\" in place of \"NG\""),
        ("picture.unknown", "the verdict OK in place of 1002"),
        ("request.unknown-pid", "the verdict OK in place of 1001"),
        ("phase.info", "the phase \"execute\" comes back"),
        ("session.kept", "call 1 of the session is the session's call "),
        ("busy.second", "a result OK before the other call is answered"),
        ("accident.exception", "a result OK in place of an error 1009"),
        ("framing.unknown-type", "a pong in place of an error 1000"),
        ("framing.not-json", "the process ends (exit status 0)"),
        ("end.shutdown", "a pong in place of a shutdown"),
        ("end.sigterm", "the process ends (signal 15)"),
    ] {
        assert_eq!(verdict("yes", id, PATIENCE), Verdict::Fail(seen.to_owned()), "{id}");
    }
}

#[test]
fn an_answer_that_comes_twice_is_seen() {
    for id in ["result.ok", "ping.idle"] {
        let verdict = verdict("twice", id, PATIENCE);
        assert_eq!(verdict.as_str(), "fail", "{id}: {verdict:?}");
    }
}

#[test]
fn silence_ends_a_case() {
    for id in ["ping.idle", "result.ok", "busy.never-after", "end.shutdown"] {
        let seen = verdict("silent", id, Duration::from_millis(300));
        assert!(seen.note().contains("there is no answer"), "{id}: {seen:?}");
    }
}

#[test]
fn text_on_stdout_is_shown() {
    let seen = verdict("text", "hello.first", PATIENCE);
    assert_eq!(
        seen,
        Verdict::Fail("stdout carries `the ` in place of a length".to_owned())
    );
}

#[test]
fn a_program_that_is_not_there_fails_every_case() {
    let subject = Subject::new("nothing", [Dialect::V03], Launch::new("no-such-program-anywhere"));
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let options = Options {
        filter: Some("hello."),
        patience: PATIENCE,
        folder: folder.path(),
    };
    let report = suite::run(&subject, &options, |_| {}).expect("pictures can be written");
    assert!(report.failed() > 0 && report.failed() == report.rows.len());
}

/// `docs/protocol.md` has a row for every case, with its rule, and says that ours follows it.
#[test]
fn the_page_lists_the_cases() {
    let page = std::fs::read_to_string(project_root().join("docs/protocol.md")).expect("there is such a page");
    let (_, tables) = page
        .split_once("<!-- conformance:begin -->")
        .expect("it says where the tables begin");
    let rows: Vec<&str> = tables.lines().filter(|line| line.starts_with("| `")).collect();
    for (number, case) in cases::all().enumerate() {
        let versions: Vec<&str> = case.dialects.iter().map(|dialect| dialect.as_str()).collect();
        let row = format!("| `{}` | {} ({}) | yes | ", case.id, case.rule, versions.join(", "));
        let there = rows.get(number).copied().unwrap_or_default();
        assert!(
            there.starts_with(&row),
            "`cargo xtask conformance --write` rewrites the page\n{there}\n{row}"
        );
    }
}
