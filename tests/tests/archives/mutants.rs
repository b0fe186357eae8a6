//! The fuzz targets' functions on a bounded number of inputs, always the same ones.

use crate::fuzz::mutate::{self, Choices};
use crate::fuzz::{package, targets};
use procvision_host::archive::embed;
use procvision_tests::binary::project_root;
use std::path::Path;

/// Bytes from a generator: the same for the same number.
fn bytes(seed: u64) -> impl Iterator<Item = u8> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as u8
    })
}

#[test]
fn mutated_packages_are_refused_or_are_packages() {
    let mut accepted = 0;
    for seed in 0..20_000 {
        let archive = mutate::archive(&mut Choices(bytes(seed)));
        accepted += usize::from(targets::archive(&archive));
    }
    // If all were refused, nothing would have reached the last checks.
    assert!((200..15_000).contains(&accepted), "{accepted}");
}

#[test]
fn mutated_manifests_are_refused_or_are_manifests() {
    let mut accepted = 0;
    for seed in 0..50_000 {
        let text = mutate::manifest_text(&mut Choices(bytes(seed)));
        accepted += usize::from(targets::manifest(&text));
    }
    assert!((1_000..45_000).contains(&accepted), "{accepted}");
}

#[test]
fn bytes_without_any_order_are_refused() {
    for seed in 0..2_000 {
        let length = 1 + (seed as usize * 7) % 600;
        let noise: Vec<u8> = bytes(seed).take(length).collect();
        assert!(!targets::archive(&noise));
        assert!(!targets::archive(&[b"PK\x03\x04", noise.as_slice()].concat()));
        assert!(!targets::manifest(&noise));
    }
}

/// What cargo-fuzz begins with is kept beside the targets.
#[test]
fn the_seeds_are_good_packages_and_manifests() {
    let plain = package::changed(|_| ());
    let seeds = [
        ("archive/plain.zip", plain.clone()),
        ("archive/signed.zip", embed(&plain, &package::signature()).unwrap()),
        ("forged/noise", bytes(7).take(64).collect()),
        ("manifest/manifest.json", package::manifest().to_string().into_bytes()),
    ];
    for (name, seed) in seeds {
        let path = project_root().join("fuzz/seeds").join(name);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &seed).unwrap();
        }
        assert_eq!(read(&path), seed, "UPDATE_GOLDEN=1 rewrites {name}");
        match name.split('/').next() {
            Some("archive") => assert!(targets::archive(&seed), "{name}"),
            Some("manifest") => assert!(targets::manifest(&seed), "{name}"),
            _ => {}
        }
    }
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_default()
}
