//! Package archives: a package in one file, which has exactly one byte form.
//!
//! [`Archive::read`] accepts what [`write()`] and [`embed`] make and nothing else: a zip archive whose entries stand in
//! the order of their names, whose header fields have one value each, and in which nothing lies between the parts.
//! Everything is checked before anybody sees it: names, sizes, CRC-32, SHA-256, the manifest, and that nothing is
//! there which a package does not have. What a signature means is not looked at.
//!
//! The order of reading is that of the parts below: end record, directory and local headers (`layout`), contents
//! (`deflate`), the list of digests, the manifest and what it names, the golden cases, the signature's form.

mod cases;
mod deflate;
mod digests;
mod error;
mod layout;
mod name;
mod record;
mod signature;
mod unpack;
mod write;

pub use digests::{Digests, FileDigest, VERSION as DIGESTS_VERSION};
pub use error::{ArchiveError, Fault};
pub use name::{ASSETS, CASES, DIGESTS, MANIFEST, NameFault, PICTURES, SBOM, SIGNATURE};
pub use record::{Deviation, Field, RecordKind};
pub use signature::UNTRUSTED_COMMENT;
pub use write::{embed, write};

use crate::bounded_file::{self, BoundedFileError};
use crate::limits::{ARCHIVE_BYTES, ARCHIVE_NAME_BYTES};
use crate::manifest::Manifest;
use layout::{Layout, Placed};
use name::Kind;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The bytes with which every WebAssembly module and component begins.
const WEBASSEMBLY: &[u8] = b"\0asm";
/// The bytes with which every zip archive begins.
const ZIP: &[u8] = b"PK";

/// A package archive, checked.
#[derive(Debug)]
pub struct Archive {
    path: PathBuf,
    bytes: Vec<u8>,
    layout: Layout,
    entries: Vec<Entry>,
    manifest: Manifest,
    digests: Digests,
    digest: String,
    signature: Option<String>,
}

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path in the package, with `/` between parts.
    pub name: String,
    /// Bytes of its content.
    pub bytes: u64,
    /// Bytes of its packed content.
    pub packed_bytes: u64,
    /// SHA-256 of its content, in lower-case hexadecimal.
    pub sha256: String,
}

/// Whether these first bytes of a file are those of an archive.
pub fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(ZIP)
}

impl Archive {
    /// Reads and checks the archive at `path`. Nothing but a regular file is read, and no more of it than an archive
    /// may have.
    ///
    /// # Errors
    ///
    /// See [`Fault`].
    pub fn read(path: &Path) -> Result<Self, ArchiveError> {
        let bytes = bounded_file::read(path, ARCHIVE_BYTES).map_err(|error| {
            let fault = match error {
                BoundedFileError::Missing(_) => Fault::Missing,
                BoundedFileError::NotAFile => Fault::NotAFile,
                BoundedFileError::TooLarge(bytes) => Fault::TooLarge(bytes),
                BoundedFileError::Io(source) => Fault::Read(source),
            };
            ArchiveError::new(path, fault)
        })?;
        Self::parse(bytes, path)
    }

    /// Checks the bytes of an archive; `path` is only named in errors.
    ///
    /// # Errors
    ///
    /// See [`Fault`].
    pub fn parse(bytes: Vec<u8>, path: &Path) -> Result<Self, ArchiveError> {
        check(bytes, path).map_err(|fault| ArchiveError::new(path, fault))
    }

    /// Where it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The list of digests, which agrees with the contents.
    pub fn digests(&self) -> &Digests {
        &self.digests
    }

    /// Every entry, in order, the list of digests and the signature included.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The content of an entry; `None` if there is no such entry.
    ///
    /// # Errors
    ///
    /// None are expected: every content was unpacked and checked when the archive was read.
    pub fn content(&self, name: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        let Some(entry) = self.entries.iter().find(|entry| entry.name == name) else {
            return Ok(None);
        };
        // The size is that of a content which was there in full.
        let mut content = Vec::with_capacity(usize::try_from(entry.bytes).unwrap_or(0));
        self.each_piece(entry, |piece| content.extend_from_slice(piece))?;
        Ok(Some(content))
    }

