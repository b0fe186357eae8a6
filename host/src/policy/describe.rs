//! Every key of a policy with what holds, what would hold without it, and why it is there. Names, types and reasons
//! come from the schema, so that no key can be forgotten.

use super::station::StationPolicy;
use crate::strict_json::schema_of;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// One key of a policy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeyDescription {
    /// The key with those around it, such as `ceilings.memory_bytes`.
    pub key: String,
    /// What its value can be, in words.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it must be there.
    pub required: bool,
    /// The value that holds; `null` if the key is left out and nothing takes its place.
    pub value: Value,
    /// The value that holds if the key is left out; `null` if nothing takes its place.
    pub default: Value,
    /// Why it is there.
    pub reason: String,
}

impl KeyDescription {
    /// Whether another value holds than if the key were left out.
    pub fn changed(&self) -> bool {
        !self.required && self.value != self.default
    }
}

impl StationPolicy {
    /// Every key with the value that holds, in the order of the file.
    pub fn describe(&self) -> Vec<KeyDescription> {
        let (values, defaults) = (self.effective(), Self::default().effective());
        let mut keys = Vec::new();
        describe("", &schema_of::<Self>(), &values, &defaults, &mut keys);
        keys
    }

    /// The policy with everything that is left out filled in.
    fn effective(&self) -> Value {
        // Serializing fails only for maps with keys that are no text, and for paths that are none; JSON holds neither.
        let mut policy = serde_json::to_value(self).unwrap_or_default();
        policy["ceilings"] = json!(self.ceiling());
        policy
    }
}

fn describe(prefix: &str, schema: &Value, values: &Value, defaults: &Value, keys: &mut Vec<KeyDescription>) {
    let none = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
    for (name, schema) in properties {
        let key = format!("{prefix}{name}");
        let (value, default) = (&values[name], &defaults[name]);
        if schema["properties"].is_object() {
            describe(&format!("{key}."), schema, value, default, keys);
            continue;
        }
        let required = required.iter().any(|required| required == name);
        keys.push(KeyDescription {
            key,
            kind: kind(schema),
            required,
            value: value.clone(),
            default: if required { Value::Null } else { default.clone() },
            reason: one_line(schema["description"].as_str().unwrap_or_default()),
        });
    }
}

/// What a value can be, in words.
fn kind(schema: &Value) -> String {
    if let Some(constant) = schema.get("const") {
        return constant.to_string();
    }
    if let Some(variants) = schema["oneOf"].as_array() {
        let words = variants.iter().filter_map(|variant| variant["const"].as_str());
        return words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    }
    match (schema["type"].as_str(), &schema["minimum"], &schema["maximum"]) {
        (Some("integer"), Value::Number(least), Value::Number(most)) => format!("{least} to {most}"),
        (Some("array"), ..) => "list of interfaces".to_owned(),
        _ => "text".to_owned(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
