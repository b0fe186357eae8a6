//! The same files in other hands: the minisign tool (C, libsodium) and rsign (the crate `rsign2`).

use super::stage::{Stage, Typed, minisign, rsign};
use std::path::Path;

/// Every signature of the package that lies beside it must please every tool.
#[track_caller]
fn everybody_verifies(stage: &Stage, package: &str, public: &str) {
    stage.tool(minisign(), &["-Vm", package, "-p", public], "").expect(0);
    stage.tool(minisign(), &["-VHm", package, "-p", public], "").expect(0);
    stage.tool(rsign(), &["verify", "-p", public, package], "").expect(0);
    stage.run(&["verify", package, "-k", public]).expect(0);
}

/// Signs with every tool in turn, and lets every tool look; `password` is typed where one is asked for.
fn everybody_signs(stage: &Stage, name: &str, password: Option<&str>) {
    we_and_minisign_sign(stage, name, password);
    let (key, public) = (format!("{name}.key"), format!("{name}.pub"));
    let by_rsign = typing(stage, rsign(), &["sign", "-s", &key, "-p", &public, "a.zip"], password);
    assert_eq!(by_rsign.status, 0, "{by_rsign:?}");
    everybody_verifies(stage, "a.zip", &public);
    std::fs::remove_file(stage.path("a.zip.minisig")).unwrap();
}

fn typing(stage: &Stage, tool: &Path, arguments: &[&str], password: Option<&str>) -> Typed {
    let typed = password.map(|password| format!("{password}\n"));
    let typed: Vec<(&str, &str)> = typed.iter().map(|typed| ("Password: ", typed.as_str())).collect();
    stage.tool_on_a_terminal(tool, arguments, &typed)
}

fn we_and_minisign_sign(stage: &Stage, name: &str, password: Option<&str>) {
    let (key, public, signature) = (format!("{name}.key"), format!("{name}.pub"), "a.zip.minisig");
    let remove = || std::fs::remove_file(stage.path(signature)).unwrap();

    let mut ours = vec!["sign", "a.zip", "-k", &key, "--detached"];
    if let Some(password) = password {
        stage.write("password", password.as_bytes());
        ours.extend(["--password-file", "password"]);
    }
    stage.run(&ours).expect(0);
    everybody_verifies(stage, "a.zip", &public);
    remove();

    let by_minisign = typing(stage, minisign(), &["-S", "-s", &key, "-m", "a.zip"], password);
    assert_eq!(by_minisign.status, 0, "{by_minisign:?}");
    everybody_verifies(stage, "a.zip", &public);
    remove();
}

#[test]
fn our_keys_are_theirs() {
    let stage = Stage::set();
    everybody_signs(&stage, "acme", None);
    stage.write("password", b"correct horse");
    stage
        .run(&["keygen", "locked", "--password-file", "password"])
        .expect(0);
    everybody_signs(&stage, "locked", Some("correct horse"));
    // The public half, made again by the tool from the secret one.
    let again = stage.tool_on_a_terminal(
        minisign(),
        &["-R", "-s", "locked.key", "-p", "again.pub"],
        &[("Password: ", "correct horse\n")],
    );
    assert_eq!(again.status, 0, "{again:?}");
    let key = |name: &str| {
        String::from_utf8(stage.read(name))
            .unwrap()
            .lines()
            .nth(1)
            .unwrap()
            .to_owned()
    };
    assert_eq!(key("again.pub"), key("locked.pub"));
}

#[test]
fn keys_of_minisign_are_ours() {
    let stage = Stage::set();
    stage
        .tool(minisign(), &["-G", "-W", "-p", "open.pub", "-s", "open.key"], "")
        .expect(0);
    // Without a checksum, which rsign does not take.
    we_and_minisign_sign(&stage, "open", None);
    let made = stage.tool_on_a_terminal(
        minisign(),
        &["-G", "-p", "locked.pub", "-s", "locked.key"],
        &[
            ("Password: ", "correct horse\n"),
            ("Password (one more time): ", "correct horse\n"),
        ],
    );
    assert_eq!(made.status, 0, "{made:?}");
    everybody_signs(&stage, "locked", Some("correct horse"));
}

