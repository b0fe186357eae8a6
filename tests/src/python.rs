//! Programs in Python that come from PyPI, in versions that a file names.

use crate::binary::project_root;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The Python of a virtual environment below the target folder, with exactly the packages of a requirements file. It is
/// made the first time, and when the file changes.
///
/// # Panics
///
/// If it cannot be made; the message says what is missing.
#[track_caller]
pub fn environment(name: &str, requirements: &Path) -> PathBuf {
    let folder = project_root().join("target").join(name);
    let (python, mark) = (folder.join("bin/python"), folder.join("installed"));
    let wanted = fs::read_to_string(requirements).unwrap_or_else(|error| panic!("{}: {error}", requirements.display()));
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) && python.exists() {
        return python;
    }
    run(
        Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder),
        "python3 makes no virtual environment; install it with its module venv: apt-get install python3-venv",
    );
    run(
        Command::new(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
                "--requirement",
            ])
            .arg(requirements),
        "pip cannot install the packages; it needs a network connection the first time",
    );
    fs::write(&mark, wanted).expect("it can be written");
    python
}

#[track_caller]
fn run(command: &mut Command, otherwise: &str) {
    match command.output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!("{otherwise}: {output:?}"),
        Err(error) => panic!("{otherwise}: {error}"),
    }
}
