//! JSON that people write and programs rely on, read strictly: one object, no key twice, no key that nobody knows, and
//! every mistake as a typed error that says where it is.
//!
//! Which keys there are comes from the type's JSON Schema, the same one that is published, so that reading and schema
//! cannot differ. In order: the text is JSON without a key twice, its keys are those of the schema, its values fit the
//! type.

mod known;
mod scan;
pub mod settings;

pub(crate) use scan::{ScanError, scan};

use crate::imports::cut;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::fmt;
use std::path::{Path, PathBuf};

/// Most bytes of a key, with those around it, that a message shows.
const SHOWN_BYTES: usize = 200;
/// Known keys that a message lists.
const LISTED: usize = 12;
/// How much alike two words must be for one to be suggested in place of the other, from 0 to 1 by Jaro and Winkler.
const ALIKE: f64 = 0.82;
/// Longest word for which another is suggested. Comparing takes time by the product of the lengths.
const COMPARED_BYTES: usize = 64;

/// Why a text cannot be used. Each names the file and, where there is one, the key with those around it, such as
/// `limits.memory_bytes` or `supported_pids[2]`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StrictJsonError {
    /// It is not JSON, or goes on after the JSON has ended.
    #[error("{} is not JSON", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What and where.
        source: serde_json::Error,
    },
    /// It is JSON, but not an object.
    #[error("{} is {found}, but must be a JSON object", path.display())]
    NotAnObject {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// It is JSON, but not a list.
    #[error("{} is {found}, but must be a list", path.display())]
    NotAList {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// A key stands twice in one object. Programs differ in which of the two they believe.
    #[error("key `{}` stands twice in {}", shown(key), path.display())]
    DuplicateKey {
        /// The file.
        path: PathBuf,
        /// The key, with those around it.
        key: String,
    },
    /// Nobody knows this key.
    #[error("{} has the unknown key `{}`; {}", path.display(), shown(key), Hint(suggestion.as_deref(), known))]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key, with those around it.
        key: String,
        /// The known key that is most like it, if one is.
        suggestion: Option<String>,
        /// The keys that are known at this place.
        known: Vec<String>,
    },
    /// A key that must be there is not.
    #[error("key `{}` is missing in {}", shown(key), path.display())]
    MissingKey {
        /// The file.
        path: PathBuf,
        /// The key, with those around it.
        key: String,
    },
    /// A key with a list as its value, which takes an object.
    #[error("key `{}` in {} is a list, but must be an object", shown(key), path.display())]
    List {
        /// The file.
        path: PathBuf,
        /// The key, with those around it.
        key: String,
    },
    /// A key with a value of the wrong type or form.
    #[error("key `{}` in {} cannot be used", shown(key), path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The key, with those around it; `.` is the whole.
        key: String,
        /// What is wrong with the value.
        source: serde_json::Error,
    },
}

/// A hint to an unknown key: what was meant, or what there is.
struct Hint<'a>(Option<&'a str>, &'a [String]);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(suggestion, known) = self;
        if let Some(suggestion) = suggestion {
            return write!(f, "did you mean `{suggestion}`?");
        }
        if known.is_empty() {
            return f.write_str("no key is known here");
        }
        f.write_str("known here are ")?;
        for (index, key) in known.iter().take(LISTED).enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}`{key}`")?;
        }
        match known.len().saturating_sub(LISTED) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

fn shown(key: &str) -> String {
    cut(key.to_owned(), SHOWN_BYTES)
}

/// Reads a `T` from a text of JSON; `path` is only named in errors. The caller bounds the size of the text.
///
/// The keys of `T` are those of its JSON Schema: a struct takes no others, whether it denies them itself or not. Maps
/// take any.
///
/// # Errors
///
/// See [`StrictJsonError`].
pub fn parse<T: DeserializeOwned + JsonSchema>(text: &[u8], path: &Path) -> Result<T, StrictJsonError> {
    read(text, path, |value| match value {
        Value::Object(_) => Ok(()),
        other => Err(StrictJsonError::NotAnObject {
            path: path.to_owned(),
            found: kind(other),
        }),
    })
}

/// The same for a list of things.
///
/// # Errors
///
/// See [`StrictJsonError`].
pub fn parse_list<T: DeserializeOwned + JsonSchema>(text: &[u8], path: &Path) -> Result<Vec<T>, StrictJsonError> {
    read(text, path, |value| match value {
        Value::Array(_) => Ok(()),
        other => Err(StrictJsonError::NotAList {
            path: path.to_owned(),
            found: kind(other),
        }),
    })
}

fn read<T: DeserializeOwned + JsonSchema>(
    text: &[u8],
    path: &Path,
    expect: impl FnOnce(&Value) -> Result<(), StrictJsonError>,
) -> Result<T, StrictJsonError> {
    let path_of = || path.to_owned();
    let value = scan::scan(text).map_err(|error| match error {
        scan::ScanError::Syntax(source) => StrictJsonError::Syntax {
            path: path_of(),
            source,
        },
        scan::ScanError::Twice(key) => StrictJsonError::DuplicateKey { path: path_of(), key },
    })?;
    expect(&value)?;
    known::check(&schema_of::<T>(), &value).map_err(|finding| match finding {
        known::Finding::Unknown { key, name, known } => StrictJsonError::UnknownKey {
            path: path_of(),
            suggestion: nearest(&name, known.iter().map(String::as_str)).map(str::to_owned),
            key,
            known,
        },
        known::Finding::List { key } => StrictJsonError::List { path: path_of(), key },
        known::Finding::Missing { key } => StrictJsonError::MissingKey { path: path_of(), key },
    })?;
    serde_path_to_error::deserialize(&value).map_err(|error| StrictJsonError::Value {
        path: path_of(),
        key: error.path().to_string(),
        source: error.into_inner(),
    })
}

/// For a key that may be left out, but not be `null`: `#[serde(default, deserialize_with = "strict_json::given")]`.
pub(crate) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// What a value is.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Object(_) => "an object",
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
    }
}

/// The JSON Schema (2020-12) of what [`parse`] reads as a `T`.
pub fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// The known word that is most like `word`, if one is so much like it that it may have been meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > COMPARED_BYTES {
        return None;
    }
    let plain = |text: &str| text.to_ascii_lowercase().replace('-', "_");
    let word = plain(word);
    let rated = known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(&word, &plain(known)), known));
    let best = rated.max_by(|(left, _), (right, _)| left.total_cmp(right));
    best.filter(|(likeness, _)| *likeness >= ALIKE).map(|(_, known)| known)
}

/// A place in a document, from the outside in.
#[derive(Debug, Default)]
struct Trail(Vec<Step>);

#[derive(Debug)]
enum Step {
    Key(String),
    Item(usize),
}

impl fmt::Display for Trail {
    /// As `serde_path_to_error` writes places.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if index == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Item(item) => write!(f, "[{item}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
