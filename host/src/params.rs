//! Parameters on their way to an algorithm: the step's schema, checked once at load, and the values of each call,
//! checked against it, with defaults filled in.

use crate::failure::{ErrorCode, Failure};
use crate::frame::Rect;
use crate::info::{ParamInfo, ParamKind, ParamValue, StepInfo};
use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

/// Longest compiled form of one pattern, in bytes. A package could otherwise make the host compile a huge one.
const PATTERN_BYTES: usize = 1 << 20;

/// The parameters of one step, ready to check calls against.
#[derive(Debug)]
pub(crate) struct Schema {
    params: Vec<Checked>,
}

#[derive(Debug)]
struct Checked {
    info: ParamInfo,
    pattern: Option<Regex>,
}

/// A parameter value with its key, as it is handed to the algorithm.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Param {
    pub(crate) key: String,
    pub(crate) value: ParamValue,
}

/// What speaks against a value.
enum Objection {
    /// 1006.
    Value(String),
    /// 1007.
    Outside(Rect),
}

impl Schema {
    /// Checks a step's own declarations.
    ///
    /// # Errors
    ///
    /// A sentence that names the key: twice the same key, bounds that exclude everything, no choices, a pattern that
    /// cannot be used, a default that is not allowed, a default for a required parameter.
    pub(crate) fn new(step: &StepInfo) -> Result<Self, String> {
        let mut params: Vec<Checked> = Vec::with_capacity(step.params.len());
        for info in &step.params {
            let key = &info.key;
            let wrong = |what: String| format!("parameter `{key}` of step {} {what}", step.index);
            if key.is_empty() {
                return Err(format!("a parameter of step {} has no key", step.index));
            }
            if params.iter().any(|known| known.info.key == *key) {
                return Err(wrong("is declared twice".into()));
            }
            check_bounds(&info.kind).map_err(|what| wrong(what.into()))?;
            let pattern = match &info.kind {
                ParamKind::String {
                    pattern: Some(pattern), ..
                } => Some(whole_match(pattern).map_err(|error| {
                    wrong(format!(
                        "has a pattern that cannot be used: {}",
                        one_line(&error.to_string())
                    ))
                })?),
                _ => None,
            };
            let checked = Checked {
                info: info.clone(),
                pattern,
            };
            if let Some(default) = &info.default {
                if info.required {
                    return Err(wrong(
                        "is required and has a default; it can have only one of them".into(),
                    ));
                }
                // Whether a rect lies inside the picture is known only when there is one.
                if let Err(Objection::Value(reason)) = checked.accept(&default.to_json(), None) {
                    return Err(wrong(format!("has a default that is not allowed: it {reason}")));
                }
            }
            params.push(checked);
        }
        Ok(Self { params })
    }

    /// The values for one call: what the station gave, else what the package configures, else the schema's default.
    pub(crate) fn resolve(
        &self,
        given: &Map<String, Value>,
        configured: &Map<String, Value>,
        picture: (u32, u32),
    ) -> Result<Vec<Param>, Failure> {
        if let Some(key) = given
            .keys()
            .find(|key| self.params.iter().all(|param| param.info.key != **key))
        {
            return Err(self.unknown_key(key));
        }
        let mut resolved = Vec::with_capacity(self.params.len());
        for param in &self.params {
            let key = &param.info.key;
            let default;
            let value = match (given.get(key).or_else(|| configured.get(key)), &param.info.default) {
                (Some(value), _) => value,
                (None, Some(value)) => {
                    default = value.to_json();
                    &default
                }
                (None, None) if param.info.required => {
                    return Err(Failure::refused(
                        ErrorCode::InvalidParams,
                        format!("required parameter `{key}` is missing"),
                    ));
                }
                (None, None) => continue,
            };
            let value = param
                .accept(value, Some(picture))
                .map_err(|objection| match objection {
                    Objection::Value(reason) => {
                        Failure::refused(ErrorCode::InvalidParams, format!("parameter `{key}` {reason}"))
                    }
                    Objection::Outside(rect) => Failure::refused(
                        ErrorCode::CoordinateInvalid,
                        format!(
                            "parameter `{key}` is {rect}, which is not inside the picture of {} x {} pixels",
                            picture.0, picture.1
                        ),
                    ),
                })?;
            resolved.push(Param {
                key: key.clone(),
                value,
            });
        }
        Ok(resolved)
    }

    /// Checks the values a package configures, as far as that is possible without a picture.
    pub(crate) fn check_configured(&self, key: &str, value: &Value) -> Option<Result<(), String>> {
        let param = self.params.iter().find(|param| param.info.key == key)?;
        Some(match param.accept(value, None) {
            Ok(_) => Ok(()),
            Err(Objection::Value(reason)) => Err(reason),
            Err(Objection::Outside(rect)) => Err(format!("is {rect}")),
        })
    }

    fn unknown_key(&self, key: &str) -> Failure {
        let known: Vec<&str> = self.params.iter().map(|param| param.info.key.as_str()).collect();
        let known = if known.is_empty() {
            "it takes none".into()
        } else {
            format!("it takes {}", known.join(", "))
        };
        Failure::refused(
            ErrorCode::InvalidParams,
            format!("the step has no parameter `{key}`; {known}"),
        )
    }
}

