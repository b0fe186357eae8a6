//! Changing a valid package so that the checks behind checksums and digests are reached, too: entries are changed,
//! added, dropped and moved, and then checksums and digests are made to agree again, or not.

use super::forge::{DEFLATE, Forged, Header, Part, crc32, zeros};
use super::package::{digests, files, forge, manifest, signature};
use serde_json::{Value, json};

/// Where the decisions come from: a fuzzer's bytes, or a generator's.
pub struct Choices<I>(pub I);

impl<I: Iterator<Item = u8>> Choices<I> {
    /// A number below `most`; zero when there are no bytes left.
    fn below(&mut self, most: usize) -> usize {
        let number = (0..2).fold(0, |number, _| (number << 8) | usize::from(self.0.next().unwrap_or(0)));
        number % most.max(1)
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// True once in `times`.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }
}

/// Numbers at which something may begin to go wrong.
const EDGES: &[u32] = &[
    0,
    1,
    8,
    0x7f,
    0xff,
    0x100,
    0x7fff,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0xffff_fffe,
    0xffff_ffff,
];

const NAMES: &[&[u8]] = &[
    b"",
    b"/",
    b"..",
    b"assets/../x",
    b"assets/x",
    b"assets/X",
    b"assets/a/b",
    b"assets/a",
    b"assets\\x",
    b"C:x",
    b"a\0b",
    b"assets/\xff",
    "assets/ß".as_bytes(),
    b"assets/SS",
    b"component.wasm",
    b"other.wasm",
    b"assets/x.wasm",
    b"manifest.json",
    b"digests.json",
    b"signature.minisig",
    b"sbom.cdx.json",
    b"cases.json",
    b"pictures/a.png",
    b"zz.wasm",
    b"README",
];

const CONTENTS: &[&[u8]] = &[
    b"",
    b"{}",
    b"[]",
    b"null",
    b"\0asm\x01\0\0\0",
    b"PK\x03\x04",
    b"[{\"image\":\"pictures/a.png\"}]",
    b"[{\"image\":\"assets/x\"}]",
    b"\xff\xfe",
    b"1e999",
];

/// A package, changed by the choices.
pub fn archive(choices: &mut Choices<impl Iterator<Item = u8>>) -> Vec<u8> {
    let mut contents = files();
    for _ in 0..choices.below(3) {
        let name = choices.one_of(NAMES).to_vec();
        match choices.below(4) {
            0 => drop(contents.remove(&name)),
            _ => drop(contents.insert(name, choices.one_of(CONTENTS).to_vec())),
        }
    }
    if choices.once_in(3) {
        contents.insert(b"manifest.json".to_vec(), manifest_text(choices));
    }
    if choices.once_in(3) {
        contents.insert(b"pictures/a.png".to_vec(), b"x".to_vec());
        contents.insert(b"cases.json".to_vec(), b"[{\"image\":\"pictures/a.png\"}]".to_vec());
    }
    let mut forged = forge(&contents);
    if choices.once_in(3) {
        forged
            .parts
            .push(Part::stored("signature.minisig", signature().as_bytes()));
    }
    if choices.once_in(4) {
        let text = digests(&contents);
        let at = choices.below(text.len());
        let mut bytes = text.into_bytes();
        bytes[at] = choices.below(256) as u8;
        replace(&mut forged, "digests.json", &bytes);
    }
    for _ in 0..choices.below(3) {
        change(&mut forged, choices);
    }
    let mut bytes = forged.bytes();
    for _ in 0..choices.below(3) {
        damage(&mut bytes, choices);
    }
    bytes
}

fn replace(forged: &mut Forged, name: &str, content: &[u8]) {
    for part in &mut forged.parts {
        if part.name() == name.as_bytes() {
            *part = Part::stored(name, content);
        }
    }
}

/// One change of the archive's structure.
fn change(forged: &mut Forged, choices: &mut Choices<impl Iterator<Item = u8>>) {
    let count = forged.parts.len();
    let at = choices.below(count);
    let edge = *choices.one_of(EDGES);
    match choices.below(12) {
        0 if count > 1 => drop(forged.parts.remove(at)),
        1 => {
            let part = forged.parts[at].clone();
            forged.parts.insert(choices.below(count), part);
        }
        2 => forged.parts.swap(at, choices.below(count)),
        3 => {
            let (length, packed) = zeros(choices.below(9));
            let name = forged.parts[at].name().to_vec();
            forged.parts[at] = Part::deflated(name, &vec![0; length], &packed);
        }
        4 => {
            let part = &mut forged.parts[at];
            let length = part.data.len().max(1);
            let place = choices.below(length);
            part.data.resize(length, 0);
            part.data[place] = choices.below(256) as u8;
            // With the right checksum of what is there now, as far as nothing is packed.
            if choices.once_in(2) {
                let crc = crc32(&part.data);
                part.both(|header| header.crc = crc);
            }
        }
        5 => forged.parts[at].listed = false,
        6 => forged.parts[at].present = false,
        7 => forged.count = Some(edge as u16),
        8 => forged.directory_offset = Some(edge),
        9 => {
            *choices.one_of::<fn(&mut Forged) -> &mut Vec<u8>>(&[
                |forged| &mut forged.prefix,
                |forged| &mut forged.gap,
                |forged| &mut forged.before_end,
                |forged| &mut forged.comment,
                |forged| &mut forged.suffix,
            ])(forged) = choices.one_of(CONTENTS).to_vec()
        }
        _ => {
            let field = choices.below(16);
            let part = &mut forged.parts[at];
            match choices.below(3) {
                0 => set(&mut part.local, field, edge),
                1 => set(&mut part.central, field, edge),
                _ => part.both(|header| set(header, field, edge)),
            }
        }
    }
}

fn set(header: &mut Header, field: usize, value: u32) {
    match field {
        0 => header.made_by = value as u16,
        1 => header.needed = value as u16,
        2 => header.flags ^= value as u16,
        3 => header.method = value as u16,
        4 => header.time = value as u16,
        5 => header.date = value as u16,
        6 => header.crc = value,
        7 => header.packed = value,
        8 => header.bytes = value,
        9 => header.extra = vec![0; value as usize % 9],
        10 => header.comment = vec![0; value as usize % 9],
        11 => header.external = value,
        12 => header.offset = Some(value),
        13 => header.method ^= DEFLATE,
        14 => header.name = NAMES[value as usize % NAMES.len()].to_vec(),
        _ => header.disk = value as u16,
    }
}

/// A change without regard to structure.
fn damage(bytes: &mut Vec<u8>, choices: &mut Choices<impl Iterator<Item = u8>>) {
    if bytes.is_empty() {
        return;
    }
    let at = (choices.below(usize::MAX) << 16 | choices.below(usize::MAX)) % bytes.len();
    match choices.below(4) {
        0 => bytes[at] ^= 1 << choices.below(8),
        1 => bytes.truncate(at),
        2 => bytes.insert(at, choices.below(256) as u8),
        _ => drop(bytes.remove(at)),
    }
}

/// The text of a manifest with a few changes.
pub fn manifest_text(choices: &mut Choices<impl Iterator<Item = u8>>) -> Vec<u8> {
    let mut manifest = manifest();
    let keys: Vec<String> = manifest
        .as_object()
        .into_iter()
        .flat_map(|keys| keys.keys().cloned())
        .collect();
    for _ in 0..choices.below(4) {
        let key = match choices.below(8) {
            0 => "limits".to_owned(),
            1 => "default_config".to_owned(),
            2 => "entry_point".to_owned(),
            _ => choices.one_of(&keys).clone(),
        };
        match choices.below(5) {
            0 => drop(manifest.as_object_mut().and_then(|keys| keys.remove(&key))),
            _ => manifest[key] = value(choices),
        }
    }
    let mut text = manifest.to_string().into_bytes();
    for _ in 0..choices.below(3) {
        damage(&mut text, choices);
    }
    text
}

fn value(choices: &mut Choices<impl Iterator<Item = u8>>) -> Value {
    let values = [
        json!(null),
        json!(1),
        json!(-1),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("a"),
        json!("1.2.3-rc.1+build"),
        json!("../x.wasm"),
        json!("lib/other.wasm"),
        json!(["A01", "A02"]),
        json!(["A01", "A01"]),
        json!([]),
        json!({}),
        json!({"A01": {"layout": "assets/x"}}),
        json!({"A01": {"layout": "assets/../x"}}),
        json!({"memory_bytes": 1}),
        json!({"memory_bytes": -1}),
        json!("a".repeat(300)),
        json!("\u{202e}\u{0}"),
    ];
    choices.one_of(&values).clone()
}
