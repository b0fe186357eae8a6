//! `cargo xtask bench`: every benchmark of the workspace, and what their figures mean beside their baselines; beside
//! other systems with `peers`; by every way of asking with `ways`; in the documentation with `page`.

mod figures;
pub mod page;
pub mod peers;
mod ratios;
pub mod ways;

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
    let start = std::time::SystemTime::now();
    if !line.run()?.success() {
        eprintln!("the benchmarks failed (see above); repeat with: {line}");
        return Ok(Finding::Bad);
    }
    print!("{}", ratios::table(&workspace.target_dir()?.join("criterion"), start)?);
    Ok(Finding::Good)
}
