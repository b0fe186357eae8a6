//! Text in a component's initial memory, in assets and in the manifest that a reviewer should have seen: addresses,
//! commands, paths, encoded blocks, programs inside data.
//!
//! An algorithm can reach none of what they name; they tell what its author had in mind, or which library came along.
//! What is computed or encrypted cannot be found. Every scan is one pass, every list is bounded.

mod hosts;
mod paths;
mod runs;
mod words;

use super::content::ContentKind;
use crate::imports::cut;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Fewest letters of a stretch of text that is looked at, among other text.
const SHORTEST: usize = 6;
/// The same among bytes that are no text: a picture of a megabyte has dozens of shorter ones by chance.
const SHORTEST_AMONG_BYTES: usize = 16;
/// Most findings of one kind; what is beyond is counted.
const PER_KIND: usize = 100;
/// Most bytes of a finding that are shown.
const SHOWN_BYTES: usize = 160;
/// Most crates that are remembered.
const CRATES: usize = 1_000;

/// What a piece of text looks like, the most telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A command for a shell, or a call that runs one.
    Command,
    /// The beginning of a program inside data: WebAssembly, ELF or PE.
    Program,
    /// A URL of whatever scheme.
    Url,
    /// An IP address.
    Address,
    /// An e-mail address.
    Email,
    /// A host name.
    Host,
    /// A path that belongs to a system or its users, such as `/etc/passwd`.
    SystemPath,
    /// A long block in Base64 or hexadecimal.
    Encoded,
    /// Another absolute path.
    Path,
    /// A path of source code, which compilers leave behind for messages of panics.
    BuildTrace,
}

impl FindingKind {
    /// The kind in words, of several.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Command => "shell commands",
            Self::Program => "programs inside data",
            Self::Url => "URLs",
            Self::Address => "IP addresses",
            Self::Email => "e-mail addresses",
            Self::Host => "host names",
            Self::SystemPath => "system paths",
            Self::Encoded => "encoded blocks",
            Self::Path => "other paths",
            Self::BuildTrace => "build traces",
        }
    }

    /// Whether a reviewer should ask what it is for.
    pub const fn wants_an_answer(self) -> bool {
        !matches!(self, Self::Path | Self::BuildTrace)
    }
}

/// How text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// A byte for each letter.
    Ascii,
    /// Two bytes for each letter, the lower first.
    Utf16,
}

/// A piece of text that a reviewer should have seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it looks like.
    pub kind: FindingKind,
    /// The text, cut.
    pub text: String,
    /// Where it was found first, such as `module 0, segment 3`, or the name of a file.
    pub place: String,
    /// At which byte of the component, or of the file, it begins.
    pub offset: u64,
    /// How it is written.
    pub encoding: Encoding,
    /// How often it was found.
    pub count: u64,
}

/// What was found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Findings {
    /// Each text once, the most telling first.
    pub list: Vec<Finding>,
    /// How many more were found, by kind.
    pub more: BTreeMap<FindingKind, u64>,
    /// How many bytes were searched.
    pub scanned_bytes: u64,
    /// Crates that build traces name, each with its version.
    pub crates: BTreeSet<(String, String)>,
}

impl Findings {
    /// Findings of one kind.
    pub fn of(&self, kind: FindingKind) -> impl Iterator<Item = &Finding> {
        self.list.iter().filter(move |finding| finding.kind == kind)
    }

    /// How many different texts of one kind were found, at least.
    pub fn count(&self, kind: FindingKind) -> u64 {
        self.of(kind).count() as u64 + self.more.get(&kind).copied().unwrap_or(0)
    }
}

/// A search in progress.
#[derive(Default)]
pub struct Search {
    known: BTreeMap<(FindingKind, String), Finding>,
    kept: BTreeMap<FindingKind, usize>,
    more: BTreeMap<FindingKind, u64>,
    scanned_bytes: u64,
    crates: BTreeSet<(String, String)>,
}

/// A piece of printable text, and what of it is explained already.
struct Run<'a> {
    text: &'a [u8],
    taken: Vec<bool>,
}

impl Search {
    /// Searches `bytes`, which begin at `offset` of what `place` names. They are a program's memory, or text.
    pub fn look(&mut self, place: &str, offset: u64, bytes: &[u8]) {
        self.search(place, offset, bytes, SHORTEST);
    }

    /// Searches the content of a file.
    pub fn look_into_file(&mut self, place: &str, kind: ContentKind, bytes: &[u8]) {
        let shortest = if kind.is_text() { SHORTEST } else { SHORTEST_AMONG_BYTES };
        self.search(place, 0, bytes, shortest);
    }

    fn search(&mut self, place: &str, offset: u64, bytes: &[u8], shortest: usize) {
        self.scanned_bytes = self.scanned_bytes.saturating_add(bytes.len() as u64);
        for (at, what) in words::programs(bytes) {
            self.add(FindingKind::Program, what, place, offset + at as u64, Encoding::Ascii);
        }
        for range in runs::ascii(bytes, shortest) {
            let start = offset + range.start as u64;
            self.look_at_run(&bytes[range], Encoding::Ascii, place, |at| start + at as u64);
        }
        for (start, text) in runs::utf16(bytes, shortest) {
            let start = offset + start as u64;
            self.look_at_run(&text, Encoding::Utf16, place, |at| start + 2 * at as u64);
        }
    }

