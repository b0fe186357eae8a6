//! `procvision package`: one file with everything a station needs, the same wherever and whenever it is made.

use procvision_host::archive::Archive;
use procvision_host::sbom::{Completeness, Sbom, Scope};
use procvision_tests::binary::{Answer, guest_target_dir, procvision, project_root};
use procvision_tests::workplace::Workplace;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// What the package `rogue` is called.
const ROGUE: &str = "rogue-v0.1.0-offline.zip";

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The error of `procvision package rogue`, which must leave nothing behind.
#[track_caller]
fn refused(place: &Workplace, arguments: &[&str], status: i32, code: &str) -> String {
    let before = listing(&place.path("."));
    let answer = place
        .procvision(&[&["package", "rogue", "--json"], arguments].concat())
        .expect(status);
    let error = answer.json()["error"].take();
    assert_eq!(error["code"], code, "{answer:#?}");
    assert!(error["help"].is_string(), "{answer:#?}");
    assert_eq!(listing(&place.path(".")), before, "nothing is written");
    error["message"].as_str().unwrap().to_owned()
}

fn listing(folder: &Path) -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    names
}

fn names(answer: &Value) -> Vec<&str> {
    let entries = answer["entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["name"].as_str().unwrap()).collect()
}

fn sbom(package: &Path) -> Sbom {
    let text = Archive::read(package)
        .unwrap()
        .content("sbom.cdx.json")
        .unwrap()
        .unwrap();
    Sbom::read(&text).unwrap()
}

/// Copies `from` to `to` as somebody else might: files last to first, readable to their owner only, and of long ago.
fn copy_otherwise(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for path in listing(from).into_iter().rev() {
        let place = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_otherwise(&path, &place);
        } else {
            fs::write(&place, fs::read(&path).unwrap()).unwrap();
            fs::set_permissions(&place, fs::Permissions::from_mode(0o600)).unwrap();
            let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
            fs::File::options()
                .write(true)
                .open(&place)
                .unwrap()
                .set_modified(long_ago)
                .unwrap();
        }
    }
}

#[test]
fn the_same_sources_make_the_same_package_in_other_folders() {
    let root = folder();
    let command = |folder: &Path, arguments: &[&str], target: &str| {
        let mut command = procvision();
        command
            .current_dir(folder)
            .args(arguments)
            .env("CARGO_TARGET_DIR", root.path().join(target));
        command.env("PROCVISION_CACHE_DIR", guest_target_dir().join("cache"));
        command
    };
    Answer::of(&mut command(root.path(), &["init", "package-same"], "one")).expect(0);
    let first = root.path().join("package-same");
    fs::create_dir_all(first.join("assets/deep")).unwrap();
    for (name, text) in [("assets/a.txt", "a"), ("assets/deep/b.txt", "b"), ("assets/B.txt", "c")] {
        fs::write(first.join(name), text).unwrap();
    }
    let made = Answer::of(&mut command(
        &first,
        &["package", "--verify-reproducible", "--json", "-q"],
        "one",
    ))
    .expect(0);
    assert_eq!(made.json()["reproduced"], json!({"moved": true}), "{made:#?}");

    let second = root.path().join("else where/package");
    copy_otherwise(&first, &second);
    let (package, component) = (
        second.join("package_same-v0.1.0-offline.zip"),
        second.join("component.wasm"),
    );
    fs::remove_file(&package).unwrap();
    fs::remove_file(&component).unwrap();
    let mut again = command(&second, &["package", ".", "-q", "-o", "again.zip", "--json"], "two");
    // The same sources of dependencies in another place.
    let home = root.path().join("cargo home");
    if let Some(cargo_home) = cargo_home().filter(|home| home.join("registry").is_dir()) {
        fs::create_dir(&home).unwrap();
        symlink(cargo_home.join("registry"), home.join("registry")).unwrap();
        again.env("CARGO_HOME", &home);
    }
    let again = Answer::of(&mut again).expect(0);
    assert_eq!(again.json()["digest"], made.json()["digest"], "{}", again.stdout);
    let bytes = fs::read(first.join("package_same-v0.1.0-offline.zip")).unwrap();
    assert_eq!(bytes, fs::read(second.join("again.zip")).unwrap());

    let component = fs::read(&component).unwrap();
    for place in [root.path(), &home, &guest_target_dir(), project_root()] {
        let place = place.to_str().unwrap().as_bytes();
        assert!(
            !component.windows(place.len()).any(|bytes| bytes == place),
            "the component names a place of this machine"
        );
    }
}

