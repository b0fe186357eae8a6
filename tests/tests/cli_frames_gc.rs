//! `procvision frames gc`: what is left behind goes, and nothing else.

use procvision_tests::binary::{Answer, procvision};
use serde_json::Value;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

struct Store {
    folder: TempDir,
    /// How names of shared-memory objects of this test begin.
    prefix: String,
}

impl Store {
    fn new(test: &str) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            prefix: format!("procvision-gc-{test}-{}-", std::process::id()),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, b"12345").unwrap();
        path
    }

    fn object(&self, name: &str) -> PathBuf {
        let path = Path::new("/dev/shm").join(format!("{}{name}", self.prefix));
        fs::write(&path, b"123").unwrap();
        path
    }

    fn gc(&self, arguments: &[&str]) -> Answer {
        let mut command = procvision();
        command.args(["frames", "gc"]).args(arguments);
        Answer::of(command.env("PROC_SHM_DIR", self.folder.path()))
    }

    fn json(&self, arguments: &[&str]) -> Value {
        self.gc(&[arguments, &["--json"]].concat()).expect(0).json()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        for object in fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
            if object.file_name().to_string_lossy().starts_with(&self.prefix) {
                let _ = fs::remove_file(object.path());
            }
        }
    }
}

#[track_caller]
fn fate<'a>(answer: &'a Value, path: &Path) -> (&'a str, Option<&'a str>) {
    let files = answer["files"].as_array().unwrap();
    let file = files.iter().find(|file| file["path"] == path.to_str().unwrap());
    let file = file.unwrap_or_else(|| panic!("{} is not in {answer:#}", path.display()));
    (file["fate"].as_str().unwrap(), file["reason"].as_str())
}

#[test]
fn what_nobody_has_open_goes_once_it_is_old_enough() {
    let store = Store::new("old");
    let (array, file) = (store.file("dev-shm_s-1.npy"), store.file("dev-shm_s-2_cur.bin"));
    let object = store.object("frame");
    let other = store.file("notes.txt");

    // Written a moment ago: whoever wrote it may be about to tell somebody.
    let young = store.json(&["--posix-prefix", &store.prefix]);
    assert_eq!((&young["removed"], &young["older_than_s"]), (&0.into(), &60.into()));
    assert_eq!(fate(&young, &array), ("kept", Some("it is too young")));

    let dry = ["--older-than", "0s", "--posix-prefix", &store.prefix, "--dry-run"];
    let would = store.json(&dry);
    assert_eq!(fate(&would, &object), ("would_be_removed", None));
    assert_eq!(would["removed"], 0);
    assert!(array.exists() && file.exists() && object.exists());

    // Shared-memory objects belong to all programs of the machine: not without their name.
    let removed = store.json(&["--older-than", "0s"]);
    assert_eq!(
        (&removed["removed"], &removed["removed_bytes"]),
        (&2.into(), &10.into())
    );
    assert_eq!(fate(&removed, &file), ("removed", None));
    assert!(!array.exists() && !file.exists() && object.exists());

    let text = store
        .gc(&["--older-than", "0", "--posix-prefix", &store.prefix])
        .expect(0);
    assert!(text.stdout.contains("removed: 1 file, 3 bytes"), "{text:#?}");
    assert!(!object.exists() && other.exists());
    assert!(store.gc(&[]).expect(0).stdout.contains("there is nothing in"));
}

