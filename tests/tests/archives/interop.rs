//! What is written here is an ordinary zip archive for others; what others write is not a package.

use crate::fuzz::package;
use crate::stage::{rogue, rogue_archive};
use procvision_host::archive::{Archive, embed};
use procvision_host::explain::{Explain, one_line};
use procvision_host::report::sha256;
use procvision_tests::workplace::Workplace;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const READ: &str = r#"
import hashlib, json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    damaged = archive.testzip()
    entries = [{
        "name": entry.filename, "bytes": entry.file_size, "packed": entry.compress_size,
        "method": entry.compress_type, "time": entry.date_time, "mode": entry.external_attr >> 16,
        "folder": entry.is_dir(), "sha256": hashlib.sha256(archive.read(entry)).hexdigest(),
    } for entry in archive.infolist()]
    print(json.dumps({"damaged": damaged, "comment": archive.comment.decode(), "entries": entries}))
"#;

const WRITE: &str = r#"
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as read, zipfile.ZipFile(sys.argv[2], "w", zipfile.ZIP_DEFLATED) as archive:
    for name in sorted(read.namelist()):
        archive.writestr(name, read.read(name))
"#;

#[track_caller]
fn python(program: &str, arguments: &[&Path]) -> String {
    let output = Command::new("python3")
        .arg("-c")
        .arg(program)
        .args(arguments)
        .output()
        .expect("python3 is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn pythons_zipfile_finds_the_same_contents() {
    let place = Workplace::new();
    let path = place.path("package.zip");
    std::fs::write(&path, embed(&rogue_archive(&place), &package::signature()).unwrap()).unwrap();
    let found: Value = serde_json::from_str(&python(READ, &[&path])).unwrap();
    assert_eq!((&found["damaged"], &found["comment"]), (&Value::Null, &"".into()));
    let archive = Archive::read(&path).unwrap();
    let entries = found["entries"].as_array().unwrap();
    assert_eq!(entries.len(), archive.entries().count());
    for (found, entry) in entries.iter().zip(archive.entries()) {
        assert_eq!(found["name"], entry.name);
        assert_eq!(found["bytes"], entry.bytes, "{found}");
        assert_eq!(found["packed"], entry.packed_bytes, "{found}");
        assert_eq!(found["sha256"], entry.sha256, "{found}");
        assert_eq!(found["mode"], 0o100_644, "{found}");
        assert_eq!(found["time"], serde_json::json!([1980, 1, 1, 0, 0, 0]), "{found}");
        assert_eq!(found["folder"], false, "{found}");
    }
    for (name, content) in rogue(&place) {
        let entry = entries.iter().find(|entry| entry["name"] == name).unwrap();
        assert_eq!(entry["sha256"], sha256(&content), "{name}");
    }
}

#[test]
fn the_same_contents_packed_by_another_tool_are_not_a_package() {
    let place = Workplace::new();
    let (ours, theirs) = (place.path("ours.zip"), place.path("theirs.zip"));
    std::fs::write(&ours, rogue_archive(&place)).unwrap();
    python(WRITE, &[&ours, &theirs]);
    let error = Archive::read(&theirs).unwrap_err();
    assert_eq!(error.code(), "2001", "{error}");
    let remedy = error.remedy().unwrap();
    assert!(
        remedy.contains("`procvision package`"),
        "{}: {remedy}",
        one_line(&error)
    );
}
