//! `cargo xtask setup`: finding what is missing, adding it, and the sentence when that cannot be done.

use crate::project::{Project, TARGETS};

#[test]
fn a_complete_toolchain_is_left_alone() {
    let ended = Project::complete().with_rustup("works").xtask(&["setup"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stdout.contains("rustc 1.95.0"), "{ended:?}");
    for part in TARGETS.iter().chain(&["rustfmt", "clippy"]) {
        assert!(ended.stdout.contains(&format!("{part}: present\n")), "{ended:?}");
    }
    assert_eq!(ended.log, [""; 0]);
}

#[test]
fn a_complete_toolchain_needs_no_rustup() {
    assert_eq!(Project::complete().xtask(&["setup"]).code, 0);
}

#[test]
fn what_is_missing_is_added_and_nothing_else() {
    let project = Project::complete().with_rustup("works");
    project.remove("toolchain/lib/wasm32-wasip2");
    project.remove("toolchain/lib/wasm32-wasip1/libstd-fake.rlib");
    project.remove("toolchain/components/fmt");
    let ended = project.xtask(&["setup"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(
        ended.log,
        [
            "rustup component add rustfmt",
            "rustup target add wasm32-wasip2 wasm32-wasip1"
        ]
    );
    assert!(
        ended
            .stdout
            .contains("rustfmt: added\nclippy: present\nwasm32-wasip2: added\n"),
        "{ended:?}"
    );
    assert_eq!(
        project.xtask(&["setup"]).log.len(),
        2,
        "the second time there is nothing to add"
    );
}

#[test]
fn without_rustup_the_sentence_names_what_is_missing_and_the_command() {
    let project = Project::complete();
    project.remove("toolchain/lib/wasm32-wasip2");
    let ended = project.xtask(&["setup"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.stderr.contains("lacks wasm32-wasip2"), "{ended:?}");
    assert!(ended.stderr.contains("`rustup target add wasm32-wasip2`"), "{ended:?}");
    let ended = Project::bare().xtask(&["setup"]);
    assert!(
        ended
            .stderr
            .contains("`rustup component add rustfmt clippy && rustup target add wasm32-wasip2 "),
        "{ended:?}"
    );
}

#[test]
fn when_rustup_fails_the_command_to_repeat_is_named() {
    let ended = Project::bare().with_rustup("fails").xtask(&["setup"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert_eq!(ended.log, ["rustup component add rustfmt clippy"]);
    assert!(
        ended
            .stderr
            .contains("run: rustup component add rustfmt clippy && rustup target add"),
        "{ended:?}"
    );
}

#[test]
fn when_rustup_adds_to_another_toolchain_the_sentence_points_at_the_path() {
    let ended = Project::bare().with_rustup("elsewhere").xtask(&["setup"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.stderr.contains("PATH"), "{ended:?}");
}

#[test]
fn without_rustc_the_sentence_says_where_to_get_it() {
    let ended = Project::complete().with_env("RUSTC", "no-such-rustc").xtask(&["setup"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(
        ended.stderr.contains("rustc does not work") && ended.stderr.contains("https://rustup.rs"),
        "{ended:?}"
    );
}

#[test]
fn another_version_of_rust_is_noted_but_used() {
    let ended = Project::complete().with_env("FAKE_VERSION", "1.99.0").xtask(&["setup"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(
        ended.stderr.contains("1.95.0") && ended.stderr.contains("1.99.0"),
        "{ended:?}"
    );
}
