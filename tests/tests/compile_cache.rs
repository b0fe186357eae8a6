//! Compiled components on disk: used when they are authentic, compiled again when there is any doubt.

use procvision_host::host::{Host, HostConfig, HostError};
use procvision_host::limits::Limits;
use procvision_host::package::Package;
use procvision_host::policy::SandboxPolicy;
use procvision_tests::guests::{Folder, lifted, lifted_with_function};
use procvision_tests::workplace::Workplace;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

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

/// The artifacts in the cache.
fn artifacts(cache: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path());
    let mut artifacts: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "cwasm"))
        .collect();
    artifacts.sort();
    artifacts
}

fn only_artifact(cache: &Path) -> PathBuf {
    let files = artifacts(cache);
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_second_start_does_not_compile() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("a/b/compiled");
    assert!(!from_cache(&cache));
    assert!(from_cache(&cache));
    assert_eq!(mode(&cache), 0o700);
    assert_eq!(mode(&cache.join("key")), 0o600);
    assert_eq!(fs::read(cache.join("key")).unwrap().len(), 32);
    // Nothing but the secret and the artifact.
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 2);
}

#[test]
fn a_damaged_file_is_never_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("compiled");
    assert!(!from_cache(&cache));
    let file = only_artifact(&cache);
    let whole = fs::read(&file).unwrap();

    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    // The header has 80 bytes: mark, key, tag.
    let places = [0, 15, 16, 47, 48, 79, 80, 84, 400, whole.len() / 2, whole.len() - 1];
    let mut damaged: Vec<Vec<u8>> = places.into_iter().map(flipped).collect();
    damaged.extend([0, 1, 16, 79, 80, 81, whole.len() - 1].map(|length| whole[..length].to_vec()));
    damaged.push([&whole[..], b"\0"].concat());
    damaged.push(whole[80..].to_vec());
    for damaged in damaged {
        fs::write(&file, &damaged).unwrap();
        assert!(!from_cache(&cache), "{} bytes", damaged.len());
        // Compiling again has mended it.
        assert!(from_cache(&cache));
    }
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(!from_cache(&cache));
}

/// What cannot be used does not stay, even if nothing takes its place.
#[test]
fn a_damaged_file_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("compiled");
    let damaging = Folder::with_bytes("lifted", "1.0.0", &lifted("base"));
    let host = host(&cache).unwrap();
    let package = damaging.open(&host.config().ceiling).unwrap();
    host.load(&package).unwrap();
    let file = only_artifact(&cache);
    fs::write(&file, "damaged").unwrap();
    // The artifact cannot be written anew.
    let open_files = fs::read_dir(&cache).unwrap().count();
    assert!(!host.load(&package).unwrap().load_report().from_cache);
    assert_ne!(fs::read(&file).unwrap(), b"damaged");
    assert_eq!(fs::read_dir(&cache).unwrap().count(), open_files);
}

/// Two components, or one for two engines, and an artifact under the name of the other.
#[test]
fn a_renamed_file_is_never_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("compiled");
    let other = |(policy, component): &(SandboxPolicy, &[u8])| {
        let host = Host::new(HostConfig {
            compile_cache: Some(cache.clone()),
            policy: policy.clone(),
            ..HostConfig::default()
        });
        let (host, folder) = (host.unwrap(), Folder::with_bytes("lifted", "1.0.0", component));
        let package = folder.open(&host.config().ceiling).unwrap();
        host.load(&package).unwrap().load_report().from_cache
    };
    let component = lifted_with_function(1, "");
    let lines = SandboxPolicy {
        line_tables: true,
        ..SandboxPolicy::default()
    };
    let loads: [(SandboxPolicy, &[u8]); 3] = [
        (SandboxPolicy::default(), &lifted("base")),
        (SandboxPolicy::default(), &component),
        (lines, &component),
    ];
    let mut names = Vec::new();
    for load in &loads {
        assert!(!other(load));
        assert!(other(load));
        let new = artifacts(&cache).into_iter().find(|path| !names.contains(path));
        names.push(new.expect("each has a file of its own"));
    }
    for from in 0..3 {
        for to in 0..3 {
            if from != to {
                fs::copy(&names[from], &names[to]).unwrap();
                assert!(!other(&loads[to]), "{from} as {to}");
                assert!(other(&loads[to]), "{from} as {to}");
            }
        }
    }
}

