//! What the compiler says about itself.

use super::{BuildError, Target};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The compiler that cargo will use in a folder. What it does not tell is `None`: a compiler that cannot be asked is
/// left for cargo to complain about.
#[derive(Clone, Debug, Default)]
pub(super) struct Toolchain {
    /// Where it lies.
    pub sysroot: Option<PathBuf>,
    /// Its version.
    pub release: Option<String>,
    /// The commit it was made from.
    pub commit: Option<String>,
}

impl Toolchain {
    /// Asks the compiler that is used in `dir`, and refuses if its libraries for `target` are not there.
    pub(super) fn for_target(dir: &Path, target: Target) -> Result<Self, BuildError> {
        let places = ask(
            dir,
            &["--print=target-libdir", "--print=sysroot", "--target", target.triple()],
        );
        let mut lines = places.as_deref().unwrap_or_default().lines().map(PathBuf::from);
        if lines.next().is_some_and(|libdir| !libdir.is_dir()) {
            return Err(BuildError::TargetMissing { target });
        }
        let sysroot = lines.next();
        let version = ask(dir, &["-vV"]).unwrap_or_default();
        let field = |name: &str| {
            let mut values = version.lines().filter_map(|line| line.strip_prefix(name));
            values
                .next()
                .map(str::trim)
                .filter(|value| *value != "unknown")
                .map(str::to_owned)
        };
        Ok(Self {
            sysroot,
            release: field("release:"),
            commit: field("commit-hash:"),
        })
    }
}

fn ask(dir: &Path, arguments: &[&str]) -> Option<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let answer = Command::new(rustc)
        .current_dir(dir)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    answer
        .status
        .success()
        .then(|| String::from_utf8_lossy(&answer.stdout).into_owned())
}
