//! The programs that are built in the release profile: building them, and finding them among what was built.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::shell::Line;
use crate::workspace::Workspace;

/// Builds the program `procvision`; the answer is its path, which depends on the user's cargo settings.
pub fn build(workspace: &Workspace) -> Result<PathBuf> {
    build_by(workspace.host_build(), "procvision")
}

/// Builds another program of the workspace; the answer is its path.
pub fn build_other(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    build_by(workspace.program_build(name), name)
}

fn build_by(line: Line, name: &str) -> Result<PathBuf> {
    let output = line.clone().arg("--message-format=json-render-diagnostics").output()?;
    if !output.status.success() {
        let what = if name == "procvision" { "the host" } else { name };
        bail!("{what} could not be built (see above); repeat with: {line}");
    }
    let path = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|message| executable(message, name))
        .next_back();
    path.with_context(|| format!("cargo built {name} but did not say where; repeat with: {line}"))
}

/// The program's path, if a line of cargo's messages says that it was built or is up to date.
fn executable(message: &str, name: &str) -> Option<PathBuf> {
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
    artifact.executable.filter(|_| artifact.target.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_among_cargos_messages() {
        let library = r#"{"reason":"compiler-artifact","target":{"name":"procvision_host"},"executable":null}"#;
        let program = r#"{"reason":"compiler-artifact","target":{"name":"procvision"},"executable":"/t/procvision"}"#;
        assert_eq!(executable(library, "procvision"), None);
        assert_eq!(executable(program, "procvision"), Some(PathBuf::from("/t/procvision")));
        assert_eq!(
            executable(r#"{"reason":"build-finished","success":true}"#, "procvision"),
            None
        );
    }
}
