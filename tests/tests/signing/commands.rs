//! `keygen`, `sign` and `verify` as people and scripts use them.

use super::stage::{Stage, minisign, small};
use procvision_tests::binary::{Answer, procvision};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Command;

fn mode(stage: &Stage, name: &str) -> u32 {
    fs::metadata(stage.path(name)).unwrap().permissions().mode() & 0o7777
}

#[test]
fn every_command_explains_itself() {
    for command in [
        &["keygen"][..],
        &["sign"],
        &["verify"],
        &["trust"],
        &["trust", "list"],
        &["trust", "add"],
        &["trust", "revoke"],
    ] {
        let help = Answer::of(procvision().args(command).arg("--help")).expect(0);
        assert!(help.stdout.contains("\nExamples:\n  procvision "), "{command:?}");
        insta::assert_snapshot!(format!("help-{}", command.join("-")), help.stdout);
    }
}

#[test]
fn a_package_is_signed_and_verified() {
    let stage = Stage::set();
    let unsigned = stage.read("a.zip");
    let signed = stage.json(&["sign", "a.zip", "--key", "acme.key", "--expires", "2999-12-31"], 0);
    for (key, value) in [
        ("place", "inside"),
        ("name", "alpha"),
        ("version", "1.0.0"),
        ("expires", "2999-12-31"),
    ] {
        assert_eq!(signed[key], value);
    }
    assert_eq!(signed["sha256"], small("alpha", "1.0.0").digest());
    let bytes = stage.read("a.zip");
    assert!(bytes.len() > unsigned.len());
    assert_eq!(mode(&stage, "a.zip"), 0o600, "the mode that the package had");

    let valid = stage.json(&["verify", "a.zip", "--key", "acme.pub"], 0);
    assert_eq!((&valid["schema"], &valid["valid"]), (&1.into(), &true.into()));
    assert_eq!(valid["sha256"], signed["sha256"]);
    for (key, value) in [
        ("status", "valid"),
        ("signer", "acme"),
        ("place", "inside"),
        ("expires", "2999-12-31"),
    ] {
        assert_eq!(valid["signature"][key], value);
        assert_eq!(valid["signatures"][0][key], value);
    }
    assert_eq!(valid["signature"]["trusted_comment"], signed["trusted_comment"]);
    let text = stage.run(&["verify", "a.zip", "--key", "acme.pub"]).expect(0).stdout;
    let id = signed["key_id"].as_str().unwrap();
    assert!(
        text.starts_with(&format!(
            "VALID  the package is signed by acme (key {id})\n  alpha 1.0.0, SHA-256 "
        )),
        "{text}"
    );

    let unknown = stage.run(&["verify", "a.zip"]).expect(1).stdout;
    assert!(
        unknown.starts_with(&format!("NOT VALID  the package is signed with the key {id}, which")),
        "{unknown}"
    );
    assert!(
        unknown.ends_with("nobody is trusted without --key NAME.pub or --trust DIR\n"),
        "{unknown}"
    );
    let nobody = stage.json(&["verify", "b.zip", "--key", "acme.pub"], 1);
    assert_eq!(
        (&nobody["valid"], &nobody["signature"]["status"]),
        (&false.into(), &"unsigned".into())
    );
    assert_eq!(nobody["signatures"], Value::Array(Vec::new()));
}

#[test]
fn a_signature_is_replaced_only_on_demand() {
    let stage = Stage::set();
    stage.run(&["keygen", "other", "--no-password"]).expect(0);
    stage.run(&["sign", "a.zip", "-k", "acme.key"]).expect(0);
    let once = stage.read("a.zip");
    let (code, message) = stage.error(&["sign", "a.zip", "-k", "other.key"], 2);
    assert_eq!((code.as_str(), message.as_str()), ("exists", "a.zip is signed already"));
    assert_eq!(stage.read("a.zip"), once);
    stage.run(&["sign", "a.zip", "-k", "other.key", "--force"]).expect(0);
    stage.run(&["verify", "a.zip", "--key", "other.pub"]).expect(0);
    stage.run(&["verify", "a.zip", "--key", "acme.pub"]).expect(1);
}