impl Checked {
    fn accept(&self, value: &Value, picture: Option<(u32, u32)>) -> Result<ParamValue, Objection> {
        let wrong = |reason: String| Err(Objection::Value(reason));
        match &self.info.kind {
            ParamKind::Int { min, max } => {
                let Some(number) = whole_number(value) else {
                    return wrong(expected("a whole number", value));
                };
                match out_of_range(number, *min, *max) {
                    Some(reason) => wrong(reason),
                    None => Ok(ParamValue::Int(number)),
                }
            }
            ParamKind::Float { min, max } => {
                let Some(number) = value.as_f64() else {
                    return wrong(expected("a number", value));
                };
                match out_of_range(number, *min, *max) {
                    Some(reason) => wrong(reason),
                    None => Ok(ParamValue::Float(number)),
                }
            }
            ParamKind::Rect => {
                // A list would be taken for the values of the keys in their order.
                let rect = value
                    .as_object()
                    .cloned()
                    .map(Value::Object)
                    .map(serde_json::from_value::<Rect>);
                let Some(Ok(rect)) = rect else {
                    return wrong(expected(
                        "a rect {x, y, width, height} of whole numbers, none negative",
                        value,
                    ));
                };
                if rect.width == 0 || rect.height == 0 {
                    return wrong(format!("is {rect}, but width and height must be at least 1"));
                }
                match picture {
                    Some((width, height)) if !rect.lies_inside(width, height) => Err(Objection::Outside(rect)),
                    _ => Ok(ParamValue::Rect(rect)),
                }
            }
            ParamKind::Enum { choices } => match value.as_str() {
                Some(word) if choices.iter().any(|choice| choice == word) => Ok(ParamValue::Enum(word.to_owned())),
                _ => wrong(expected(&format!("one of {}", choices.join(", ")), value)),
            },
            ParamKind::Bool => match value.as_bool() {
                Some(flag) => Ok(ParamValue::Bool(flag)),
                None => wrong(expected("true or false", value)),
            },
            ParamKind::String {
                min_length, max_length, ..
            } => {
                let Some(text) = value.as_str() else {
                    return wrong(expected("text", value));
                };
                let length = text.chars().count();
                if min_length.is_some_and(|min| length < min as usize) {
                    return wrong(format!(
                        "has {length} characters, but needs at least {}",
                        min_length.unwrap_or(0)
                    ));
                }
                if let Some(max) = max_length.filter(|max| length > *max as usize) {
                    return wrong(format!("has {length} characters, but may have at most {max}"));
                }
                match &self.pattern {
                    Some(pattern) if !pattern.is_match(text) => wrong(format!(
                        "is {value}, which does not match the pattern {}",
                        self.pattern_text()
                    )),
                    _ => Ok(ParamValue::String(text.to_owned())),
                }
            }
        }
    }

    fn pattern_text(&self) -> &str {
        match &self.info.kind {
            ParamKind::String {
                pattern: Some(pattern), ..
            } => pattern,
            _ => "",
        }
    }
}

/// A JSON integer, or a float without fraction, as some platforms write every number as a float.
fn whole_number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let float = value.as_f64()?;
        // Up to 2^53 every float without fraction is exactly one integer.
        (float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0).then_some(float as i64)
    })
}

fn out_of_range<T: PartialOrd + std::fmt::Display>(value: T, min: Option<T>, max: Option<T>) -> Option<String> {
    if let Some(min) = min.filter(|min| value < *min) {
        return Some(format!("is {value}, but must be at least {min}"));
    }
    max.filter(|max| value > *max)
        .map(|max| format!("is {value}, but must be at most {max}"))
}

fn expected(what: &str, value: &Value) -> String {
    let mut actual = value.to_string();
    if actual.chars().count() > 60 {
        actual = actual.chars().take(57).collect::<String>() + "...";
    }
    format!("is {actual}, but must be {what}")
}

fn check_bounds(kind: &ParamKind) -> Result<(), &'static str> {
    let empty = "has bounds that exclude every value";
    match kind {
        ParamKind::Int {
            min: Some(min),
            max: Some(max),
        } if min > max => Err(empty),
        ParamKind::Float { min, max } => {
            if min.is_some_and(f64::is_nan) || max.is_some_and(f64::is_nan) {
                return Err("has a bound that is not a number");
            }
            match (min, max) {
                (Some(min), Some(max)) if min > max => Err(empty),
                _ => Ok(()),
            }
        }
        ParamKind::String {
            min_length: Some(min),
            max_length: Some(max),
            ..
        } if min > max => Err(empty),
        ParamKind::Enum { choices } if choices.is_empty() => Err("has no choices"),
        _ => Ok(()),
    }
}

fn whole_match(pattern: &str) -> Result<Regex, regex::Error> {
    let build = |pattern: &str| RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build();
    // Alone first: `)(` would otherwise become valid by the group around it.
    build(pattern)?;
    // A verbose pattern (`(?x)`) may end in a comment, which only a line end ends; to such a pattern it means nothing.
    build(&format!(r"\A(?:{pattern})\z")).or_else(|_| build(&format!("\\A(?:{pattern}\n)\\z")))
}

fn one_line(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
