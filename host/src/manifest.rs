//! `manifest.json`: what a package says about itself, read strictly.

use crate::bounded_file::{self, BoundedFileError};
use crate::limits::{LimitRequest, MANIFEST_BYTES};
use semver::Version;
use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Version of the manifest format that this host reads.
pub const MANIFEST_VERSION: u32 = 1;
/// Most product models of one package.
pub const MAX_PIDS: usize = 50;
/// Product models of one package above which a warning is due.
pub const ADVISED_PIDS: usize = 20;

/// A package's manifest, checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the format: 1.
    pub manifest_version: u32,
    /// Lower-case letters, digits and underscores, starting with a letter; at most 64.
    pub name: String,
    /// Semantic version.
    pub version: Version,
    /// One sentence about what it judges.
    pub description: String,
    /// The component's path inside the package, with `/` between parts.
    pub component: String,
    /// Product models it can judge, 1 to 50.
    pub supported_pids: Vec<String>,
    /// Asset paths by product model and kind.
    #[serde(default)]
    pub required_assets: BTreeMap<String, BTreeMap<String, String>>,
    /// Parameter values that come before the schema's defaults.
    #[serde(default)]
    pub default_config: Map<String, Value>,
    /// Limits the package asks for.
    #[serde(default)]
    pub limits: LimitRequest,
}

/// Why a manifest cannot be used. Each names the file and, where there is one, the key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// There is no such file.
    #[error("{} is missing", .0.display())]
    Missing(PathBuf),
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is too large to be a manifest.
    #[error("{} is larger than the {MANIFEST_BYTES} bytes a manifest may have", .0.display())]
    TooLarge(PathBuf),
    /// Not a JSON object, or one with a key that is unknown or missing.
    #[error("{} is not a manifest", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What and where.
        source: serde_json::Error,
    },
    /// A key with a value of the wrong type or form.
    #[error("key `{key}` in {} cannot be used", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The key, with those around it.
        key: String,
        /// What is wrong with the value.
        source: serde_json::Error,
    },
    /// A value that is of the right type but cannot be used.
    #[error("key `{key}` in {} {reason}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Manifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    ///
    /// See [`ManifestError`].
    pub fn read(path: &Path) -> Result<Self, ManifestError> {
        let text = bounded_file::read(path, MANIFEST_BYTES).map_err(|error| match error {
            BoundedFileError::Missing(_) | BoundedFileError::NotAFile => ManifestError::Missing(path.to_owned()),
            BoundedFileError::TooLarge(_) => ManifestError::TooLarge(path.to_owned()),
            BoundedFileError::Io(source) => ManifestError::Read {
                path: path.to_owned(),
                source,
            },
        })?;
        Self::parse(&text, path)
    }

    /// Checks the text of a manifest; `path` is only named in errors.
    ///
    /// # Errors
    ///
    /// See [`ManifestError`].
    pub fn parse(text: &[u8], path: &Path) -> Result<Self, ManifestError> {
        let syntax = |source| ManifestError::Syntax {
            path: path.to_owned(),
            source,
        };
        // A list would be taken for the values of the keys in their order.
        if !text.trim_ascii_start().starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(text).is_ok() {
            return Err(syntax(serde_json::Error::custom("it is not a JSON object")));
        }
        let mut json = serde_json::Deserializer::from_slice(text);
        let manifest: Self = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let key = error.path().to_string();
            let source = error.into_inner();
            match source.classify() {
                Category::Data if key != "." => ManifestError::Key {
                    path: path.to_owned(),
                    key,
                    source,
                },
                _ => syntax(source),
            }
        })?;
        json.end().map_err(syntax)?;
        match manifest.objection() {
            None => Ok(manifest),
            Some((key, reason)) => Err(ManifestError::Value {
                path: path.to_owned(),
                key,
                reason,
            }),
        }
    }

    fn objection(&self) -> Option<(String, String)> {
        let wrong = |key: &str, reason: String| Some((key.to_owned(), reason));
        if self.manifest_version != MANIFEST_VERSION {
            let reason = format!(
                "is {}, but this host reads version {MANIFEST_VERSION}",
                self.manifest_version
            );
            return wrong("manifest_version", reason);
        }
        if !is_name(&self.name) {
            let rule = "lower-case letters, digits and underscores, starts with a letter and has at most 64 characters";
            return wrong("name", format!("is `{}`, but a name has {rule}", self.name));
        }
        if let Err(reason) = check_inner_path(&self.component) {
            return wrong("component", reason);
        }
        if self.supported_pids.is_empty() || self.supported_pids.len() > MAX_PIDS {
            let reason = format!("has {} entries, but needs 1 to {MAX_PIDS}", self.supported_pids.len());
            return wrong("supported_pids", reason);
        }
        for (index, pid) in self.supported_pids.iter().enumerate() {
            if !is_pid(pid) {
                let rule = "1 to 64 letters, digits, `-`, `_` or `.`";
                return wrong(
                    "supported_pids",
                    format!("contains `{pid}`, but a product model has {rule}"),
                );
            }
            if self.supported_pids[..index].contains(pid) {
                return wrong("supported_pids", format!("contains `{pid}` twice"));
            }
        }
        for (pid, kinds) in &self.required_assets {
            if !self.supported_pids.contains(pid) {
                return wrong(
                    "required_assets",
                    format!("names `{pid}`, which is not in supported_pids"),
                );
            }
            for (kind, asset) in kinds {
                let key = format!("required_assets.{pid}.{kind}");
                if let Err(reason) = check_inner_path(asset) {
                    return wrong(&key, reason);
                }
                if !asset.starts_with("assets/") {
                    return wrong(&key, format!("is `{asset}`, but assets lie under `assets/`"));
                }
            }
        }
        None
    }
}

