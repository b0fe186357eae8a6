//! Where the project is, and which of its crates are algorithms.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::shell::Line;

/// The checkout this program was started from.
pub struct Workspace {
    root: PathBuf,
}

/// The little that is needed of `cargo metadata`.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    #[serde(default)]
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    crate_types: Vec<String>,
}

impl Workspace {
    /// The workspace whose `xtask` cargo has started.
    pub fn find() -> Result<Self> {
        let own = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        match own.as_deref().and_then(Path::parent) {
            Some(root) if root.join("Cargo.toml").is_file() => Ok(Self { root: root.to_owned() }),
            _ => bail!("start this program through cargo, inside the project: `cargo xtask help`"),
        }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A cargo command in the workspace's root.
    pub fn cargo(&self) -> Line {
        Line::cargo(&self.root)
    }

    /// Builds the program `procvision`.
    ///
    /// It is built as a part of the whole workspace, not as a package alone: the crates that members share then have
    /// the same features as in the tests, and the engine is compiled once for both.
    pub fn host_build(&self) -> Line {
        self.program_build("procvision")
    }

    /// Builds another program in the same way.
    pub fn program_build(&self, name: &str) -> Line {
        self.cargo().args(["build", "--release", "--workspace", "--bin", name])
    }

    /// The names of the member packages that become WebAssembly components: those that build a `cdylib`.
    pub fn guests(&self) -> Result<Vec<String>> {
        Ok(guests(self.metadata()?))
    }

    /// Where cargo puts what it builds.
    pub fn target_dir(&self) -> Result<PathBuf> {
        Ok(self.metadata()?.target_directory)
    }

    fn metadata(&self) -> Result<Metadata> {
        let line = self.cargo().args(["metadata", "--no-deps", "--format-version", "1"]);
        let output = line.output()?;
        if !output.status.success() {
            bail!("cargo cannot read the workspace; repeat with: {line}");
        }
        serde_json::from_slice(&output.stdout).with_context(|| format!("the answer of `{line}` is not understood"))
    }
}

fn guests(metadata: Metadata) -> Vec<String> {
    let is_guest = |package: &Package| {
        package
            .targets
            .iter()
            .any(|t| t.crate_types.iter().any(|kind| kind == "cdylib"))
    };
    metadata
        .packages
        .into_iter()
        .filter(is_guest)
        .map(|package| package.name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guests_are_the_packages_with_a_cdylib() {
        let metadata = br#"{"packages": [
            {"name": "host", "id": "1", "targets": [{"crate_types": ["lib"]}, {"crate_types": ["bin"]}]},
            {"name": "presence-check", "id": "2", "targets": [{"crate_types": ["cdylib", "rlib"]}]}
        ]}"#;
        assert_eq!(guests(serde_json::from_slice(metadata).unwrap()), ["presence-check"]);
    }
}
