//! Building a package a second time, to see whether the same comes of it.

use super::{Collected, PackagingError, build};
use crate::component_build::{self, BuildOptions, Workspace};
use std::io;
use std::path::{Path, PathBuf};

/// A package that was built a second time.
#[derive(Clone, Debug)]
pub struct Rebuilt {
    /// What came of it.
    pub collected: Collected,
    /// Whether that was done with a copy of the sources in another folder.
    pub moved: bool,
    /// Why not, if not.
    pub why_not_moved: Option<String>,
}

/// Builds the crate in the folder `dir` in a target folder of its own below the empty folder `scratch`, from a copy of
/// the sources there if they can be copied.
///
/// # Errors
///
/// See [`PackagingError`].
pub fn rebuild(dir: &Path, options: &BuildOptions, scratch: &Path) -> Result<Rebuilt, PackagingError> {
    let mut options = BuildOptions {
        target_dir: Some(scratch.join("target")),
        ..options.clone()
    };
    let workspace = component_build::workspace(dir, &options)?;
    let (dir, why_not_moved) = match copy(dir, &workspace, &scratch.join("sources"))? {
        Ok(copy) => (copy, None),
        Err(why) => {
            // What lies in the folder stays what was built first.
            options.output = Some(scratch.join("component.wasm"));
            (dir.to_owned(), Some(why))
        }
    };
    Ok(Rebuilt {
        collected: build(&dir, &options)?,
        moved: why_not_moved.is_none(),
        why_not_moved,
    })
}

impl Rebuilt {
    /// Refuses a first build unlike this second one.
    ///
    /// # Errors
    ///
    /// [`PackagingError::Unreproducible`] with the names of what differs.
    pub fn compare(&self, first: &Collected) -> Result<(), PackagingError> {
        let (first, second) = (&first.files, &self.collected.files);
        let mut entries: Vec<String> = first.keys().chain(second.keys()).cloned().collect();
        entries.retain(|name| first.get(name) != second.get(name));
        entries.sort();
        entries.dedup();
        match entries.is_empty() {
            true => Ok(()),
            false => Err(PackagingError::Unreproducible {
                entries,
                moved: self.moved,
            }),
        }
    }
}

/// The crate's folder in a copy of its workspace, or why there is none.
fn copy(dir: &Path, workspace: &Workspace, to: &Path) -> Result<Result<PathBuf, String>, PackagingError> {
    if !workspace.outside.is_empty() {
        let names = workspace.outside.join(", ");
        return Ok(Err(format!("it uses {names} from outside of its workspace")));
    }
    let failed = |source| PackagingError::Copy {
        path: workspace.root.clone(),
        source,
    };
    let inner = dir.canonicalize().map_err(failed)?;
    let root = workspace.root.canonicalize().map_err(failed)?;
    let Ok(inner) = inner.strip_prefix(root) else {
        return Ok(Err("it lies outside of its workspace".to_owned()));
    };
    match workspace.copy_to(to) {
        Ok(()) => Ok(Ok(to.join(inner))),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            Ok(Err("its workspace is too large to be copied".to_owned()))
        }
        Err(error) => Err(failed(error)),
    }
}