/// An artifact that this very program has compiled, but under another secret.
#[test]
fn a_foreign_file_is_never_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    assert!(!from_cache(&ours) && !from_cache(&theirs));
    assert_ne!(
        fs::read(ours.join("key")).unwrap(),
        fs::read(theirs.join("key")).unwrap()
    );
    fs::copy(only_artifact(&theirs), only_artifact(&ours)).unwrap();
    assert!(!from_cache(&ours));
    assert!(from_cache(&ours));
    // With their secret it is theirs.
    fs::copy(only_artifact(&theirs), only_artifact(&ours)).unwrap();
    fs::copy(theirs.join("key"), ours.join("key")).unwrap();
    assert!(from_cache(&ours));
}

#[test]
fn a_secret_that_is_none_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("compiled");
    let elsewhere = folder.path().join("elsewhere");
    fs::write(&elsewhere, [7; 32]).unwrap();
    set_mode(&elsewhere, 0o600);
    let key = cache.join("key");
    assert!(!from_cache(&cache));
    let spoil: [&dyn Fn(); 5] = [
        &|| fs::write(&key, [7; 31]).unwrap(),
        &|| fs::write(&key, [7; 33]).unwrap(),
        &|| fs::write(&key, []).unwrap(),
        // Others could have read it.
        &|| set_mode(&key, 0o640),
        &|| {
            fs::remove_file(&key).unwrap();
            symlink(&elsewhere, &key).unwrap();
        },
    ];
    for (number, spoil) in spoil.iter().enumerate() {
        assert!(from_cache(&cache), "{number}");
        let before = fs::read(&key).unwrap();
        spoil();
        assert!(!from_cache(&cache), "{number}");
        let after = fs::read(&key).unwrap();
        assert!(after.len() == 32 && after != before && after != [7; 32], "{number}");
        assert_eq!(mode(&key), 0o600);
    }
    assert_eq!(fs::read(&elsewhere).unwrap(), [7; 32]);
    // What is not a file cannot be replaced, and the cache not be used.
    fs::remove_file(&key).unwrap();
    fs::create_dir(&key).unwrap();
    let error = host(&cache).err().expect("refused").to_string();
    assert!(error.contains("key"), "{error}");
}

#[test]
fn a_link_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("compiled");
    assert!(!from_cache(&cache));
    let file = only_artifact(&cache);
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    assert!(!from_cache(&cache));
    assert!(fs::symlink_metadata(&file).unwrap().is_file());
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
fn a_folder_below_one_that_others_can_change_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (upper, lower) = (folder.path().join("upper"), folder.path().join("upper/lower"));
    fs::create_dir_all(&lower).unwrap();
    let cache = lower.join("compiled");
    for parent in [&upper, &lower] {
        for (bits, safe) in [
            (0o777, false),
            (0o775, false),
            (0o757, false),
            (0o770, false),
            (0o1777, true),
            (0o3775, true),
            (0o755, true),
            (0o711, true),
        ] {
            set_mode(parent, bits);
            match host(&cache) {
                Ok(_) => assert!(safe, "{bits:o}"),
                Err(HostError::Cache(error)) => {
                    let text = error.to_string();
                    assert!(
                        !safe && text.contains(&format!("change {},", parent.display())),
                        "{bits:o} {text}"
                    );
                }
                Err(error) => panic!("{error:?}"),
            }
        }
        set_mode(parent, 0o755);
    }
    // A link on the way is looked through.
    let link = folder.path().join("link");
    symlink(&lower, &link).unwrap();
    assert!(host(&link.join("compiled")).is_ok());
    set_mode(&upper, 0o777);
    assert!(host(&link.join("compiled")).is_err());
}