#[test]
fn a_signature_can_lie_beside_its_package() {
    let stage = Stage::set();
    let bytes = stage.read("a.zip");
    let signed = stage.json(&["sign", "a.zip", "-k", "acme.key", "--detached"], 0);
    assert_eq!(
        (&signed["place"], &signed["written"]),
        (&"beside".into(), &"a.zip.minisig".into())
    );
    assert_eq!(stage.read("a.zip"), bytes);
    let valid = stage.json(&["verify", "a.zip", "-k", "acme.pub"], 0);
    assert_eq!(valid["signature"]["place"], "beside");
    let (code, message) = stage.error(&["sign", "a.zip", "-k", "acme.key", "--detached"], 2);
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("exists", "a.zip.minisig exists already")
    );
    stage
        .run(&["sign", "a.zip", "-k", "acme.key", "--detached", "--force"])
        .expect(0);

    // Elsewhere, under another name.
    stage
        .run(&["sign", "b.zip", "-k", "acme.key", "--detached", "-o", "elsewhere"])
        .expect(0);
    stage.run(&["verify", "b.zip", "-k", "acme.pub"]).expect(1);
    stage
        .run(&["verify", "b.zip", "-k", "acme.pub", "-s", "elsewhere"])
        .expect(0);
    let (code, _) = stage.error(&["verify", "b.zip", "-k", "acme.pub", "-s", "nowhere"], 2);
    assert_eq!(code, "unreadable");
    // Of another package: even beside a good one.
    stage.run(&["sign", "b.zip", "-k", "acme.key"]).expect(0);
    let moved = stage.json(&["verify", "b.zip", "-k", "acme.pub", "-s", "a.zip.minisig"], 1);
    assert_eq!(moved["signature"]["status"], "tampered");
    let each = moved["signatures"].as_array().unwrap();
    assert_eq!(
        (&each[0]["status"], &each[1]["status"]),
        (&"valid".into(), &"tampered".into())
    );
    assert_eq!(
        (&each[0]["place"], &each[1]["place"]),
        (&"inside".into(), &"beside".into())
    );

    // What lies beside is never passed over.
    fs::remove_file(stage.path("a.zip.minisig")).unwrap();
    for (change, status) in [
        (fs::create_dir as fn(std::path::PathBuf) -> std::io::Result<()>, 2),
        (|path| symlink("nowhere", path), 2),
        (|path| fs::write(path, vec![b'x'; 20 << 10]), 1),
        (|path| fs::write(path, [0xff; 30]), 1),
    ] {
        let path = stage.path("b.zip.minisig");
        change(path.clone()).unwrap();
        stage.run(&["verify", "b.zip", "-k", "acme.pub"]).expect(status);
        fs::remove_dir(&path).or_else(|_| fs::remove_file(&path)).unwrap();
    }
    stage.run(&["verify", "b.zip", "-k", "acme.pub"]).expect(0);
}

#[test]
fn signing_writes_where_it_is_told_and_leaves_nothing_else() {
    let stage = Stage::set();
    let bytes = stage.read("a.zip");
    let before = stage.names();
    stage
        .run(&["sign", "a.zip", "-k", "acme.key", "-o", "signed.zip"])
        .expect(0);
    assert_eq!(stage.read("a.zip"), bytes);
    assert_eq!(mode(&stage, "signed.zip"), 0o644);
    stage.run(&["verify", "signed.zip", "-k", "acme.pub"]).expect(0);
    let signed = stage.read("signed.zip");
    assert_eq!(
        stage
            .error(&["sign", "a.zip", "-k", "acme.key", "-o", "signed.zip"], 2)
            .0,
        "exists"
    );
    assert_eq!(stage.read("signed.zip"), signed);
    assert_eq!(
        stage
            .error(&["sign", "a.zip", "-k", "acme.key", "-o", "no/where.zip"], 2)
            .0,
        "unwritable"
    );
    // Through a link the package is signed, and the link stays one.
    symlink("b.zip", stage.path("link.zip")).unwrap();
    stage.run(&["sign", "link.zip", "-k", "acme.key"]).expect(0);
    assert!(fs::symlink_metadata(stage.path("link.zip")).unwrap().is_symlink());
    stage.run(&["verify", "b.zip", "-k", "acme.pub"]).expect(0);
    fs::remove_file(stage.path("link.zip")).unwrap();
    fs::remove_file(stage.path("signed.zip")).unwrap();
    assert_eq!(stage.names(), before);
}

