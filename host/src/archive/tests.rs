//! What is written is read, and nothing else is. Attacks on the form are in the end-to-end tests.

use super::*;
use crate::explain::Explain;
use serde_json::json;
use std::os::unix::fs::PermissionsExt;

fn manifest() -> Vec<u8> {
    json!({
        "manifest_version": 1, "name": "probe", "version": "1.2.3-rc.1+5", "description": "",
        "component": "component.wasm", "supported_pids": ["A01"],
        "required_assets": {"A01": {"layout": "assets/layout.json"}},
    })
    .to_string()
    .into_bytes()
}

fn files() -> BTreeMap<String, Vec<u8>> {
    let cases = json!([{"image": "pictures/a.png", "references": {"good": "pictures/b.png"}}]);
    BTreeMap::from([
        (MANIFEST.to_owned(), manifest()),
        (
            "component.wasm".to_owned(),
            b"\0asm and some more of it, and of it, and of it".to_vec(),
        ),
        ("assets/layout.json".to_owned(), b"{}".to_vec()),
        ("assets/deep/zeros".to_owned(), vec![0; 100_000]),
        ("assets/empty".to_owned(), Vec::new()),
        (CASES.to_owned(), cases.to_string().into_bytes()),
        (
            "pictures/a.png".to_owned(),
            b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".to_vec(),
        ),
        ("pictures/b.png".to_owned(), b"b".to_vec()),
        (SBOM.to_owned(), b"{\"components\": []}".to_vec()),
    ])
}

fn parse(bytes: Vec<u8>) -> Result<Archive, ArchiveError> {
    Archive::parse(bytes, Path::new("probe.zip"))
}

fn refused(files: &BTreeMap<String, Vec<u8>>) -> Fault {
    *write(files).unwrap_err().into_fault()
}

#[test]
fn what_is_written_is_read_and_always_the_same() {
    let files = files();
    let bytes = write(&files).unwrap();
    assert_eq!(bytes, write(&files).unwrap());
    let archive = parse(bytes.clone()).unwrap();
    for (name, content) in &files {
        assert_eq!(archive.content(name).unwrap().as_ref(), Some(content), "{name}");
        assert_eq!(archive.digests().files[name], FileDigest::of(content), "{name}");
    }
    assert_eq!(archive.content("nothing").unwrap(), None);
    assert_eq!(archive.component().unwrap(), files["component.wasm"]);
    assert_eq!(archive.manifest().name, "probe");
    assert_eq!(archive.file_name(), "probe-v1.2.3-rc.1+5-offline.zip");
    assert_eq!(archive.digest(), crate::report::sha256(&bytes));
    assert_eq!(archive.signature(), None);
    assert_eq!(archive.unsigned(), bytes);
    let names: Vec<&str> = archive.entries().map(|entry| entry.name.as_str()).collect();
    assert!(names.is_sorted());
    assert_eq!(names.len(), files.len() + 1);
}

#[test]
fn a_signature_is_added_and_taken_away_without_a_trace() {
    let unsigned = write(&files()).unwrap();
    let signed = embed(&unsigned, &signature::tests::sample()).unwrap();
    let archive = parse(signed.clone()).unwrap();
    assert_eq!(archive.unsigned(), unsigned);
    assert_eq!(archive.digest(), crate::report::sha256(&unsigned));
    let text = archive.signature().unwrap();
    assert!(text.starts_with(UNTRUSTED_COMMENT));
    assert_eq!(embed(&unsigned, text).unwrap(), signed);
    assert_eq!(archive.entries().last().unwrap().name, SIGNATURE);
    let again = embed(&signed, text).unwrap_err();
    assert!(matches!(again.fault(), Fault::Signed), "{again}");
    assert!(embed(b"PK", text).is_err());
    let other = embed(&unsigned, "hello\n").unwrap_err();
    assert!(matches!(other.fault(), Fault::SignatureForm(_)), "{other}");
}

