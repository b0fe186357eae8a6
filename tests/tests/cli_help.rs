//! What the program says about itself, and how it takes arguments it does not know.

use procvision_tests::binary::{Answer, procvision};
use std::process::Stdio;

#[track_caller]
fn answer(arguments: &[&str]) -> Answer {
    Answer::of(procvision().args(arguments))
}

#[test]
fn every_command_explains_itself() {
    for command in [
        "init",
        "build",
        "run",
        "adapter",
        "validate",
        "inspect",
        "package",
        "frames",
        "policy",
        "schema",
        "store",
        "serve",
        "doctor",
        "bench",
        "completions",
    ] {
        let help = answer(&[command, "--help"]).expect(0);
        assert_eq!(help.stderr, "");
        assert!(help.stdout.contains("\nExamples:\n  procvision "), "{command}");
        insta::assert_snapshot!(format!("help-{command}"), help.stdout);
        assert_eq!(answer(&["help", command]).expect(0).stdout, help.stdout);
    }
}

#[test]
fn every_command_of_frames_explains_itself() {
    for command in ["broker", "publish", "list"] {
        let help = answer(&["frames", command, "--help"]).expect(0);
        assert!(help.stdout.contains("\nExamples:\n  procvision frames "), "{command}");
        insta::assert_snapshot!(format!("help-frames-{command}"), help.stdout);
        assert_eq!(answer(&["help", "frames", command]).expect(0).stdout, help.stdout);
    }
}

#[test]
fn every_command_of_store_explains_itself() {
    let commands = [
        "install",
        "list",
        "activate",
        "switch",
        "rollback",
        "deactivate",
        "uninstall",
        "verify",
        "gc",
    ];
    for command in commands {
        let help = answer(&["store", command, "--help"]).expect(0);
        assert!(help.stdout.contains("\nExamples:\n  procvision store "), "{command}");
        insta::assert_snapshot!(format!("help-store-{command}"), help.stdout);
        assert_eq!(answer(&["help", "store", command]).expect(0).stdout, help.stdout);
    }
}

#[test]
fn policy_show_explains_itself() {
    let help = answer(&["policy", "show", "--help"]).expect(0);
    assert!(help.stdout.contains("\nExamples:\n  procvision policy show"));
    insta::assert_snapshot!("help-policy-show", help.stdout);
}

#[test]
fn the_program_names_its_commands_and_exit_statuses() {
    insta::assert_snapshot!("help", answer(&["--help"]).expect(0).stdout);
    let nothing = answer(&[]).expect(2);
    assert_eq!(nothing.stdout, "");
    assert!(nothing.stderr.contains("Usage: procvision [OPTIONS] <COMMAND>"));
    assert_eq!(
        answer(&["--version"]).expect(0).stdout,
        concat!("procvision ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn mistakes_in_arguments_are_answered_for_people_and_programs() {
    for arguments in [
        &["biuld"][..],
        &["build", "--bogus"],
        &["build", "--target", "wasm64"],
        &["init"],
        &["-qv", "build"],
    ] {
        let text = answer(arguments).expect(2);
        assert_eq!(text.stdout, "");
        assert!(text.stderr.starts_with("error: "), "{text:#?}");

        let json = answer(&[arguments, &["--json"]].concat()).expect(2);
        assert_eq!(json.stderr, "");
        assert_eq!(json.json()["error"]["code"], "usage");
        let message = json.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(
            !message.is_empty() && !message.contains('\n') && !message.starts_with("error"),
            "{message}"
        );
    }
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = answer(&["completions", shell]).expect(0);
        for word in ["build", "init", "keep-debug"] {
            assert!(script.stdout.contains(word), "{shell}: {word}");
        }
    }
    answer(&["completions", "dos"]).expect(2);
}

#[test]
fn colours_appear_only_where_they_are_wanted() {
    const ESCAPE: char = '\u{1b}';
    let colored = |arguments: &[&str], no_color: bool| {
        let mut command = procvision();
        if !no_color {
            command.env_remove("NO_COLOR");
        }
        Answer::of(command.args(arguments)).expect(2).stderr.contains(ESCAPE)
    };
    assert!(!colored(&["build", "nowhere"], false), "not a terminal");
    assert!(!colored(&["build", "nowhere"], true));
    assert!(colored(&["build", "nowhere", "--color", "always"], false));
    assert!(!colored(&["build", "nowhere", "--color", "never"], false));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = procvision()
        .args(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let answer = Answer::from(child.wait_with_output().unwrap());
    assert_eq!((answer.status, answer.stderr.as_str()), (0, ""));
}
