//! An example's folder: its manifest, and the cases that say what it must answer.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::case::Case;

/// One folder of `examples/` that has a manifest.
pub struct Example {
    folder: PathBuf,
    manifest: Manifest,
    cases: Vec<Case>,
}

/// The part of manifest.json that packaging needs; the host checks the rest.
#[derive(Deserialize)]
struct Manifest {
    name: String,
    version: String,
    component: PathBuf,
}

impl Example {
    /// Every example under `dir`, in order of name.
    ///
    /// # Errors
    ///
    /// A folder without readable manifest or cases, two cases of one name, or no example at all.
    pub fn all(dir: &Path) -> Result<Vec<Self>> {
        let entries = fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))?;
        let mut folders = Vec::new();
        for entry in entries {
            let path = entry.with_context(|| format!("cannot list {}", dir.display()))?.path();
            if path.join("manifest.json").is_file() {
                folders.push(path);
            }
        }
        folders.sort();
        if folders.is_empty() {
            bail!("{} holds no folder with a manifest.json", dir.display());
        }
        folders.into_iter().map(Self::open).collect()
    }

    fn open(folder: PathBuf) -> Result<Self> {
        let manifest_file = folder.join("manifest.json");
        let manifest: Manifest = read(&manifest_file)?;
        for (key, value) in [
            ("name", Path::new(&manifest.name)),
            ("version", Path::new(&manifest.version)),
        ] {
            if !is_inside(value) || value.components().count() != 1 {
                bail!("{}: {key} is not fit to name a folder", manifest_file.display());
            }
        }
        if !is_inside(&manifest.component) {
            bail!(
                "{}: component must be a path inside the package",
                manifest_file.display()
            );
        }
        let cases_file = folder.join("cases.json");
        let cases: Vec<Case> = read(&cases_file)?;
        if cases.is_empty() {
            bail!("{} holds no case", cases_file.display());
        }
        for (index, case) in cases.iter().enumerate() {
            if cases[..index].iter().any(|other| other.name == case.name) {
                bail!("{} has two cases named {:?}", cases_file.display(), case.name);
            }
            case.check(&folder)
                .with_context(|| format!("{}: case {:?}", cases_file.display(), case.name))?;
        }
        Ok(Self {
            folder,
            manifest,
            cases,
        })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The package's name.
    pub fn name(&self) -> &str {
        &self.manifest.name
    }

    /// The package's version.
    pub fn version(&self) -> &str {
        &self.manifest.version
    }

    /// The product models of its cases, each once.
    pub fn pids(&self) -> Vec<&str> {
        let pids: BTreeSet<&str> = self.cases.iter().map(Case::pid).collect();
        pids.into_iter().collect()
    }

    /// The package's name and version, as the folders and files of packages are called.
    pub fn versioned_name(&self) -> String {
        format!("{}-v{}", self.manifest.name, self.manifest.version)
    }

    /// The component's path inside the package.
    pub fn component(&self) -> &Path {
        &self.manifest.component
    }

    pub fn cases(&self) -> &[Case] {
        &self.cases
    }
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<T> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not as it should be", file.display()))
}

/// Whether a relative path stays below where it starts.
pub fn is_inside(path: &Path) -> bool {
    !path.as_os_str().is_empty() && path.components().all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"{"manifest_version": 1, "name": "look", "version": "0.1.0", "component": "c.wasm"}"#;

    fn example(manifest: &str, cases: &str) -> Result<Vec<Example>> {
        let dir = tempfile::tempdir()?;
        let folder = dir.path().join("look");
        fs::create_dir(&folder)?;
        fs::write(folder.join("manifest.json"), manifest)?;
        fs::write(folder.join("cases.json"), cases)?;
        fs::write(folder.join("a.png"), "")?;
        Example::all(dir.path())
    }

    #[test]
    fn a_folder_with_manifest_and_cases_is_an_example() {
        let cases = r#"[{"name": "good", "pid": "A01", "image": "a.png", "verdict": "OK"}]"#;
        let examples = example(MANIFEST, cases).unwrap();
        assert_eq!(examples.len(), 1);
        assert_eq!(examples[0].versioned_name(), "look-v0.1.0");
        assert_eq!(examples[0].cases()[0].name, "good");
    }

    #[test]
    fn what_is_wrong_is_said_with_file_and_key() {
        let case = |fields: &str| format!(r#"[{{"name": "good", "pid": "A01", "image": "a.png", {fields}}}]"#);
        let good = case(r#""verdict": "OK""#);
        let twice = format!("[{0}, {0}]", good.trim_matches(['[', ']']));
        let refused = [
            (MANIFEST, "[]".to_owned(), "no case"),
            (MANIFEST, twice, "two cases named"),
            (MANIFEST, case(r#""verdict": "GOOD""#), "GOOD"),
            (MANIFEST, case(r#""verdict": "OK", "verdikt": 1"#), "verdikt"),
            (
                MANIFEST,
                case(r#""verdict": "OK", "references": {"r": "b.png"}"#),
                "b.png",
            ),
            (MANIFEST, case(r#""verdict": "OK", "pre": "not_ready""#), "not_ready"),
            (
                r#"{"name": "a/b", "version": "1.0.0", "component": "c"}"#,
                good.clone(),
                "name",
            ),
            (
                r#"{"name": "a", "version": "..", "component": "c"}"#,
                good.clone(),
                "version",
            ),
            (
                r#"{"name": "a", "version": "1.0.0", "component": "../c"}"#,
                good,
                "component",
            ),
        ];
        for (manifest, cases, part) in refused {
            let Err(error) = example(manifest, &cases) else {
                panic!("accepted: {manifest} {cases}")
            };
            let message = format!("{error:#}");
            assert!(message.contains(part) && message.contains(".json"), "{message}");
        }
    }
}
