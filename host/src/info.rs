//! What an algorithm says about itself: identity, steps and the parameters each step takes.

use crate::frame::Rect;
use serde::Serialize;
use serde_json::Value;

/// What an algorithm is and what it expects.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlgorithmInfo {
    /// The algorithm's name.
    pub name: String,
    /// Its semantic version.
    pub version: String,
    /// One sentence about what it judges.
    pub description: String,
    /// Product models it can judge.
    pub supported_pids: Vec<String>,
    /// Its steps.
    pub steps: Vec<StepInfo>,
}

impl AlgorithmInfo {
    /// The step of this index.
    pub fn step(&self, index: u32) -> Option<&StepInfo> {
        self.steps.iter().find(|step| step.index == index)
    }
}

/// One numbered step of the inspection.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepInfo {
    /// From 1.
    pub index: u32,
    /// What the step looks at.
    pub name: String,
    /// Parameters a station may set.
    pub params: Vec<ParamInfo>,
}

/// One parameter of a step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParamInfo {
    /// The name under which the station sets it.
    pub key: String,
    /// Type and bounds.
    #[serde(flatten)]
    pub kind: ParamKind,
    /// The call is refused when it is not given.
    pub required: bool,
    /// Filled in when it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<ParamValue>,
    /// For the person who sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Unit of the value, such as "px".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// Type and bounds of a parameter; bounds are inclusive.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ParamKind {
    /// A whole number.
    Int {
        /// Least value.
        #[serde(skip_serializing_if = "Option::is_none")]
        min: Option<i64>,
        /// Greatest value.
        #[serde(skip_serializing_if = "Option::is_none")]
        max: Option<i64>,
    },
    /// A number.
    Float {
        /// Least value.
        #[serde(skip_serializing_if = "Option::is_none")]
        min: Option<f64>,
        /// Greatest value.
        #[serde(skip_serializing_if = "Option::is_none")]
        max: Option<f64>,
    },
    /// An area inside the picture.
    Rect,
    /// One of several words.
    Enum {
        /// The words.
        choices: Vec<String>,
    },
    /// True or false.
    Bool,
    /// Text.
    String {
        /// In Unicode scalar values.
        #[serde(skip_serializing_if = "Option::is_none")]
        min_length: Option<u32>,
        /// In Unicode scalar values.
        #[serde(skip_serializing_if = "Option::is_none")]
        max_length: Option<u32>,
        /// A regular expression that must match the whole value.
        #[serde(skip_serializing_if = "Option::is_none")]
        pattern: Option<String>,
    },
}

/// A parameter's value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ParamValue {
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// An area.
    Rect(Rect),
    /// One of several words.
    Enum(String),
    /// True or false.
    Bool(bool),
    /// Text.
    String(String),
}

impl ParamValue {
    /// The value as JSON.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Int(value) => Value::from(*value),
            Self::Float(value) => Value::from(*value),
            Self::Rect(rect) => serde_json::json!({
                "x": rect.x, "y": rect.y, "width": rect.width, "height": rect.height,
            }),
            Self::Enum(value) | Self::String(value) => Value::from(value.as_str()),
            Self::Bool(value) => Value::from(*value),
        }
    }
}
