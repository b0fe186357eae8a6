//! `cargo xtask setup`: the toolchain and its parts, added where missing.

use std::fs;

use anyhow::{Context, Result};

use crate::Finding;
use crate::toolchain::{ALL, Part, State, Toolchain};
use crate::workspace::Workspace;

/// Prints what is there and what was added.
pub fn run(workspace: &Workspace) -> Result<Finding> {
    let toolchain = Toolchain::in_force(workspace.root())?;
    println!("{}", toolchain.version()?);
    for (part, state) in ensure(workspace, &ALL)? {
        println!("{part}: {}", if state == State::Added { "added" } else { "present" });
    }
    println!("The project can be built; next: cargo xtask demo");
    Ok(Finding::Good)
}

/// Makes sure that the parts are there, and says on standard error if the compiler is not the one the project uses.
pub fn ensure(workspace: &Workspace, parts: &[Part]) -> Result<Vec<(Part, State)>> {
    let toolchain = Toolchain::in_force(workspace.root())?;
    let file = workspace.root().join("rust-toolchain.toml");
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let channel = channel(&text).with_context(|| format!("{} names no channel", file.display()))?;
    let version = toolchain.version()?;
    if version.split_whitespace().nth(1) != Some(channel) {
        eprintln!("note: the project is checked with Rust {channel}; this is {version}, whose lints may differ");
    }
    toolchain.ensure(parts)
}

/// The value of `channel` in the text of a rust-toolchain.toml.
fn channel(text: &str) -> Option<&str> {
    let value = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("channel")?.trim_start().strip_prefix('='))?;
    value.trim().strip_prefix('"')?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_channel_is_read_from_the_toolchain_file() {
        assert_eq!(
            channel("# channel\n[toolchain]\nchannel = \"1.95.0\" # why\n"),
            Some("1.95.0")
        );
        assert_eq!(channel("[toolchain]\ncomponents = []\n"), None);
    }
}
