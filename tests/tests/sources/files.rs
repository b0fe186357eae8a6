//! What others can do to files while, or before, they are read.

use super::backend::{FileBackend, meta};
use super::checks::{pixels, refused};
use super::picture::Picture;
use procvision_host::frame::PixelFormat;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

const HUGE: u64 = 64 << 30;

/// The most memory this process has had, in KiB.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("it can be read");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.expect("the kernel says it")
}

pub fn a_huge_file_takes_no_memory<B: FileBackend>() {
    let mut backend = B::new();
    let picture = Picture::new(40, 30, 5);
    for form in B::FORMS.iter().copied() {
        let id = backend.put("huge", form, &picture);
        let file = OpenOptions::new().write(true).open(backend.path("huge"));
        let file = file.expect("it was just written");
        file.set_len(HUGE).expect("a file may have holes");
        refused(backend.sources().open(&id, &meta(form, picture.size(form))));
        refused(backend.sources().open(&id, &Default::default()));
        // Without a beginning that says anything.
        file.set_len(0).expect("it can be emptied");
        file.set_len(HUGE).expect("a file may have holes");
        refused(backend.sources().open(&id, &meta(form, picture.size(form))));
    }
    assert!(peak_memory() < (HUGE >> 10) / 16, "{} KiB", peak_memory());
}

pub fn only_plain_files_are_read<B: FileBackend>() {
    let backend = B::new();
    let meta = meta(B::FORMS[0], (7, 5));
    let made = Command::new("mkfifo").arg(backend.path("pipe")).status();
    assert!(made.expect("mkfifo can be started").success());
    fs::create_dir(backend.path("folder")).expect("it can be made");
    let listener = UnixListener::bind(backend.path("socket")).expect("it can be made");
    for name in ["pipe", "folder", "socket"] {
        let sentence = refused(backend.sources().open(&backend.id(name), &meta));
        let said = ["a pipe", "a folder", "a socket", "is not a file"];
        assert!(said.iter().any(|said| sentence.contains(said)), "{name}: {sentence}");
    }
    drop(listener);
}

pub fn links_are_not_followed<B: FileBackend>() {
    let mut backend = B::new();
    let picture = Picture::new(40, 30, 6);
    let form = B::FORMS[0];
    let meta = meta(form, picture.size(form));
    backend.put("real", form, &picture);
    symlink(backend.path("real"), backend.path("link")).expect("a link can be made");
    symlink("/nowhere/at/all", backend.path("dangling")).expect("a link can be made");
    symlink(backend.path("ring"), backend.path("ring")).expect("a link can be made");
    symlink("/dev/zero", backend.path("device")).expect("a link can be made");
    for name in ["dangling", "ring", "device"] {
        refused(backend.sources().open(&backend.id(name), &meta));
    }
    fs::hard_link(backend.path("real"), backend.path("second")).expect("a name can be added");
    for name in ["link", "second"] {
        let opened = backend.sources().open(&backend.id(name), &meta);
        match B::FOLLOWS_LINKS {
            true => assert!(opened.is_ok(), "{name}"),
            false => _ = refused(opened),
        }
    }
}

pub fn what_may_not_be_read_is_1002<B: FileBackend>() {
    let mut backend = B::new();
    let picture = Picture::new(7, 5, 7);
    let form = B::FORMS[0];
    let id = backend.put("private", form, &picture);
    fs::set_permissions(backend.path("private"), Permissions::from_mode(0o000)).expect("it is ours");
    // Nobody keeps the superuser from reading.
    if File::open(backend.path("private")).is_err() {
        refused(backend.sources().open(&id, &meta(form, picture.size(form))));
    }
    let writable = Permissions::from_mode(0o600);
    fs::set_permissions(backend.path("private"), writable).expect("it is ours");
    assert!(backend.sources().open(&id, &meta(form, picture.size(form))).is_ok());
}

pub fn cutting_off_meanwhile<B: FileBackend>() {
    let mut backend = B::new();
    let picture = Picture::new(320, 240, 8);
    for form in B::FORMS.iter().copied() {
        let id = backend.put("restless", form, &picture);
        let meta = meta(form, picture.size(form));
        let (bytes, path) = (backend.bytes(form, &picture), backend.path("restless"));
        let expected = picture.expected(form, PixelFormat::RGB8);
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut rounds = 0_usize;
                // At least once, however late this thread gets to run.
                loop {
                    // Empties it, then writes it in parts.
                    let mut file = File::create(&path).expect("it is ours");
                    let (one, other) = bytes.split_at(rounds % bytes.len());
                    file.write_all(one)
                        .and_then(|()| file.write_all(other))
                        .expect("it is ours");
                    rounds += 1;
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                }
            });
            for _ in 0..1_000 {
                match backend.sources().open(&id, &meta) {
                    Ok(frame) => assert!(pixels(&frame, PixelFormat::RGB8) == expected, "{form:?}"),
                    opened => _ = refused(opened),
                }
            }
            stop.store(true, Ordering::Relaxed);
            writer.join().expect("it does not panic");
        });
        let frame = backend.sources().open(&id, &meta).expect("it is whole again");
        assert!(pixels(&frame, PixelFormat::RGB8) == expected);
    }
}