/// A signature stands last even if the component's name comes after it in the alphabet.
#[test]
fn a_component_of_a_late_name_still_comes_before_the_signature() {
    let mut files = files();
    let component = files.remove("component.wasm").unwrap();
    files.insert("zz.wasm".to_owned(), component);
    let named = String::from_utf8(manifest())
        .unwrap()
        .replace("component.wasm", "zz.wasm");
    files.insert(MANIFEST.to_owned(), named.into_bytes());
    let unsigned = write(&files).unwrap();
    let archive = parse(embed(&unsigned, &signature::tests::sample()).unwrap()).unwrap();
    assert_eq!(archive.unsigned(), unsigned);
}

#[test]
fn no_byte_of_a_signed_package_changes_unnoticed() {
    let small = ["component.wasm", "assets/layout.json", MANIFEST].map(|name| (name.to_owned(), files()[name].clone()));
    let unsigned = write(&small.into()).unwrap();
    let signed = embed(&unsigned, &signature::tests::sample()).unwrap();
    let good = parse(signed.clone()).unwrap();
    let (mut accepted, mut changed) = (0, signed);
    for at in 0..changed.len() {
        for bit in 0..8 {
            changed[at] ^= 1 << bit;
            if let Ok(other) = parse(changed.clone()) {
                assert_ne!(other.digest(), good.digest(), "byte {at}, bit {bit}");
                accepted += 1;
            }
            changed[at] ^= 1 << bit;
        }
    }
    // Bits that the packed contents do not need; the digest covers them.
    assert!(accepted < 64, "{accepted}");
}

#[test]
fn a_package_that_is_cut_off_anywhere_is_refused() {
    let signed = embed(&write(&files()).unwrap(), &signature::tests::sample()).unwrap();
    for end in 0..signed.len() {
        let error = parse(signed[..end].to_vec()).unwrap_err();
        assert_eq!(error.code(), "2001", "{error}");
    }
}

