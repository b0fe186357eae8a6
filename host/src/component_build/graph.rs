//! Which crates cargo has put into a component, from what it says while it compiles and what it knows about the crates.
//!
//! What cargo announces as compiled is the truth: its resolution of dependencies is made for a whole workspace, with the
//! features that any of its members asks for.

use super::BuildError;
use crate::sbom::{Crate, CrateGraph, CrateSource};
use cargo_metadata::{DependencyKind, Metadata, Node, Package};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::{fs, io};

/// A crate that cargo has compiled, or found compiled already.
pub(super) struct Unit {
    pub package_id: String,
    pub features: Vec<String>,
    /// Compiled for the component, not for this machine.
    pub linked: bool,
}

/// The part of `Cargo.lock` that is needed.
#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<LockedPackage>,
}

#[derive(Deserialize)]
struct LockedPackage {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
}

/// A crate with what is known about how it was compiled.
struct Compiled<'a> {
    package: &'a Package,
    features: BTreeSet<&'a str>,
    linked: bool,
}

/// The graph of what was compiled for the package `root`; `metadata` describes all its dependencies, `rust` is the
/// compiler's version.
pub(super) fn of(
    metadata: &Metadata,
    root: &str,
    units: &[Unit],
    rust: Option<String>,
) -> Result<CrateGraph, BuildError> {
    let broken = |source: Box<dyn std::error::Error + Send + Sync>| BuildError::CargoBroken { source };
    let packages: BTreeMap<&str, &Package> = metadata.packages.iter().map(|p| (p.id.repr.as_str(), p)).collect();
    let mut compiled: BTreeMap<&str, Compiled> = BTreeMap::new();
    for unit in units {
        let id = unit.package_id.as_str();
        let unknown = || broken(format!("it compiled {id}, but does not know it").into());
        let package = packages.get(id).ok_or_else(unknown)?;
        let entry = compiled.entry(id).or_insert(Compiled {
            package,
            features: BTreeSet::new(),
            linked: false,
        });
        if unit.linked && !entry.linked {
            // What was compiled for this machine may have other features.
            entry.features.clear();
            entry.linked = true;
        }
        if unit.linked == entry.linked {
            entry.features.extend(unit.features.iter().map(String::as_str));
        }
    }

    let mut order: Vec<&str> = compiled.keys().copied().collect();
    let key = |id: &&str| {
        let package = compiled[*id].package;
        let source = package.source.as_ref().map(|source| source.repr.as_str());
        (package.name.as_str(), &package.version, source)
    };
    // Identifiers of local crates are their places on this machine.
    order.sort_by_key(key);
    let places: BTreeMap<&str, usize> = order.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    let lock = lock_of(metadata).map_err(broken)?;
    let resolve = metadata.resolve.as_ref();
    let nodes = resolve.ok_or_else(|| broken("it does not say what depends on what".into()))?;
    let nodes: BTreeMap<&str, &Node> = nodes.nodes.iter().map(|node| (node.id.repr.as_str(), node)).collect();
    let crates = order.iter().map(|id| {
        let dependencies = nodes.get(id).into_iter().flat_map(|node| &node.deps);
        let used = dependencies.filter(|dependency| {
            let to = packages.get(dependency.pkg.repr.as_str());
            to.is_some_and(|to| {
                dependency
                    .dep_kinds
                    .iter()
                    .any(|kind| compiled[*id].uses(to, kind.kind))
            })
        });
        let used = used.filter_map(|dependency| places.get(dependency.pkg.repr.as_str()).copied());
        compiled[*id].describe(&lock, used.collect())
    });
    Ok(CrateGraph {
        root: places.get(root).copied(),
        crates: crates.collect(),
        rust,
    })
}

fn lock_of(metadata: &Metadata) -> Result<Vec<LockedPackage>, Box<dyn std::error::Error + Send + Sync>> {
    let lock: Lock = match fs::read_to_string(metadata.workspace_root.join("Cargo.lock")) {
        Ok(text) => toml::from_str(&text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    Ok(lock.package)
}

impl Compiled<'_> {
    /// Whether the crate depends in this way on `to` with the features it was compiled with.
    fn uses(&self, to: &Package, kind: DependencyKind) -> bool {
        let mut declared = self
            .package
            .dependencies
            .iter()
            .filter(|dependency| dependency.name == to.name.as_str() && dependency.kind == kind)
            .filter(|dependency| dependency.req.matches(&to.version) || dependency.path.is_some());
        let active = |key: &str| {
            let enabled = self
                .features
                .iter()
                .filter_map(|feature| self.package.features.get(*feature));
            enabled.flatten().any(|value| {
                value.strip_prefix("dep:") == Some(key)
                    || value.split_once('/').is_some_and(|(dependency, _)| dependency == key)
            })
        };
        match kind {
            DependencyKind::Normal | DependencyKind::Build => declared.any(|dependency| {
                !dependency.optional || active(dependency.rename.as_deref().unwrap_or(&dependency.name))
            }),
            _ => false,
        }
    }

    fn describe(&self, lock: &[LockedPackage], dependencies: BTreeSet<usize>) -> Crate {
        let package = self.package;
        let source = package.source.as_ref().map(|source| source.repr.as_str());
        let version = package.version.to_string();
        let locked = lock.iter().find(|locked| {
            locked.name == *package.name && locked.version == version && locked.source.as_deref() == source
        });
        let file = package.license_file.as_ref().and_then(|file| file.file_name());
        Crate {
            name: package.name.to_string(),
            version,
            source: source.map_or(CrateSource::Local, CrateSource::of_cargo),
            licence: package.license.clone(),
            licence_file: file.map(str::to_owned),
            sha256: locked.and_then(|locked| locked.checksum.clone()),
            features: self.features.iter().map(|feature| (*feature).to_owned()).collect(),
            linked: self.linked,
            dependencies,
        }
    }
}
