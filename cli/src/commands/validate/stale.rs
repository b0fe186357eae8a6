//! Whether a crate was changed after its component was built.

use procvision_host::component_build;
use procvision_host::manifest::Manifest;
use procvision_host::outcome::Warning;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// Most files that are looked at.
const MOST_FILES: usize = 10_000;

/// A warning if the crate in `folder` has sources that are newer than its component.
pub fn warning(folder: &Path) -> Option<Warning> {
    if !component_build::is_crate(folder) {
        return None;
    }
    let manifest = Manifest::read(&folder.join("manifest.json")).ok()?;
    let built = modified(&folder.join(manifest.component))?;
    let newest = newest_below(&folder.join("src"), &mut 0).max(modified(&folder.join("Cargo.toml")));
    (newest > Some(built)).then(|| Warning {
        kind: "component_stale",
        message:
            "the crate was changed after its component was built; build it with `procvision build`, or give --build"
                .to_owned(),
    })
}

fn newest_below(folder: &Path, seen: &mut usize) -> Option<SystemTime> {
    let mut newest = None;
    for entry in fs::read_dir(folder).ok()?.flatten() {
        *seen += 1;
        if *seen > MOST_FILES {
            break;
        }
        // Does not follow links.
        newest = newest.max(match entry.file_type() {
            Ok(kind) if kind.is_dir() => newest_below(&entry.path(), seen),
            _ => modified(&entry.path()),
        });
    }
    newest
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::symlink_metadata(path).ok()?.modified().ok()
}
