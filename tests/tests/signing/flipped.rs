//! No byte of a signed package can be changed, added or taken away: tried with every byte of a small package and with
//! many of a real one.

use super::stage::{assess, embedded, key, parse, signed, small, trusting};
use procvision_host::archive;
use procvision_host::component_build::{self, BuildOptions};
use procvision_host::signing::TrustStore;
use procvision_tests::binary::project_root;
use std::collections::BTreeMap;
use std::fs;

/// Whether a station that demands a signature would take these bytes for a package.
fn is_taken(bytes: Vec<u8>, beside: Option<&str>, trust: &TrustStore) -> bool {
    parse(bytes).is_some_and(|package| assess(&package, beside, trust).is_valid())
}

/// Every bit alone, and all.
const MASKS: &[u8] = &[1, 2, 4, 8, 16, 32, 64, 128, 255];

/// How many changes were tried. Each must be refused.
#[track_caller]
fn flip(bytes: &[u8], stride: usize, masks: &[u8], beside: Option<&str>, trust: &TrustStore) -> usize {
    let mut tried = 0;
    for at in (0..bytes.len()).step_by(stride) {
        for mask in masks {
            let mut changed = bytes.to_vec();
            changed[at] ^= mask;
            assert!(
                !is_taken(changed, beside, trust),
                "byte {at} of {}, mask {mask}",
                bytes.len()
            );
            tried += 1;
        }
    }
    tried
}

#[track_caller]
fn insert_and_remove(bytes: &[u8], stride: usize, beside: Option<&str>, trust: &TrustStore) {
    for at in (0..=bytes.len()).step_by(stride) {
        let twice = bytes.get(at).copied().unwrap_or(b'\n');
        for more in [&[0][..], b"\n", &[twice], b"PK\x05\x06"] {
            let mut changed = bytes.to_vec();
            changed.splice(at..at, more.iter().copied());
            assert!(!is_taken(changed, beside, trust), "{more:?} before byte {at}");
        }
        for fewer in [1, 2, 7] {
            let mut changed = bytes.to_vec();
            let end = bytes.len().min(at + fewer);
            if changed.drain(at..end).count() > 0 {
                assert!(!is_taken(changed, beside, trust), "without bytes {at}..{end}");
            }
        }
        if at < bytes.len() {
            assert!(
                !is_taken(bytes[..at].to_vec(), beside, trust),
                "only the first {at} bytes"
            );
        }
    }
}

#[test]
fn no_byte_of_a_signed_package_can_be_another() {
    let (package, key) = (small("alpha", "1.0.0"), key());
    let trust = trusting(&[("acme.pub", key.public())]);
    let bytes = embedded(&package, &signed(&package, &key).text).into_bytes();
    assert!(is_taken(bytes.clone(), None, &trust));
    assert_eq!(flip(&bytes, 1, MASKS, None, &trust), MASKS.len() * bytes.len());
    insert_and_remove(&bytes, 1, None, &trust);
}

#[test]
fn no_byte_of_a_package_with_a_signature_beside_it_can_be_another() {
    let (package, key) = (small("alpha", "1.0.0"), key());
    let trust = trusting(&[("acme.pub", key.public())]);
    let text = signed(&package, &key).text;
    let bytes = package.into_bytes();
    assert!(is_taken(bytes.clone(), Some(&text), &trust));
    flip(&bytes, 1, MASKS, Some(&text), &trust);
    insert_and_remove(&bytes, 1, Some(&text), &trust);
}

/// The untrusted comment of a signature beside a package is the one thing that nothing covers, as in minisign.
#[test]
fn no_byte_of_a_signature_beside_a_package_can_be_another() {
    let (package, key) = (small("alpha", "1.0.0"), key());
    let trust = trusting(&[("acme.pub", key.public())]);
    let text = signed(&package, &key).text;
    let valid = |bytes: &[u8]| assess(&package, Some(&String::from_utf8_lossy(bytes)), &trust).is_valid();
    assert!(valid(text.as_bytes()));
    let covered = "untrusted comment: ".len()..text.find('\n').unwrap();
    for at in (0..text.len()).filter(|at| !covered.contains(at)) {
        for mask in 1..=255 {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= mask;
            assert!(!valid(&changed), "byte {at}, mask {mask}");
        }
        for more in [&b"\n"[..], b"\r", b" ", b"A", b"=", b"\0"] {
            // At the comment's edges it would belong to the comment, unless it ends the line.
            if (at == covered.end && more != b"\n") || (at + 1 == covered.start && more == b" ") {
                continue;
            }
            let mut changed = text.clone().into_bytes();
            changed.splice(at..at, more.iter().copied());
            assert!(!valid(&changed), "{more:?} before byte {at}");
        }
        let mut changed = text.clone().into_bytes();
        changed.remove(at);
        assert!(!valid(&changed), "without byte {at}");
    }
    for more in ["\n", " ", "x", "\0", "untrusted comment: x\n"] {
        assert!(!valid(format!("{text}{more}").as_bytes()), "{more:?} at the end");
    }
}

#[test]
fn no_byte_of_a_real_package_can_be_another() {
    let example = project_root().join("examples/presence-check");
    let options = BuildOptions {
        quiet: true,
        ..BuildOptions::default()
    };
    let component = component_build::build(&example, &options).unwrap().component;
    let mut files = BTreeMap::from([("component.wasm".to_owned(), fs::read(component).unwrap())]);
    for name in ["manifest.json", "assets/coins.json", "assets/tray.json"] {
        files.insert(name.to_owned(), fs::read(example.join(name)).unwrap());
    }
    let (package, key) = (parse(archive::write(&files).unwrap()).unwrap(), key());
    let trust = trusting(&[("acme.pub", key.public())]);
    let bytes = embedded(&package, &signed(&package, &key).text).into_bytes();
    assert!(is_taken(bytes.clone(), None, &trust));
    assert!(bytes.len() > 100_000);
    flip(&bytes, 4_001, &[1, 128], None, &trust);
    insert_and_remove(&bytes, 30_011, None, &trust);
    // Where the records lie, and the signature.
    let tail = bytes.len() - 1_500;
    for at in (tail..bytes.len()).step_by(13) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x20;
        assert!(!is_taken(changed, None, &trust), "byte {at}");
    }
}
