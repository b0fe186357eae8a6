//! Text that names files.

use super::{FindingKind, Run};
use std::ops::Range;

/// Most bytes of a path that are looked at.
const PATH_BYTES: usize = 300;

/// Beginnings of paths that belong to a system or to its users.
const SYSTEM: &[&str] = &[
    "/etc/", "/proc/", "/dev/", "/sys/", "/root/", "/home/", "/Users/", "/var/", "/tmp/", "/usr/", "/bin/", "/sbin/",
    "/opt/", "/run/", "/mnt/", "/media/", "/boot/", "/lib/", "~/",
];

type Found = Vec<(FindingKind, Range<usize>)>;

fn is_of_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-' | b'+' | b'~' | b'@' | b'=' | b'%')
}

fn is_of_windows_path(byte: u8) -> bool {
    is_of_path(byte) || matches!(byte, b'\\' | b':' | b'$')
}

/// Paths of source code in Rust.
pub(super) fn sources(run: &Run<'_>) -> Found {
    let mut found = Found::new();
    let mut done = 0;
    for dot in run.find_all(b".rs") {
        if dot < done {
            continue;
        }
        let start = run.start(dot, PATH_BYTES.min(dot - done), is_of_windows_path);
        let range = start..dot + 3;
        let slashes = run.text[range.clone()].iter().any(|byte| matches!(byte, b'/' | b'\\'));
        if slashes && start < dot && run.is_free(&range) {
            done = range.end;
            found.push((FindingKind::BuildTrace, range));
        }
    }
    found
}

/// Other paths from a root.
pub(super) fn absolute(run: &Run<'_>) -> Found {
    let mut found = Found::new();
    let mut done = 0;
    for at in 0..run.text.len() {
        if at < done || run.taken[at] {
            continue;
        }
        let Some(range) = beginning_at(run, at) else { continue };
        let kind = kind_of(&run.text[range.clone()]);
        if run.is_free(&range) {
            done = range.end;
            found.push((kind, range));
        }
    }
    found
}

/// The path that begins at `at`, if one does.
fn beginning_at(run: &Run<'_>, at: usize) -> Option<Range<usize>> {
    let rest = &run.text[at..];
    let system = match rest.first()? {
        b'/' | b'~' => SYSTEM.iter().any(|beginning| rest.starts_with(beginning.as_bytes())),
        letter if letter.is_ascii_alphabetic() => {
            // A drive: one letter, alone.
            let alone = !run.before(at).is_some_and(|byte| byte.is_ascii_alphanumeric());
            if !alone || rest.get(1..3) != Some(b":\\") {
                return None;
            }
            let end = run.end(at, PATH_BYTES, is_of_windows_path);
            return (end > at + 3).then_some(at..end);
        }
        b'\\' => {
            // A share of another machine.
            let name = rest.get(2).is_some_and(u8::is_ascii_alphanumeric);
            if run.before(at) == Some(b'\\') || !rest.starts_with(b"\\\\") || !name {
                return None;
            }
            let end = run.end(at, PATH_BYTES, is_of_windows_path);
            let parts = run.text[at + 2..end]
                .split(|byte| *byte == b'\\')
                .filter(|part| !part.is_empty());
            return (parts.count() >= 2).then_some(at..end);
        }
        _ => return None,
    };
    // Anything may stand before the name of a system's folder; other paths stand alone and have several parts.
    let beside = |byte| is_of_path(byte) || matches!(byte, b')' | b'}' | b']' | b':' | b'<');
    let alone = !run.before(at).is_some_and(beside);
    if !system && (!alone || rest.starts_with(b"~")) {
        return None;
    }
    let mut end = run.end(at, PATH_BYTES, is_of_path);
    while end > at + 1 && matches!(run.text[end - 1], b'.' | b'-' | b'=') {
        end -= 1;
    }
    let mut parts = run.text[at..end]
        .split(|byte| *byte == b'/')
        .filter(|part| !part.is_empty());
    let named = parts.clone().all(|part| part.iter().any(u8::is_ascii_alphanumeric)) && parts.nth(1).is_some();
    let longer = run.text[at..end].len() > 5;
    (named && (system || longer)).then_some(at..end)
}

fn kind_of(path: &[u8]) -> FindingKind {
    let text = String::from_utf8_lossy(path);
    let toolchain = [
        "/rustc/",
        "/.cargo/registry/",
        "/.rustup/",
        "/library/std/src",
        "/library/core/src",
    ];
    if toolchain.iter().any(|part| text.contains(part)) {
        FindingKind::BuildTrace
    } else if SYSTEM.iter().any(|beginning| text.starts_with(beginning)) || !text.starts_with('/') {
        FindingKind::SystemPath
    } else {
        FindingKind::Path
    }
}

/// The crate and version in the path of a source file from a registry: `…/registry/src/<index>/<name>-<version>/…`.
pub(super) fn crate_of(path: &str) -> Option<(String, String)> {
    let (_, rest) = path.split_once("registry/src/")?;
    let mut parts = rest.split('/');
    let folder = parts.nth(1)?;
    let (name, version) = folder
        .match_indices('-')
        .map(|(at, _)| (&folder[..at], &folder[at + 1..]))
        .find(|(_, version)| semver::Version::parse(version).is_ok())?;
    (!name.is_empty()).then(|| (name.to_owned(), version.to_owned()))
}
