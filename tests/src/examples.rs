//! The project's examples as the packages that a station installs.

use crate::binary::{Answer, procvision, project_root};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// What the next version of an example is called.
pub const NEXT_VERSION: &str = "0.2.0";

/// A picture of an example.
pub fn picture(example: &str, name: &str) -> PathBuf {
    project_root()
        .join("examples")
        .join(example)
        .join("pictures")
        .join(name)
}

/// Makes the package of an example in a folder, over one that is there; its path.
///
/// # Panics
///
/// If `procvision package` does not.
#[track_caller]
pub fn package(example: &str, into: &Path) -> PathBuf {
    packed(&project_root().join("examples").join(example), into)
}

/// Makes a package of the same sources as [`NEXT_VERSION`]; its path. `into` gets a copy of the example besides.
///
/// # Panics
///
/// If that cannot be done.
#[track_caller]
pub fn next_package(example: &str, into: &Path) -> PathBuf {
    let from = project_root().join("examples").join(example);
    // A name of its own: crates of one name share a file in the target folder.
    let name = format!("{example}-next");
    let to = into.join(&name);
    for part in ["src", "assets", "pictures"] {
        copy(&from.join(part), &to.join(part));
    }
    fs::copy(from.join("cases.json"), to.join("cases.json")).expect("it can be copied");
    // The same versions of everything, so that nothing has to be fetched.
    fs::copy(project_root().join("Cargo.lock"), to.join("Cargo.lock")).expect("it can be copied");
    let manifest = fs::read(from.join("manifest.json")).expect("the example has one");
    let mut manifest: Value = serde_json::from_slice(&manifest).expect("it is JSON");
    manifest["version"] = NEXT_VERSION.into();
    fs::write(to.join("manifest.json"), manifest.to_string()).expect("it can be written");
    let sdk = project_root().join("guest-sdk");
    let crate_manifest = format!(
        r#"[package]
name = "{name}"
version = "{NEXT_VERSION}"
edition = "2024"
license = "MIT"
publish = false

[lib]
crate-type = ["cdylib"]

[dependencies]
procvision-guest = {{ path = "{}" }}
serde = {{ version = "1", features = ["derive"] }}
serde_json = "1"

[workspace]
"#,
        sdk.display()
    );
    fs::write(to.join("Cargo.toml"), crate_manifest).expect("it can be written");
    packed(&to, into)
}

#[track_caller]
fn packed(folder: &Path, into: &Path) -> PathBuf {
    let mut command = procvision();
    command
        .args(["package", "--json", "--quiet", "--force", "--output"])
        .arg(into)
        .arg(folder);
    let answer = Answer::of(&mut command).expect(0).json();
    into.join(answer["package"].as_str().expect("it says where the package is"))
}

fn copy(from: &Path, to: &Path) {
    let Ok(entries) = fs::read_dir(from) else { return };
    fs::create_dir_all(to).expect("it can be made");
    for entry in entries {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_name().expect("a file has a name");
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).expect("it can be copied");
        }
    }
}
