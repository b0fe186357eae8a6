//! What a runner calls a request. It comes back in the answer as it was sent.

use super::error::RequestError;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use std::fmt;

/// Most bytes of a request's identifier.
pub const REQUEST_ID_BYTES: usize = 256;

/// The identifier of a request, echoed in its answer: a text or a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum RequestId {
    /// A text of at most [`REQUEST_ID_BYTES`].
    Text(String),
    /// A number that can be written again without loss.
    Number(Number),
}

/// Up to here every whole number is exact as a float.
const EXACT: f64 = (1u64 << 53) as f64;

impl RequestId {
    /// The `request_id` of a frame; nothing if it is not there.
    pub(super) fn from_json(value: Option<&Value>) -> Result<Option<Self>, RequestError> {
        match value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.len() <= REQUEST_ID_BYTES => Ok(Some(Self::Text(text.clone()))),
            // A whole number that is too large for one was read as a float and has lost digits.
            Some(Value::Number(number)) if !number.is_f64() || number.as_f64().is_some_and(|f| f.abs() < EXACT) => {
                Ok(Some(Self::Number(number.clone())))
            }
            Some(_) => Err(RequestError::RequestId),
        }
    }

    /// The `request_id` of a frame that is refused as a whole, if it can be made out all the same.
    pub(super) fn salvage(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Envelope {
            request_id: Option<Value>,
        }
        // What is around it is not even looked at, however deep it is nested.
        let envelope: Envelope = serde_json::from_slice(body).ok()?;
        Self::from_json(envelope.request_id.as_ref()).ok().flatten()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_and_numbers_come_back_as_they_were_sent() {
        for id in [
            json!("a"),
            json!(""),
            json!("\u{1f600}\n"),
            json!(7),
            json!(-7),
            json!(1.5),
            json!(u64::MAX),
        ] {
            let read = RequestId::from_json(Some(&id)).unwrap().unwrap();
            assert_eq!(serde_json::to_value(read).unwrap(), id);
        }
        let lossy = serde_json::from_str("123456789012345678901234567890").unwrap();
        for id in [
            json!(true),
            json!({}),
            json!([1]),
            lossy,
            json!("x".repeat(REQUEST_ID_BYTES + 1)),
        ] {
            assert!(RequestId::from_json(Some(&id)).is_err(), "{id}");
        }
        assert_eq!(RequestId::from_json(Some(&Value::Null)).unwrap(), None);
    }

    #[test]
    fn the_identifier_of_a_refused_frame_is_made_out_where_that_is_possible() {
        let id = |body: &str| RequestId::salvage(body.as_bytes()).map(|id| id.to_string());
        let deep = format!(
            r#"{{"a": {}{}, "request_id": "r"}}"#,
            "[".repeat(10_000),
            "]".repeat(10_000)
        );
        assert_eq!(id(&deep).as_deref(), Some("r"));
        assert_eq!(id(r#"{"request_id": 5, "a": 1, "a": 1e999}"#).as_deref(), Some("5"));
        assert_eq!(id(r#"{"request_id": 5, "request_id": 6}"#), None);
        assert_eq!(id(r#"{"request_id": "r", "#), None);
        assert_eq!(id("[]"), None);
    }
}
