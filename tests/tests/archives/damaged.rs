//! Packages that were cut off or changed on their way.

use crate::fuzz::package;
use crate::stage::{checks, procvision, rogue_archive};
use procvision_host::archive::{Archive, embed};
use procvision_host::explain::Explain;
use procvision_tests::workplace::Workplace;
use std::path::Path;

fn parse(bytes: &[u8]) -> Result<Archive, String> {
    Archive::parse(bytes.to_vec(), Path::new("cut.zip")).map_err(|error| {
        assert_eq!(error.code(), "2001", "{error}");
        error.to_string()
    })
}

#[test]
fn a_package_cut_off_at_any_kilobyte_is_refused() {
    let place = Workplace::new();
    let whole = rogue_archive(&place);
    assert!(whole.len() > 20 << 10, "{}", whole.len());
    for end in (0..whole.len()).step_by(1 << 10) {
        let sentence = parse(&whole[..end]).expect_err("it is not whole");
        assert!(sentence.contains("cut off") || end == 0, "{end}: {sentence}");
    }
    for end in [1 << 10, whole.len() / 2 / 1024 * 1024, whole.len() - 1] {
        place.write("cut.zip", &whole[..end]);
        let answer = procvision(&place, &["validate", "cut.zip", "--json", "--no-cache"])
            .expect(1)
            .json();
        let failed = checks(&answer, "fail");
        assert_eq!(
            (&failed[0]["id"], &failed[0]["code"]),
            (&"archive".into(), &"2001".into()),
            "{answer}"
        );
    }
}

#[test]
fn a_small_package_cut_off_at_any_byte_is_refused() {
    let signed = embed(&package::changed(|_| ()), &package::signature()).unwrap();
    assert!(parse(&signed).is_ok());
    for end in 0..signed.len() {
        parse(&signed[..end]).expect_err("it is not whole");
    }
}

/// Every byte, replaced by every other one where that is quick enough, else by its complement and its neighbours.
#[test]
fn a_changed_byte_is_refused_or_changes_the_digest() {
    let signed = embed(&package::changed(|_| ()), &package::signature()).unwrap();
    let good = parse(&signed).unwrap();
    let mut changed = signed.clone();
    for at in 0..signed.len() {
        for other in 1..=255_u8 {
            changed[at] = signed[at] ^ other;
            // Nothing is packed, so that no byte is without meaning.
            if let Ok(accepted) = parse(&changed) {
                panic!(
                    "byte {at} as {:#04x} is accepted; {} {}",
                    changed[at],
                    accepted.digest(),
                    good.digest()
                );
            }
        }
        changed[at] = signed[at];
    }
}

/// The same over a real package, whose contents are packed: the bits at the end of a packed content that mean nothing
/// are covered by the digest.
#[test]
fn a_changed_byte_of_a_real_package_is_refused_or_changes_the_digest() {
    let place = Workplace::new();
    let signed = embed(&rogue_archive(&place), &package::signature()).unwrap();
    let good = parse(&signed).unwrap();
    let mut changed = signed.clone();
    // A prime number, so that every kind of place is met.
    for at in (0..signed.len()).step_by(9_973) {
        changed[at] ^= 0x10;
        if let Ok(accepted) = parse(&changed) {
            assert_ne!(accepted.digest(), good.digest(), "byte {at}");
        }
        changed[at] = signed[at];
    }
}
