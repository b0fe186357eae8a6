//! What the tests of the runner protocol share: this project's adapter around the algorithm of known behaviour, and the
//! wrong adapter.

use crate::binary::{guest_target_dir, procvision_binary};
use crate::conformance_component;
use procvision_conformance::subject::{Dialect, Launch, SLOW_LOAD, Subject, manifest};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// Limit of `pre_execute` that the package asks for.
const PRE_LIMIT: Duration = Duration::from_millis(300);
/// Limit of `execute` that the package asks for: longer than any task that has to be done.
const EXECUTE_LIMIT: Duration = Duration::from_secs(6);

/// The adapter, and the packages that it is started around.
pub struct Ours {
    /// How it is started.
    pub subject: Subject,
    /// A folder for whatever a test puts there.
    pub folder: TempDir,
}

impl Default for Ours {
    fn default() -> Self {
        Self::new()
    }
}

impl Ours {
    /// Makes the packages.
    ///
    /// # Panics
    ///
    /// If they cannot be written.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let launch = |package: &Path| {
            Launch::new(procvision_binary())
                .arg("adapter")
                .arg(package)
                .env("PROCVISION_CACHE_DIR", guest_target_dir().join("cache"))
        };
        let fast = package(folder.path(), "fast", None);
        let slow = package(folder.path(), "slow", Some(SLOW_LOAD));
        let subject = Subject {
            slow: Some(launch(&slow)),
            pre_limit: PRE_LIMIT,
            execute_limit: EXECUTE_LIMIT,
            ..Subject::new("procvision", Dialect::ALL, launch(&fast))
        };
        Self { subject, folder }
    }
}

fn package(folder: &Path, name: &str, load: Option<Duration>) -> std::path::PathBuf {
    let package = folder.join(name);
    std::fs::create_dir_all(package.join("assets")).expect("it can be written");
    std::fs::copy(conformance_component(), package.join("component.wasm")).expect("the guest was built");
    let manifest = manifest(PRE_LIMIT, EXECUTE_LIMIT);
    std::fs::write(package.join("manifest.json"), manifest.to_string()).expect("it can be written");
    if let Some(load) = load {
        std::fs::write(package.join("assets/load-ms"), load.as_millis().to_string()).expect("it can be written");
    }
    package
}