fn cargo_home() -> Option<PathBuf> {
    match std::env::var_os("CARGO_HOME") {
        Some(home) => Some(home.into()),
        None => Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")),
    }
}

#[test]
fn a_package_that_takes_in_its_folder_is_not_reproducible() {
    let root = folder();
    Answer::of(
        procvision()
            .current_dir(root.path())
            .args(["init", "package-place", "--dir", "."]),
    )
    .expect(0);
    let source = root.path().join("src/lib.rs");
    let text = fs::read_to_string(&source).unwrap();
    let placed = text.replace(
        "\"looked for the part\"",
        "concat!(\"looked in \", env!(\"CARGO_MANIFEST_DIR\"))",
    );
    assert_ne!(placed, text);
    fs::write(source, placed).unwrap();
    let mut command = procvision();
    command
        .current_dir(root.path())
        .args(["package", "--verify-reproducible", "--json", "-q"])
        // Only what is in the component counts, not how fast it is.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0");
    let answer = Answer::of(&mut command).expect(1);
    assert_eq!(answer.json()["error"]["code"], "not-reproducible", "{answer:#?}");
    let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("component.wasm"), "{message}");
    assert!(
        listing(root.path())
            .iter()
            .all(|path| path.extension().is_none_or(|extension| extension != "zip"))
    );
}

