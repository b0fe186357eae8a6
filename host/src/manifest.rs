//! `manifest.json`: what a package says about itself, read strictly.

use crate::bounded_file::{self, BoundedFileError};
use crate::limits::{DESCRIPTION_CHARACTERS, LimitRequest, MANIFEST_BYTES};
use crate::strict_json::{self, StrictJsonError};
use crate::visible;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Most characters of a value that a message shows, with what is said about it.
const SHOWN: usize = 300;

/// Version of the manifest format that this host reads.
pub const MANIFEST_VERSION: u32 = 1;
/// Most product models of one package.
pub const MAX_PIDS: usize = 50;
/// Most characters of one product model.
pub const PID_CHARACTERS: usize = 64;
/// Product models of one package above which a warning is due.
pub const ADVISED_PIDS: usize = 20;

/// A name, as a regular expression.
const NAME: &str = "^[a-z][a-z0-9_]{0,63}$";
/// A product model, as a regular expression; its length is a rule of its own.
const PID: &str = r"^\.*[A-Za-z0-9_-][A-Za-z0-9._-]*$";
/// A semantic version, as a regular expression.
const VERSION: &str = concat!(
    r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)",
    r"(-(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*)?",
    r"(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$"
);

/// One part of a path inside the package: no name of a folder that is already open, nothing that means something else
/// on another system.
macro_rules! path_part {
    () => {
        r"([^./\\:\x00][^/\\:\x00]*|\.[^./\\:\x00][^/\\:\x00]*|\.\.[^/\\:\x00]+)"
    };
}
/// A path inside the package, as a regular expression.
const INNER_PATH: &str = concat!("^", path_part!(), "(/", path_part!(), ")*$");
/// A path of an asset, as a regular expression.
const ASSET_PATH: &str = concat!("^assets(/", path_part!(), ")+$");

/// A package's manifest, checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "ProcVision package manifest", extend("$id" = "urn:procvision:schema:manifest:1"))]
#[schemars(description = "`manifest.json`: what a package of an inspection algorithm says about itself.")]
pub struct Manifest {
    /// Where an editor finds the schema of this file. It is not looked at.
    #[serde(rename = "$schema", default, deserialize_with = "strict_json::given")]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub schema: Option<String>,
    /// Version of the format: 1.
    #[schemars(extend("const" = MANIFEST_VERSION))]
    pub manifest_version: u32,
    /// Lower-case letters, digits and underscores, starting with a letter; at most 64.
    #[schemars(regex(pattern = NAME))]
    pub name: String,
    /// Semantic version.
    #[schemars(with = "String", regex(pattern = VERSION))]
    pub version: Version,
    /// One sentence about what it judges, of at most 1,000 characters.
    #[schemars(length(max = DESCRIPTION_CHARACTERS))]
    pub description: String,
    /// The component's path inside the package, with `/` between parts.
    #[schemars(regex(pattern = INNER_PATH))]
    pub component: String,
    /// Product models it can judge, 1 to 50.
    #[schemars(length(min = 1, max = MAX_PIDS), extend("uniqueItems" = true))]
    #[schemars(inner(length(min = 1, max = PID_CHARACTERS), regex(pattern = PID)))]
    pub supported_pids: Vec<String>,
    /// Asset paths by product model and kind.
    #[serde(default)]
    #[schemars(schema_with = "required_assets_schema")]
    pub required_assets: BTreeMap<String, BTreeMap<String, String>>,
    /// Parameter values that come before the schema's defaults.
    #[serde(default)]
    pub default_config: Map<String, Value>,
    /// Limits the package asks for.
    #[serde(default)]
    pub limits: LimitRequest,
}

fn required_assets_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "additionalProperties": { "type": "string", "pattern": ASSET_PATH },
        },
    })
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
    /// Not JSON of the right shape: a key that is unknown, missing, there twice or of the wrong type.
    #[error(transparent)]
    Json(#[from] StrictJsonError),
    /// A value that is of the right type but cannot be used.
    #[error(
        "key `{}` in {} {}",
        visible::shortened(key, SHOWN),
        path.display(),
        visible::shortened(reason, SHOWN)
    )]
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
        let manifest: Self = strict_json::parse(text, path)?;
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
        let characters = self.description.chars().count();
        if characters > DESCRIPTION_CHARACTERS {
            let reason = format!("has {characters} characters, but may have {DESCRIPTION_CHARACTERS}");
            return wrong("description", reason);
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
    (1..=PID_CHARACTERS).contains(&pid.len())
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
    fn a_description_has_an_end() {
        let longest = "é".repeat(DESCRIPTION_CHARACTERS);
        let manifest = parse(|manifest| manifest["description"] = json!(longest));
        assert_eq!(manifest.unwrap().description, longest);
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
            ("description", json!("é".repeat(1_001)), "`description`"),
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
            ("limits", json!([1, 2]), "key `limits` in manifest.json is a list"),
            ("limits", json!({"memory_bytes": null}), "key `limits.memory_bytes`"),
            ("limits", json!({"memory": 1}), "did you mean `memory_bytes`?"),
            ("entry_point", json!("x"), "unknown key `entry_point`"),
        ];
        for (key, value, expected) in cases {
            let error = parse(|manifest| manifest[*key] = value.clone()).unwrap_err();
            assert!(error.contains(expected), "{key}={value}: {error}");
        }
        let error = parse(|manifest| {
            manifest.as_object_mut().unwrap().remove("component");
        });
        assert!(error.unwrap_err().contains("key `component` is missing"));
    }
}
