//! The hostile archives, each with a name.

use crate::fuzz::forge::{DEFLATE, Forged, Header, Part, UTF8, zeros};
use crate::fuzz::package::{changed, digests, files, forge, manifest, signature, with, with_manifest, without};
use serde_json::json;

/// An attack: what it is called, and the bytes of the archive.
pub struct Attack {
    pub name: &'static str,
    pub bytes: Vec<u8>,
}

/// All of them, in the order in which the documentation lists them.
pub fn all() -> Vec<Attack> {
    let groups = [
        names(),
        kinds(),
        collisions(),
        places(),
        bombs(),
        sizes(),
        fields(),
        disagreements(),
        ends(),
        members(),
        digest_lists(),
        manifests(),
        code(),
        pictures(),
        signatures(),
    ];
    groups.into_iter().flatten().collect()
}

fn attack(name: &'static str, bytes: Vec<u8>) -> Attack {
    Attack { name, bytes }
}

/// The small package with another file of this name.
fn named(attack_name: &'static str, name: impl AsRef<[u8]>) -> Attack {
    attack(attack_name, forge(&with(name, "evil")).bytes())
}

/// The small package with a change in both headers of its asset.
fn asset(name: &'static str, change: impl Fn(&mut Header)) -> Attack {
    attack(name, changed(|forged| forged.part("assets/layout.json").both(change)))
}

fn names() -> Vec<Attack> {
    vec![
        named("zip slip with `..`", "assets/../../evil"),
        named("zip slip that is all `..`", "../../../../../../tmp/evil"),
        named("absolute path", "/tmp/evil"),
        named("drive", "C:/evil"),
        named("backslashes", "assets\\..\\..\\evil"),
        named("network share", "\\\\server\\share\\evil"),
        named("alternate stream", "assets/layout.json:evil"),
        named("name that is not UTF-8", b"assets/\xff\xfe"),
        named("overlong UTF-8 for `..`", b"assets/\xc0\xae\xc0\xae/evil"),
        named("NUL in a name", "assets/evil\0.json"),
        named("control characters in a name", "assets/\u{1b}[2Jevil"),
        named("text turned around in a name", "assets/\u{202e}nosj.live"),
        named("character that other systems read otherwise", "assets/evil?"),
        named("dot at the end of a name", "assets/evil."),
        named("empty part in a name", "assets//evil"),
        named("part `.` in a name", "./assets/evil"),
        named("no name", ""),
        named("name without end", "assets/".to_owned() + &"a".repeat(60_000)),
        named("folders without end", "assets/".to_owned() + &"a/".repeat(100) + "evil"),
        named("folder entry", "assets/evil/"),
    ]
}

fn kinds() -> Vec<Attack> {
    let mode = |name, mode: u32| asset(name, move |header| header.external = mode << 16);
    vec![
        mode("symbolic link", 0o120_777),
        mode("folder by its mode", 0o040_755),
        mode("character device", 0o020_666),
        mode("block device", 0o060_660),
        mode("pipe", 0o010_644),
        mode("socket", 0o140_755),
        mode("file that runs as its owner", 0o104_755),
        mode("no kind of file", 0),
        asset("folder by its DOS attribute", |header| header.external |= 0x10),
    ]
}

fn collisions() -> Vec<Attack> {
    let twice = |name: &'static str| {
        changed(|forged| {
            let at = forged
                .parts
                .iter()
                .position(|part| part.name() == name.as_bytes())
                .unwrap();
            let mut second = Part::stored(name, b"evil");
            second.central.offset = None;
            forged.parts.insert(at + 1, second);
        })
    };
    vec![
        attack("same name twice", twice("assets/layout.json")),
        attack("manifest twice", twice("manifest.json")),
        attack(
            "manifest twice, once without a directory record",
            changed(|forged| {
                let mut hidden = forged.part("manifest.json").clone();
                hidden.listed = false;
                forged.parts.push(hidden);
            }),
        ),
        named("names differing in case", "assets/LAYOUT.json"),
        attack("names differing in case, beyond ASCII", {
            let mut files = with("assets/stra\u{df}e", "1");
            files.insert("assets/STRASSE".into(), b"2".to_vec());
            forge(&files).bytes()
        }),
        named("folders differing in case", "Assets/evil"),
        named("file that is also a folder", "assets/layout.json/evil"),
        attack("entries in another order", changed(|forged| forged.parts.swap(0, 1))),
    ]
}