#[test]
fn an_example_becomes_a_package_that_a_station_accepts() {
    let place = Workplace::new();
    let example = project_root().join("examples/presence-check");
    let example = example.to_str().unwrap();
    let answer = place
        .procvision(&["package", example, "--json", "-q", "-o", "."])
        .expect(0)
        .json();
    assert_eq!(
        names(&answer),
        [
            "assets/coins.json",
            "assets/tray.json",
            "cases.json",
            "component.wasm",
            "digests.json",
            "manifest.json",
            "pictures/coins-dim.png",
            "pictures/coins-one-missing.png",
            "pictures/coins-one-surplus.png",
            "pictures/coins.png",
            "pictures/tray-good.png",
            "pictures/tray-missing-and-surplus.png",
            "sbom.cdx.json",
        ]
    );
    let package = place.path("presence_check-v0.1.0-offline.zip");
    let bytes = fs::read(&package).unwrap();
    let digest: String = Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(answer["digest"], digest);
    assert_eq!(answer["bytes"], bytes.len());
    assert!(bytes.len() < 2 << 20, "packages of examples are small");
    assert_eq!(fs::metadata(&package).unwrap().permissions().mode() & 0o111, 0);

    let zip = package.to_str().unwrap();
    let validated = place.procvision(&["validate", zip, "--json"]).expect(0).json();
    assert_eq!(validated["counts"]["fail"], 0, "{validated}");
    let picture = project_root().join("examples/presence-check/pictures/coins-one-missing.png");
    let run = place
        .procvision(&[
            "run",
            zip,
            "--pid",
            "A01",
            "--image",
            picture.to_str().unwrap(),
            "--json",
        ])
        .expect(0);
    assert_eq!(run.json()["verdict"], "NG");

    let sbom = sbom(&package);
    assert_eq!(sbom.completeness, Completeness::Complete);
    assert_eq!(sbom.subject.as_ref().unwrap().name, "presence_check");
    let find = |name: &str| {
        sbom.components
            .iter()
            .find(|one| one.name == name)
            .unwrap_or_else(|| panic!("{name}"))
    };
    let sdk = find("procvision-guest");
    assert_eq!(
        (sdk.licences.as_slice(), &sdk.purl),
        (&["Apache-2.0 OR MIT".to_owned()][..], &None)
    );
    let serde = find("serde_json");
    assert_eq!(serde.licences, ["MIT OR Apache-2.0"]);
    assert_eq!(
        serde.purl.as_ref().unwrap(),
        &format!("pkg:cargo/serde_json@{}", serde.version)
    );
    assert_eq!(serde.scope, Scope::Required);
    assert_eq!(find("serde_derive").scope, Scope::Excluded);
    assert_eq!(find("rust-std").scope, Scope::Required);
    for absent in ["wasmtime", "image", "proptest", "surface-defect"] {
        assert!(
            sbom.components.iter().all(|one| one.name != absent),
            "{absent} is not linked"
        );
    }
    assert!(sbom.components.iter().all(|one| !one.licences.is_empty()), "{sbom:#?}");
    assert_eq!(answer["sbom"]["contents"], "built");
    assert_eq!(
        answer["sbom"]["linked"],
        sbom.included() - 1,
        "all but the standard library"
    );
    let text = Archive::read(&package)
        .unwrap()
        .content("sbom.cdx.json")
        .unwrap()
        .unwrap();
    let text = String::from_utf8(text).unwrap();
    for place in [project_root().to_str().unwrap(), "file:", "timestamp", "serialNumber"] {
        assert!(!text.contains(place), "{place}: {text}");
    }
    let bom: Value = serde_json::from_str(&text).unwrap();
    let edges = bom["dependencies"].as_array().unwrap();
    let uses = |from: &str, to: &str| {
        let from = edges
            .iter()
            .find(|edge| edge["ref"].as_str().unwrap().starts_with(from))
            .unwrap();
        let uses = from["dependsOn"].as_array().unwrap();
        uses.iter().any(|one| one.as_str().unwrap().starts_with(to))
    };
    assert!(uses("package", "presence-check@") && uses("presence-check@", "procvision-guest@"));
    assert!(uses("procvision-guest@", "serde_json@") && !uses("procvision-guest@", "image@"));
}

#[test]
fn a_package_is_never_written_over_another() {
    let place = Workplace::new();
    let package = |arguments: &[&str], status| {
        place
            .procvision(&[&["package", "rogue", "--json"], arguments].concat())
            .expect(status)
            .json()
    };
    let first = package(&[], 0);
    assert_eq!((&first["written"], &first["package"]), (&json!(true), &json!(ROGUE)));
    let bytes = fs::read(place.path(ROGUE)).unwrap();
    let again = package(&[], 0);
    assert_eq!(again["written"], false);
    assert_eq!(again["digest"], first["digest"]);

    place.write("rogue/assets/new.txt", b"new");
    let message = refused(&place, &[], 2, "exists");
    assert_eq!(message, format!("{ROGUE} exists and is another package"));
    assert_eq!(fs::read(place.path(ROGUE)).unwrap(), bytes);
    package(&["-o", "other.zip"], 0);
    let forced = package(&["--force"], 0);
    assert_eq!(forced["written"], true);
    assert_eq!(
        fs::read(place.path(ROGUE)).unwrap(),
        fs::read(place.path("other.zip")).unwrap()
    );
    refused(&place, &["-o", "nowhere/x.zip"], 2, "unwritable");
}

#[test]
fn a_folder_that_is_not_there_is_missed_before_anything_is_built() {
    let place = Workplace::new();
    for (output, folder) in [("q/", "q/"), ("q/rogue.zip", "q")] {
        let message = refused(&place, &["--output", output], 2, "unwritable");
        assert_eq!(message, format!("cannot write {output}: there is no folder {folder}"));
    }
    // The crate would not compile.
    place.write("rogue/Cargo.toml", b"[package]\nname = \"rogue\"\n");
    refused(&place, &["--output", "q/"], 2, "unwritable");
}

