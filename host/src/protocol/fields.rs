//! Reading the fields of a call, which runners put at the top level, under `data` or under `payload`.

use super::error::RequestError;
use serde_json::{Map, Value};

/// The fields of a call. If a field stands at several places, that under `data` counts, then that under `payload`.
pub(super) struct Fields<'a> {
    places: [Option<&'a Map<String, Value>>; 3],
}

impl<'a> Fields<'a> {
    pub(super) fn of(frame: &'a Map<String, Value>) -> Result<Self, RequestError> {
        let inner = |key| match frame.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(_) => Err(RequestError::wrong(key, "an object")),
        };
        Ok(Self {
            places: [inner("data")?, inner("payload")?, Some(frame)],
        })
    }

    /// The value of a field; `null` is none.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        let mut places = self.places.iter().flatten();
        places.find_map(|place| place.get(key).filter(|value| !value.is_null()))
    }

    /// A text, if there is one.
    pub(super) fn text(&self, key: &str) -> Result<Option<&'a str>, RequestError> {
        let text = |value: &'a Value| value.as_str().ok_or_else(|| RequestError::wrong(key, "a text"));
        self.get(key).map(text).transpose()
    }

    /// An object, if there is one.
    pub(super) fn object(&self, key: &str) -> Result<Option<&'a Map<String, Value>>, RequestError> {
        let object = |value: &'a Value| value.as_object().ok_or_else(|| RequestError::wrong(key, "an object"));
        self.get(key).map(object).transpose()
    }
}

/// A whole number from 0 to 4294967295. A float is none, even if it is whole, and neither is a text of digits.
pub(super) fn index(key: &str, value: &Value) -> Result<u32, RequestError> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| RequestError::wrong(key, "a whole number, not negative, below 2^32"))
}