#[test]
fn only_packages_in_order_are_signed() {
    let stage = Stage::set();
    let mut bytes = stage.read("a.zip");
    bytes.push(0);
    stage.write("long.zip", &bytes);
    stage.write("text.zip", b"no archive");
    for (file, (status, code)) in [
        ("long.zip", (1, "2001")),
        ("text.zip", (1, "2001")),
        ("nowhere.zip", (2, "2005")),
        (".", (2, "2005")),
    ] {
        for arguments in [["sign", file, "-k", "acme.key"], ["verify", file, "-k", "acme.pub"]] {
            assert_eq!(stage.error(&arguments, status).0, code, "{arguments:?}");
        }
    }
    assert_eq!(stage.read("long.zip"), bytes);
    for day in ["2026-1-1", "tomorrow", "2026-13-01", ""] {
        let expires = format!("--expires={day}");
        assert_eq!(
            stage.error(&["sign", "a.zip", "-k", "acme.key", &expires], 2).0,
            "usage"
        );
    }
    let past = stage.error(&["sign", "a.zip", "-k", "acme.key", "--expires", "2001-01-01"], 2);
    assert_eq!(
        past,
        (
            "expired".to_owned(),
            "the last day 2001-01-01 has passed already".to_owned()
        )
    );
}

#[test]
fn trust_is_a_folder() {
    let stage = Stage::set();
    stage.run(&["sign", "a.zip", "-k", "acme.key"]).expect(0);
    stage.run(&["trust", "add", "acme.pub", "--trust", "trusted"]).expect(0);
    stage.run(&["verify", "a.zip", "-t", "trusted"]).expect(0);
    stage.run(&["trust", "revoke", "acme", "--trust", "trusted"]).expect(0);
    let revoked = stage.json(&["verify", "a.zip", "-t", "trusted"], 1);
    assert_eq!(revoked["signature"]["status"], "revoked");
    assert_eq!(stage.error(&["verify", "a.zip", "-t", "nowhere"], 2).0, "unreadable");
    assert_eq!(stage.error(&["verify", "a.zip", "-k", "acme.key"], 2).0, "bad-key");
    assert_eq!(
        stage
            .error(&["verify", "a.zip", "-k", "acme.pub", "-t", "trusted"], 2)
            .0,
        "usage"
    );
}

#[test]
fn a_signed_package_comes_apart_for_the_minisign_tool() {
    let stage = Stage::set();
    let unsigned = stage.read("a.zip");
    stage.run(&["sign", "a.zip", "-k", "acme.key"]).expect(0);
    let answer = stage.json(&["verify", "a.zip", "-k", "acme.pub", "--split", "apart"], 0);
    assert_eq!(
        answer["split"],
        serde_json::json!(["apart/a.zip", "apart/a.zip.minisig"])
    );
    assert_eq!(stage.read("apart/a.zip"), unsigned);
    stage
        .tool(minisign(), &["-Vm", "apart/a.zip", "-p", "acme.pub"], "")
        .expect(0);
    let (code, message) = stage.error(&["verify", "a.zip", "-k", "acme.pub", "--split", "apart"], 2);
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("exists", "apart/a.zip exists already")
    );
    // What is not valid comes apart, too, to be looked at.
    stage.run(&["verify", "a.zip", "--split", "again"]).expect(1);
    assert_eq!(stage.read("again/a.zip"), unsigned);
}