#[test]
fn people_are_told_what_is_in_the_package() {
    let place = Workplace::new();
    place.write("rogue/assets/.DS_Store", b"x");
    place.write("rogue/assets/a.txt", b"abc");
    let answer = place.procvision(&["package", "rogue"]).expect(0);
    assert!(
        answer.stdout.starts_with(&format!("Packed rogue 0.1.0: {ROGUE}, ")),
        "{answer:#?}"
    );
    for line in [
        "crates   not known",
        "3 B  assets/a.txt",
        "warning: assets/.DS_Store is hidden and stays out of the package",
        "warning: nothing is known about what the component is made of",
    ] {
        assert!(answer.stdout.contains(line), "{line}: {}", answer.stdout);
    }
    assert_eq!(answer.stderr, "");
    let sbom = sbom(&place.path(ROGUE));
    assert_eq!((sbom.completeness, sbom.components.len()), (Completeness::Unknown, 0));
}

#[test]
fn what_a_component_says_about_its_crates_goes_into_the_bill() {
    let place = Workplace::new();
    let list = json!({"packages": [
        {"name": "harm", "version": "0.1.0", "source": "local", "root": true, "dependencies": [1]},
        {"name": "serde", "version": "1.0.228", "source": "crates.io"},
    ]});
    let mut component = fs::read(place.path("rogue/component.wasm")).unwrap();
    component.extend(auditable_section(list.to_string().as_bytes()));
    place.write("rogue/component.wasm", &component);
    let answer = place.procvision(&["package", "rogue", "--json"]).expect(0).json();
    assert_eq!(
        answer["sbom"],
        json!({"contents": "embedded", "linked": 2, "for_building": 0})
    );
    assert_eq!(answer["warnings"], json!([]));
    let sbom = sbom(&place.path(ROGUE));
    assert_eq!(sbom.components[1].purl.as_deref(), Some("pkg:cargo/serde@1.0.228"));
}

