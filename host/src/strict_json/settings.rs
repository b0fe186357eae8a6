//! Settings that people write: every key can be left out, every mistake is told at once, and a key that nobody knows is told
//! but stops nothing, since somebody else may know it.

use super::{nearest, schema_of};
use crate::visible;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The key, with those around it; `.` is the whole.
    pub key: String,
    /// What is wrong with it: the rest of a sentence.
    pub reason: String,
}

impl Mistake {
    /// A mistake in the value of `key`.
    pub fn new(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", visible::shortened(&self.key, 100), self.reason)
    }
}

/// Settings, as far as they can be used, and what is to be said about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings<T> {
    /// What is set; a key with a mistake is as if it had been left out.
    pub value: T,
    /// What is wrong.
    pub mistakes: Vec<Mistake>,
    /// Keys that nobody knows, one sentence for each.
    pub warnings: Vec<String>,
}

/// Reads settings whose keys are those of the schema of `T`. `special` may find a better sentence for what is wrong with
/// settings that have one key.
pub fn read<T: DeserializeOwned + Default + JsonSchema>(
    object: Map<String, Value>,
    special: impl Fn(&Value) -> Option<Mistake>,
) -> Settings<T> {
    let schema = schema_of::<T>();
    let known = |key: &str| schema["properties"].get(key).is_some();
    let (mut mistakes, mut warnings, mut usable) = (Vec::new(), Vec::new(), Map::new());
    for (key, value) in object {
        if !known(&key) {
            warnings.push(unknown(&key, &schema));
            continue;
        }
        let wrong = pieces(&key, &value).into_iter();
        let wrong: Vec<Mistake> = wrong
            .filter_map(|piece| special(&piece).or_else(|| mistake::<T>(piece)))
            .collect();
        match wrong.is_empty() {
            true => drop(usable.insert(key, value)),
            false => mistakes.extend(wrong),
        }
    }
    Settings {
        // What is left has the right types.
        value: T::deserialize(Value::Object(usable)).unwrap_or_default(),
        mistakes,
        warnings,
    }
}

/// The value of a key, or each entry of an object, so that several mistakes in one are found.
fn pieces(key: &str, value: &Value) -> Vec<Value> {
    let alone = |value: Value| Value::Object(Map::from_iter([(key.to_owned(), value)]));
    match value {
        Value::Object(inner) if !inner.is_empty() => inner
            .iter()
            .map(|(name, value)| alone(Value::Object(Map::from_iter([(name.clone(), value.clone())]))))
            .collect(),
        value => vec![alone(value.clone())],
    }
}

/// What is wrong with settings that have one key.
fn mistake<T: DeserializeOwned>(piece: Value) -> Option<Mistake> {
    let error = serde_path_to_error::deserialize::<_, T>(piece).err()?;
    let key = error.path().to_string();
    Some(Mistake::new(key, format!("cannot be used: {}", error.into_inner())))
}

fn unknown(key: &str, schema: &Value) -> String {
    let known = schema["properties"].as_object();
    let names = known.into_iter().flat_map(Map::keys).map(String::as_str);
    let shown = visible::shortened(key, 100);
    match nearest(key, names) {
        Some(nearest) => format!("nobody knows the key `{shown}`; did you mean `{nearest}`?"),
        None => format!("nobody knows the key `{shown}`"),
    }
}
