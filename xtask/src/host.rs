//! The program `procvision`: building it, and finding it among what was built.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::workspace::Workspace;

/// Builds the program `procvision`; the answer is its path, which depends on the user's cargo settings.
pub fn build(workspace: &Workspace) -> Result<PathBuf> {
    let line = workspace.host_build();
    let output = line.clone().arg("--message-format=json-render-diagnostics").output()?;
    if !output.status.success() {
        bail!("the host could not be built (see above); repeat with: {line}");
    }
    let path = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(executable)
        .next_back();
    path.with_context(|| format!("cargo built the host but did not say where; repeat with: {line}"))
}

/// The program's path, if a line of cargo's messages says that it was built or is up to date.
fn executable(message: &str) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Artifact {
        target: Target,
        executable: Option<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
    }
    let artifact: Artifact = serde_json::from_str(message).ok()?;
    artifact.executable.filter(|_| artifact.target.name == "procvision")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_among_cargos_messages() {
        let library = r#"{"reason":"compiler-artifact","target":{"name":"procvision_host"},"executable":null}"#;
        let program = r#"{"reason":"compiler-artifact","target":{"name":"procvision"},"executable":"/t/procvision"}"#;
        assert_eq!(executable(library), None);
        assert_eq!(executable(program), Some(PathBuf::from("/t/procvision")));
        assert_eq!(executable(r#"{"reason":"build-finished","success":true}"#), None);
    }
}