#[test]
fn a_folder_that_is_not_safe_is_a_warning() {
    let place = Workplace::new();
    let open = place.path("open");
    fs::create_dir(&open).unwrap();
    set_mode(&open, 0o777);
    let mut command = place.command(&["validate", "rogue/component.wasm", "--json"]);
    let answer = procvision_tests::binary::Answer::of(command.env("PROCVISION_CACHE_DIR", &open)).expect(0);
    let warning = &answer.json()["warnings"][0];
    assert_eq!(warning["kind"], "cache_unusable");
    let message = warning["message"].as_str().unwrap();
    assert!(
        message.contains("sticky") && message.ends_with("; compiling without it"),
        "{message}"
    );
}

/// Nobody is kept from working, and one artifact comes of it, under one secret.
#[test]
fn many_processes_begin_with_one_empty_cache() {
    let place = Workplace::new();
    fs::write(place.path("lifted.wasm"), lifted("base")).unwrap();
    let start = || {
        let mut command = place.command(&["run", "lifted.wasm", "--pid", "A01", "--image", "photo.png", "--json"]);
        command.env("PROCVISION_CACHE_DIR", place.path("cache"));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let running: Vec<_> = (0..16).map(|_| start()).collect();
    for process in running {
        let answer = procvision_tests::binary::Answer::from(process.wait_with_output().unwrap()).expect(0);
        assert_eq!(answer.stderr, "");
        assert_eq!(answer.json()["verdict"], "OK");
        assert_eq!(
            answer.json()["warnings"].as_array().map(Vec::len),
            Some(0),
            "{answer:?}"
        );
    }
    let cache = place.path("cache/compiled");
    only_artifact(&cache);
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 2);
    let last = procvision_tests::binary::Answer::from(start().wait_with_output().unwrap()).expect(0);
    assert_eq!(last.json()["timings_ms"]["compiled_before"], true);
}

/// Somebody spoils artifact and secret all the time. Hosts compile more often then, and that is all.
#[test]
fn damage_in_the_middle_of_use_is_only_work() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("compiled");
    let over = AtomicBool::new(false);
    let use_it = || {
        let package = Folder::with_bytes("lifted", "1.0.0", &lifted("base"));
        for _ in 0..15 {
            let host = host(&cache).unwrap();
            let package = package.open(&host.config().ceiling).unwrap();
            host.load(&package).unwrap();
        }
    };
    std::thread::scope(|scope| {
        let users: Vec<_> = (0..4).map(|_| scope.spawn(use_it)).collect();
        scope.spawn(|| {
            let mut turn = 0_usize;
            while !over.load(Ordering::Relaxed) {
                turn += 1;
                // Before the first user has made the folder there is nothing to spoil.
                let files = fs::read_dir(&cache).into_iter().flatten().flatten();
                for file in files {
                    let name = file.file_name();
                    // The secret less often: somebody who damages it again and again keeps every host from using the cache.
                    let spoilt = name.to_string_lossy().ends_with(".cwasm") || name == "key" && turn.is_multiple_of(64);
                    if !spoilt {
                        continue;
                    }
                    let Ok(mut bytes) = fs::read(file.path()) else { continue };
                    let length = bytes.len().max(1);
                    if let Some(byte) = bytes.get_mut(turn * 997 % length) {
                        *byte ^= 1;
                    }
                    bytes.truncate(length - turn % 2);
                    let _ = fs::write(file.path(), bytes);
                }
                std::thread::yield_now();
            }
        });
        let results: Vec<_> = users.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        over.store(true, Ordering::Relaxed);
        results.into_iter().for_each(|result| result.unwrap());
    });
    assert!(host(&cache).is_ok());
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
    assert_eq!(artifacts(&cache).len(), 200);
}

#[test]
fn what_killed_processes_left_half_written_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("compiled");
    host(&cache).unwrap();
    let (old, new) = (cache.join(".new-old"), cache.join(".new-new"));
    let file = fs::File::create(&old).unwrap();
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(2 * 3600);
    file.set_modified(long_ago).unwrap();
    fs::write(&new, "another process is writing it").unwrap();
    assert!(!from_cache(&cache));
    assert!(!old.exists() && new.exists());
}
