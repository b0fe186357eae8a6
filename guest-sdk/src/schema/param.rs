//! One parameter's declaration: key, type, bounds, default.

use crate::params::ParamValue;
use crate::schema::bounds::{FloatBounds, IntBounds, LengthBounds};

/// A parameter that a station may set for a step.
///
/// The station checks what it is given before the algorithm is called, and fills in the default; what does not fit is
/// answered with failure 1006 (a rect outside the picture with 1007) and never reaches the algorithm.
///
/// ```
/// use procvision_guest::{Param, Rect};
///
/// let params = [
///     Param::int("min_area", 1..=100_000).default(200).unit("px").describe("Smaller spots are ignored."),
///     Param::float("threshold", 0.0..=1.0).default(0.5),
///     Param::rect("search_area"),
///     Param::choice("background", ["dark", "bright"]).default("dark"),
///     Param::bool("strict").default(false),
///     Param::string("serial", 1..=20).pattern("[A-Z]{2}[0-9]+").required(),
/// ];
/// assert!(params[5].is_required());
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Param {
    pub(crate) key: String,
    pub(crate) kind: ParamKind,
    pub(crate) required: bool,
    pub(crate) default: Option<ParamValue>,
    pub(crate) description: Option<String>,
    pub(crate) unit: Option<String>,
}

/// Type and bounds of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamKind {
    /// A whole number.
    Int(IntBounds),
    /// A number.
    Float(FloatBounds),
    /// An area of the primary picture.
    Rect,
    /// One of these texts.
    Choice(Vec<String>),
    /// Yes or no.
    Bool,
    /// Any text within bounds.
    String {
        /// How long the text may be.
        length: LengthBounds,
        /// A regular expression that must match the whole value.
        pattern: Option<String>,
    },
}

impl Param {
    fn new(key: impl Into<String>, kind: ParamKind) -> Self {
        Self {
            key: key.into(),
            kind,
            required: false,
            default: None,
            description: None,
            unit: None,
        }
    }

    /// A whole number within `bounds`, a range such as `1..=100` or `..`.
    pub fn int(key: impl Into<String>, bounds: impl Into<IntBounds>) -> Self {
        Self::new(key, ParamKind::Int(bounds.into()))
    }

    /// A number within `bounds`, a range such as `0.0..=1.0` or `..`.
    pub fn float(key: impl Into<String>, bounds: impl Into<FloatBounds>) -> Self {
        Self::new(key, ParamKind::Float(bounds.into()))
    }

    /// An area of the primary picture: at least 1 x 1 and wholly inside.
    pub fn rect(key: impl Into<String>) -> Self {
        Self::new(key, ParamKind::Rect)
    }

    /// One of `choices`, of which there must be at least one.
    pub fn choice<S: Into<String>>(key: impl Into<String>, choices: impl IntoIterator<Item = S>) -> Self {
        Self::new(key, ParamKind::Choice(choices.into_iter().map(Into::into).collect()))
    }

    /// Yes or no.
    pub fn bool(key: impl Into<String>) -> Self {
        Self::new(key, ParamKind::Bool)
    }

    /// A text whose length in Unicode scalar values lies within `length`, a range such as `1..=20` or `..`.
    pub fn string(key: impl Into<String>, length: impl Into<LengthBounds>) -> Self {
        Self::new(
            key,
            ParamKind::String {
                length: length.into(),
                pattern: None,
            },
        )
    }

    /// The text must match this regular expression as a whole. Look-around and back-references are not supported.
    ///
    /// # Panics
    ///
    /// If the parameter is not a string.
    #[track_caller]
    pub fn pattern(mut self, expression: impl Into<String>) -> Self {
        match &mut self.kind {
            ParamKind::String { pattern, .. } => *pattern = Some(expression.into()),
            _ => panic!("parameter `{}` is not a string and cannot have a pattern", self.key),
        }
        self
    }

    /// The value that is filled in when the station gives none. It must itself fit the type and the bounds.
    pub fn default(mut self, value: impl Into<ParamValue>) -> Self {
        // A literal does not say which of two similar types is meant; the declaration does.
        self.default = Some(match (value.into(), &self.kind) {
            (ParamValue::String(text), ParamKind::Choice(_)) => ParamValue::Choice(text),
            (ParamValue::Int(number), ParamKind::Float(_)) => ParamValue::Float(number as f64),
            (value, _) => value,
        });
        self
    }

    /// The step is refused (1006) when the station does not give the parameter. Excludes a default.
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// One sentence for the person who sets the parameter.
    pub fn describe(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Unit of the value, such as "px" or "mm".
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = Some(unit.into());
        self
    }

    /// The parameter's name.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Its type and bounds.
    pub fn kind(&self) -> &ParamKind {
        &self.kind
    }

    /// Whether the station must give it.
    pub fn is_required(&self) -> bool {
        self.required
    }

    /// What is filled in when the station gives no value.
    pub fn default_value(&self) -> Option<&ParamValue> {
        self.default.as_ref()
    }
}