#[test]
fn keys_of_rsign_are_ours() {
    let stage = Stage::set();
    stage
        .tool(
            rsign(),
            &["generate", "--unencrypted", "-p", "open.pub", "-s", "open.key"],
            "",
        )
        .expect(0);
    everybody_signs(&stage, "open", None);
    // Encrypted with a password that is empty.
    stage
        .tool(rsign(), &["generate", "-W", "-p", "empty.pub", "-s", "empty.key"], "")
        .expect(0);
    everybody_signs(&stage, "empty", Some(""));
    let made = stage.tool_on_a_terminal(
        rsign(),
        &["generate", "-p", "locked.pub", "-s", "locked.key"],
        &[
            ("Password: ", "correct horse\n"),
            ("Password (one more time): ", "correct horse\n"),
        ],
    );
    assert_eq!(made.status, 0, "{made:?}");
    everybody_signs(&stage, "locked", Some("correct horse"));
}

#[test]
fn what_is_signed_inside_comes_out_for_them() {
    let stage = Stage::set();
    stage
        .run(&["sign", "a.zip", "-k", "acme.key", "--expires", "2999-01-01"])
        .expect(0);
    stage
        .run(&["verify", "a.zip", "-k", "acme.pub", "--split", "apart"])
        .expect(0);
    let seen = stage
        .tool(minisign(), &["-Vm", "apart/a.zip", "-p", "acme.pub"], "")
        .expect(0);
    assert!(
        seen.stdout.contains("procvision:1 name:alpha version:1.0.0 sha256:"),
        "{seen:#?}"
    );
    stage
        .tool(rsign(), &["verify", "-p", "acme.pub", "apart/a.zip"], "")
        .expect(0);
    // The archive with the signature inside is another file.
    std::fs::copy(stage.path("apart/a.zip.minisig"), stage.path("a.zip.minisig")).unwrap();
    let other = stage.tool(minisign(), &["-Vm", "a.zip", "-p", "acme.pub"], "");
    assert_ne!(other.status, 0);
    // To us it is the same signature twice.
    stage.run(&["verify", "a.zip", "-k", "acme.pub"]).expect(0);
}

#[test]
fn the_legacy_kind_is_refused_with_a_sentence() {
    let stage = Stage::set();
    stage
        .tool(minisign(), &["-S", "-l", "-s", "acme.key", "-m", "a.zip"], "")
        .expect(0);
    stage
        .tool(minisign(), &["-Vm", "a.zip", "-p", "acme.pub"], "")
        .expect(0);
    let refused = stage.json(&["verify", "a.zip", "-k", "acme.pub"], 1);
    let reason = refused["signature"]["reason"].as_str().unwrap();
    assert!(
        reason.contains("legacy kind") && reason.ends_with("sign without the option `-l`"),
        "{reason}"
    );
}

#[test]
fn their_comments_are_kept_as_they_are() {
    let stage = Stage::set();
    stage
        .tool(
            minisign(),
            &["-S", "-s", "acme.key", "-m", "a.zip", "-c", "from Kim"],
            "",
        )
        .expect(0);
    let info = stage.json(&["verify", "a.zip", "-k", "acme.pub"], 0)["signature"].clone();
    let comment = info["trusted_comment"].as_str().unwrap();
    assert!(
        comment.starts_with("timestamp:") && comment.contains("\tfile:a.zip"),
        "{comment}"
    );
    assert!(
        info["signed"].as_str().is_some_and(|signed| signed.ends_with('Z')),
        "{info:#}"
    );
    assert_eq!(info["expires"], serde_json::Value::Null);
    // A tab does not reach a terminal as one.
    let text = stage.run(&["verify", "a.zip", "-k", "acme.pub"]).expect(0).stdout;
    assert!(text.contains("\\tfile:a.zip"), "{text}");
}
