//! Gathers what `procvision init` copies into an author's project: the SDK without its tests, the contract beside it,
//! and the licences of both. The library embeds the gathered folder.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const PARTS: [&str; 6] = [
    "guest-sdk/Cargo.toml",
    "guest-sdk/README.md",
    "guest-sdk/src",
    "wit",
    "LICENSE-APACHE",
    "LICENSE-MIT",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("..");
    let gathered = PathBuf::from(env::var("OUT_DIR")?).join("sdk");
    match fs::remove_dir_all(&gathered) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    for part in PARTS {
        let source = root.join(part);
        println!("cargo::rerun-if-changed={}", source.display());
        copy(&source, &gathered.join(part)).map_err(|error| format!("{}: {error}", source.display()))?;
    }
    Ok(())
}

/// Copies a file or a whole folder.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() {
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to).map(drop)
}