/// A custom section as `cargo auditable` writes it.
fn auditable_section(list: &[u8]) -> Vec<u8> {
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in list {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    let length = u16::try_from(list.len()).unwrap();
    // Zlib with one block that is not compressed.
    let mut content = b"\x07.dep-v0\x78\x01\x01".to_vec();
    content.extend(length.to_le_bytes());
    content.extend((!length).to_le_bytes());
    content.extend(list);
    content.extend((b << 16 | a).to_be_bytes());
    let length = content.len();
    let mut section = vec![
        0,
        u8::try_from(length & 0x7f | 0x80).unwrap(),
        u8::try_from(length >> 7).unwrap(),
    ];
    section.extend(content);
    section
}

#[test]
fn golden_cases_go_in_with_their_pictures_and_no_others() {
    let place = Workplace::new();
    let picture = fs::read(place.path("photo.png")).unwrap();
    for name in ["one.png", "two.png", "three.png"] {
        place.write(&format!("rogue/pictures/{name}"), &picture);
    }
    place.write("rogue/README.md", b"not in the package");
    let cases = |image: &str, reference: &str| {
        let cases = json!([{
            "name": "a", "pid": "A01", "step": 1, "image": image, "references": {"good": reference}, "params": {},
            "pre": "ready", "verdict": "OK",
        }]);
        place.write("rogue/cases.json", cases.to_string().as_bytes());
    };
    cases("pictures/one.png", "photo.png");
    let message = refused(&place, &[], 1, "2005");
    assert!(message.contains("`photo.png`"), "{message}");
    cases("pictures/one.png", "pictures/../../photo.png");
    refused(&place, &[], 1, "2005");
    cases("pictures/one.png", "pictures/four.png");
    assert!(refused(&place, &[], 1, "2004").contains("pictures/four.png"));
    symlink(place.path("photo.png"), place.path("rogue/pictures/four.png")).unwrap();
    assert!(refused(&place, &[], 1, "2005").contains("is a link"));
    place.write("rogue/cases.json", b"{");
    refused(&place, &[], 1, "2005");
}

#[test]
fn what_does_not_belong_into_a_package_is_named() {
    let place = Workplace::new();
    let manifest = |change: &dyn Fn(&mut Value)| {
        let mut manifest = place.manifest();
        change(&mut manifest);
        place.write("rogue/manifest.json", manifest.to_string().as_bytes());
    };
    let inner = |name: &str| place.path("rogue").join(name);

    manifest(&|manifest| manifest["version"] = json!("1.0"));
    assert!(refused(&place, &[], 1, "2002").contains("version"));
    manifest(&|manifest| manifest["name"] = json!("rouge"));
    let message = refused(&place, &[], 1, "2005");
    assert!(
        message.starts_with("a station would refuse the package: algorithm agrees with its manifest"),
        "{message}"
    );
    manifest(&|manifest| manifest["required_assets"] = json!({"A01": {"model": "assets/m.bin"}}));
    assert!(refused(&place, &[], 1, "2004").contains("assets/m.bin"));
    manifest(&|manifest| manifest["required_assets"] = json!({"A01": {"model": "assets/.m.bin"}}));
    place.write("rogue/assets/.m.bin", b"m");
    assert_eq!(
        refused(&place, &[], 1, "hidden-file"),
        "the asset rogue/assets/.m.bin is hidden, and hidden files do not go into a package"
    );
    manifest(&|_| ());

    symlink(place.path("photo.png"), inner("assets/photo.png")).unwrap();
    assert_eq!(
        refused(&place, &[], 1, "link"),
        "rogue/assets/photo.png is a link, and links do not go into a package"
    );
    fs::remove_file(inner("assets/photo.png")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(inner("assets/pipe"))
        .status()
        .unwrap();
    assert!(made.success());
    assert_eq!(refused(&place, &[], 1, "not-a-file"), "rogue/assets/pipe is not a file");
    fs::remove_file(inner("assets/pipe")).unwrap();
    for (name, code) in [("a\\b", "2001"), ("nul\u{7}", "2001"), ("more.wasm", "2001")] {
        place.write(&format!("rogue/assets/{name}"), b"\0asm");
        refused(&place, &[], 1, code);
        fs::remove_file(inner("assets").join(name)).unwrap();
    }
    for number in 0..257 {
        place.write(&format!("rogue/assets/{number}"), b"");
    }
    refused(&place, &[], 1, "too-large");
    fs::rename(inner("assets"), place.path("elsewhere")).unwrap();
    symlink(place.path("elsewhere"), inner("assets")).unwrap();
    assert!(refused(&place, &[], 1, "link").starts_with("rogue/assets is a link"));
    fs::remove_file(inner("assets")).unwrap();
    place.write("rogue/assets", b"");
    refused(&place, &[], 2, "not-a-folder");
    fs::remove_file(inner("assets")).unwrap();

    place.write("rogue/component.wasm", b"text");
    assert!(refused(&place, &[], 1, "2005").contains("damaged"));
    fs::remove_file(inner("component.wasm")).unwrap();
    assert_eq!(refused(&place, &[], 1, "2004"), "rogue/component.wasm does not exist");
    fs::remove_file(inner("manifest.json")).unwrap();
    refused(&place, &[], 1, "2002");
    fs::remove_dir_all(place.path("rogue")).unwrap();
    refused(&place, &[], 2, "not-found");
    place.write("rogue", b"");
    refused(&place, &[], 2, "not-a-folder");
    let usage = place
        .procvision(&["package", ".", "--verify-reproducible", "--json"])
        .expect(2);
    assert_eq!(usage.json()["error"]["code"], "usage");
}