/// A process that holds a file until its input ends.
fn holder(script: &str, path: &Path) -> Child {
    let mut child = Command::new("python3")
        .args(["-c", script])
        .arg(path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is installed");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "ready\n");
    child
}

#[test]
fn what_somebody_has_open_or_mapped_stays() {
    let store = Store::new("held");
    let (open, mapped) = (store.file("dev-shm_open.npy"), store.file("dev-shm_mapped.npy"));
    let (object, free) = (store.object("mapped"), store.file("dev-shm_free.npy"));
    let wait = "print('ready', flush=True); sys.stdin.read()";
    let opens = format!("import sys; held = open(sys.argv[1], 'rb'); {wait}");
    let maps = format!(
        "import sys, mmap; held = open(sys.argv[1], 'rb'); memory = mmap.mmap(held.fileno(), 0, prot=mmap.PROT_READ); \
         held.close(); {wait}"
    );
    let children = [holder(&opens, &open), holder(&maps, &mapped), holder(&maps, &object)];
    let gc = ["--older-than", "0s", "--posix-prefix", &store.prefix];
    let answer = store.json(&gc);
    for path in [&open, &mapped, &object] {
        assert_eq!(fate(&answer, path), ("kept", Some("it is in use")));
        assert!(path.exists());
    }
    assert!(!free.exists());
    // A process that is killed holds nothing any more.
    for mut child in children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert_eq!(store.json(&gc)["removed"], 3);
}

#[test]
fn what_is_not_the_stores_stays() {
    let store = Store::new("other");
    let elsewhere = store.file("real.txt");
    let link = store.folder.path().join("dev-shm_link.npy");
    std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
    let folder = store.folder.path().join("dev-shm_folder.bin");
    fs::create_dir(&folder).unwrap();
    let twice = store.file("dev-shm_twice.npy");
    fs::hard_link(&twice, store.folder.path().join("second.txt")).unwrap();
    let pipe = store.folder.path().join("dev-shm_pipe.npy");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let others = ["model.bin", "weights.npy", "dev-shm_s-1.txt", "dev-shm.npy"].map(|name| store.file(name));
    let answer = store.json(&["--older-than", "0s"]);
    assert_eq!(answer["removed"], 0);
    assert!(others.iter().all(|path| path.exists()));
    assert_eq!(answer["files"].as_array().unwrap().len(), 4, "{answer:#}");
    for path in [&link, &folder, &twice, &pipe] {
        assert_eq!(fate(&answer, path).0, "kept");
        assert!(path.symlink_metadata().is_ok());
    }

    let real = tempfile::tempdir().unwrap();
    fs::write(real.path().join("dev-shm_s-1.npy"), b"1").unwrap();
    let linked = store.folder.path().join("store");
    std::os::unix::fs::symlink(real.path(), &linked).unwrap();
    let mut command = procvision();
    command.args(["frames", "gc", "--older-than", "0s", "--json"]);
    let error = Answer::of(command.env("PROC_SHM_DIR", &linked)).expect(2).json();
    assert_eq!(error["error"]["code"], "unreadable");
    assert!(File::open(real.path().join("dev-shm_s-1.npy")).is_ok());
}

#[test]
fn what_a_killed_search_had_taken_aside_goes() {
    let store = Store::new("aside");
    let aside = store.file(".procvision-gc-1-2");
    let picture = store.file("dev-shm_s-1.npy");
    let answer = store.json(&["--older-than", "0s"]);
    assert_eq!(answer["removed"], 2, "{answer:#}");
    assert!(!aside.exists() && !picture.exists());
    assert_eq!(store.folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn mistakes_are_answered_before_anything_is_removed() {
    let store = Store::new("mistakes");
    let file = store.file("dev-shm_s-1.npy");
    for arguments in [
        &["--older-than", "soon"][..],
        &["--older-than", "0s", "--posix-prefix", ""],
        &["--older-than", "0s", "--posix-prefix", "a/b"],
        &["--older-than", "0s", "--posix-prefix", ".."],
    ] {
        let answer = store.gc(&[arguments, &["--json"]].concat()).expect(2);
        assert_eq!(answer.json()["error"]["code"], "usage", "{arguments:?}");
    }
    assert!(file.exists());
}

#[test]
fn it_explains_itself() {
    let help = Answer::of(procvision().args(["frames", "gc", "--help"])).expect(0);
    insta::assert_snapshot!("help-frames-gc", help.stdout);
}
