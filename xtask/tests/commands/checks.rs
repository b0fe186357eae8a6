//! `cargo xtask test`, `bench` and `deny`: what cargo is asked, and what is said when it fails.

use crate::project::Project;

#[test]
fn every_check_runs_in_order() {
    let ended = Project::complete().xtask(&["test"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(
        ended.log,
        [
            "cargo metadata --no-deps --format-version 1",
            "cargo fmt --all --check",
            "cargo clippy --release --workspace --all-targets -- -D warnings",
            "cargo clippy --release --target wasm32-wasip2 --package look -- -D warnings",
            "RUSTDOCFLAGS=-D warnings cargo doc --release --workspace --no-deps",
            "cargo build --release --workspace --bin procvision",
            "cargo test --release --workspace",
        ]
    );
    assert!(ended.stdout.starts_with("All 7 checks passed in "), "{ended:?}");
    assert!(ended.stderr.contains("clippy passed in "), "{ended:?}");
}

#[test]
fn quick_leaves_out_what_takes_long_and_says_so() {
    let ended = Project::complete().xtask(&["test", "--quick"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(
        ended.log.last().unwrap(),
        "cargo test --release --workspace --lib --bins"
    );
    assert!(!ended.log.iter().any(|line| line.contains("cargo doc")), "{ended:?}");
    assert!(ended.stdout.contains("--quick"), "{ended:?}");
}

#[test]
fn the_first_failure_ends_it_and_names_the_command() {
    for (fails, command) in [
        ("fmt", "cargo fmt --all --check"),
        (
            "clippy",
            "cargo clippy --release --workspace --all-targets -- -D warnings",
        ),
        (
            "doc",
            "RUSTDOCFLAGS='-D warnings' cargo doc --release --workspace --no-deps",
        ),
        ("build", "cargo build --release --workspace --bin procvision"),
        ("test", "cargo test --release --workspace"),
    ] {
        let ended = Project::complete().with_env("FAKE_FAILS", fails).xtask(&["test"]);
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(
            ended.stderr.trim_end().ends_with(&format!("repeat it with: {command}")),
            "{ended:?}"
        );
        assert!(
            ended.log.last().unwrap().contains(&format!("cargo {fails}")),
            "nothing runs after it: {ended:?}"
        );
        assert!(!ended.stdout.contains("passed"), "{ended:?}");
    }
}

#[test]
fn a_broken_link_fails_before_anything_is_compiled() {
    let project = Project::complete();
    project.write("docs/a.md", "\n[gone](gone.md)\n");
    let ended = project.xtask(&["test"]);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(
        ended.stderr.contains("docs/a.md:2: gone.md does not exist"),
        "{ended:?}"
    );
    assert!(!ended.log.iter().any(|line| line.contains("clippy")), "{ended:?}");
}

#[test]
fn missing_parts_are_added_before_the_checks() {
    let ended = Project::bare().with_rustup("works").xtask(&["test", "--quick"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.log[0].starts_with("rustup component add"), "{ended:?}");
}

#[test]
fn arguments_reach_the_benchmarks() {
    let ended = Project::complete().xtask(&["bench", "--", "execute", "--save-baseline", "a"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(
        ended.log[0],
        "cargo bench --workspace --bench * -- execute --save-baseline a"
    );
    let ended = Project::complete().with_env("FAKE_FAILS", "bench").xtask(&["bench"]);
    assert_eq!(ended.code, 1, "{ended:?}");
}

#[test]
fn deny_says_how_to_get_cargo_deny_and_otherwise_runs_it() {
    let project = Project::complete();
    let ended = project.xtask(&["deny"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.stderr.contains("cargo install cargo-deny --locked"), "{ended:?}");
    project.write("toolchain/components/deny", "");
    let ended = project.xtask(&["deny"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(
        ended.log,
        [
            "cargo deny check bans licenses sources",
            "cargo deny fetch db",
            "cargo deny check --disable-fetch advisories",
        ]
    );
}

#[test]
fn a_rule_that_is_broken_and_a_network_that_is_missing_are_told_apart() {
    let project = || {
        let project = Project::complete();
        project.write("toolchain/components/deny", "");
        project
    };
    let ended = project().with_env("FAKE_FAILS", "deny check").xtask(&["deny"]);
    assert_eq!((ended.code, ended.log.len()), (1, 1), "{ended:?}");
    assert!(
        ended
            .stderr
            .contains("repeat with: cargo deny check bans licenses sources"),
        "{ended:?}"
    );
    let ended = project().with_env("FAKE_FAILS", "deny fetch").xtask(&["deny"]);
    assert_eq!((ended.code, ended.log.len()), (2, 2), "{ended:?}");
    assert!(ended.stderr.contains("repeat: cargo xtask deny"), "{ended:?}");
}
