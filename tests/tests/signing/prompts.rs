//! Passwords that are typed: on a terminal, twice for a new key, and never shown.

use super::stage::Stage;
use procvision_tests::binary::{Answer, procvision_binary};
use std::process::{Command, Stdio};

const FIRST: &str = "New password: ";
const SECOND: &str = "The same again: ";

#[test]
fn a_new_password_is_typed_twice_and_an_old_one_once() {
    let stage = Stage::set();
    // With a correction by the erase key, as it is on terminals.
    let made = stage.on_a_terminal(&["keygen", "new"], &[(FIRST, "sesamX\u{7f}e\n"), (SECOND, "sesame\n")]);
    assert_eq!((made.status, made.echo), (0, true), "{made:?}");
    assert!(
        made.seen.contains("Made the key") && !made.seen.contains("sesam"),
        "{made:?}"
    );

    let asked = "Password of new.key: ";
    let wrong = stage.on_a_terminal(&["sign", "a.zip", "-k", "new.key"], &[(asked, "open\n")]);
    assert_eq!((wrong.status, wrong.echo), (2, true), "{wrong:?}");
    assert!(wrong.seen.contains("that is not the password of new.key"), "{wrong:?}");
    let signed = stage.on_a_terminal(&["sign", "a.zip", "-k", "new.key"], &[(asked, "sesame\n")]);
    assert_eq!((signed.status, signed.echo), (0, true), "{signed:?}");
    assert!(!signed.seen.contains("sesame"), "{signed:?}");
    stage.run(&["verify", "a.zip", "-k", "new.pub"]).expect(0);
    // The same password by file.
    stage.write("password", b"sesame");
    stage
        .run(&["sign", "b.zip", "-k", "new.key", "--password-file", "password"])
        .expect(0);
}

#[test]
fn nothing_is_made_without_a_password_that_was_meant() {
    let stage = Stage::new();
    for (typed, expected) in [
        (&[(FIRST, "a\n"), (SECOND, "b\n")][..], "the two passwords differ"),
        (&[(FIRST, "\n")], "the password is empty"),
        // Control-C, control-D.
        (&[(FIRST, "ses\u{3}")], "no password was given"),
        (&[(FIRST, "\u{4}")], "no password was given"),
        (&[(FIRST, "sesame\n"), (SECOND, "\u{3}")], "no password was given"),
        (
            &[(FIRST, "a\u{1b}b\n"), (SECOND, "a\u{1b}b\n")],
            "contains a control character",
        ),
    ] {
        let typed = stage.on_a_terminal(&["keygen", "new"], typed);
        assert!(typed.seen.contains(expected), "{typed:?}");
        assert_eq!((typed.status, typed.echo), (2, true), "{typed:?}");
        assert_eq!(stage.names(), [""; 0]);
    }
}

#[test]
fn without_a_terminal_it_says_what_to_do() {
    let stage = Stage::set();
    stage.write("password", b"sesame");
    stage
        .run(&["keygen", "locked", "--password-file", "password"])
        .expect(0);
    for (arguments, message) in [
        (&["keygen", "new"][..], "there is no terminal to ask for a password on"),
        (
            &["sign", "a.zip", "-k", "locked.key"],
            "the secret key locked.key needs a password",
        ),
    ] {
        // In a session of its own it has no terminal, wherever the tests run.
        let mut command = Command::new("setsid");
        command
            .arg("--wait")
            .arg(procvision_binary())
            .args(arguments)
            .arg("--json");
        command.current_dir(stage.path("")).stdin(Stdio::null());
        let error = Answer::of(&mut command).expect(2).json();
        assert_eq!(
            (&error["error"]["code"], &error["error"]["message"]),
            (&"password".into(), &message.into())
        );
        assert!(error["error"]["help"].as_str().unwrap().contains("--password-file"));
    }
}
