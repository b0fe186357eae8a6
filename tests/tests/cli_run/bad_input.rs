//! Whatever a person or a program gives that cannot be used: one clear sentence, the right code and exit status, in
//! text and in JSON.

use procvision_tests::binary::Answer;
use procvision_tests::workplace::Workplace;
use serde_json::{Value, json};
use std::fmt::Write;
use std::process::Command;

/// A bad request: its arguments after `run`, the code and the exit status.
type Case<'a> = (&'a [&'a str], &'static str, i32);

/// Runs every case in text and in JSON and compares all sentences with those that were reviewed.
#[track_caller]
fn check(place: &Workplace, snapshot: &str, cases: &[Case<'_>]) {
    let mut sentences = String::new();
    for (arguments, code, status) in cases {
        let run = [&["run"], *arguments].concat();
        let text = place.procvision(&run).expect(*status);
        assert_eq!(text.stdout, "", "{arguments:?}");
        let json = place.procvision(&[&run[..], &["--json"]].concat()).expect(*status);
        assert_eq!(json.stderr, "", "{arguments:?}");
        let error = json.json()["error"].clone();
        assert_eq!(error["code"], *code, "{arguments:?}: {error}");
        same_in_both(&text, &error);
        // Writing to a string cannot fail.
        let _ = writeln!(
            sentences,
            "run {}\n[{status}] {code} {}",
            arguments.join(" "),
            text.stderr
        );
    }
    insta::assert_snapshot!(snapshot, sentences);
}

fn same_in_both(text: &Answer, error: &Value) {
    let sentence = error["message"].as_str().unwrap();
    assert!(!sentence.contains('\n'));
    assert_eq!(text.stderr.lines().next().unwrap(), format!("error: {sentence}"));
    let help = error["help"]
        .as_str()
        .unwrap_or_else(|| panic!("{error} has no remedy"));
    assert!(text.stderr.ends_with(&format!("help: {help}\n")), "{text:?}");
}

#[test]
fn pictures() {
    let place = Workplace::new();
    place.write("folder/file", b"");
    place.write("empty.png", b"");
    place.write("text.png", b"This is not a picture.");
    place.write("bomb.png", &png_header(60_000, 60_000));
    place.write("zero.png", &png_header(0, 480));
    place.write(
        "truncated.png",
        &std::fs::read(place.path("photo.png")).unwrap()[..2_000],
    );
    place.write("gif.png", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;");
    let made = Command::new("mkfifo").arg(place.path("pipe.png")).status().unwrap();
    assert!(made.success());
    let files = [
        "nowhere.png",
        "folder",
        "pipe.png",
        "empty.png",
        "text.png",
        "gif.png",
        "bomb.png",
        "zero.png",
        "truncated.png",
    ];
    let arguments: Vec<[&str; 5]> = files.map(|file| ["rogue", "--pid", "A01", "--image", file]).to_vec();
    let mut cases: Vec<Case<'_>> = arguments.iter().map(|arguments| (&arguments[..], "1002", 2)).collect();
    let photo = ["rogue", "--pid", "A01", "--image", "photo.png"];
    let reference = [&photo[..], &["--reference", "good=nowhere.png"]].concat();
    let twice = [
        &photo[..],
        &["--reference", "good=photo.png", "--reference", "good=photo.png"],
    ]
    .concat();
    cases.push((&reference, "1002", 2));
    cases.push((&twice, "1000", 2));
    check(&place, "bad-pictures", &cases);
}

#[test]
fn requests() {
    let place = Workplace::new();
    place.write("list.json", b"[1, 2]");
    place.write("broken.json", b"{\"attack\": \n oops}");
    place.write("folder/file", b"");
    let bad = [
        (&["--pid", "Z99"][..], "1001"),
        (&["--pid", "A01", "--step", "9"], "1006"),
        (&["--pid", "A01", "--step", "0"], "1006"),
        (&["--pid", "A01", "--params", "{\"speed\": 1}"], "1006"),
        (&["--pid", "A01", "--params", "{\"attack\": 3}"], "1006"),
        (&["--pid", "A01", "--params", "{\"attack\""], "1006"),
        (&["--pid", "A01", "--params", "@list.json"], "1006"),
        (&["--pid", "A01", "--params", "@broken.json"], "1006"),
        (&["--pid", "A01", "--params", "@nowhere.json"], "unreadable"),
        (&["--pid", "A01", "--params", "@folder"], "unreadable"),
        (&["--pid", "A01", "--session", "7"], "1000"),
        (&["--pid", "A01", "--session", "{\"values\": [1]}"], "1000"),
        (&["--pid", "A01", "--session", "{\"values\": {\"\": 1}}"], "1000"),
        (&["--pid", "A01", "--session", "{\"id\": 7}"], "1000"),
        (&["--pid", "A01", "--annotate", "nowhere/out.png"], "unwritable"),
        (&["--pid", "A01", "--report", "folder"], "unwritable"),
    ];
    let whole: Vec<(Vec<&str>, &'static str)> = bad
        .into_iter()
        .map(|(arguments, code)| ([&["rogue", "--image", "photo.png"], arguments].concat(), code))
        .collect();
    let cases: Vec<Case<'_>> = whole
        .iter()
        .map(|(arguments, code)| (&arguments[..], *code, 2))
        .collect();
    check(&place, "bad-requests", &cases);
}

#[test]
fn packages() {
    let place = Workplace::new();
    let package = |name: &str, change: &dyn Fn(&mut Value)| {
        let mut manifest = place.manifest();
        change(&mut manifest);
        place.package(name, &manifest);
    };
    place.write("no-manifest/component.wasm", b"");
    place.write("not-json/manifest.json", b"{\"name\": rogue}");
    place.write("a-list/manifest.json", b"[]");
    package("unknown-key", &|manifest| manifest["entry_point"] = json!("main.py"));
    package("missing-key", &|manifest| {
        manifest.as_object_mut().unwrap().remove("supported_pids");
    });
    package("wrong-type", &|manifest| manifest["supported_pids"] = json!("A01"));
    package("bad-name", &|manifest| manifest["name"] = json!("../Rogue"));
    package("bad-version", &|manifest| manifest["version"] = json!("one"));
    package("leads-out", &|manifest| {
        manifest["component"] = json!("../rogue/component.wasm")
    });
    package("no-component", &|manifest| manifest["component"] = json!("other.wasm"));
    package("no-asset", &|manifest| {
        manifest["required_assets"] = json!({"A01": {"template": "assets/template.png"}});
    });
    package("other-version", &|manifest| manifest["version"] = json!("9.9.9"));
    package("bad-config", &|manifest| {
        manifest["default_config"] = json!({"speed": 1})
    });
    place.write("text.wasm", b"This is not WebAssembly.");
    place.write("module.wasm", b"\0asm\x01\0\0\0");
    let bad = [
        ("nowhere", "2005", 2),
        ("no-manifest", "2002", 2),
        ("not-json", "2002", 2),
        ("a-list", "2002", 2),
        ("unknown-key", "2002", 2),
        ("missing-key", "2002", 2),
        ("wrong-type", "2002", 2),
        ("bad-name", "2002", 2),
        ("bad-version", "2002", 2),
        ("leads-out", "2002", 2),
        ("no-component", "2004", 2),
        ("no-asset", "2004", 2),
        ("other-version", "2005", 1),
        ("bad-config", "2005", 1),
        ("text.wasm", "2005", 1),
        ("module.wasm", "2005", 1),
    ];
    let whole: Vec<([&str; 5], &'static str, i32)> = bad
        .into_iter()
        .map(|(source, code, status)| ([source, "--pid", "A01", "--image", "photo.png"], code, status))
        .collect();
    let cases: Vec<Case<'_>> = whole
        .iter()
        .map(|(arguments, code, status)| (&arguments[..], *code, *status))
        .collect();
    check(&place, "bad-packages", &cases);
}

#[test]
fn options() {
    let place = Workplace::new();
    for arguments in [
        &["--limit", "memory=1"][..],
        &["--limit", "memory_bytes"],
        &["--limit", "memory_bytes=lots"],
        &["--limit", "memory_bytes=99999999999"],
        &["--repeat", "0"],
        &["--reference", "photo.png"],
        &["--phase", "post"],
        &["--log-level", "loud"],
        &["--step", "first"],
    ] {
        let run = ["run", "rogue", "--pid", "A01", "--image", "photo.png", "--json"];
        let json = place.procvision(&[&run[..], arguments].concat()).expect(2).json();
        assert_eq!(json["error"]["code"], "usage", "{arguments:?}");
        let message = json["error"]["message"].as_str().unwrap();
        assert!(message.contains(arguments[0]), "{message}");
    }
}

/// The beginning of a PNG file that declares a size, and no pixels.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut chunk = b"IHDR".to_vec();
    chunk.extend(width.to_be_bytes());
    chunk.extend(height.to_be_bytes());
    chunk.extend([8, 2, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d".to_vec();
    png.extend(&chunk);
    png.extend(crc32(&chunk).to_be_bytes());
    png.extend(b"\x00\x00\x00\x00IDAT\x35\xaf\x06\x1e");
    png
}

/// CRC-32 as PNG wants it.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
        })
    };
    !bytes.iter().fold(u32::MAX, step)
}
