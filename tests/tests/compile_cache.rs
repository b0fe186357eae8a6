//! Compiled components on disk: used when they are whole, compiled again when there is any doubt.

use procvision_host::host::{Host, HostConfig, HostError};
use procvision_host::limits::Limits;
use procvision_host::package::Package;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

fn host(cache: &Path) -> Result<Host, HostError> {
    Host::new(HostConfig {
        compile_cache: Some(cache.to_owned()),
        ..HostConfig::default()
    })
}

/// Whether loading the probe with this cache takes it from there.
fn from_cache(cache: &Path) -> bool {
    let package = Package::open(procvision_tests::probe_component(), &Limits::default_ceiling()).unwrap();
    host(cache).unwrap().load(&package).unwrap().load_report().from_cache
}

fn only_file(cache: &Path) -> PathBuf {
    let files: Vec<_> = fs::read_dir(cache)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[test]
fn the_second_start_does_not_compile() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("a/b/compiled");
    assert!(!from_cache(&cache));
    assert!(from_cache(&cache));
    assert_eq!(fs::metadata(&cache).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_damaged_file_is_never_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("compiled");
    assert!(!from_cache(&cache));
    let file = only_file(&cache);
    let whole = fs::read(&file).unwrap();

    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for damaged in [&flipped[..], &whole[..whole.len() - 1], &whole[..20], &[]] {
        fs::write(&file, damaged).unwrap();
        assert!(!from_cache(&cache), "{} bytes", damaged.len());
        // Compiling again has mended it.
        assert!(from_cache(&cache));
    }
}

#[test]
fn a_link_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("compiled");
    assert!(!from_cache(&cache));
    let file = only_file(&cache);
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    assert!(!from_cache(&cache));
}

#[test]
fn a_folder_that_others_can_write_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("compiled");
    fs::create_dir(&cache).unwrap();
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o770)).unwrap();
    let error = host(&cache).err().expect("refused").to_string();
    assert!(error.contains("0700") && error.contains("compiled"), "{error}");

    let link = folder.path().join("link");
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o700)).unwrap();
    symlink(&cache, &link).unwrap();
    assert!(host(&link).is_err());
}

#[test]
fn the_oldest_artifacts_make_room() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("compiled");
    host(&cache).unwrap();
    for number in 0..300 {
        fs::write(cache.join(format!("{number}.cwasm")), "old").unwrap();
    }
    fs::write(cache.join("notes.txt"), "not an artifact").unwrap();
    assert!(!from_cache(&cache));
    assert!(from_cache(&cache));
    assert!(cache.join("notes.txt").exists());
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 201);
}