#[test]
fn secret_keys_are_their_owners_alone() {
    let stage = Stage::new();
    stage.write("password", b"correct horse\n");
    let made = stage.json(&["keygen", "acme", "--password-file", "password"], 0);
    assert_eq!(
        (&made["encrypted"], &made["warnings"]),
        (&true.into(), &Value::Array(Vec::new()))
    );
    assert_eq!((mode(&stage, "acme.key"), mode(&stage, "acme.pub")), (0o600, 0o644));
    assert_eq!(
        String::from_utf8(stage.read("acme.pub")).unwrap(),
        made["public_key_text"]
    );
    // Whatever the mask lets through.
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "umask 0; exec \"$@\"", "sh"])
        .arg(procvision().get_program());
    shell
        .args(["keygen", "wide", "--no-password"])
        .current_dir(stage.path(""));
    let wide = Answer::of(&mut shell).expect(0);
    assert_eq!((mode(&stage, "wide.key"), mode(&stage, "wide.pub")), (0o600, 0o644));
    assert!(
        wide.stdout
            .contains("WARNING  wide.key is not encrypted: whoever gets the file can sign"),
        "{wide:#?}"
    );

    stage.write("a.zip", &small("alpha", "1.0.0").into_bytes());
    for bad in [0o640, 0o604, 0o620, 0o644, 0o666] {
        fs::set_permissions(stage.path("acme.key"), Permissions::from_mode(bad)).unwrap();
        let (code, message) = stage.error(&["sign", "a.zip", "-k", "acme.key", "--password-file", "password"], 2);
        assert_eq!(code, "key-open-to-others");
        assert!(
            message.starts_with(&format!("the secret key acme.key has mode {bad:04o}: ")),
            "{message}"
        );
    }
    for good in [0o600, 0o400] {
        fs::set_permissions(stage.path("acme.key"), Permissions::from_mode(good)).unwrap();
        stage
            .run(&[
                "sign",
                "a.zip",
                "-k",
                "acme.key",
                "--password-file",
                "password",
                "--force",
            ])
            .expect(0);
    }
    stage.run(&["verify", "a.zip", "-k", "acme.pub"]).expect(0);
}

#[test]
fn a_key_is_replaced_only_on_demand_and_never_half() {
    let stage = Stage::new();
    stage.run(&["keygen", "acme", "--no-password"]).expect(0);
    let [key, public] = ["acme.key", "acme.pub"].map(|name| stage.read(name));
    let (code, message) = stage.error(&["keygen", "acme", "--no-password"], 2);
    assert_eq!((code.as_str(), message.as_str()), ("exists", "acme.key exists already"));
    fs::remove_file(stage.path("acme.key")).unwrap();
    let (_, message) = stage.error(&["keygen", "acme", "--no-password"], 2);
    assert_eq!(message, "acme.pub exists already");
    assert_eq!(stage.names(), ["acme.pub"], "and nothing new");
    // A link is not followed: what it leads to is somebody else's.
    symlink("elsewhere", stage.path("acme.key")).unwrap();
    stage.error(&["keygen", "acme", "--no-password"], 2);
    stage.run(&["keygen", "acme", "--no-password", "--force"]).expect(0);
    assert_eq!(stage.names(), ["acme.key", "acme.pub"]);
    assert!(fs::symlink_metadata(stage.path("acme.key")).unwrap().is_file());
    assert!(stage.read("acme.key") != key && stage.read("acme.pub") != public);
    assert_eq!(mode(&stage, "acme.key"), 0o600);
}

#[test]
fn names_of_keys_are_names_and_paths_are_paths() {
    let stage = Stage::new();
    fs::create_dir(stage.path("keys")).unwrap();
    stage.run(&["keygen", "-o", "keys/acme", "--no-password"]).expect(0);
    stage
        .run(&["keygen", "-o", "keys/other.key", "--no-password"])
        .expect(0);
    stage.run(&["keygen", "third.pub", "--no-password"]).expect(0);
    stage.run(&["keygen", "v1.2", "--no-password"]).expect(0);
    for name in [
        "keys/acme.key",
        "keys/acme.pub",
        "keys/other.key",
        "keys/other.pub",
        "third.key",
        "v1.2.key",
    ] {
        assert!(stage.path(name).is_file(), "{name}");
    }
    for arguments in [
        &["keygen", "keys/new"][..],
        &["keygen", ".."],
        &["keygen", ""],
        &["keygen", "-o", "keys/"],
        &["keygen", "-o", "/"],
        &["keygen"],
        &["keygen", "a", "-o", "b"],
        &["keygen", "a", "--password-file", "x"],
    ] {
        let (code, _) = stage.error(&[arguments, &["--no-password"]].concat(), 2);
        assert_eq!(code, "usage", "{arguments:?}");
    }
    assert_eq!(
        stage.error(&["keygen", "-o", "no/where", "--no-password"], 2).0,
        "unwritable"
    );
}

