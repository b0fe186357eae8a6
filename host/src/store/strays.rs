//! What lies among the installed versions and the registry does not know.

use super::creation::failed;
use super::registry::{Registry, Release};
use super::{Store, StoreError, layout};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What lies in `deployed/`, `zips/` and `uses/` and belongs to no installed version.
pub(super) fn strays(store: &Store, registry: &Registry) -> Result<Vec<PathBuf>, StoreError> {
    let layout = &store.layout;
    let mut strays = Vec::new();
    let deployed = layout.deployed();
    for name in names(&deployed)? {
        let path = deployed.join(&name);
        let Some(versions) = registry.algorithms.get(&name) else {
            strays.push(path);
            continue;
        };
        // What is no folder here is reported as the versions that it should hold.
        if fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
            let known: BTreeSet<String> = versions.keys().map(ToString::to_string).collect();
            let versions = names(&path)?.into_iter();
            strays.extend(
                versions
                    .filter(|version| !known.contains(version))
                    .map(|version| path.join(version)),
            );
        }
    }
    let mut known = BTreeSet::new();
    for (Release { name, version }, installed) in registry.releases() {
        known.insert(layout::zip_name(&name, &version));
        known.insert(layout::use_name(&name, &version));
        if installed.signature.is_some() {
            known.insert(layout::signature_name(&name, &version));
        }
    }
    for folder in [layout.zips(), layout.uses()] {
        let names = names(&folder)?.into_iter();
        strays.extend(names.filter(|name| !known.contains(name)).map(|name| folder.join(name)));
    }
    Ok(strays)
}

/// What a folder holds, by name; nothing if there is no such folder, which is missed where it matters.
fn names(folder: &Path) -> Result<Vec<String>, StoreError> {
    let failed = failed("read", folder);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(&failed)?,
    };
    let mut names = entries
        .map(|entry| Ok(entry.map_err(&failed)?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<Vec<_>, StoreError>>()?;
    names.sort();
    Ok(names)
}
