//! Trust folders: read as a whole and strictly, changed only when they are in order.

use super::stage::{Stage, key, with_id_of};
use procvision_host::limits::{KEY_BYTES, TRUSTED_KEYS};
use procvision_host::signing::{PublicKey, TrustStore};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

/// A stage with the keys `acme` and `other`, and a trust folder `trusted` that holds the first.
fn stage() -> Stage {
    let stage = Stage::new();
    for name in ["acme", "other"] {
        stage.run(&["keygen", name, "--no-password"]).expect(0);
    }
    stage.run(&["trust", "add", "acme.pub", "--trust", "trusted"]).expect(0);
    stage
}

/// Every way to be doubtful is refused with the file's name, and then nobody is trusted, whatever else lies there.
#[test]
fn whatever_is_doubtful_makes_the_whole_folder_unusable() {
    type Change = fn(&Path, &str);
    let changes: &[(&str, &str, Change)] = &[
        ("a link", "x.pub is not a file", |folder, _| {
            symlink("acme.pub", folder.join("x.pub")).unwrap()
        }),
        ("a link to nothing", "x.pub is not a file", |folder, _| {
            symlink("nowhere", folder.join("x.pub")).unwrap()
        }),
        ("a link to a device", "x.pub is not a file", |folder, _| {
            symlink("/dev/zero", folder.join("x.pub")).unwrap()
        }),
        ("a folder", "x.pub is not a file", |folder, _| {
            fs::create_dir(folder.join("x.pub")).unwrap()
        }),
        ("a pipe", "x.pub is not a file", |folder, _| {
            mknodat(CWD, folder.join("x.pub"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        }),
        ("a socket", "x.pub is not a file", |folder, _| {
            drop(UnixListener::bind(folder.join("x.pub")).unwrap())
        }),
        ("a huge file", "x.pub is larger than", |folder, _| {
            fs::File::create(folder.join("x.pub"))
                .unwrap()
                .set_len(1 << 40)
                .unwrap();
        }),
        ("a long comment", "x.pub is larger than", |folder, key| {
            fs::write(
                folder.join("x.pub"),
                key.replace(": ", &format!(": {}", "x".repeat(KEY_BYTES as usize))),
            )
            .unwrap();
        }),
        ("an empty file", "x.pub is not a public key", |folder, _| {
            fs::write(folder.join("x.pub"), "").unwrap()
        }),
        ("bytes", "it is not text", |folder, _| {
            fs::write(folder.join("x.pub"), [0xff; 9]).unwrap()
        }),
        ("a key alone", "two lines", |folder, key| {
            fs::write(folder.join("x.pub"), key.lines().nth(1).unwrap()).unwrap();
        }),
        ("more lines", "two lines", |folder, key| {
            fs::write(folder.join("x.pub"), format!("{key}\n")).unwrap()
        }),
        ("other line ends", "base64", |folder, key| {
            fs::write(folder.join("x.pub"), key.replace('\n', "\r\n")).unwrap();
        }),
        ("no comment", "untrusted comment", |folder, key| {
            fs::write(folder.join("x.pub"), key.replace("untrusted", "a")).unwrap();
        }),
        ("another algorithm", "unknown algorithm", |folder, key| {
            fs::write(folder.join("x.pub"), key.replace("\nRW", "\nRX")).unwrap();
        }),
        ("a name of bytes", "not plain text", |folder, key| {
            fs::write(folder.join(std::ffi::OsStr::from_bytes(b"\xff.pub")), key).unwrap();
        }),
        ("a name that steers terminals", "not plain text", |folder, key| {
            fs::write(folder.join("\u{1b}[2J.pub"), key).unwrap();
        }),
        ("no name", "not plain text", |folder, key| {
            fs::write(folder.join(".pub"), key).unwrap()
        }),
        (
            "open to others",
            "every user of this machine can write to",
            |folder, key| {
                fs::write(folder.join("x.pub"), key).unwrap();
                fs::set_permissions(folder.join("x.pub"), Permissions::from_mode(0o666)).unwrap();
            },
        ),
        (
            "a folder open to others",
            "every user of this machine can write to",
            |folder, _| {
                fs::set_permissions(folder, Permissions::from_mode(0o777)).unwrap();
            },
        ),
        ("revoked is a file", "revoked is not a folder", |folder, _| {
            fs::write(folder.join("revoked"), "").unwrap()
        }),
        ("revoked is a link", "revoked is not a folder", |folder, _| {
            symlink("/etc", folder.join("revoked")).unwrap();
        }),
        ("a damaged key is revoked", "x.pub is not a public key", |folder, _| {
            fs::create_dir(folder.join("revoked")).unwrap();
            fs::write(folder.join("revoked/x.pub"), "x").unwrap();
        }),
        (
            "a key is revoked under another ending",
            "is not called `*.pub`",
            |folder, key| {
                fs::create_dir(folder.join("revoked")).unwrap();
                fs::write(folder.join("revoked/x.pub.old"), key).unwrap();
            },
        ),
        (
            "revoked is open to others",
            "every user of this machine can write to",
            |folder, _| {
                fs::create_dir(folder.join("revoked")).unwrap();
                fs::set_permissions(folder.join("revoked"), Permissions::from_mode(0o757)).unwrap();
            },
        ),
        ("too much", "holds more than", |folder, _| {
            for number in 0..=TRUSTED_KEYS {
                fs::write(folder.join(format!("{number}.txt")), "").unwrap();
            }
        }),
    ];
    for (what, expected, change) in changes {
        let stage = stage();
        let other = String::from_utf8(stage.read("other.pub")).unwrap();
        change(&stage.path("trusted"), &other);
        let error = TrustStore::open(stage.path("trusted")).unwrap_err();
        let sentence = procvision_host::explain::one_line(&error);
        assert!(sentence.contains(expected), "{what}: {sentence}");
        let (code, message) = stage.error(&["trust", "list", "--trust", "trusted"], 2);
        assert_eq!(
            (code.as_str(), message.contains(expected)),
            ("bad-trust-folder", true),
            "{what}: {message}"
        );
        for arguments in [["trust", "add", "other.pub"], ["trust", "revoke", "acme"]] {
            let before = stage.read("trusted/acme.pub");
            stage.error(&[&arguments[..], &["--trust", "trusted"]].concat(), 2);
            assert_eq!(stage.read("trusted/acme.pub"), before, "{what}");
            assert!(!stage.path("trusted/other.pub").exists(), "{what}");
        }
    }
}

#[test]
fn two_keys_of_one_identifier_are_refused() {
    let (stage, acme, thief) = (Stage::new(), key(), key());
    fs::create_dir(stage.path("trusted")).unwrap();
    stage.write("trusted/acme.pub", acme.public().to_text().as_bytes());
    for text in [
        with_id_of(&thief.public().to_text(), acme.public()),
        acme.public().to_text(),
    ] {
        stage.write("trusted/b.pub", text.as_bytes());
        let (code, message) = stage.error(&["trust", "list", "--trust", "trusted"], 2);
        let expected = format!(
            "acme.pub and trusted/b.pub both hold a key with the identifier {}",
            acme.public().id()
        );
        assert!(message.contains(&expected), "{message}");
        assert_eq!(code, "bad-trust-folder");
        fs::remove_file(stage.path("trusted/b.pub")).unwrap();

        stage.write("new.pub", text.as_bytes());
        let (code, message) = stage.error(&["trust", "add", "new.pub", "--trust", "trusted"], 2);
        assert_eq!(code, "exists");
        assert!(message.ends_with("is trusted already, as `acme`"), "{message}");
    }
}

#[test]
fn a_missing_folder_is_an_error_or_nobody() {
    let stage = Stage::new();
    let (code, message) = stage.error(&["trust", "list", "--trust", "nowhere"], 2);
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("unreadable", "the trust folder nowhere does not exist")
    );
    assert!(
        TrustStore::open_or_empty(stage.path("nowhere"))
            .unwrap()
            .keys()
            .is_empty()
    );
    stage.write("file", b"");
    TrustStore::open_or_empty(stage.path("file")).unwrap_err();
}

#[test]
fn keys_are_added_listed_and_revoked() {
    let stage = stage();
    // What is no key is said, not passed over in silence.
    stage.write("trusted/README", b"Ask Kim before changing anything here.\n");
    stage
        .run(&["trust", "add", "other.pub", "--name", "line-3", "--trust", "trusted"])
        .expect(0);
    let list = stage.json(&["trust", "list", "--trust", "trusted"], 0);
    assert_eq!(list["schema"], 1);
    let shown = |list: &serde_json::Value| -> Vec<(String, String)> {
        let keys = list["keys"].as_array().unwrap().iter();
        keys.map(|key| {
            (
                key["name"].as_str().unwrap().to_owned(),
                key["state"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
    };
    let pair = |name: &str, state: &str| (name.to_owned(), state.to_owned());
    assert_eq!(shown(&list), [pair("acme", "trusted"), pair("line-3", "trusted")]);
    assert_eq!(
        list["warnings"][0]["message"],
        "`README` in trusted is not called `*.pub` and is no key"
    );

    let id = list["keys"][1]["key_id"].as_str().unwrap().to_lowercase();
    let revoked = stage.json(&["trust", "revoke", &id, "--trust", "trusted"], 0);
    assert_eq!(
        (&revoked["state"], &revoked["path"]),
        (&"revoked".into(), &"trusted/revoked/line-3.pub".into())
    );
    let list = stage.json(&["trust", "list", "--trust", "trusted"], 0);
    assert_eq!(shown(&list), [pair("acme", "trusted"), pair("line-3", "revoked")]);

    let (code, message) = stage.error(&["trust", "add", "other.pub", "--trust", "trusted"], 2);
    assert_eq!(code, "revoked");
    assert!(message.ends_with("is revoked, as `line-3`"), "{message}");
    stage.error(&["trust", "revoke", "line-3", "--trust", "trusted"], 2);

    // Nor does it come back under another identifier, which anybody can write beside it; neither by the command nor by hand.
    let key = |name: &str| PublicKey::read(&stage.path(name)).unwrap();
    let (acme, other) = (key("acme.pub"), key("other.pub"));
    let twin = with_id_of(&other.to_text(), &acme);
    stage.write("twin.pub", twin.as_bytes());
    let (code, message) = stage.error(&["trust", "add", "twin.pub", "--trust", "trusted"], 2);
    assert_eq!(code, "revoked");
    assert!(message.ends_with("is revoked, as `line-3`"), "{message}");
    stage.write("third.id", with_id_of(&acme.to_text(), &other).as_bytes());
    let (code, _) = stage.error(&["trust", "add", "third.id", "--trust", "trusted"], 2);
    assert_eq!(code, "exists");
    fs::remove_file(stage.path("trusted/acme.pub")).unwrap();
    stage.write("trusted/twin.pub", twin.as_bytes());
    let list = stage.json(&["trust", "list", "--trust", "trusted"], 0);
    assert_eq!(shown(&list), [pair("line-3", "revoked"), pair("twin", "revoked")]);
    assert!(
        list["warnings"][1]["message"].as_str().unwrap().contains("`twin`"),
        "{list}"
    );
    // It can be put with the others.
    stage.json(&["trust", "revoke", "twin", "--trust", "trusted"], 0);
    assert!(stage.path("trusted/revoked/twin.pub").exists());
    fs::remove_file(stage.path("trusted/revoked/twin.pub")).unwrap();

    // A second key under a name that a revoked one has.
    stage.run(&["keygen", "third", "--no-password"]).expect(0);
    let added = stage.json(
        &["trust", "add", "third.pub", "--name", "line-3", "--trust", "trusted"],
        0,
    );
    let revoked = stage.json(&["trust", "revoke", "line-3", "--trust", "trusted"], 0);
    let id = added["key_id"].as_str().unwrap();
    assert_eq!(revoked["path"], format!("trusted/revoked/line-3-{id}.pub"));
    let text = stage.run(&["trust", "list", "--trust", "trusted"]).expect(0).stdout;
    assert_eq!(
        text.lines().filter(|line| line.starts_with("revoked  ")).count(),
        2,
        "{text}"
    );
    assert!(text.contains("\nWARNING  `README`"), "{text}");
}

#[test]
fn the_keys_of_a_store_lie_in_its_folder_trusted() {
    let stage = stage();
    fs::create_dir(stage.path("store")).unwrap();
    let added = stage.json(&["trust", "add", "acme.pub", "--store", "store"], 0);
    assert_eq!(added["path"], "store/trusted/acme.pub");
    let keys = stage.json(&["trust", "list", "--store", "store"], 0);
    assert_eq!(keys["keys"][0]["path"], "store/trusted/acme.pub");
    assert_eq!(
        fs::metadata(stage.path("store/trusted/acme.pub"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o644
    );
    stage.error(&["trust", "add", "acme.pub", "--store", "nowhere"], 2);
    for arguments in [
        &["trust", "list"][..],
        &["trust", "list", "--store", "store", "--trust", "trusted"],
    ] {
        assert_eq!(stage.error(arguments, 2).0, "usage");
    }
}

#[test]
fn names_of_keys_are_names_of_files() {
    let stage = stage();
    for name in ["", "..", "a/b", ".hidden", "-x", "é", "a b", "a\n", &"x".repeat(65)] {
        let name = format!("--name={name}");
        let (code, _) = stage.error(&["trust", "add", "other.pub", &name, "--trust", "trusted"], 2);
        assert_eq!(code, "usage", "{name}");
    }
    let (code, _) = stage.error(
        &["trust", "add", "other.pub", "--name", "acme", "--trust", "trusted"],
        2,
    );
    assert_eq!(code, "exists");
    for file in ["acme.key", "nowhere.pub", "trusted"] {
        stage.error(&["trust", "add", file, "--trust", "trusted"], 2);
    }
    assert_eq!(fs::read_dir(stage.path("trusted")).unwrap().count(), 1);
}
