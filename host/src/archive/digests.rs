//! `digests.json`: length and SHA-256 of every file of a package, in the one form in which it can be written.

use super::error::Fault;
use super::name::DIGESTS;
use crate::report::sha256;
use crate::strict_json;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Version of the list that this host reads and writes.
pub const VERSION: u32 = 1;

/// The list of digests. It names every entry but itself and the signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Digests {
    /// Version of the format: 1.
    pub digests_version: u32,
    /// By the names of the entries.
    pub files: BTreeMap<String, FileDigest>,
}

/// Length and digest of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileDigest {
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

impl FileDigest {
    /// Of this content.
    pub fn of(content: &[u8]) -> Self {
        Self {
            bytes: content.len() as u64,
            sha256: sha256(content),
        }
    }
}

impl Digests {
    /// Of these files.
    pub(super) fn of(files: BTreeMap<String, FileDigest>) -> Self {
        Self {
            digests_version: VERSION,
            files,
        }
    }

    /// The text, in its one form.
    pub(super) fn text(&self) -> Vec<u8> {
        // Numbers and text always become JSON.
        let mut text = serde_json::to_vec_pretty(self).unwrap_or_default();
        text.push(b'\n');
        text
    }

    /// Compares the text of a list with the files that are there, which `self` lists.
    pub(super) fn check(&self, text: &[u8]) -> Result<(), Fault> {
        if text == self.text() {
            return Ok(());
        }
        let listed: Self = strict_json::parse(text, Path::new(DIGESTS)).map_err(Fault::Digests)?;
        if listed.digests_version != VERSION {
            return Err(Fault::DigestsVersion(listed.digests_version));
        }
        for (name, digest) in &self.files {
            match listed.files.get(name) {
                None => return Err(Fault::DigestMissing(name.clone())),
                Some(listed) if listed != digest => return Err(Fault::DigestWrong(name.clone())),
                Some(_) => {}
            }
        }
        match listed.files.keys().find(|name| !self.files.contains_key(*name)) {
            Some(name) => Err(Fault::DigestOfNothing(name.clone())),
            None => Err(Fault::DigestsForm),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_one_form() {
        let digests = Digests::of([("a".to_owned(), FileDigest::of(b"x"))].into());
        let text = String::from_utf8(digests.text()).unwrap();
        assert_eq!(
            text,
            "{\n  \"digests_version\": 1,\n  \"files\": {\n    \"a\": {\n      \"bytes\": 1,\n      \"sha256\": \
             \"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\"\n    }\n  }\n}\n"
        );
        digests.check(text.as_bytes()).unwrap();
        let refuse = |text: String| digests.check(text.as_bytes()).unwrap_err();
        assert!(matches!(refuse(text.replace('\n', "")), Fault::DigestsForm));
        assert!(matches!(
            refuse(text.replace("\": 1,", "\": 2,")),
            Fault::DigestsVersion(2)
        ));
        assert!(matches!(refuse(text.replace("\"a\"", "\"b\"")), Fault::DigestMissing(name) if name == "a"));
        assert!(matches!(refuse(text.replace("2d71", "2d72")), Fault::DigestWrong(name) if name == "a"));
        assert!(matches!(refuse(format!("[{text}]")), Fault::Digests(_)));
    }
}