    fn look_at_run(&mut self, text: &[u8], encoding: Encoding, place: &str, offset: impl Fn(usize) -> u64) {
        let mut run = Run {
            text,
            taken: vec![false; text.len()],
        };
        // What explains more of a text comes first: a host name within a URL is no finding of its own.
        type Scan = fn(&Run<'_>) -> Vec<(FindingKind, Range<usize>)>;
        let scans: [Scan; 8] = [
            hosts::urls,
            paths::sources,
            words::commands,
            hosts::emails,
            hosts::addresses,
            paths::absolute,
            hosts::names,
            words::encoded,
        ];
        for scan in scans {
            let found = scan(&run);
            self.take(&mut run, found, encoding, place, &offset);
        }
    }

    fn take(
        &mut self,
        run: &mut Run<'_>,
        found: Vec<(FindingKind, Range<usize>)>,
        encoding: Encoding,
        place: &str,
        offset: &impl Fn(usize) -> u64,
    ) {
        for (kind, range) in found {
            let text = String::from_utf8_lossy(&run.text[range.clone()]).into_owned();
            if kind == FindingKind::BuildTrace
                && self.crates.len() < CRATES
                && let Some(named) = paths::crate_of(&text)
            {
                self.crates.insert(named);
            }
            self.add(kind, &text, place, offset(range.start), encoding);
            run.taken[range].fill(true);
        }
    }

    fn add(&mut self, kind: FindingKind, text: &str, place: &str, offset: u64, encoding: Encoding) {
        let text = cut(text.to_owned(), SHOWN_BYTES);
        let key = (kind, text);
        if let Some(known) = self.known.get_mut(&key) {
            known.count = known.count.saturating_add(1);
            return;
        }
        let kept = self.kept.entry(kind).or_default();
        if *kept >= PER_KIND {
            let more = self.more.entry(kind).or_default();
            *more = more.saturating_add(1);
            return;
        }
        *kept += 1;
        let finding = Finding {
            kind,
            text: key.1.clone(),
            place: place.to_owned(),
            offset,
            encoding,
            count: 1,
        };
        self.known.insert(key, finding);
    }

    /// What was found: by kind, then in the order of the first places.
    pub fn finish(self) -> Findings {
        Findings {
            list: self.known.into_values().collect(),
            more: self.more,
            scanned_bytes: self.scanned_bytes,
            crates: self.crates,
        }
    }
}

impl Run<'_> {
    /// Whether nothing has explained these bytes yet.
    fn is_free(&self, range: &Range<usize>) -> bool {
        self.taken[range.clone()].iter().all(|taken| !taken)
    }

    /// Where the stretch of bytes that fit, and end before `at`, begins.
    fn start(&self, at: usize, reach: usize, fits: impl Fn(u8) -> bool) -> usize {
        let before = self.text[..at].iter().rev().take(reach);
        at - before.take_while(|byte| fits(**byte)).count()
    }

    /// Where the stretch of bytes that fit, and begin at `at`, ends.
    fn end(&self, at: usize, reach: usize, fits: impl Fn(u8) -> bool) -> usize {
        let after = self.text[at..].iter().take(reach);
        at + after.take_while(|byte| fits(**byte)).count()
    }

    /// The stretches of bytes that fit.
    fn tokens(&self, fits: impl Fn(u8) -> bool) -> Vec<Range<usize>> {
        let mut tokens = Vec::new();
        let mut at = 0;
        while at < self.text.len() {
            let end = self.end(at, usize::MAX, &fits);
            if end > at {
                tokens.push(at..end);
            }
            at = end + 1;
        }
        tokens
    }

    /// Where `needle` occurs.
    fn find_all(&self, needle: &[u8]) -> Vec<usize> {
        let windows = self.text.windows(needle.len()).enumerate();
        windows
            .filter(|(_, window)| *window == needle)
            .map(|(at, _)| at)
            .collect()
    }