    /// The bytes of the component.
    ///
    /// # Errors
    ///
    /// As [`Archive::content`].
    pub fn component(&self) -> Result<Vec<u8>, ArchiveError> {
        let name = &self.manifest.component;
        let missing = || ArchiveError::new(&self.path, Fault::ComponentMissing(name.clone()));
        self.content(name)?.ok_or_else(missing)
    }

    /// The package's digest: SHA-256 of the unsigned archive's bytes, in lower-case hexadecimal. A signature does not
    /// change it.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The bytes of the unsigned archive: those that are signed.
    pub fn unsigned(&self) -> Cow<'_, [u8]> {
        match unsigned_parts(&self.bytes, &self.layout) {
            None => Cow::Borrowed(&self.bytes),
            Some((entries, end)) => Cow::Owned([entries, &end].concat()),
        }
    }

    /// The text of the signature inside, if there is one. It has the form of a signature; whether it is good is for
    /// the caller to find out.
    pub fn signature(&self) -> Option<&str> {
        self.signature.as_deref()
    }

    /// The name that the file should have: `<name>-v<version>-offline.zip`.
    pub fn file_name(&self) -> String {
        file_name(&self.manifest)
    }

    /// The bytes of the file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of the file.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Writes every entry into `folder`, which exists and is empty: files with the mode 0644, folders with 0755, all
    /// of them synchronised with the disk.
    ///
    /// # Errors
    ///
    /// [`Fault::Write`] with what the system said; then some of it may have been written.
    pub fn unpack(&self, folder: &Path) -> Result<(), ArchiveError> {
        unpack::unpack(self, folder)
    }

    /// The assets, by their names below `assets/`, each in a temporary file that has no name in any folder.
    ///
    /// # Errors
    ///
    /// [`Fault::Write`] with what the system said.
    pub(crate) fn open_assets(&self) -> Result<BTreeMap<String, File>, ArchiveError> {
        unpack::open_assets(self)
    }

    /// Gives the content of one of the archive's own entries piece by piece to `sink`.
    pub(crate) fn each_piece(&self, entry: &Entry, sink: impl FnMut(&[u8])) -> Result<(), ArchiveError> {
        match self.layout.entries.iter().find(|placed| placed.name == entry.name) {
            Some(placed) => deflate::unpack(&self.bytes, placed, sink),
            None => Ok(()),
        }
        .map_err(|fault| ArchiveError::new(&self.path, fault))
    }
}

/// The name that the archive of a package should have: `<name>-v<version>-offline.zip`.
pub fn file_name(manifest: &Manifest) -> String {
    format!("{}-v{}-offline.zip", manifest.name, manifest.version)
}

fn check(bytes: Vec<u8>, path: &Path) -> Result<Archive, Fault> {
    let layout = layout::read(&bytes)?;
    let mut entries = Vec::new();
    let mut kept = BTreeMap::new();
    for placed in &layout.entries {
        let (entry, content) = read_content(&bytes, placed)?;
        kept.insert(placed.name.as_str(), content);
        entries.push(entry);
    }
    let listed = entries
        .iter()
        .filter(|entry| entry.name != DIGESTS && entry.name != SIGNATURE);
    let digests = Digests::of(
        listed
            .map(|entry| {
                let (bytes, sha256) = (entry.bytes, entry.sha256.clone());
                (entry.name.clone(), FileDigest { bytes, sha256 })
            })
            .collect(),
    );
    let manifest = kept.get(MANIFEST).ok_or(Fault::ManifestMissing)?;
    digests.check(kept.get(DIGESTS).ok_or(Fault::DigestsMissing)?)?;
    let manifest = Manifest::parse(manifest, Path::new(MANIFEST)).map_err(Fault::Manifest)?;
    if file_name(&manifest).len() > ARCHIVE_NAME_BYTES {
        return Err(Fault::FileName);
    }
    check_assets(&manifest, &kept)?;
    check_code(&manifest, &kept, &entries)?;
    cases::check(kept.get(CASES).map(Vec::as_slice), kept.keys().copied())?;
    let signature = kept.get(SIGNATURE).map(|text| check_signature(&bytes, &layout, text));
    let signature = signature.transpose()?;
    drop(kept);
    let digest = match unsigned_parts(&bytes, &layout) {
        None => hex(Sha256::digest(&bytes)),
        Some((entries, end)) => hex(Sha256::new().chain_update(entries).chain_update(end).finalize()),
    };
    Ok(Archive {
        path: path.to_owned(),
        bytes,
        layout,
        entries,
        manifest,
        digests,
        digest,
        signature,
    })
}

