//! Names for places of this machine in what the compiler writes, so that a component does not tell where it was built.
//!
//! Paths get into a component with the locations of panics. Cargo names the sources of a workspace relative to its root
//! already, which is also what an author wants to read; everything else is absolute. The flags are the same for all
//! crates that share a target folder, or their dependencies would be compiled anew for each of them.

use super::toolchain::Toolchain;
use cargo_metadata::Metadata;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The flags that name cargo's home, the crates outside of the workspace, the standard library's sources and the target
/// folder. A path that is not text has no flag.
pub(super) fn flags(metadata: &Metadata, cargo_home: Option<&Path>, toolchain: &Toolchain) -> Vec<String> {
    // Where several fit, the compiler takes the last.
    let mut places: Vec<(PathBuf, String)> = Vec::new();
    if let Some(home) = cargo_home {
        places.push((home.to_owned(), "/cargo".to_owned()));
    }
    places.extend(
        outside(metadata)
            .into_iter()
            .map(|(path, name)| (path, format!("/{name}"))),
    );
    if let Some(sysroot) = &toolchain.sysroot
        && let Some(build) = toolchain.commit.as_ref().or(toolchain.release.as_ref())
    {
        // Where the sources of the standard library are not installed, the compiler says this itself.
        let sources = sysroot.join("lib/rustlib/src/rust");
        places.push((sources, format!("/rustc/{build}")));
    }
    let target = [Some(&metadata.target_directory), metadata.build_directory.as_ref()];
    let target = target.into_iter().flatten();
    places.extend(target.map(|path| (path.clone().into_std_path_buf(), "/target".to_owned())));
    let flag = |(path, name): &(PathBuf, String)| {
        // A `=` in a path is fine: the compiler splits at the last.
        Some(format!("--remap-path-prefix={}={name}", path.to_str()?))
    };
    let mut flags: Vec<String> = Vec::new();
    for flag in places.iter().filter_map(flag) {
        if !flags.contains(&flag) {
            flags.push(flag);
        }
    }
    flags
}

/// The folders outside of the workspace from which its members take crates, with the crates' names.
pub(super) fn outside(metadata: &Metadata) -> BTreeMap<PathBuf, String> {
    let dependencies = metadata.packages.iter().flat_map(|package| &package.dependencies);
    dependencies
        .filter_map(|dependency| Some((dependency.path.as_ref()?, &dependency.name)))
        .filter(|(path, _)| !path.starts_with(&metadata.workspace_root))
        .map(|(path, name)| (path.clone().into_std_path_buf(), name.clone()))
        .collect()
}