    /// The byte before `at`.
    fn before(&self, at: usize) -> Option<u8> {
        at.checked_sub(1).and_then(|at| self.text.get(at)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> Vec<(FindingKind, String)> {
        let mut search = Search::default();
        search.look("here", 0, bytes);
        let list = search.finish().list.into_iter();
        list.map(|finding| (finding.kind, finding.text)).collect()
    }

    #[track_caller]
    fn finds(text: &str, kind: FindingKind, expected: &str) {
        assert_eq!(found(text.as_bytes()), [(kind, expected.to_owned())], "{text}");
    }

    #[test]
    fn what_looks_like_something_is_told() {
        use FindingKind::*;
        // Strings of Rust programs stand side by side, without anything between them.
        finds(
            "no such stephttp://evil.example/x?y=1 and",
            Url,
            "http://evil.example/x?y=1",
        );
        finds("send to mqtt+tls://broker:8883\"", Url, "mqtt+tls://broker:8883");
        finds("connect 10.1.2.3:8080 failed", Address, "10.1.2.3:8080");
        // Numbers of other strings stand right beside it.
        finds("wasi127.0.0.1:0127", Address, "127.0.0.1:0");
        finds("listen on [fe80::1:2]:80", Address, "fe80::1:2");
        finds(
            "write to kim.lee@plant.example.com.",
            Email,
            "kim.lee@plant.example.com",
        );
        finds("update.vendor.io", Host, "update.vendor.io");
        finds("cannot open /etc/passwd", SystemPath, "/etc/passwd");
        finds("open C:\\Users\\kim\\a.txt now", SystemPath, "C:\\Users\\kim\\a.txt");
        finds("look in /data/models/best.bin", Path, "/data/models/best.bin");
        finds("run sh -c 'id'", Command, "sh -c 'id'");
        finds(
            "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/path.rs",
            BuildTrace,
            "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/path.rs",
        );
        finds(
            "guest-sdk/src/params.rsslice index",
            BuildTrace,
            "guest-sdk/src/params.rs",
        );
    }

    #[test]
    fn ordinary_text_is_not() {
        for text in [
            "a formatting trait implementation returned an error",
            "procvision:algorithm/imaging@1.0.0[method]image-set.read",
            "wasi:io/streams@0.2.6",
            "core::fmt::Display",
            "called `Option::unwrap()` on a `None` value",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
            "0123456789abcdefABCDEF0123456789",
            "InvalidInputNotFoundPermissionDeniedConnectionRefusedConnectionResetHostUnreachableNetworkUnreachable",
            "1.2.3 and 1.2.3.4.5 and 300.1.1.1",
            "main.rs? no: a/b/c",
        ] {
            let other: Vec<_> = found(text.as_bytes())
                .into_iter()
                .filter(|(kind, _)| *kind != FindingKind::BuildTrace)
                .collect();
            assert_eq!(other, [], "{text}");
        }
    }

    #[test]
    fn encoded_blocks_are_told_by_how_mixed_they_are() {
        let block: String = (0..120_u32)
            .map(|number| {
                let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
                char::from(letters[(number.wrapping_mul(2_654_435_761) >> 26) as usize])
            })
            .collect();
        finds(&block, FindingKind::Encoded, &block);
    }

    #[test]
    fn text_of_two_bytes_a_letter_is_read_too() {
        let bytes: Vec<u8> = "\u{1}https://evil.example/\u{1}"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let mut search = Search::default();
        search.look("here", 100, &bytes);
        let findings = search.finish();
        let [finding] = findings.list.as_slice() else {
            panic!("{findings:?}")
        };
        assert_eq!(finding.text, "https://evil.example/");
        assert_eq!((finding.encoding, finding.offset), (Encoding::Utf16, 102));
    }

    #[test]
    fn programs_inside_data_are_found() {
        let bytes = [b"....\0asm\x01\0\0\0....".as_slice(), b"\x7fELF\x02\x01\x01"].concat();
        let texts: Vec<String> = found(&bytes).into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, ["ELF program", "WebAssembly module"]);
    }

    #[test]
    fn repeated_and_many_findings_stay_bounded() {
        let mut search = Search::default();
        for number in 0..10_000 {
            search.look(
                "here",
                0,
                format!("http://host{number}.example/ http://same.example/").as_bytes(),
            );
        }
        let findings = search.finish();
        assert_eq!(findings.list.len(), PER_KIND);
        assert_eq!(findings.more[&FindingKind::Url], 10_000 - (PER_KIND as u64 - 1));
        let same = findings.list.iter().find(|finding| finding.text.contains("same"));
        assert_eq!(same.map(|finding| finding.count), Some(10_000));
    }

    /// Text made to send each scan back and forth.
    #[test]
    fn work_grows_with_the_size_only() {
        for piece in ["a@", "://", "a.", "1.", "/etc", "::1", ".rs", "sh -c", "A1"] {
            let text = piece.repeat(4 * 1024 * 1024 / piece.len());
            let mut search = Search::default();
            search.look("here", 0, text.as_bytes());
            assert_eq!(search.finish().scanned_bytes, text.len() as u64);
        }
    }

    #[test]
    fn chance_among_bytes_is_not_text() {
        let pixels = b"\x01~pMO/u\x02a@b.cc\x03C:\\x1\xff";
        let mut search = Search::default();
        search.look_into_file("a.png", ContentKind::Image, pixels);
        search.look_into_file("b.png", ContentKind::Image, b"\x01comment: http://evil.example/\x02");
        let texts: Vec<String> = search.finish().list.into_iter().map(|finding| finding.text).collect();
        assert_eq!(texts, ["http://evil.example/"]);
    }

    #[test]
    fn crates_are_known_from_their_traces() {
        let text = "/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/serde_json-1.0.140/src/de.rs";
        let mut search = Search::default();
        search.look("here", 0, text.as_bytes());
        let crates: Vec<_> = search.finish().crates.into_iter().collect();
        assert_eq!(crates, [("serde_json".to_owned(), "1.0.140".to_owned())]);
    }
}
