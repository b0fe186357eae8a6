//! Small packages with which stores and stations are tried.

use crate::binary::project_root;
use crate::guests::lifted;
use crate::probe_component;
use procvision_host::archive;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The name and version that the guest has in its text.
const ORIGINAL: &[u8] = b"lifted1.0.0";

/// A package before it is an archive.
#[derive(Clone)]
pub struct Parts {
    /// Its files.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The algorithm's name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The package `lifted` in the version `version`, which has five characters. It judges every picture of A01 to be OK.
pub fn parts(version: &str) -> Parts {
    parts_named("lifted", version)
}

/// The same under another name of six characters.
pub fn parts_named(name: &str, version: &str) -> Parts {
    static COMPONENT: OnceLock<Vec<u8>> = OnceLock::new();
    let component = COMPONENT.get_or_init(|| lifted("base"));
    assert_eq!(
        (name.len(), version.len()),
        (6, 5),
        "the text of the guest is changed in place"
    );
    let place = component.windows(ORIGINAL.len()).position(|window| window == ORIGINAL);
    let place = place.expect("the guest has its name and version in one place");
    let mut component = component.clone();
    component[place..place + ORIGINAL.len()].copy_from_slice(format!("{name}{version}").as_bytes());
    let manifest = json!({
        "manifest_version": 1,
        "name": name,
        "version": version,
        "description": name,
        "component": "component.wasm",
        "supported_pids": ["A01"],
    });
    Parts {
        files: BTreeMap::from([
            ("manifest.json".to_owned(), manifest.to_string().into_bytes()),
            ("component.wasm".to_owned(), component),
            ("assets/notes.txt".to_owned(), b"for nobody".to_vec()),
        ]),
        name: name.to_owned(),
        version: version.to_owned(),
    }
}

impl Parts {
    /// With a file, or another content of one.
    pub fn with(mut self, name: &str, content: &[u8]) -> Self {
        self.files.insert(name.to_owned(), content.to_vec());
        self
    }

    /// With one golden case that wants this verdict. The guest says OK to everything.
    pub fn with_case(self, verdict: &str) -> Self {
        let case = json!([{ "name": "tray", "pid": "A01", "image": "pictures/tray.png", "verdict": verdict }]);
        let picture = project_root().join("examples/presence-check/pictures/tray-good.png");
        let picture = fs::read(picture).expect("the picture is there");
        self.with("cases.json", case.to_string().as_bytes())
            .with("pictures/tray.png", &picture)
    }

    /// The archive.
    pub fn archive(&self) -> Vec<u8> {
        archive::write(&self.files).expect("it is a package")
    }
}

/// The package of the guest `probe`, which does what a test asks for by the parameter `task`. It judges A01 and A02.
pub fn probe_parts() -> Parts {
    let manifest = json!({
        "manifest_version": 1,
        "name": "probe",
        "version": "0.1.0",
        "description": "Does what a test asks for",
        "component": "component.wasm",
        "supported_pids": ["A01", "A02"],
    });
    let component = fs::read(probe_component()).expect("the guest was built");
    Parts {
        files: BTreeMap::from([
            ("manifest.json".to_owned(), manifest.to_string().into_bytes()),
            ("component.wasm".to_owned(), component),
        ]),
        name: "probe".to_owned(),
        version: "0.1.0".to_owned(),
    }
}

impl Parts {
    /// Writes the archive into a folder, under the name that it should have.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn write(&self, folder: &Path) -> PathBuf {
        let path = folder.join(format!("{}-v{}-offline.zip", self.name, self.version));
        fs::write(&path, self.archive()).expect("it can be written");
        path
    }
}
