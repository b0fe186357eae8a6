//! A folder in which the program is tried: a package whose algorithm does what it is told, a picture, and whatever a
//! test puts there. File names in answers are relative to it, so that they can be compared.

use crate::binary::{Answer, guest_target_dir, procvision, project_root};
use crate::guests::rust_guest;
use serde_json::{Value, json};
use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A temporary folder with the package `rogue` and the picture `photo.png`, 320 x 240.
pub struct Workplace {
    folder: TempDir,
}

impl Default for Workplace {
    fn default() -> Self {
        Self::new()
    }
}

impl Workplace {
    /// Makes one.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn new() -> Self {
        let place = Self {
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
        };
        place.package("rogue", &place.manifest());
        let photo = project_root().join("examples/presence-check/pictures/tray-good.png");
        std::fs::copy(photo, place.path("photo.png")).expect("the picture can be copied");
        place
    }

    /// The manifest of the package `rogue`.
    pub fn manifest(&self) -> Value {
        json!({
            "manifest_version": 1,
            "name": "rogue",
            "version": "0.1.0",
            "description": "Does the harm it is told to do",
            "component": "component.wasm",
            "supported_pids": ["A01"],
        })
    }

    /// A package in the folder `name` with the component of the guest `rogue`.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn package(&self, name: &str, manifest: &Value) {
        let component = std::fs::read(rust_guest("rogue")).expect("the guest was built");
        self.write(&format!("{name}/component.wasm"), &component);
        self.write(&format!("{name}/manifest.json"), manifest.to_string().as_bytes());
    }

    /// Writes a file, and the folders to it. Whatever the mask of this process is, nobody else can change them.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        let folder = path.parent().expect("a file lies in a folder");
        let mut folders = DirBuilder::new();
        folders
            .recursive(true)
            .mode(0o755)
            .create(folder)
            .expect("it can be written");
        std::fs::write(&path, bytes).expect("it can be written");
        std::fs::set_permissions(path, Permissions::from_mode(0o644)).expect("it is ours");
    }

    /// The path of a file in it.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program in it.
    pub fn procvision(&self, arguments: &[&str]) -> Answer {
        Answer::of(&mut self.command(arguments))
    }

    /// The program in it, ready to be run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = procvision();
        command
            .current_dir(self.folder.path())
            .env("PROCVISION_CACHE_DIR", guest_target_dir().join("cache"))
            .args(arguments);
        command
    }
}
