//! `cargo xtask bench`: every benchmark of the workspace.

use std::ffi::OsString;

use anyhow::Result;

use crate::toolchain::{GUEST_TARGET, Part};
use crate::workspace::Workspace;
use crate::{Finding, setup};

/// Runs the benchmarks; `args` go to them, a name to run only those that contain it.
pub fn run(workspace: &Workspace, args: &[OsString]) -> Result<Finding> {
    setup::ensure(workspace, &[Part::Target(GUEST_TARGET)])?;
    // A pattern for bench targets: a plain `cargo bench` would hand `args` to the unit tests' runner as well, which
    // does not know them.
    let line = workspace
        .cargo()
        .args(["bench", "--workspace", "--bench", "*", "--"])
        .args(args);
    if line.run()?.success() {
        return Ok(Finding::Good);
    }
    eprintln!("the benchmarks failed (see above); repeat with: {line}");
    Ok(Finding::Bad)
}