/// Unpacks and checks an entry. Of a content that is read here it gives all, of others the first bytes.
fn read_content(archive: &[u8], placed: &Placed) -> Result<(Entry, Vec<u8>), Fault> {
    let most = match name::kind(&placed.name) {
        Some(Kind::Manifest | Kind::Digests | Kind::Signature | Kind::Cases) => usize::MAX,
        _ => WEBASSEMBLY.len(),
    };
    let (mut crc, mut sha256, mut kept) = (crc32fast::Hasher::new(), Sha256::new(), Vec::new());
    deflate::unpack(archive, placed, |piece| {
        crc.update(piece);
        sha256.update(piece);
        let wanted = most.saturating_sub(kept.len()).min(piece.len());
        kept.extend_from_slice(&piece[..wanted]);
    })?;
    if crc.finalize() != placed.crc {
        return Err(Fault::Crc(placed.name.clone()));
    }
    let entry = Entry {
        name: placed.name.clone(),
        bytes: placed.bytes,
        packed_bytes: placed.data.len() as u64,
        sha256: hex(sha256.finalize()),
    };
    Ok((entry, kept))
}

/// The component that the manifest names is there, and nothing else is code.
fn check_code(manifest: &Manifest, kept: &BTreeMap<&str, Vec<u8>>, entries: &[Entry]) -> Result<(), Fault> {
    let component = &manifest.component;
    let apart = !component.starts_with(ASSETS) && !component.starts_with(PICTURES);
    if !(apart && component.ends_with(".wasm")) {
        return Err(Fault::ComponentName(component.clone()));
    }
    match entries.iter().find(|entry| entry.name == *component) {
        None => return Err(Fault::ComponentMissing(component.clone())),
        Some(entry) if entry.bytes == 0 => return Err(Fault::ComponentEmpty(component.clone())),
        Some(_) => {}
    }
    let code = |(name, content): &(&&str, &Vec<u8>)| name::is_component(name) || content.starts_with(WEBASSEMBLY);
    let mut others = kept.iter().filter(|(name, _)| *name != component);
    match others.find(code) {
        Some((name, _)) => Err(Fault::SecondComponent((*name).to_owned())),
        None => Ok(()),
    }
}

fn check_assets(manifest: &Manifest, kept: &BTreeMap<&str, Vec<u8>>) -> Result<(), Fault> {
    for (pid, kinds) in &manifest.required_assets {
        for (kind, asset) in kinds {
            if !kept.contains_key(asset.as_str()) {
                return Err(Fault::AssetMissing {
                    pid: pid.clone(),
                    kind: kind.clone(),
                    asset: asset.clone(),
                });
            }
        }
    }
    Ok(())
}

/// The signature's text has its one form, and so has everything that comes with it: embedding it into the unsigned
/// archive gives this archive.
fn check_signature(bytes: &[u8], layout: &Layout, text: &[u8]) -> Result<String, Fault> {
    let text = str::from_utf8(text).map_err(|_| Fault::SignatureForm("it is text"))?;
    let one = signature::canonical(text).map_err(Fault::SignatureForm)?;
    if one != text {
        return Err(Fault::SignatureForm("its comment and its line ends are fixed"));
    }
    match layout.entries.split_last() {
        Some((last, before)) if bytes[last.header..] == write::signed_end(before, last.header, text) => Ok(one),
        _ => Err(Fault::SignatureForm("it is added as the last entry, and nothing else")),
    }
}

/// The unsigned archive of a signed one: the entries and what stands behind them. `None` if it is not signed.
fn unsigned_parts<'a>(bytes: &'a [u8], layout: &Layout) -> Option<(&'a [u8], Vec<u8>)> {
    let (last, before) = layout.entries.split_last()?;
    (last.name == SIGNATURE).then(|| (&bytes[..last.header], write::end(before, last.header)))
}

fn hex(digest: impl AsRef<[u8]>) -> String {
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
