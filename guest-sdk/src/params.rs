//! Parameters as they reach the algorithm: checked against the schema, defaults filled in.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::geometry::Rect;

/// A parameter's value, of the type that its declaration says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ParamValue {
    /// Of a `Param::int`.
    Int(i64),
    /// Of a `Param::float`; neither NaN nor infinite.
    Float(f64),
    /// Of a `Param::rect`; inside the primary picture.
    Rect(Rect),
    /// Of a `Param::choice`.
    Choice(String),
    /// Of a `Param::bool`.
    Bool(bool),
    /// Of a `Param::string`.
    String(String),
}

impl ParamValue {
    /// What the type is called in messages.
    fn type_name(&self) -> &'static str {
        match self {
            Self::Int(_) => "an int",
            Self::Float(_) => "a float",
            Self::Rect(_) => "a rect",
            Self::Choice(_) => "a choice",
            Self::Bool(_) => "a bool",
            Self::String(_) => "a string",
        }
    }
}

macro_rules! value_from {
    ($($from:ty => $variant:ident),*) => {
        $(impl From<$from> for ParamValue {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}
value_from!(i64 => Int, i32 => Int, u32 => Int, f64 => Float, Rect => Rect, bool => Bool, &str => String, String => String);

/// The parameters did not fit the type they were to be parsed into.
#[derive(Debug, thiserror::Error)]
#[error("the parameters do not fit what the algorithm expects: {0}")]
pub struct ParamsError(#[from] serde_json::Error);

/// Every parameter of the step that has a value.
///
/// The typed readers panic when the step does not declare the parameter with that type, or when it has neither a
/// value nor a default: that is a mistake in the algorithm, not in what the station sent. For an optional parameter
/// without a default use [`get`](Self::get) or [`parse`](Self::parse) with an `Option` field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params {
    values: Vec<(String, ParamValue)>,
}

impl Params {
    pub(crate) fn new(values: Vec<(String, ParamValue)>) -> Self {
        Self { values }
    }

    /// The value of `key`, if the station gave one or there is a default.
    pub fn get(&self, key: &str) -> Option<&ParamValue> {
        self.values.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// All keys and values, in the order in which the step declares them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &ParamValue)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The value of a `Param::int`.
    ///
    /// # Panics
    ///
    /// If the step declares no such parameter, or it has no value.
    #[track_caller]
    pub fn int(&self, key: &str) -> i64 {
        match self.value(key) {
            ParamValue::Int(value) => *value,
            other => mistaken(key, other, "int"),
        }
    }

    /// The value of a `Param::float`.
    ///
    /// # Panics
    ///
    /// If the step declares no such parameter, or it has no value.
    #[track_caller]
    pub fn float(&self, key: &str) -> f64 {
        match self.value(key) {
            ParamValue::Float(value) => *value,
            other => mistaken(key, other, "float"),
        }
    }

    /// The value of a `Param::bool`.
    ///
    /// # Panics
    ///
    /// If the step declares no such parameter, or it has no value.
    #[track_caller]
    pub fn bool(&self, key: &str) -> bool {
        match self.value(key) {
            ParamValue::Bool(value) => *value,
            other => mistaken(key, other, "bool"),
        }
    }

    /// The value of a `Param::string`.
    ///
    /// # Panics
    ///
    /// If the step declares no such parameter, or it has no value.
    #[track_caller]
    pub fn str(&self, key: &str) -> &str {
        match self.value(key) {
            ParamValue::String(value) => value,
            other => mistaken(key, other, "str"),
        }
    }

    /// The value of a `Param::choice`.
    ///
    /// # Panics
    ///
    /// If the step declares no such parameter, or it has no value.
    #[track_caller]
    pub fn choice(&self, key: &str) -> &str {
        match self.value(key) {
            ParamValue::Choice(value) => value,
            other => mistaken(key, other, "choice"),
        }
    }

    /// The value of a `Param::rect`.
    ///
    /// # Panics
    ///
    /// If the step declares no such parameter, or it has no value.
    #[track_caller]
    pub fn rect(&self, key: &str) -> Rect {
        match self.value(key) {
            ParamValue::Rect(value) => *value,
            other => mistaken(key, other, "rect"),
        }
    }

    /// All parameters at once, as a type of the algorithm's own.
    ///
    /// # Errors
    ///
    /// If they do not fit `T`; as a [`Failure`](crate::Failure) this is 1006.
    ///
    /// ```
    /// # use procvision_guest::prelude::*;
    /// #[derive(serde::Deserialize)]
    /// struct Settings {
    ///     min_area: u32,
    ///     search_area: Option<Rect>,
    /// }
    ///
    /// fn settings(call: &Call) -> Result<Settings, Failure> {
    ///     Ok(call.params().parse()?)
    /// }
    /// ```
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ParamsError> {
        let mut object = serde_json::Map::with_capacity(self.values.len());
        for (key, value) in &self.values {
            object.insert(key.clone(), serde_json::to_value(value)?);
        }
        Ok(serde_json::from_value(object.into())?)
    }

    #[track_caller]
    fn value(&self, key: &str) -> &ParamValue {
        self.get(key).unwrap_or_else(|| {
            panic!("parameter `{key}` has no value: the step does not declare it, or declares neither a default nor `required`")
        })
    }
}

#[track_caller]
fn mistaken(key: &str, value: &ParamValue, reader: &str) -> ! {
    panic!(
        "parameter `{key}` is declared as {}, but read with `{reader}`",
        value.type_name()
    )
}
