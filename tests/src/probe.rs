//! The well-behaved guests, each built once for each process that asks for it, as they would be shipped: with SIMD and
//! without debug information.

use procvision_host::component_build::{self, BuildOptions};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The component of `tests/probe`.
///
/// # Panics
///
/// If it cannot be built; the message says what to do.
pub fn probe_component() -> &'static Path {
    static COMPONENT: OnceLock<PathBuf> = OnceLock::new();
    COMPONENT.get_or_init(|| build("probe"))
}

/// The component of `conformance/subject`.
///
/// # Panics
///
/// If it cannot be built; the message says what to do.
pub fn conformance_component() -> &'static Path {
    static COMPONENT: OnceLock<PathBuf> = OnceLock::new();
    COMPONENT.get_or_init(|| build("../conformance/subject"))
}

/// The component of `tests/digester`.
///
/// # Panics
///
/// If it cannot be built; the message says what to do.
pub fn digester_component() -> &'static Path {
    static COMPONENT: OnceLock<PathBuf> = OnceLock::new();
    COMPONENT.get_or_init(|| build("digester"))
}

fn build(folder: &str) -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let name = folder.trim_start_matches("../").replace('/', "-");
    let output = tests.join(format!("../target/guests/{name}.wasm"));
    std::fs::create_dir_all(output.parent().expect("it has a folder")).expect("the target folder can be written");
    let options = BuildOptions {
        output: Some(output),
        quiet: true,
        ..BuildOptions::default()
    };
    match component_build::build(&tests.join(folder), &options) {
        Ok(build) => build.component,
        Err(error) => panic!("{}", procvision_host::explain::one_line(&error)),
    }
}