fn places() -> Vec<Attack> {
    vec![
        attack(
            "two entries with one content",
            changed(|forged| forged.parts[1].central.offset = Some(0)),
        ),
        attack(
            "overlapping entries",
            changed(|forged| {
                // The first content goes on over the header of the second entry.
                let part = &mut forged.parts[0];
                let more = part.central.bytes + 40;
                part.both(|header| (header.bytes, header.packed) = (more, more));
            }),
        ),
        attack(
            "entry inside the directory",
            changed(|forged| {
                let part = forged.parts.last_mut().unwrap();
                part.both(|header| (header.bytes, header.packed) = (5_000, 5_000));
            }),
        ),
        attack(
            "place past the end",
            changed(|forged| forged.parts[0].central.offset = Some(0x7fff_ffff)),
        ),
        attack(
            "bytes between entries",
            changed(|forged| {
                let mut hidden = Part::stored("hidden", b"evil");
                hidden.listed = false;
                forged.parts.insert(1, hidden);
            }),
        ),
        attack(
            "bytes before the directory",
            changed(|forged| forged.gap = b"hidden".to_vec()),
        ),
        attack(
            "bytes after the directory",
            changed(|forged| forged.before_end = b"hidden".to_vec()),
        ),
        attack(
            "program before the archive",
            changed(|forged| forged.prefix = b"#!/bin/sh\nevil\n".to_vec()),
        ),
        attack(
            "bytes before the archive that look like it",
            changed(|forged| forged.prefix = b"PK\x03\x04 hidden".to_vec()),
        ),
    ]
}

fn bombs() -> Vec<Attack> {
    let (length, packed) = zeros(40_000);
    let content = vec![0; length];
    let bomb = |name: &'static str, content: &[u8], packed: &[u8]| {
        let part = Part::deflated(name, content, packed);
        let mut forged = forge(&with(name, content));
        *forged.part(name) = part;
        forged
    };
    vec![
        attack("bomb by ratio", bomb("assets/zeros", &content, &packed).bytes()),
        attack("bomb of which a small size is declared", {
            let mut forged = bomb("assets/zeros", &content, &packed);
            let small = packed.len() as u32 * 50;
            forged.part("assets/zeros").both(|header| header.bytes = small);
            forged.bytes()
        }),
        attack("bomb in a bomb", {
            // An archive of zeros, packed well once more.
            let inner = Forged {
                parts: vec![Part::stored("zeros", &content)],
                ..Forged::default()
            };
            let mut forged = bomb("assets/inner.zip", &inner.bytes(), &packed);
            forged
                .part("assets/inner.zip")
                .both(|header| header.bytes = length as u32 + 100);
            forged.bytes()
        }),
        named("archive in the archive", "inner.zip"),
        attack("bomb by count", {
            let mut files = files();
            files.extend((0..60_000).map(|number| (format!("assets/{number:05}").into_bytes(), Vec::new())));
            forge(&files).bytes()
        }),
        attack("more entries than a package has", {
            let mut files = files();
            files.extend((0..1_100).map(|number| (format!("pictures/{number:05}").into_bytes(), Vec::new())));
            forge(&files).bytes()
        }),
        attack("more assets than a package has", {
            let mut files = files();
            files.extend((0..300).map(|number| (format!("assets/{number:05}").into_bytes(), Vec::new())));
            forge(&files).bytes()
        }),
        asset("contents that are larger than a package's", |header| {
            (header.method, header.packed, header.bytes) = (DEFLATE, 30 << 20, 2 << 30);
        }),
    ]
}

