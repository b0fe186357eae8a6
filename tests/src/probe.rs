//! The well-behaved guest of `tests/probe`, built once for each process that asks for it.

use procvision_host::component_build::{self, BuildOptions};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The probe's component as it would be shipped: without debug information.
///
/// # Panics
///
/// If it cannot be built; the message says what to do.
pub fn probe_component() -> &'static Path {
    static COMPONENT: OnceLock<PathBuf> = OnceLock::new();
    COMPONENT.get_or_init(|| {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
        let output = tests.join("../target/guests/probe.wasm");
        std::fs::create_dir_all(output.parent().expect("it has a folder")).expect("the target folder can be written");
        let options = BuildOptions {
            output: Some(output),
            quiet: true,
            ..BuildOptions::default()
        };
        match component_build::build(&tests.join("probe"), &options) {
            Ok(build) => build.component,
            Err(error) => panic!("{}", procvision_host::explain::one_line(&error)),
        }
    })
}
