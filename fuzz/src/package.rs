//! A small package from which hostile archives are made.

use super::forge::{Forged, Part};
use procvision_host::archive::UNTRUSTED_COMMENT;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The contents of a package by name.
pub type Files = BTreeMap<Vec<u8>, Vec<u8>>;

/// Its manifest.
pub fn manifest() -> Value {
    json!({
        "manifest_version": 1,
        "name": "probe",
        "version": "1.0.0",
        "description": "Small",
        "component": "component.wasm",
        "supported_pids": ["A01"],
        "required_assets": {"A01": {"layout": "assets/layout.json"}},
    })
}

/// A small package. Its component is none, which nobody notices before the archive has been accepted.
pub fn files() -> Files {
    let files: [(&str, Vec<u8>); 3] = [
        ("assets/layout.json", b"{}".to_vec()),
        ("component.wasm", b"\0asm\x0d\0\x01\0".to_vec()),
        ("manifest.json", manifest().to_string().into_bytes()),
    ];
    files.map(|(name, content)| (name.as_bytes().to_vec(), content)).into()
}

/// The same with another file.
pub fn with(name: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Files {
    let mut files = files();
    files.insert(name.as_ref().to_vec(), content.as_ref().to_vec());
    files
}

/// The same without a file.
pub fn without(name: &str) -> Files {
    let mut files = files();
    files.remove(name.as_bytes());
    files
}

/// The same with a key of the manifest changed.
pub fn with_manifest(key: &str, value: Value) -> Files {
    let mut manifest = manifest();
    manifest[key] = value;
    with("manifest.json", manifest.to_string())
}

/// The text of `digests.json` for these files.
pub fn digests(files: &Files) -> String {
    let listed: BTreeMap<String, Value> = files
        .iter()
        .map(|(name, content)| {
            let sha256: String = Sha256::digest(content)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            let name = String::from_utf8_lossy(name).into_owned();
            (name, json!({"bytes": content.len(), "sha256": sha256}))
        })
        .collect();
    let text = serde_json::to_string_pretty(&json!({"digests_version": 1, "files": listed})).unwrap();
    text + "\n"
}

/// The archive of these files, with a list of digests and without a lie, ready to be changed.
pub fn forge(files: &Files) -> Forged {
    let mut all = files.clone();
    all.insert(b"digests.json".to_vec(), digests(files).into_bytes());
    Forged {
        parts: all.iter().map(|(name, content)| Part::stored(name, content)).collect(),
        ..Forged::default()
    }
}

/// The archive of the small package, changed.
pub fn changed(change: impl FnOnce(&mut Forged)) -> Vec<u8> {
    let mut forged = forge(&files());
    change(&mut forged);
    forged.bytes()
}

/// A text of the form of a signature, which signs nothing.
pub fn signature() -> String {
    // 74 and 64 zero bytes in Base64.
    let (signature, comment) = (format!("{}=", "A".repeat(99)), format!("{}==", "A".repeat(86)));
    format!("{UNTRUSTED_COMMENT}\n{signature}\ntrusted comment: nothing\n{comment}\n")
}
