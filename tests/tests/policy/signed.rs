//! Signed packages at a station that wants signatures: by `run` and `validate`, inside the archive and beside it.

use super::stage::{Stage, worst};
use procvision_host::archive;
use procvision_host::manifest::Manifest;
use procvision_host::signing::{self, LockedKey, SecretKey};
use procvision_host::whole_file::Existing;
use procvision_tests::guests::rust_guest;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::SystemTime;

/// A strict station, a package that is not signed yet, and its maker.
struct Scene {
    stage: Stage,
    unsigned: Vec<u8>,
    maker: SecretKey,
}

impl Scene {
    fn new() -> Self {
        let stage = Stage::new(json!({"signatures": "strict", "closed_imports": "refuse"}));
        let component = std::fs::read(rust_guest("rogue")).expect("the guest was built");
        let files = BTreeMap::from([
            (
                "manifest.json".to_owned(),
                stage.place.manifest().to_string().into_bytes(),
            ),
            ("component.wasm".to_owned(), component),
        ]);
        Self {
            unsigned: archive::write(&files).expect("it is a package"),
            maker: key(&stage, "maker"),
            stage,
        }
    }

    /// A good signature by this key.
    fn signed_by(&self, key: &SecretKey) -> String {
        let manifest = self.stage.place.manifest().to_string();
        let manifest = Manifest::parse(manifest.as_bytes(), Path::new("manifest.json")).expect("it is good");
        let signature = signing::sign(&self.unsigned, &manifest, key, SystemTime::now().into(), None);
        signature.expect("it can be signed").text
    }

    fn trust(&self, place: &str) {
        self.stage.place.write(
            &format!("station/trusted/{place}"),
            self.maker.public().to_text().as_bytes(),
        );
    }

    /// Puts the package down, with these signatures, and asks for a verdict.
    fn run(&self, inside: Option<&str>, beside: Option<&str>, status: i32) -> Value {
        let bytes = match inside {
            Some(signature) => archive::embed(&self.unsigned, signature).expect("it can be embedded"),
            None => self.unsigned.clone(),
        };
        self.stage.place.write("rogue.zip", &bytes);
        let file = self.stage.place.path("rogue.zip.minisig");
        let _ = std::fs::remove_file(&file);
        if let Some(signature) = beside {
            std::fs::write(file, signature).expect("it can be written");
        }
        let run = ["run", "rogue.zip", "--pid", "A01", "--image", "photo.png", "--json"];
        self.stage.procvision(&run).expect(status).json()
    }

    /// What the check `signature` says of the package that lies there.
    fn checked(&self, status: i32) -> (Value, Value) {
        let answer = self.stage.validate("rogue.zip", status);
        (worst(&answer, "signature"), answer["signature"]["status"].clone())
    }
}

/// A new pair of keys.
fn key(stage: &Stage, name: &str) -> SecretKey {
    let (secret, public) = (
        stage.place.path(format!("{name}.key")),
        stage.place.path(format!("{name}.pub")),
    );
    let pair = signing::NewKey::generate(None).expect("keys can be made");
    pair.write(&secret, &public, Existing::Keep).expect("it can be written");
    LockedKey::read(&secret)
        .and_then(|key| key.unlock(None))
        .expect("it can be read")
}

#[track_caller]
fn refused(answer: &Value, words: &str) {
    let error = &answer["error"];
    assert_eq!(error["code"], "2005", "{answer}");
    let message = error["message"].as_str().expect("a sentence");
    assert!(
        message.contains(words) && message.contains("`signatures` is strict"),
        "{message}"
    );
}

#[test]
fn a_trusted_signature_is_enough_wherever_it_lies() {
    let scene = Scene::new();
    scene.trust("maker.pub");
    let signature = scene.signed_by(&scene.maker);
    let answer = scene.run(Some(&signature), None, 0);
    assert_eq!(answer["warnings"], json!([]), "{answer}");
    let (check, status) = scene.checked(0);
    assert_eq!(
        (&check["status"], &status),
        (&json!("pass"), &json!("valid")),
        "{check}"
    );
    assert!(check["detail"].as_str().unwrap().contains("signed by maker"), "{check}");
    scene.run(None, Some(&signature), 0);
    assert_eq!(scene.checked(0).1, "valid");

    let shown = scene
        .stage
        .place
        .procvision(&["policy", "show", "station/policy.json"])
        .expect(0)
        .stdout;
    let id = scene.maker.public().id().to_owned();
    assert!(
        shown.ends_with(&format!("Keys in station/trusted:\n  maker ({id})\n")),
        "{shown}"
    );
}

