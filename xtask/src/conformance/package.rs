//! The algorithm of known behaviour as a package that this project's adapter can be started around.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::json;

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
    let limits = json!({
        "pre_execute_deadline_ms": milliseconds(wishes.pre_limit),
        "execute_deadline_ms": milliseconds(EXECUTE_LIMIT),
        // It computes for seconds, and is ended by the clock alone.
        "execute_fuel": 300_000_000_000_u64,
    });
    let manifest = json!({
        "manifest_version": 1,
        "name": "conformance_subject",
        "version": "1.0.0",
        "description": "Does what the conformance suite tells it to do",
        "component": "component.wasm",
        "supported_pids": ["A01", "A02"],
        "limits": limits,
    });
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    write("manifest.json", manifest.to_string())?;
    if let Some(load) = wishes.load {
        write("assets/load-ms", milliseconds(load).to_string())?;
    }
    Ok(folder)
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
