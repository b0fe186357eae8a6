//! The algorithm of known behaviour as a package that this project's adapter can be started around.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use procvision_conformance::subject::manifest;

use crate::shell::Line;
use crate::workspace::Workspace;

/// After which an `execute` is too long; a case waits for it.
pub const EXECUTE_LIMIT: Duration = Duration::from_secs(4);

/// What a package is to be like.
pub struct Wishes {
    /// After which a `pre_execute` is too long.
    pub pre_limit: Duration,
    /// How long loading takes, if it is to be slow.
    pub load: Option<Duration>,
}

/// Makes the package `name` in the target folder; the answer is its folder.
pub fn make(workspace: &Workspace, program: &Path, name: &str, wishes: &Wishes) -> Result<PathBuf> {
    let folder = workspace.target_dir()?.join("conformance").join(name);
    fs::create_dir_all(folder.join("assets")).with_context(|| format!("cannot make {}", folder.display()))?;
    let build = Line::new(program, workspace.root())
        .args(["build", "conformance/subject", "--json", "--output"])
        .arg(folder.join("component.wasm"));
    if !build.output()?.status.success() {
        bail!("the algorithm cannot be built (see above); repeat with: {build}");
    }
    let manifest = manifest(wishes.pre_limit, EXECUTE_LIMIT);
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    write("manifest.json", manifest.to_string())?;
    if let Some(load) = wishes.load {
        write("assets/load-ms", load.as_millis().to_string())?;
    }
    Ok(folder)
}
