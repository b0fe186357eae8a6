//! Commands, encoded blocks, programs inside data.

use super::{FindingKind, Run};
use std::ops::Range;

/// Most bytes of a command that are shown.
const COMMAND_BYTES: usize = 80;
/// Fewest bytes of a block in Base64, and in hexadecimal.
const BASE64_BYTES: usize = 80;
const HEXADECIMAL_BYTES: usize = 128;

/// What commands begin with, in lower case. A letter before it makes it part of another word.
const COMMANDS: &[&str] = &[
    "/bin/sh",
    "/bin/bash",
    "/dev/tcp/",
    "sh -c",
    "bash -c",
    "bash -i",
    "cmd.exe",
    "cmd /c",
    "powershell",
    "pwsh -",
    "curl -",
    "curl http",
    "wget -",
    "wget http",
    "nc -",
    "ncat -",
    "socat ",
    "chmod +x",
    "chmod 7",
    "rm -rf",
    "sudo ",
    "base64 -d",
    "mkfifo ",
    "nohup ",
    "crontab ",
    "ssh -",
    "scp -",
    "ld_preload",
    "os.system(",
    "os.popen(",
    "subprocess.popen",
    "subprocess.run",
    "subprocess.call",
    "child_process",
    "runtime.exec",
    "eval(atob",
    "eval(base64",
    "<script",
    "javascript:",
    "python -c",
    "python3 -c",
    "perl -e",
    "insmod ",
    "systemctl ",
    "reg add",
    "certutil ",
    "mshta ",
    "rundll32",
    "iptables ",
];

/// Beginnings of programs.
const PROGRAMS: &[(&[u8], &str)] = &[
    (b"\0asm\x01\0\0\0", "WebAssembly module"),
    (b"\0asm\x0d\0\x01\0", "WebAssembly component"),
    (b"\x7fELF\x01\x01\x01", "ELF program"),
    (b"\x7fELF\x01\x02\x01", "ELF program"),
    (b"\x7fELF\x02\x01\x01", "ELF program"),
    (b"\x7fELF\x02\x02\x01", "ELF program"),
    (b"This program cannot be run in DOS mode", "PE program"),
];

type Found = Vec<(FindingKind, Range<usize>)>;

/// Programs inside bytes, the very beginning included.
pub(super) fn programs(bytes: &[u8]) -> impl Iterator<Item = (usize, &'static str)> {
    let starts = bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| matches!(byte, 0 | 0x7f | b'T'));
    starts.filter_map(move |(at, _)| {
        let rest = &bytes[at..];
        let program = PROGRAMS.iter().find(|(beginning, _)| rest.starts_with(beginning));
        program.map(|(_, what)| (at, *what))
    })
}

/// Commands for a shell, and calls that run one.
pub(super) fn commands(run: &Run<'_>) -> Found {
    let mut begins_one = [false; 256];
    for first in COMMANDS.iter().filter_map(|command| command.bytes().next()) {
        begins_one[usize::from(first)] = true;
    }
    let mut found = Found::new();
    let mut done = 0;
    for at in 0..run.text.len() {
        if !begins_one[usize::from(run.text[at].to_ascii_lowercase())] {
            continue;
        }
        let inside = run
            .before(at)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if at < done || (inside && run.text[at] != b'/') {
            continue;
        }
        let rest = &run.text[at..];
        let begins = |command: &str| {
            let beginning = rest.get(..command.len());
            beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(command.as_bytes()))
        };
        if !run.taken[at] && COMMANDS.iter().any(|command| begins(command)) {
            let range = at..run.text.len().min(at + COMMAND_BYTES);
            done = range.end;
            found.push((FindingKind::Command, range));
        }
    }
    found
}

/// Long blocks in Base64 or hexadecimal.
pub(super) fn encoded(run: &Run<'_>) -> Found {
    let mut found = Found::new();
    let of_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=');
    for token in run.tokens(of_base64) {
        if token.len() < BASE64_BYTES || !run.is_free(&token) {
            continue;
        }
        let text = &run.text[token.clone()];
        let hexadecimal = text.iter().all(u8::is_ascii_hexdigit);
        let encoded = if hexadecimal {
            token.len() >= HEXADECIMAL_BYTES && entropy(text) > 3.0
        } else {
            // Words run together have fewer different letters, and no digits among them.
            let has = |class: fn(&u8) -> bool| text.iter().any(class);
            let mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit);
            mixed && entropy(text) > 4.9
        };
        if encoded {
            found.push((FindingKind::Encoded, token));
        }
    }
    found
}

/// Bits of information in a byte, by how often each byte occurs.
fn entropy(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text {
        counts[usize::from(*byte)] += 1;
    }
    let total = text.len() as f64;
    let shares = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total);
    -shares.map(|share| share * share.log2()).sum::<f64>()
}