/// Lower-case letters, digits and underscores, starting with a letter; 1 to 64 characters.
pub fn is_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// 1 to 64 ASCII letters, digits, `-`, `_` or `.`, not only dots: a product model is also a file name at the station.
pub fn is_pid(pid: &str) -> bool {
    (1..=64).contains(&pid.len())
        && pid
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && pid.bytes().any(|byte| byte != b'.')
}

/// Whether a path stays inside the package on every system.
pub(crate) fn is_inner_path(path: &str) -> bool {
    check_inner_path(path).is_ok()
}

/// A path that stays inside the package on every system.
fn check_inner_path(path: &str) -> Result<(), String> {
    let good = !path.is_empty()
        && !path.contains(['\\', ':', '\0'])
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if good {
        Ok(())
    } else {
        Err(format!("is `{path}`, but must be a relative path inside the package"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(change: impl FnOnce(&mut Value)) -> Result<Manifest, String> {
        let mut manifest = json!({
            "manifest_version": 1, "name": "a", "version": "1.2.3", "description": "",
            "component": "component.wasm", "supported_pids": ["A01"],
        });
        change(&mut manifest);
        Manifest::parse(manifest.to_string().as_bytes(), Path::new("manifest.json")).map_err(|error| {
            let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
            format!("{error}{}", source.unwrap_or_default())
        })
    }

    #[test]
    fn a_minimal_manifest_is_enough() {
        assert_eq!(parse(|_| ()).unwrap().version, Version::new(1, 2, 3));
    }

    #[test]
    fn every_mistake_names_its_key() {
        let cases: &[(&str, Value, &str)] = &[
            ("name", json!("Big"), "`name`"),
            ("name", json!("../x"), "`name`"),
            ("name", json!(7), "key `name`"),
            ("supported_pids", json!("A01"), "key `supported_pids`"),
            ("limits", json!({"memory_bytes": -1}), "key `limits.memory_bytes`"),
            ("version", json!("1.2"), "version"),
            ("manifest_version", json!(2), "`manifest_version`"),
            ("component", json!("../evil.wasm"), "`component`"),
            ("component", json!("/evil.wasm"), "`component`"),
            ("component", json!("a\\b"), "`component`"),
            ("supported_pids", json!([]), "`supported_pids`"),
            ("supported_pids", json!(["A01", "A01"]), "twice"),
            ("supported_pids", json!(["a/b"]), "`supported_pids`"),
            ("supported_pids", json!([".."]), "`supported_pids`"),
            ("required_assets", json!({"B": {}}), "`required_assets`"),
            (
                "required_assets",
                json!({"A01": {"t": "etc/passwd"}}),
                "`required_assets.A01.t`",
            ),
            (
                "required_assets",
                json!({"A01": {"t": "assets/../../x"}}),
                "`required_assets.A01.t`",
            ),
            ("limits", json!({"memory": 1}), "unknown field `memory`"),
            ("entry_point", json!("x"), "unknown field `entry_point`"),
        ];
        for (key, value, expected) in cases {
            let error = parse(|manifest| manifest[*key] = value.clone()).unwrap_err();
            assert!(error.contains(expected), "{key}={value}: {error}");
        }
        let error = parse(|manifest| {
            manifest.as_object_mut().unwrap().remove("component");
        });
        assert!(error.unwrap_err().contains("missing field `component`"));
    }
}
