//! The SDK that a new project depends on: a copy that this program carries, or a checkout.

use super::InitError;
use include_dir::{Dir, include_dir};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The SDK and the contract beside it, as `build.rs` gathers them.
static EMBEDDED: Dir<'_> = include_dir!("$OUT_DIR/sdk");

/// Where the copy lies in a project.
pub(super) const VENDORED: &str = "vendor/procvision";
/// The SDK's folder in a checkout and in the copy.
pub(super) const CRATE: &str = "guest-sdk";

/// Writes the copy to `dir`.
pub(super) fn copy_to(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    EMBEDDED.extract(dir)
}

/// The SDK's folder, absolute, in a checkout or given itself.
pub(super) fn locate(path: &Path) -> Result<PathBuf, InitError> {
    let missing = || InitError::NoSdk { path: path.to_owned() };
    let path = path.canonicalize().map_err(|_| missing())?;
    let is_sdk = |folder: &PathBuf| folder.join("src/lib.rs").is_file() && folder.ends_with(CRATE);
    [path.join(CRATE), path].into_iter().find(is_sdk).ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::EMBEDDED;

    #[test]
    fn the_copy_is_complete_and_lean() {
        for file in [
            "guest-sdk/Cargo.toml",
            "guest-sdk/README.md",
            "guest-sdk/src/lib.rs",
            "wit/world.wit",
            "LICENSE-APACHE",
            "LICENSE-MIT",
        ] {
            assert!(EMBEDDED.get_file(file).is_some(), "{file}");
        }
        for folder in ["guest-sdk/tests", "guest-sdk/target"] {
            assert!(EMBEDDED.get_dir(folder).is_none(), "{folder}");
        }
    }
}
