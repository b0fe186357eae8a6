//! How an archive is shown to the program, and packages that are real.

use procvision_host::archive;
use procvision_tests::binary::Answer;
use procvision_tests::guests::rust_guest;
use procvision_tests::workplace::Workplace;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The contents of a package whose algorithm does what it is told.
pub fn rogue(place: &Workplace) -> BTreeMap<String, Vec<u8>> {
    BTreeMap::from([
        ("manifest.json".to_owned(), place.manifest().to_string().into_bytes()),
        ("component.wasm".to_owned(), std::fs::read(rust_guest("rogue")).unwrap()),
        (
            "assets/notes/readme.txt".to_owned(),
            b"hello hello hello hello hello hello hello".to_vec(),
        ),
        ("assets/zeros".to_owned(), vec![0; 500_000]),
    ])
}

/// The package of [`rogue`] in one file.
pub fn rogue_archive(place: &Workplace) -> Vec<u8> {
    archive::write(&rogue(place)).unwrap()
}

/// Runs the program in the folder with a folder for temporary files of its own, which lies in it.
pub fn procvision(place: &Workplace, arguments: &[&str]) -> Answer {
    std::fs::create_dir_all(place.path("tmp")).unwrap();
    let mut command = place.command(arguments);
    Answer::of(command.env("TMPDIR", place.path("tmp")).env("HOME", place.path("home")))
}

/// Everything below a folder, with the contents of files.
pub fn listing(folder: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            match entry.file_type().unwrap().is_dir() {
                true => {
                    found.insert(path.clone(), None);
                    folders.push(path);
                }
                false => drop(found.insert(path.clone(), std::fs::read(path).ok())),
            }
        }
    }
    found
}

/// The checks of a validation that ended so.
pub fn checks<'a>(answer: &'a Value, status: &str) -> Vec<&'a Value> {
    let checks = answer["checks"].as_array().into_iter().flatten();
    checks.filter(|check| check["status"] == status).collect()
}