#[test]
fn what_no_reader_accepts_is_not_written() {
    type Change = fn(&mut BTreeMap<String, Vec<u8>>);
    type Expected = fn(&Fault) -> bool;
    let cases: &[(Change, &str, Expected)] = &[
        (
            |f| drop(f.remove(MANIFEST)),
            "2002",
            |f| matches!(f, Fault::ManifestMissing),
        ),
        (
            |f| drop(f.insert(MANIFEST.into(), b"{}".to_vec())),
            "2002",
            |f| matches!(f, Fault::Manifest(_)),
        ),
        (
            |f| drop(f.remove("component.wasm")),
            "2004",
            |f| matches!(f, Fault::ComponentMissing(_)),
        ),
        (
            |f| drop(f.insert("component.wasm".into(), vec![])),
            "2001",
            |f| matches!(f, Fault::ComponentEmpty(_)),
        ),
        (
            |f| drop(f.insert("b.wasm".into(), vec![1])),
            "2001",
            |f| matches!(f, Fault::SecondComponent(_)),
        ),
        (
            |f| drop(f.insert("assets/b.WASM".into(), vec![1])),
            "2001",
            |f| matches!(f, Fault::SecondComponent(_)),
        ),
        (
            |f| drop(f.insert("assets/b".into(), b"\0asm".to_vec())),
            "2001",
            |f| matches!(f, Fault::SecondComponent(_)),
        ),
        (
            |f| drop(f.remove("assets/layout.json")),
            "2004",
            |f| matches!(f, Fault::AssetMissing { .. }),
        ),
        (
            |f| drop(f.insert("assets/../x".into(), vec![1])),
            "2001",
            |f| matches!(f, Fault::Name { .. }),
        ),
        (
            |f| drop(f.insert("assets/EMPTY".into(), vec![1])),
            "2001",
            |f| matches!(f, Fault::Case { .. }),
        ),
        (
            |f| drop(f.insert("assets/empty/x".into(), vec![1])),
            "2001",
            |f| matches!(f, Fault::FileAndFolder { .. }),
        ),
        (
            |f| drop(f.insert("README.md".into(), vec![1])),
            "2001",
            |f| matches!(f, Fault::Unknown(_)),
        ),
        (
            |f| drop(f.insert(DIGESTS.into(), vec![1])),
            "2001",
            |f| matches!(f, Fault::Reserved(_)),
        ),
        (
            |f| drop(f.insert(SIGNATURE.into(), vec![1])),
            "2001",
            |f| matches!(f, Fault::Reserved(_)),
        ),
        (
            |f| drop(f.insert(CASES.into(), b"{".to_vec())),
            "2001",
            |f| matches!(f, Fault::Cases(_)),
        ),
        (
            |f| drop(f.remove("pictures/a.png")),
            "2001",
            |f| matches!(f, Fault::PictureMissing(_)),
        ),
        (
            |f| drop(f.insert("pictures/c.png".into(), vec![1])),
            "2001",
            |f| matches!(f, Fault::PictureUnnamed(_)),
        ),
        (
            |f| drop(f.insert(SBOM.into(), vec![1; 17 << 20])),
            "2001",
            |f| matches!(f, Fault::ContentTooLarge { .. }),
        ),
    ];
    for (index, (change, code, expected)) in cases.iter().enumerate() {
        let mut files = files();
        change(&mut files);
        let error = write(&files).unwrap_err();
        assert!(expected(error.fault()), "{index}: {error}");
        assert_eq!(error.code(), *code, "{index}: {error}");
        assert!(error.remedy().is_some(), "{index}: {error}");
    }
    let many = (0..=crate::limits::ASSET_FILES).map(|number| (format!("assets/{number}"), Vec::new()));
    assert!(matches!(
        refused(&files().into_iter().chain(many).collect()),
        Fault::TooManyAssets
    ));
    let many = (0..crate::limits::ARCHIVE_ENTRIES).map(|number| (format!("assets/{number}"), Vec::new()));
    assert!(matches!(refused(&many.collect()), Fault::EntryCount(_)));
}

#[test]
fn unpacking_uses_nothing_that_is_there_already() {
    let archive = parse(embed(&write(&files()).unwrap(), &signature::tests::sample()).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    archive.unpack(folder.path()).unwrap();
    for entry in archive.entries() {
        let path = folder.path().join(&entry.name);
        assert_eq!(
            std::fs::read(&path).unwrap(),
            archive.content(&entry.name).unwrap().unwrap()
        );
        assert_eq!(path.metadata().unwrap().permissions().mode(), 0o100_644);
    }
    let deep = folder.path().join("assets/deep").metadata().unwrap();
    assert_eq!(deep.permissions().mode(), 0o040_755);
    let again = archive.unpack(folder.path()).unwrap_err();
    assert!(matches!(again.fault(), Fault::Write { .. }), "{again}");

    let (trap, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::os::unix::fs::symlink(outside.path(), trap.path().join("assets")).unwrap();
    archive.unpack(trap.path()).unwrap_err();
    assert_eq!(outside.path().read_dir().unwrap().count(), 0);
}

#[test]
fn a_file_that_is_not_there_or_not_a_file_is_not_the_packages_fault() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path(), &folder.path().join("nothing")] {
        let error = Archive::read(path).unwrap_err();
        assert_eq!(
            (error.code().as_ref(), error.subject_failed()),
            ("2005", false),
            "{error}"
        );
    }
    let path = folder.path().join("a.zip");
    std::fs::write(&path, b"hello").unwrap();
    let error = Archive::read(&path).unwrap_err();
    assert_eq!(
        (error.code().as_ref(), error.subject_failed()),
        ("2001", true),
        "{error}"
    );
    std::fs::write(&path, write(&files()).unwrap()).unwrap();
    assert_eq!(Archive::read(&path).unwrap().path(), path);
}
