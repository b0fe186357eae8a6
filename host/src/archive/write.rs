//! Writing an archive: the same files always give the same bytes.

use super::deflate;
use super::digests::{Digests, FileDigest};
use super::error::{ArchiveError, Fault};
use super::layout::{self, Placed, local_values};
use super::name::{self, DIGESTS, SIGNATURE};
use super::record::{DIRECTORY, END, Field, LOCAL, STORED, Values};
use super::{Archive, signature};
use crate::limits::{ARCHIVE_CONTENT_BYTES, ARCHIVE_ENTRIES};
use std::collections::BTreeMap;
use std::path::Path;

/// The unsigned archive of these files, by their names in it; `digests.json` is added.
///
/// # Errors
///
/// Whatever a reader would object to, and names that only a writer may give.
pub fn write(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, ArchiveError> {
    let bytes = collect(files).map_err(unnamed)?;
    // Nothing is written that cannot be read.
    Ok(Archive::parse(bytes, Path::new(""))?.into_bytes())
}

fn collect(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, Fault> {
    if files.len() >= ARCHIVE_ENTRIES {
        return Err(Fault::EntryCount(u32::try_from(files.len()).unwrap_or(u32::MAX)));
    }
    let mut contents = 0;
    for (name, content) in files {
        if let DIGESTS | SIGNATURE = name.as_str() {
            return Err(Fault::Reserved(name.clone()));
        }
        name::check(name.as_bytes()).map_err(|fault| Fault::Name {
            name: name.clone(),
            fault,
        })?;
        contents = u64::saturating_add(contents, content.len() as u64);
    }
    if contents > ARCHIVE_CONTENT_BYTES {
        return Err(Fault::ContentsTooLarge(contents));
    }
    let listed = files
        .iter()
        .map(|(name, content)| (name.clone(), FileDigest::of(content)));
    let digests = Digests::of(listed.collect()).text();
    let mut all: BTreeMap<&str, &[u8]> = files
        .iter()
        .map(|(name, content)| (name.as_str(), &content[..]))
        .collect();
    all.insert(DIGESTS, &digests);
    let mut writer = Writer::default();
    for (name, content) in all {
        let (method, packed) = deflate::pack(content);
        writer.add(name, content, method, &packed);
    }
    Ok(writer.finish())
}

/// The signed archive: the unsigned one with `signature`, in minisign's format, as its last entry. The signature's
/// untrusted comment is replaced by [`UNTRUSTED_COMMENT`](super::UNTRUSTED_COMMENT). Whether the signature is good is
/// not looked at.
///
/// # Errors
///
/// If `unsigned` is not an archive or signed already, or if `signature` is not in minisign's format.
pub fn embed(unsigned: &[u8], signature: &str) -> Result<Vec<u8>, ArchiveError> {
    let embed = || {
        let found = layout::read(unsigned)?;
        if found.entries.last().is_some_and(|entry| entry.name == SIGNATURE) {
            return Err(Fault::Signed);
        }
        let text = signature::canonical(signature).map_err(Fault::SignatureForm)?;
        let mut signed = unsigned[..found.directory.start].to_vec();
        signed.extend(signed_end(&found.entries, found.directory.start, &text));
        layout::read(&signed)?;
        Ok(signed)
    };
    embed().map_err(unnamed)
}

/// What a signed archive has from byte `start` on, where the last of the unsigned `entries` ends.
pub(super) fn signed_end(entries: &[Placed], start: usize, signature: &str) -> Vec<u8> {
    let mut writer = Writer {
        base: start,
        entries: entries.to_vec(),
        out: Vec::new(),
    };
    writer.add(SIGNATURE, signature.as_bytes(), STORED, signature.as_bytes());
    writer.finish()
}

/// What an archive of these entries has behind the last of them, which ends at byte `start`.
pub(super) fn end(entries: &[Placed], start: usize) -> Vec<u8> {
    let writer = Writer {
        base: start,
        entries: entries.to_vec(),
        out: Vec::new(),
    };
    writer.finish()
}

fn unnamed(fault: Fault) -> ArchiveError {
    ArchiveError::new(Path::new(""), fault)
}

/// An archive on its way. All sizes have been checked against the limits, which are far below what the fields hold.
#[derive(Default)]
struct Writer {
    /// Bytes of the archive before `out`.
    base: usize,
    entries: Vec<Placed>,
    out: Vec<u8>,
}

impl Writer {
    fn add(&mut self, name: &str, content: &[u8], method: u32, packed: &[u8]) {
        let header = self.base + self.out.len();
        let data = header + LOCAL.length() + name.len();
        let entry = Placed {
            name: name.to_owned(),
            method,
            crc: crc32fast::hash(content),
            bytes: content.len() as u64,
            header,
            data: data..data + packed.len(),
            record: 0,
        };
        LOCAL.write(&local_values(&entry), &mut self.out);
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(packed);
        self.entries.push(entry);
    }

    fn finish(mut self) -> Vec<u8> {
        let directory = self.out.len();
        for entry in &self.entries {
            let values = local_values(entry).with(Field::Offset, entry.header as u32);
            DIRECTORY.write(&values, &mut self.out);
            self.out.extend_from_slice(entry.name.as_bytes());
        }
        let values = Values::of(&[
            (Field::Entries, self.entries.len() as u32),
            (Field::DirectoryBytes, (self.out.len() - directory) as u32),
            (Field::DirectoryOffset, (self.base + directory) as u32),
        ]);
        END.write(&values, &mut self.out);
        self.out
    }
}