fn sizes() -> Vec<Attack> {
    let (length, packed) = zeros(1);
    let content = vec![0; length];
    let deflated = |change: &dyn Fn(&mut Part)| {
        let mut part = Part::deflated("assets/zeros", &content, &packed);
        change(&mut part);
        let mut forged = forge(&with("assets/zeros", &content));
        *forged.part("assets/zeros") = part;
        forged.bytes()
    };
    let longer = |packed: &[u8], extra: &[u8]| [packed, extra].concat();
    vec![
        attack(
            "content shorter than declared",
            deflated(&|part| part.both(|header| header.bytes += 1)),
        ),
        attack(
            "content longer than declared",
            deflated(&|part| part.both(|header| header.bytes -= 1)),
        ),
        attack(
            "bytes after the last packed block",
            deflated(&|part| {
                part.data = longer(&packed, b"hidden");
                part.both(|header| header.packed += 6);
            }),
        ),
        attack(
            "packed content without an end",
            deflated(&|part| {
                part.data.pop();
                part.both(|header| header.packed -= 1);
            }),
        ),
        attack("packed content that is none", deflated(&|part| part.data.fill(0xff))),
        attack("CRC wrong", deflated(&|part| part.both(|header| header.crc ^= 1))),
        asset("CRC wrong, stored", |header| header.crc ^= 0x8000_0000),
        asset("stored with two sizes", |header| header.bytes += 1),
        asset("packed by a method that nobody reads", |header| header.method = 99),
        asset("packed by bzip2", |header| header.method = 12),
        attack("deflated for nothing", {
            let mut forged = forge(&with("assets/zeros", b"\0"));
            *forged.part("assets/zeros") = Part::deflated("assets/zeros", b"\0", &zeros(0).1);
            forged.bytes()
        }),
        attack(
            "bill of materials of 20 MB",
            forge(&with("sbom.cdx.json", vec![b' '; 20 << 20])).bytes(),
        ),
    ]
}

fn fields() -> Vec<Attack> {
    vec![
        asset("encrypted", |header| header.flags |= 1),
        asset("strongly encrypted", |header| header.flags |= 0x40),
        asset("encrypted directory", |header| header.flags |= 0x2000),
        asset("data descriptor", |header| header.flags |= 8),
        asset("name not said to be UTF-8", |header| header.flags &= !UTF8),
        asset("other flags", |header| header.flags |= 2),
        asset("wrong time", |header| header.time = 0x6000),
        asset("wrong date", |header| header.date = 0x5b79),
        asset("extra field", |header| {
            header.extra = b"\x55\x54\x05\0\x03abcd".to_vec()
        }),
        attack(
            "extra field in the local header only",
            changed(|forged| forged.parts[0].local.extra = b"\x55\x54\0\0".to_vec()),
        ),
        attack(
            "name in an extra field",
            changed(|forged| {
                let extra = [b"\x75\x70\x0c\0\x01".as_slice(), &[0; 4], b"../evil"].concat();
                forged.parts[0].central.extra = extra;
            }),
        ),
        attack(
            "comment of an entry",
            changed(|forged| forged.parts[0].central.comment = b"hidden".to_vec()),
        ),
        attack(
            "made by another system",
            changed(|forged| forged.parts[0].central.made_by = 0x0014),
        ),
        asset("needs a newer version", |header| header.needed = 45),
        attack(
            "said to be text",
            changed(|forged| forged.parts[0].central.internal = 1),
        ),
        attack("on another disk", changed(|forged| forged.parts[0].central.disk = 1)),
    ]
}

fn disagreements() -> Vec<Attack> {
    let local = |name, change: fn(&mut Header)| {
        attack(
            name,
            changed(|forged| change(&mut forged.part("assets/layout.json").local)),
        )
    };
    vec![
        local("another name in the local header", |header| header.name[0] = b'b'),
        local("longer name in the local header", |header| header.name.push(b'x')),
        local("another method in the local header", |header| header.method = DEFLATE),
        local("another CRC in the local header", |header| header.crc ^= 1),
        local("another size in the local header", |header| header.bytes += 1),
        local("another packed size in the local header", |header| header.packed += 1),
        local("encrypted by the local header only", |header| header.flags |= 1),
        attack(
            "local header that is none",
            changed(|forged| forged.part("component.wasm").local.signature = 0x0807_4b50),
        ),
        attack(
            "directory record that is none",
            changed(|forged| forged.parts[0].central.signature = 0x0505_4b50),
        ),
    ]
}

