//! Making a package archive from the folder of a package: what goes in, and what keeps it from being made.
//!
//! In order: the manifest, the component that it names, everything under `assets/`, the golden cases with the pictures
//! they name, and a bill of materials of what the component is made of. Nothing else goes in. Links are followed nowhere:
//! what they lead to is not part of the folder. Hidden files (names that begin with a dot) under `assets/` stay out, with
//! a warning; editors and file managers leave them there.
//!
//! Whether a station would accept the package is another question, which [`crate::validation`] answers about the archive.

mod error;
mod folder;
mod rebuild;

pub use error::PackagingError;
pub use rebuild::{Rebuilt, rebuild};

use crate::archive::{self, CASES, MANIFEST, SBOM};
use crate::cases::{Case, Cases};
use crate::component_build::{self, BuildOptions};
use crate::limits::{CASES_BYTES, Limits, MANIFEST_BYTES, PICTURE_FILE_BYTES};
use crate::manifest::{Manifest, ManifestError};
use crate::outcome::Warning;
use crate::sbom::{self, Contents, CrateGraph, embedded_dependencies};
use crate::validation::{Status, Validation};
use folder::Folder;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What goes into a package.
#[derive(Clone, Debug)]
pub struct Collected {
    /// The manifest.
    pub manifest: Manifest,
    /// The files by their names in the package.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What is known about the contents of the component: `built`, `embedded` or `unknown`.
    pub contents: &'static str,
    /// How many crates are in the component, as far as that is known.
    pub crates_linked: usize,
    /// How many crates have only helped to build it.
    pub crates_for_building: usize,
    /// What somebody should look at.
    pub warnings: Vec<Warning>,
}

/// Reads what goes into the package of the folder `dir`, with the component that is there.
///
/// # Errors
///
/// See [`PackagingError`].
pub fn collect(dir: &Path) -> Result<Collected, PackagingError> {
    let folder = Folder::open(dir)?;
    let (manifest, text) = manifest(&folder)?;
    let component = folder.read(&manifest.component, component_bytes())?;
    assemble(&folder, manifest, text, component, None)
}

/// Builds the component of the crate in the folder `dir` and reads what goes into its package.
///
/// Compiling a crate runs its build scripts and procedural macros on this machine, with the rights of the caller.
///
/// # Errors
///
/// See [`PackagingError`]; a manifest that cannot be used is told before anything is compiled.
pub fn build(dir: &Path, options: &BuildOptions) -> Result<Collected, PackagingError> {
    let folder = Folder::open(dir)?;
    let (manifest, text) = manifest(&folder)?;
    let options = BuildOptions {
        crate_graph: true,
        ..options.clone()
    };
    let built = component_build::build(dir, &options)?;
    let component = match &options.output {
        None => folder.read(&manifest.component, component_bytes())?,
        Some(path) => folder::read(path, component_bytes())?,
    };
    assemble(&folder, manifest, text, component, built.crates.as_ref())
}

fn manifest(folder: &Folder) -> Result<(Manifest, Vec<u8>), PackagingError> {
    let text = folder.read(MANIFEST, MANIFEST_BYTES).map_err(|error| match error {
        PackagingError::Missing { path } => PackagingError::Manifest(ManifestError::Missing(path)),
        error => error,
    })?;
    let manifest = Manifest::parse(&text, &folder.path(MANIFEST))?;
    Ok((manifest, text))
}

fn component_bytes() -> u64 {
    Limits::default_ceiling().component_bytes
}

/// Adds everything else to manifest and component. `crates` are those that cargo has linked into the component, if it was
/// built just now.
fn assemble(
    folder: &Folder,
    manifest: Manifest,
    text: Vec<u8>,
    component: Vec<u8>,
    crates: Option<&CrateGraph>,
) -> Result<Collected, PackagingError> {
    let mut files = BTreeMap::from([(MANIFEST.to_owned(), text)]);
    let mut warnings = Vec::new();
    let left_out = folder.assets(&mut files)?;
    for kinds in manifest.required_assets.values() {
        if let Some(name) = kinds.values().find(|name| left_out.contains(*name)) {
            return Err(PackagingError::Hidden {
                path: folder.path(name),
            });
        }
    }
    warnings.extend(left_out.into_iter().map(|name| Warning {
        kind: "hidden_file",
        message: format!("{name} is hidden and stays out of the package"),
    }));
    if let Some(text) = folder.read_if_there(CASES, CASES_BYTES)? {
        let cases = Cases::read(folder.root())?;
        let pictures: BTreeSet<&str> = cases.iter().flat_map(Cases::list).flat_map(Case::pictures).collect();
        for picture in pictures {
            files.insert(picture.to_owned(), folder.read(picture, PICTURE_FILE_BYTES)?);
        }
        files.insert(CASES.to_owned(), text);
    }

    let embedded = match crates {
        Some(_) => None,
        None => embedded_dependencies(&component)?,
    };
    let contents = match (crates, &embedded) {
        (Some(graph), _) => Contents::Built(graph),
        (None, Some(graph)) => Contents::Embedded(graph),
        (None, None) => {
            warnings.push(Warning {
                kind: "contents_unknown",
                message: "nothing is known about what the component is made of, and the bill of materials says so; \
                          build the crate, or let `cargo auditable` put its dependencies into the component"
                    .to_owned(),
            });
            Contents::Unknown
        }
    };
    let subject = sbom::Subject {
        manifest: &manifest,
        component: &component,
    };
    let bill = sbom::write(subject, contents)?;
    let crates = crates.or(embedded.as_ref()).map_or(&[][..], |graph| &graph.crates);
    let crates_linked = crates.iter().filter(|one| one.linked).count();
    let (crates_for_building, contents) = (crates.len() - crates_linked, contents.as_str());
    files.insert(SBOM.to_owned(), bill);
    files.insert(manifest.component.clone(), component);
    Ok(Collected {
        manifest,
        files,
        contents,
        crates_linked,
        crates_for_building,
        warnings,
    })
}

impl Collected {
    /// The archive of what was collected, unsigned. The same files always give the same bytes.
    ///
    /// # Errors
    ///
    /// If names or sizes are not those of a package.
    pub fn archive(&self) -> Result<Vec<u8>, PackagingError> {
        Ok(archive::write(&self.files)?)
    }
}

/// Refuses a package that a station would refuse; `validation` is of its archive.
///
/// # Errors
///
/// [`PackagingError::Refused`] with the first check that failed.
pub fn admit(validation: &Validation) -> Result<(), PackagingError> {
    let mut failed = validation.checks.iter().filter(|check| check.status == Status::Fail);
    match failed.next() {
        None => Ok(()),
        Some(first) => Err(PackagingError::Refused {
            check: Box::new(first.clone()),
            more: failed.count(),
        }),
    }
}