#[test]
fn passwords_come_from_files_and_pipes_of_their_owner() {
    let stage = Stage::set();
    stage.write("password", b"correct horse\n");
    stage.write("wrong", b"battery staple\n");
    stage.write("empty", b"\n");
    stage.write("two", b"a\nb\n");
    let keygen = |file: &str| stage.error(&["keygen", "new", "--password-file", file], 2).0;
    assert_eq!(
        (keygen("empty"), keygen("two"), keygen("nowhere")),
        ("password".into(), "password".into(), "unreadable".into())
    );
    fs::set_permissions(stage.path("wrong"), Permissions::from_mode(0o644)).unwrap();
    assert_eq!(keygen("wrong"), "password");
    fs::set_permissions(stage.path("wrong"), Permissions::from_mode(0o600)).unwrap();
    assert!(!stage.path("new.key").exists());

    stage
        .run(&["keygen", "locked", "--password-file", "password"])
        .expect(0);
    let sign = |file: &str, key: &str| stage.error(&["sign", "a.zip", "-k", key, "--password-file", file], 2);
    assert_eq!(
        sign("wrong", "locked.key"),
        ("password".into(), "that is not the password of locked.key".into())
    );
    assert_eq!(
        sign("password", "acme.key"),
        ("password".into(), "the secret key acme.key has no password".into())
    );
    let secret = String::from_utf8(stage.read("locked.key")).unwrap();
    assert!(!secret.contains("correct horse"));

    let mut shell = Command::new("sh");
    let script = "cat password | \"$0\" sign a.zip -k locked.key --password-file /dev/stdin";
    shell
        .args(["-c", script])
        .arg(procvision().get_program())
        .current_dir(stage.path(""));
    Answer::of(&mut shell).expect(0);
    stage.run(&["verify", "a.zip", "-k", "locked.pub"]).expect(0);
}

#[test]
fn what_is_no_secret_key_is_refused() {
    let stage = Stage::set();
    let good = String::from_utf8(stage.read("acme.key")).unwrap();
    let line = good.lines().nth(1).unwrap();
    let bytes = super::stage::decode(line);
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        good.replace(line, &super::stage::encode(&bytes))
    };
    for (text, code, word) in [
        (String::new(), "bad-key", "two lines"),
        (good.replace("untrusted", "x"), "bad-key", "untrusted comment"),
        (good.replace(line, "RWQ="), "bad-key", "stands for 2 bytes"),
        ("x".repeat(5_000), "bad-key", "is larger than"),
        (changed(&|bytes| bytes[0] = b'x'), "bad-key", "unknown algorithm"),
        (changed(&|bytes| bytes[2] = b'x'), "bad-key", "unknown algorithm"),
        (changed(&|bytes| bytes[70] ^= 1), "bad-key", "is damaged"),
        // Without a checksum, as the minisign tool leaves it out.
        (
            changed(&|bytes| {
                bytes[126..].fill(0);
                bytes[70] ^= 1;
            }),
            "bad-key",
            "is damaged",
        ),
        // A password whose check would take hours, or all memory.
        (
            changed(&|bytes| (bytes[2], bytes[3], bytes[45]) = (b'S', b'c', 1)),
            "bad-key",
            "more work",
        ),
        (
            changed(&|bytes| (bytes[2], bytes[3], bytes[50]) = (b'S', b'c', 1)),
            "bad-key",
            "more work",
        ),
        (
            changed(&|bytes| (bytes[2], bytes[3]) = (b'S', b'c')),
            "password",
            "not the password",
        ),
    ] {
        stage.write("bad.key", text.as_bytes());
        stage.write("password", b"x");
        let mut arguments = vec!["sign", "a.zip", "-k", "bad.key"];
        if code == "password" {
            arguments.extend(["--password-file", "password"]);
        }
        let (found, message) = stage.error(&arguments, 2);
        assert!(found == code && message.contains(word), "{found}: {message}");
        let shown = super::stage::encode(&bytes[54..118]);
        assert!(!message.contains(&shown[..20]), "no part of a key is shown");
    }
    assert_eq!(
        stage.error(&["sign", "a.zip", "-k", "acme.pub"], 2).0,
        "key-open-to-others"
    );
    assert_eq!(stage.error(&["sign", "a.zip", "-k", "."], 2).0, "unreadable");
    let length = fs::metadata(stage.path("a.zip")).unwrap().size();
    assert_eq!(
        length as usize,
        small("alpha", "1.0.0").into_bytes().len(),
        "nothing was signed"
    );
}