fn ends() -> Vec<Attack> {
    vec![
        attack("trailing data", changed(|forged| forged.suffix = b"hidden".to_vec())),
        attack("second archive at the end", {
            let second = changed(|_| ());
            changed(|forged| forged.suffix = second)
        }),
        attack("comment", changed(|forged| forged.comment = b"hello".to_vec())),
        attack(
            "comment that ends like an archive",
            changed(|forged| forged.comment = Forged::default().bytes()),
        ),
        attack(
            "comment that is said to be longer",
            changed(|forged| (forged.comment, forged.comment_length) = (b"hello".to_vec(), Some(60_000))),
        ),
        attack(
            "comment that is not there",
            changed(|forged| forged.comment_length = Some(5)),
        ),
        attack("two end records", {
            let mut first = changed(|_| ());
            let end = first.split_off(first.len() - 22);
            [first, end.clone(), end].concat()
        }),
        attack(
            "ZIP64 in the end record",
            changed(|forged| forged.count = Some(u16::MAX)),
        ),
        attack(
            "ZIP64 place of the directory",
            changed(|forged| forged.directory_offset = Some(u32::MAX)),
        ),
        asset("ZIP64 size of an entry", |header| header.bytes = u32::MAX),
        attack("fewer entries than records", changed(|forged| forged.count = Some(3))),
        attack("more entries than records", changed(|forged| forged.count = Some(5))),
        attack("two counts of entries", changed(|forged| forged.count_in_all = Some(9))),
        attack("no entries", Forged::default().bytes()),
        attack(
            "directory of another size",
            changed(|forged| forged.directory_bytes = Some(10)),
        ),
        attack(
            "directory past the end",
            changed(|forged| forged.directory_offset = Some(1 << 30)),
        ),
        attack("part of several disks", changed(|forged| forged.disk = 1)),
        attack("cut off", {
            let mut bytes = changed(|_| ());
            bytes.truncate(300);
            bytes
        }),
        attack("nothing but the first bytes", b"PK\x03\x04".to_vec()),
        attack("archive of another kind", b"PK is not all of it".repeat(10)),
    ]
}

fn members() -> Vec<Attack> {
    vec![
        named("unknown file", "README.md"),
        named("hidden file", ".git/config"),
        named("file beside the assets", "assets.json"),
        named("manifest in other case", "Manifest.json"),
        named("cases in a folder", "tests/cases.json"),
    ]
}

fn digest_lists() -> Vec<Attack> {
    let list = |text: String| {
        let mut forged = forge(&files());
        *forged.part("digests.json") = Part::stored("digests.json", text.as_bytes());
        forged.bytes()
    };
    let good = digests(&files());
    vec![
        attack("wrong digest", {
            let mut forged = forge(&files());
            *forged.part("assets/layout.json") = Part::stored("assets/layout.json", b"{\"evil\": true}");
            forged.bytes()
        }),
        attack("digest of what is not there", list(digests(&with("assets/gone", "x")))),
        attack("entry without a digest", list(digests(&without("assets/layout.json")))),
        attack(
            "no digests",
            changed(|forged| forged.parts.retain(|part| part.name() != b"digests.json")),
        ),
        attack("digests in another form", list(good.replace('\n', "\r\n"))),
        attack(
            "digests of another version",
            list(good.replace("\"digests_version\": 1", "\"digests_version\": 2")),
        ),
        attack(
            "digests with an unknown key",
            list(good.replacen('{', "{\"evil\": 1,", 1)),
        ),
        attack("digests of one entry twice", {
            let (line, again) = (
                "\"component.wasm\": {",
                "\"component.wasm\": {\"bytes\": 1, \"sha256\": \"\"},",
            );
            list(good.replace(line, &format!("{again}{line}")))
        }),
        attack("digests that are none", list("[]".to_owned())),
        attack("digests nested without end", list("[".repeat(100_000))),
    ]
}

