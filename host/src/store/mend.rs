//! Putting right what killed operations have left, by what the registry says. Nothing goes that the registry does not
//! announce, except from `tmp/`.

use super::creation::failed;
use super::layout::{self, Layout};
use super::lock::is_held;
use super::registry::{Registry, Release};
use super::{StoreError, audit, derived, durable};
use std::ffi::OsString;
use std::fs;

/// What was put right.
pub(super) struct Mended {
    /// Each thing as a sentence.
    pub(super) what: Vec<String>,
    /// What is wrong with the end of the audit log, if something is.
    pub(super) audit: Option<String>,
}

/// Puts everything right. The caller holds the lock alone and writes the registry if something was done.
pub(super) fn mend(layout: &Layout, registry: &mut Registry) -> Result<Mended, StoreError> {
    let mut what = Vec::new();
    for folder in layout::FOLDERS {
        let path = layout.root().join(folder);
        durable::make_folder(&path).map_err(failed("make", &path))?;
    }
    for path in [layout.registry(), layout.store()] {
        let unfinished = durable::unfinished(&path);
        durable::remove(&unfinished).map_err(failed("remove", &unfinished))?;
    }
    let path = layout.audit();
    let pending = !registry.audit.pending.is_empty();
    let wrong = audit::settle(&path, &mut registry.audit).map_err(failed("write", &path))?;
    for unfinished in std::mem::take(&mut registry.unfinished) {
        remove_version(layout, &unfinished.release)?;
        what.push(format!(
            "took away the files of {}, which is not installed",
            unfinished.release
        ));
    }
    what.extend(
        derived::put_right(layout, registry)?
            .into_iter()
            .map(|name| format!("put {name} right")),
    );
    for name in abandoned(layout)? {
        let path = layout.tmp().join(&name);
        durable::remove(&path).map_err(failed("remove", &path))?;
        what.push(format!("took away tmp/{}", name.display()));
    }
    if pending && what.is_empty() {
        registry.write(layout)?;
    }
    Ok(Mended { what, audit: wrong })
}

/// What killed installations have left in `tmp/`, by name. Whoever works there holds the lock of the folder.
pub(super) fn abandoned(layout: &Layout) -> Result<Vec<OsString>, StoreError> {
    let mut names = entries(layout)?;
    names.retain(|name| !is_held(&layout.tmp().join(name)));
    Ok(names)
}

/// Whether something is being installed at this moment.
pub(super) fn is_somebody_installing(layout: &Layout) -> Result<bool, StoreError> {
    Ok(entries(layout)?.iter().any(|name| is_held(&layout.tmp().join(name))))
}

fn entries(layout: &Layout) -> Result<Vec<OsString>, StoreError> {
    let folder = layout.tmp();
    let failed = failed("read", &folder);
    let entries = fs::read_dir(&folder).map_err(&failed)?;
    let mut names = entries
        .map(|entry| Ok(entry.map_err(&failed)?.file_name()))
        .collect::<Result<Vec<_>, StoreError>>()?;
    names.sort();
    Ok(names)
}

/// Removes the files of a version that is not installed. First the folder gets a name that nobody looks at.
pub(super) fn remove_version(layout: &Layout, release: &Release) -> Result<(), StoreError> {
    let Release { name, version } = release;
    let deployed = layout.version(name, version);
    let aside = layout.tmp().join(format!("gone-{name}-v{version}"));
    if fs::symlink_metadata(&deployed).is_ok() {
        durable::remove(&aside)
            .and_then(|()| durable::move_new(&deployed, &aside))
            .map_err(failed("remove", &deployed))?;
    }
    let files = [
        aside,
        layout.signature(name, version),
        layout.zip(name, version),
        layout.use_lock(name, version),
    ];
    for path in &files {
        durable::remove(path).map_err(failed("remove", path))?;
    }
    let algorithm = layout.algorithm(name);
    // Only if it is empty.
    let _ = fs::remove_dir(&algorithm);
    for folder in [layout.zips(), layout.deployed()] {
        durable::sync_folder(&folder).map_err(failed("write", &folder))?;
    }
    Ok(())
}
