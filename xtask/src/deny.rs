//! `cargo xtask deny`: licences, banned crates, sources and advisories of all dependencies, by cargo-deny.
//!
//! What needs no network comes first, so that it is answered everywhere.

use anyhow::{Result, bail};

use crate::Finding;
use crate::shell::Line;
use crate::workspace::Workspace;

/// Runs cargo-deny with the project's deny.toml.
pub fn run(workspace: &Workspace) -> Result<Finding> {
    let deny = |args: &[&str]| workspace.cargo().arg("deny").args(args);
    if deny(&["--version"]).probe()?.is_none() {
        bail!("cargo-deny is not installed; install it with: cargo install cargo-deny --locked");
    }
    if !holds(&deny(&["check", "bans", "licenses", "sources"]))? {
        return Ok(Finding::Bad);
    }
    let fetch = deny(&["fetch", "db"]);
    if !fetch.run()?.success() {
        bail!(
            "bans, licences and sources are as they should be, but the advisories could not be fetched (see above); \
             with a network connection, repeat: cargo xtask deny"
        );
    }
    let advisories = holds(&deny(&["check", "--disable-fetch", "advisories"]))?;
    Ok(if advisories { Finding::Good } else { Finding::Bad })
}

/// Whether a check passes; if not, says so and how to repeat it.
fn holds(check: &Line) -> Result<bool> {
    let passed = check.run()?.success();
    if !passed {
        eprintln!("a dependency breaks a rule of deny.toml (see above); repeat with: {check}");
    }
    Ok(passed)
}