fn manifests() -> Vec<Attack> {
    vec![
        attack("no manifest", forge(&without("manifest.json")).bytes()),
        attack("manifest of 50 MB", {
            let mut text = manifest().to_string().into_bytes();
            text.resize(50 << 20, b' ');
            forge(&with("manifest.json", text)).bytes()
        }),
        attack(
            "manifest nested without end",
            forge(&with("manifest.json", "{\"a\":".repeat(10_000))).bytes(),
        ),
        attack(
            "version that is none",
            forge(&with_manifest("version", json!("1.0"))).bytes(),
        ),
        attack(
            "name with path characters",
            forge(&with_manifest("name", json!("../evil"))).bytes(),
        ),
        attack(
            "version without end",
            forge(&with_manifest(
                "version",
                json!(format!("1.0.0-{}", "a".repeat(10_000))),
            ))
            .bytes(),
        ),
        attack(
            "unknown key in the manifest",
            forge(&with_manifest("entry_point", json!("evil"))).bytes(),
        ),
        attack(
            "missing asset",
            forge(&with_manifest(
                "required_assets",
                json!({"A01": {"layout": "assets/gone"}}),
            ))
            .bytes(),
        ),
        attack(
            "asset declared outside `assets/`",
            forge(&with_manifest(
                "required_assets",
                json!({"A01": {"layout": "manifest.json"}}),
            ))
            .bytes(),
        ),
        attack(
            "asset declared outside the package",
            forge(&with_manifest(
                "required_assets",
                json!({"A01": {"layout": "assets/../../etc/passwd"}}),
            ))
            .bytes(),
        ),
    ]
}

fn code() -> Vec<Attack> {
    vec![
        attack("no component", forge(&without("component.wasm")).bytes()),
        attack("component of no bytes", forge(&with("component.wasm", "")).bytes()),
        attack(
            "component outside the package",
            forge(&with_manifest("component", json!("../component.wasm"))).bytes(),
        ),
        attack(
            "component among the assets",
            forge(&with_manifest("component", json!("assets/component.wasm"))).bytes(),
        ),
        attack(
            "manifest as component",
            forge(&with_manifest("component", json!("manifest.json"))).bytes(),
        ),
        named("second component", "evil.wasm"),
        named("second component among the assets", "assets/evil.WASM"),
        attack(
            "second component under another name",
            forge(&with("assets/model.bin", "\0asm\x01\0\0\0")).bytes(),
        ),
        attack(
            "component not named by the manifest",
            forge(&with_manifest("component", json!("other.wasm"))).bytes(),
        ),
    ]
}

fn pictures() -> Vec<Attack> {
    let cases = |text: &str| forge(&with("cases.json", text)).bytes();
    vec![
        attack("cases that are none", cases("{}")),
        attack(
            "case with a picture that is not there",
            cases("[{\"image\": \"pictures/gone.png\"}]"),
        ),
        attack(
            "case with a picture outside the package",
            cases("[{\"image\": \"../../etc/passwd\"}]"),
        ),
        named("picture that no case names", "pictures/evil.png"),
    ]
}

fn signatures() -> Vec<Attack> {
    let signed = |text: &str| changed(|forged| forged.parts.push(Part::stored("signature.minisig", text.as_bytes())));
    let good = signature();
    vec![
        attack(
            "signature that is not the last entry",
            changed(|forged| {
                forged
                    .parts
                    .insert(0, Part::stored("signature.minisig", good.as_bytes()))
            }),
        ),
        attack(
            "two signatures",
            changed(|forged| {
                for _ in 0..2 {
                    forged.parts.push(Part::stored("signature.minisig", good.as_bytes()));
                }
            }),
        ),
        attack("signature in the list of digests", {
            let mut forged = forge(&with("signature.minisig", &good));
            let part = forged.parts.pop().unwrap();
            assert_eq!(part.name(), b"signature.minisig");
            forged.parts.push(part);
            forged.bytes()
        }),
        attack("signature that is none", signed("evil\n")),
        attack(
            "signature with another comment",
            signed(&good.replace("ProcVision", "Evil")),
        ),
        attack("signature with other line ends", signed(&good.replace('\n', "\r\n"))),
        attack("signature with something after it", signed(&format!("{good}\n"))),
        attack(
            "signature with bits that mean nothing",
            signed(&good.replacen("A=", "B=", 1)),
        ),
        attack("signature of 1 MB", signed(&"A".repeat(1 << 20))),
        attack(
            "deflated signature",
            changed(|forged| {
                let (length, packed) = zeros(1);
                let part = Part::deflated("signature.minisig", &vec![0; length], &packed);
                forged.parts.push(part);
            }),
        ),
    ]
}
