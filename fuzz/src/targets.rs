//! What must hold whatever bytes come: a refusal is one sentence, and what is accepted can be written again.

use procvision_host::archive::{self, Archive, DIGESTS, SIGNATURE};
use procvision_host::explain::{Explain, one_line};
use procvision_host::manifest::Manifest;
use std::collections::BTreeMap;
use std::path::Path;

/// Reads the bytes as an archive. Says whether it was accepted.
///
/// # Panics
///
/// If something does not hold.
pub fn archive(bytes: &[u8]) -> bool {
    let package = match Archive::parse(bytes.to_vec(), Path::new("fuzz.zip")) {
        Ok(package) => package,
        Err(error) => {
            let sentence = one_line(&error);
            let shown = sentence.len() < 1_000 && !sentence.contains(char::is_control);
            assert!(
                shown && sentence.starts_with("fuzz.zip is not a package: "),
                "{sentence}"
            );
            assert!(matches!(&*error.code(), "2001" | "2002" | "2004"), "{sentence}");
            assert!(error.remedy().is_some() && error.subject_failed(), "{sentence}");
            return false;
        }
    };
    let mut files = BTreeMap::new();
    let mut total = 0;
    for entry in package.entries() {
        let content = package
            .content(&entry.name)
            .expect("it was read once")
            .expect("it is there");
        assert_eq!(content.len() as u64, entry.bytes);
        let inside = |part| !matches!(part, "" | "." | "..");
        assert!(entry.name.split('/').all(inside) && !entry.name.contains(['\\', ':', '\0']));
        total += entry.bytes;
        files.insert(entry.name.clone(), content);
    }
    assert!(total <= bytes.len() as u64 * 101, "{total} bytes of {}", bytes.len());
    // The signature can be taken out and put in again without a trace.
    let unsigned = package.unsigned();
    match package.signature() {
        Some(signature) => {
            assert_eq!(archive::embed(&unsigned, signature).expect("it was there"), bytes);
            let alone = Archive::parse(unsigned.to_vec(), Path::new("")).expect("an unsigned package is one, too");
            assert_eq!((alone.digest(), alone.signature()), (package.digest(), None));
        }
        None => assert_eq!(unsigned, bytes),
    }
    // The same contents give a package again, with the same list of digests.
    files.remove(DIGESTS);
    files.remove(SIGNATURE);
    let written = archive::write(&files).expect("what was read can be written");
    let again = Archive::parse(written, Path::new("")).expect("what was written can be read");
    assert_eq!(again.digests(), package.digests());
    assert_eq!(again.manifest(), package.manifest());
    true
}

/// Reads the bytes as a manifest. Says whether it was accepted.
///
/// # Panics
///
/// If something does not hold.
pub fn manifest(bytes: &[u8]) -> bool {
    let read = match Manifest::parse(bytes, Path::new("manifest.json")) {
        Ok(read) => read,
        Err(error) => {
            let sentence = one_line(&error);
            assert!(sentence.contains("manifest.json"), "{sentence}");
            return false;
        }
    };
    assert!(!read.component.starts_with('/') && read.component.split('/').all(|part| part != ".."));
    assert!(read.name.len() <= 64 && !read.supported_pids.is_empty());
    let text = serde_json::to_vec(&read).expect("a manifest can be written");
    let again = Manifest::parse(&text, Path::new("manifest.json")).expect("what was written can be read");
    assert_eq!(again, read);
    true
}
