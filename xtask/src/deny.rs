//! `cargo xtask deny`: licences, advisories, banned crates and sources of all dependencies, by cargo-deny.

use anyhow::{Result, bail};

use crate::Finding;
use crate::workspace::Workspace;

/// Runs cargo-deny with the project's deny.toml. It fetches the advisory database, so it needs a network.
pub fn run(workspace: &Workspace) -> Result<Finding> {
    if workspace.cargo().args(["deny", "--version"]).probe()?.is_none() {
        bail!("cargo-deny is not installed; install it with: cargo install cargo-deny --locked");
    }
    let line = workspace.cargo().args(["deny", "check"]);
    if line.run()?.success() {
        return Ok(Finding::Good);
    }
    eprintln!(
        "a dependency breaks a rule of deny.toml, or the advisories could not be fetched (its message is above); \
         repeat with: {line}"
    );
    Ok(Finding::Bad)
}
