//! `active/`: derived from the registry, for programs that only want to know what is active.

use super::layout::{self, Layout};
use super::registry::Registry;
use super::{StoreError, durable};
use crate::bounded_file;
use crate::store::creation::failed;
use std::fs;

/// More than any file here has.
const ACTIVE_FILE_BYTES: u64 = 64 << 10;

/// Makes `active/` what the registry says, and says what was not. Whatever else lies there stays.
pub(super) fn put_right(layout: &Layout, registry: &Registry) -> Result<Vec<String>, StoreError> {
    let mut wrong = Vec::new();
    let expected = registry.active_files();
    for (pid, text) in &expected {
        let path = layout.active_for(pid);
        if !is(&path, text) {
            durable::replace(&path, text).map_err(failed("write", &path))?;
            wrong.push(format!("active/{}", layout::active_name(pid)));
        }
    }
    let folder = layout.active();
    for name in names(layout)? {
        let of_pid = name.strip_suffix(".json");
        let stale = of_pid.is_some_and(|pid| !expected.contains_key(pid)) || durable::is_unfinished(&name);
        if stale {
            let path = folder.join(&name);
            durable::remove(&path).map_err(failed("remove", &path))?;
            wrong.push(format!("active/{name}"));
        }
    }
    Ok(wrong)
}

/// What in `active/` is not what the registry says, by name.
pub(super) fn differences(layout: &Layout, registry: &Registry) -> Result<Vec<String>, StoreError> {
    let expected = registry.active_files();
    let mut wrong: Vec<String> = expected
        .iter()
        .filter(|(pid, text)| !is(&layout.active_for(pid), text))
        .map(|(pid, _)| layout::active_name(pid))
        .collect();
    for name in names(layout)? {
        if !name.strip_suffix(".json").is_some_and(|pid| expected.contains_key(pid)) {
            wrong.push(name);
        }
    }
    wrong.sort();
    Ok(wrong)
}

fn is(path: &std::path::Path, text: &[u8]) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
        && bounded_file::read(path, ACTIVE_FILE_BYTES).is_ok_and(|found| found == text)
}

fn names(layout: &Layout) -> Result<Vec<String>, StoreError> {
    let folder = layout.active();
    let failed = failed("read", &folder);
    let entries = fs::read_dir(&folder).map_err(&failed)?;
    entries
        .map(|entry| Ok(entry.map_err(&failed)?.file_name().to_string_lossy().into_owned()))
        .collect()
}
