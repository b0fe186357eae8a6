//! What is inspected: a package or a component, read but not run, with every file in it.

use super::InspectionError;
use super::component::Anatomy;
use super::content::ContentKind;
use super::strings::{Findings, Search};
use crate::archive;
use crate::bounded_file;
use crate::manifest::Manifest;
use crate::package::Package;
use crate::report::sha256;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// Most bytes of one asset that are looked into; all of it is counted and goes into its digest.
const LOOKED_INTO: usize = 64 << 20;
/// Bytes that are read at a time.
const PIECE: usize = 1 << 20;

/// What kind of thing is inspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A package in its archive.
    Archive,
    /// The folder of a package.
    Folder,
    /// A file without a manifest.
    Component,
}

/// What a file of a package is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// What the package says about itself.
    Manifest,
    /// The algorithm.
    Component,
    /// What the algorithm can read.
    Asset,
    /// Golden cases and their pictures.
    Case,
    /// The list of what the component was made of.
    Sbom,
    /// Sizes and digests of the other files.
    Digests,
    /// A signature over the whole.
    Signature,
}

/// A file of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileFacts {
    /// Its path in the package.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// What it is, by its content.
    pub kind: ContentKind,
    /// Its size.
    pub bytes: u64,
    /// Its size in the archive.
    pub packed_bytes: Option<u64>,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

/// What is inspected.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What kind of thing it is.
    pub form: Form,
    /// Where it was read from.
    pub path: PathBuf,
    /// What it says about itself; a bare component says nothing.
    pub manifest: Option<Manifest>,
    /// Size of the archive.
    pub archive_bytes: Option<u64>,
    /// SHA-256 of the archive without its signature, in hexadecimal: the package's digest.
    pub digest: Option<String>,
    /// Size of the component.
    pub component_bytes: u64,
    /// SHA-256 of the component, in hexadecimal.
    pub component_sha256: String,
    /// Its files, in the order of their names.
    pub files: Vec<FileFacts>,
}

/// What reading the files of a subject brings to light.
pub(super) struct Looked {
    pub subject: Subject,
    pub anatomy: Anatomy,
    pub strings: Findings,
    /// The list of what the component was made of, as it stands in the package.
    pub sbom: Option<Vec<u8>>,
}

/// Looks into everything; `watch` is told what is looked at.
pub(super) fn look(package: &Package, watch: &mut dyn FnMut(&str)) -> Result<Looked, InspectionError> {
    watch("the component");
    let component = package.component();
    let anatomy = Anatomy::read(component);
    let mut search = Search::default();
    for segment in &anatomy.segments {
        if let Some(bytes) = component.get(segment.range.clone()) {
            let place = format!("module {}, segment {}", segment.module, segment.index);
            search.look(&place, segment.range.start as u64, bytes);
        }
    }
    let mut files = Vec::new();
    let mut sbom = None;
    if let Some(archive) = package.archive() {
        for entry in archive.entries() {
            watch(&entry.name);
            let role = role_of(&entry.name, archive.manifest());
            let content = archive.content(&entry.name)?.unwrap_or_default();
            let kind = ContentKind::of(&content);
            if searched(role) {
                search.look_into_file(&entry.name, kind, &content);
            }
            files.push(FileFacts {
                name: entry.name.clone(),
                role,
                kind,
                bytes: entry.bytes,
                packed_bytes: Some(entry.packed_bytes),
                sha256: entry.sha256.clone(),
            });
            if role == Role::Sbom {
                sbom = Some(content);
            }
        }
    } else if let Some(manifest) = package.manifest() {
        files = of_folder(package, manifest, &mut search, watch)?;
    }
    let archive = package.archive();
    let subject = Subject {
        form: match (archive, package.manifest()) {
            (Some(_), _) => Form::Archive,
            (None, Some(_)) => Form::Folder,
            (None, None) => Form::Component,
        },
        path: package.source().to_owned(),
        manifest: package.manifest().cloned(),
        archive_bytes: archive.map(|archive| archive.as_bytes().len() as u64),
        digest: archive.map(|archive| archive.digest().to_owned()),
        component_bytes: component.len() as u64,
        component_sha256: sha256(component),
        files,
    };
    Ok(Looked {
        subject,
        anatomy,
        strings: search.finish(),
        sbom,
    })
}

/// The files of a folder that would go into a package, as far as they matter: manifest, component, assets.
fn of_folder(
    package: &Package,
    manifest: &Manifest,
    search: &mut Search,
    watch: &mut dyn FnMut(&str),
) -> Result<Vec<FileFacts>, InspectionError> {
    let component = package.component();
    let mut files = vec![FileFacts {
        name: manifest.component.clone(),
        role: Role::Component,
        kind: ContentKind::of(component),
        bytes: component.len() as u64,
        packed_bytes: None,
        sha256: sha256(component),
    }];
    // It was read a moment ago; if it is gone by now, nothing of it is searched.
    if let Ok(text) = bounded_file::read(&package.source().join(archive::MANIFEST), crate::limits::MANIFEST_BYTES) {
        search.look(archive::MANIFEST, 0, &text);
        files.push(FileFacts {
            name: archive::MANIFEST.to_owned(),
            role: Role::Manifest,
            kind: ContentKind::of(&text),
            bytes: text.len() as u64,
            packed_bytes: None,
            sha256: sha256(&text),
        });
    }
    for (name, bytes) in package.assets().list() {
        let full_name = format!("{}{name}", archive::ASSETS);
        watch(&full_name);
        let (head, sha256) = read_asset(package, name, bytes, &full_name)?;
        let kind = ContentKind::of(&head);
        search.look_into_file(&full_name, kind, &head);
        files.push(FileFacts {
            name: full_name,
            role: Role::Asset,
            kind,
            bytes,
            packed_bytes: None,
            sha256,
        });
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}

/// The beginning of an asset, and the digest of all of it.
fn read_asset(
    package: &Package,
    name: &str,
    bytes: u64,
    full_name: &str,
) -> Result<(Vec<u8>, String), InspectionError> {
    let (mut head, mut digest) = (Vec::new(), Sha256::new());
    let mut offset = 0;
    while offset < bytes {
        let piece = match package.assets().read(name, offset, PIECE) {
            Some(Ok(piece)) => piece,
            Some(Err(source)) => {
                return Err(InspectionError::Asset {
                    name: full_name.to_owned(),
                    source,
                });
            }
            None => break,
        };
        // It has become shorter.
        if piece.is_empty() {
            break;
        }
        digest.update(&piece);
        offset += piece.len() as u64;
        let room = LOOKED_INTO.saturating_sub(head.len());
        head.extend_from_slice(&piece[..piece.len().min(room)]);
    }
    let digest = digest.finalize();
    Ok((head, digest.iter().map(|byte| format!("{byte:02x}")).collect()))
}

fn role_of(name: &str, manifest: &Manifest) -> Role {
    match name {
        archive::MANIFEST => Role::Manifest,
        archive::SBOM => Role::Sbom,
        archive::DIGESTS => Role::Digests,
        archive::SIGNATURE => Role::Signature,
        name if name == manifest.component => Role::Component,
        name if name.starts_with(archive::ASSETS) => Role::Asset,
        _ => Role::Case,
    }
}

/// Whether text in a file says what the author had in mind. The component's own was searched piece by piece.
fn searched(role: Role) -> bool {
    matches!(role, Role::Manifest | Role::Asset | Role::Case)
}
