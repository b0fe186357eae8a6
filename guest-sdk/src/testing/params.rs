//! The contract's rules for parameters: what a host checks and fills in before it calls an algorithm.

use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::geometry::Rect;
use crate::params::{ParamValue, Params};
use crate::schema::{LengthBounds, Param, ParamKind, Step};

/// The largest compiled pattern that a host takes, in bytes.
const PATTERN_BYTES: usize = 1 << 20;

/// Checks what the station gave for `step`, and fills in the package's defaults, then the schema's.
///
/// # Errors
///
/// 1006 naming the key, or 1007 for a rect that does not lie in `picture`.
pub(super) fn check(
    step: &Step,
    given: &Map<String, Value>,
    package_defaults: &Map<String, Value>,
    picture: Rect,
) -> Result<Params, Failure> {
    if let Some(unknown) = given
        .keys()
        .find(|key| step.params.iter().all(|param| param.key != **key))
    {
        let known: Vec<_> = step.params.iter().map(Param::key).collect();
        let known = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        return Err(Failure::invalid_params(format!(
            "the step has no parameter `{unknown}`; it takes {known}"
        )));
    }
    let mut values = Vec::with_capacity(step.params.len());
    for param in &step.params {
        let value = match given.get(&param.key).or_else(|| package_defaults.get(&param.key)) {
            Some(json) => Some(
                value_of(param, json)
                    .map_err(|complaint| Failure::invalid_params(format!("parameter `{}` {complaint}", param.key)))?,
            ),
            None => param.default.clone(),
        };
        match value {
            Some(ParamValue::Rect(area)) if !picture.contains_rect(area) => {
                return Err(Failure::coordinate_invalid(format!(
                    "parameter `{}` is {area}, which is not inside the picture of {} x {} pixels",
                    param.key, picture.width, picture.height
                )));
            }
            Some(value) => values.push((param.key.clone(), value)),
            None if param.required => {
                return Err(Failure::invalid_params(format!(
                    "required parameter `{}` is missing",
                    param.key
                )));
            }
            None => {}
        }
    }
    Ok(Params::new(values))
}

/// The JSON value as one of the parameter's type and within its bounds, or the complaint about it.
fn value_of(param: &Param, json: &Value) -> Result<ParamValue, String> {
    let expected = match &param.kind {
        ParamKind::Int(_) => "a whole number",
        ParamKind::Float(_) => "a number",
        ParamKind::Rect => "a rect {x, y, width, height} of whole numbers, none negative",
        ParamKind::Choice(_) | ParamKind::String { .. } => "text",
        ParamKind::Bool => "true or false",
    };
    let value = match (&param.kind, json) {
        (ParamKind::Int(_), Value::Number(_)) => whole_number(json).map(ParamValue::Int),
        (ParamKind::Float(_), Value::Number(number)) => number.as_f64().map(ParamValue::Float),
        (ParamKind::Rect, Value::Object(_)) => Rect::deserialize(json).ok().map(ParamValue::Rect),
        (ParamKind::Choice(_), Value::String(text)) => Some(ParamValue::Choice(text.clone())),
        (ParamKind::Bool, Value::Bool(value)) => Some(ParamValue::Bool(*value)),
        (ParamKind::String { .. }, Value::String(text)) => Some(ParamValue::String(text.clone())),
        _ => None,
    };
    let value = value.ok_or_else(|| format!("is {json}, but must be {expected}"))?;
    within(&param.kind, &value)?;
    Ok(value)
}

/// JSON does not tell 3 from 3.0, so a station that writes the latter is understood.
fn whole_number(json: &Value) -> Option<i64> {
    json.as_i64().or_else(|| {
        let number = json.as_f64()?;
        // Up to 2^53 every float without a fraction is exactly one integer.
        (number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0).then_some(number as i64)
    })
}

/// Whether `value` has the type and lies within the bounds that `kind` says; the complaint if not.
pub(super) fn within(kind: &ParamKind, value: &ParamValue) -> Result<(), String> {
    match (kind, value) {
        (ParamKind::Int(bounds), ParamValue::Int(number)) => between(*number, bounds.min, bounds.max),
        (ParamKind::Float(bounds), ParamValue::Float(number)) if number.is_finite() => {
            between(*number, bounds.min, bounds.max)
        }
        (ParamKind::Rect, ParamValue::Rect(area)) if area.is_empty() => {
            Err(format!("is {area}, but width and height must be at least 1"))
        }
        (ParamKind::Rect, ParamValue::Rect(_)) | (ParamKind::Bool, ParamValue::Bool(_)) => Ok(()),
        (ParamKind::Choice(choices), ParamValue::Choice(choice)) => {
            if choices.contains(choice) {
                return Ok(());
            }
            Err(format!("is \"{choice}\", but must be one of {}", choices.join(", ")))
        }
        (ParamKind::String { length, pattern }, ParamValue::String(text)) => {
            text_within(text, *length, pattern.as_deref())
        }
        _ => Err(format!("is {value:?}, which is not of the declared type")),
    }
}

fn between<N: PartialOrd + std::fmt::Display>(number: N, min: Option<N>, max: Option<N>) -> Result<(), String> {
    match (min, max) {
        (Some(min), _) if number < min => Err(format!("is {number}, but must be at least {min}")),
        (_, Some(max)) if number > max => Err(format!("is {number}, but must be at most {max}")),
        _ => Ok(()),
    }
}

fn text_within(text: &str, length: LengthBounds, pattern: Option<&str>) -> Result<(), String> {
    let count = text.chars().count();
    match (length.min, length.max) {
        (Some(min), _) if count < min as usize => {
            return Err(format!("has {count} characters, but needs at least {min}"));
        }
        (_, Some(max)) if count > max as usize => {
            return Err(format!("has {count} characters, but may have at most {max}"));
        }
        _ => {}
    }
    match pattern {
        Some(pattern) if !whole_match(pattern)?.is_match(text) => {
            Err(format!("is \"{text}\", which does not match the pattern {pattern}"))
        }
        _ => Ok(()),
    }
}

/// An expression that matches a text only as a whole.
pub(super) fn whole_match(pattern: &str) -> Result<Regex, String> {
    // On its own first, so that a stray parenthesis cannot pair with those added here.
    compiled(pattern)
        .and_then(|_| {
            // A verbose pattern may end in a comment, which would go on over what is added; a line break ends it.
            compiled(&format!(r"\A(?:{pattern})\z")).or_else(|_| compiled(&format!("\\A(?:{pattern}\n)\\z")))
        })
        .map_err(|error| format!("has a pattern that cannot be used: {error}"))
}

fn compiled(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build()
}
