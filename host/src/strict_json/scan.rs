//! The first look at a text: is it JSON, and does no object have a key twice?

use super::{Step, Trail};
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, de};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Why the look ended early.
pub(crate) enum ScanError {
    /// It is not JSON.
    Syntax(serde_json::Error),
    /// This key stands twice.
    Twice(String),
}

/// The value that the text stands for.
pub(crate) fn scan(text: &[u8]) -> Result<Value, ScanError> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let mut scan = Scan::default();
    let value = Node(&mut scan).deserialize(&mut json);
    if let Some(key) = scan.twice {
        return Err(ScanError::Twice(key));
    }
    let value = value.map_err(ScanError::Syntax)?;
    json.end().map_err(ScanError::Syntax)?;
    Ok(value)
}

#[derive(Default)]
struct Scan {
    trail: Trail,
    /// The key that was found twice. An error of the deserializer can carry only text.
    twice: Option<String>,
}

/// One value at the place where the scan is.
struct Node<'a>(&'a mut Scan);

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            self.0.trail.0.push(Step::Item(items.len()));
            let item = access.next_element_seed(Node(self.0))?;
            self.0.trail.0.pop();
            match item {
                Some(item) => items.push(item),
                None => return Ok(Value::Array(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            self.0.trail.0.push(Step::Key(key.clone()));
            if object.contains_key(&key) {
                self.0.twice = Some(self.0.trail.to_string());
                return Err(A::Error::custom("a key stands twice"));
            }
            let value = access.next_value_seed(Node(self.0))?;
            self.0.trail.0.pop();
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}