#[test]
fn everything_else_is_refused_under_strict_and_a_warning_under_lenient() {
    let scene = Scene::new();
    let signature = scene.signed_by(&scene.maker);
    refused(&scene.run(None, None, 1), "is not signed");
    refused(&scene.run(Some(&signature), None, 1), "which nobody trusts here");
    assert_eq!(scene.checked(1).1, "unknown_key");

    scene.trust("maker.pub");
    let other = scene.signed_by(&key(&scene.stage, "other"));
    // A signature that is good does not make up for one that is not.
    refused(
        &scene.run(Some(&signature), Some(&other), 1),
        "which nobody trusts here",
    );
    refused(
        &scene.run(None, Some("untrusted comment: none\n"), 1),
        "the signature is not good",
    );
    assert_eq!(scene.checked(1).1, "tampered");

    scene.trust("revoked/maker.pub");
    refused(&scene.run(Some(&signature), None, 1), "is revoked");
    let (check, status) = scene.checked(1);
    assert_eq!(
        (&check["code"], &status),
        (&json!("2005"), &json!("revoked")),
        "{check}"
    );

    scene.stage.decide(json!({"signatures": "lenient"}));
    let answer = scene.run(Some(&signature), None, 0);
    assert_eq!(answer["warnings"][0]["kind"], "signature", "{answer}");
    let (check, status) = scene.checked(0);
    assert_eq!(
        (&check["status"], &status),
        (&json!("warn"), &json!("revoked")),
        "{check}"
    );
}

#[test]
fn what_the_signature_rules_refuse_is_not_run_to_be_checked() {
    let scene = Scene::new();
    refused(&scene.run(None, None, 1), "is not signed");
    let answer = scene.stage.validate("rogue.zip", 1);
    for check in ["binary", "contract", "imports", "memories"] {
        assert_ne!(worst(&answer, check)["status"], "not_run", "{check}");
    }
    for check in [
        "compile",
        "link",
        "get_info",
        "description",
        "setup",
        "calls",
        "determinism",
        "teardown",
    ] {
        let check = worst(&answer, check);
        assert_eq!(
            (&check["status"], &check["detail"]),
            (&json!("not_run"), &json!("needs: signature")),
            "{check}"
        );
    }
    assert_eq!(answer["algorithm"], Value::Null);
}

#[test]
fn a_crate_is_not_built_where_what_comes_of_it_is_refused() {
    let scene = Scene::new();
    let place = &scene.stage.place;
    let cargo = r#"
        [package]
        name = "sly"
        version = "0.1.0"
        edition = "2024"

        [lib]
        crate-type = ["cdylib"]

        [workspace]
    "#;
    place.write("sly/Cargo.toml", cargo.as_bytes());
    place.write("sly/src/lib.rs", b"");
    place.write("sly/manifest.json", place.manifest().to_string().as_bytes());
    let build = r#"fn main() { std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/ran"), "").unwrap(); }"#;
    place.write("sly/build.rs", build.as_bytes());
    let run = ["run", "sly", "--pid", "A01", "--image", "photo.png", "--json"];
    refused(&scene.stage.procvision(&run).expect(1).json(), "is not signed");
    let validate = ["validate", "sly", "--build", "--json"];
    refused(&scene.stage.procvision(&validate).expect(1).json(), "is not signed");
    assert!(!place.path("sly/ran").exists());
    // Where that is allowed, it is built.
    scene.stage.decide(json!({"signatures": "lenient"}));
    scene.stage.procvision(&run).expect(1);
    assert!(place.path("sly/ran").exists());
}

#[test]
fn a_strict_policy_that_others_can_change_is_none() {
    let scene = Scene::new();
    scene.trust("maker.pub");
    let signature = scene.signed_by(&scene.maker);
    scene.run(Some(&signature), None, 0);
    for (path, open, closed) in [
        ("station/policy.json", 0o666, 0o644),
        ("station/trusted", 0o775, 0o755),
        ("station", 0o777, 0o755),
    ] {
        let path = scene.stage.place.path(path);
        std::fs::set_permissions(&path, Permissions::from_mode(open)).unwrap();
        let answer = scene.run(Some(&signature), None, 2);
        assert_eq!(answer["error"]["code"], "policy-exposed", "{answer}");
        std::fs::set_permissions(&path, Permissions::from_mode(closed)).unwrap();
    }
    scene.run(Some(&signature), None, 0);
}
