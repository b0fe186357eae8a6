//! What an adapter says, and whether it has the protocol's shape.

use crate::peer::kind;
use crate::request::Call;
use crate::step::{Step, check, failed};
use crate::subject::Dialect;
use serde_json::{Map, Value};

/// Milliseconds since 1970 on the first day of 2020: a time in seconds is smaller.
const EARLIEST_MS: u64 = 1_577_836_800_000;

/// The parts of a result.
#[derive(Debug, Clone)]
pub struct Answer {
    /// `OK` or `ERROR`.
    pub status: String,
    /// For a person; may be empty.
    pub message: String,
    /// Only of a failure.
    pub error_code: Option<String>,
    /// Everything else.
    pub data: Map<String, Value>,
}

impl Answer {
    /// One field of the data; null if it is not there.
    pub fn get(&self, key: &str) -> &Value {
        self.data.get(key).unwrap_or(&Value::Null)
    }

    /// What it is, in words.
    pub fn kind(&self) -> String {
        let code = self.error_code.as_deref().unwrap_or("without error_code");
        match (self.status.as_str(), self.get("result_status").as_str()) {
            ("OK", Some(verdict)) => format!("the verdict {verdict}"),
            ("OK", None) => "a result OK".to_owned(),
            _ => format!("a result ERROR {code}"),
        }
    }

    /// Goes on if the status is OK.
    ///
    /// # Errors
    ///
    /// With what it is.
    pub fn ok(self) -> Step<Self> {
        if self.status == "OK" {
            Ok(self)
        } else {
            failed(self.kind())
        }
    }

    /// The message as JSON, as the algorithm's task `echo` answers.
    ///
    /// # Errors
    ///
    /// If it is something else.
    pub fn echo(&self) -> Step<Value> {
        serde_json::from_str(&self.message).or_else(|_| failed(format!("{} with another message", self.kind())))
    }
}

/// The message as the result of a call, every part of its shape checked.
///
/// # Errors
///
/// If it is something else, or a part is missing or has another type.
pub fn result(message: &Value, call: &Call) -> Step<Answer> {
    check(message["type"] == "result", || {
        format!("{} in place of a result", kind(message))
    })?;
    request_id(message, Some(&call.request_id))?;
    timestamp(message)?;
    let Some(status @ ("OK" | "ERROR")) = message["status"].as_str() else {
        return failed(format!("the status is {}", message["status"]));
    };
    let Some(text) = message["message"].as_str() else {
        return failed("a result without message");
    };
    let Some(data) = message["data"].as_object() else {
        return failed("a result without data");
    };
    let error_code = match &message["error_code"] {
        Value::Null => None,
        Value::String(code) => Some(code.clone()),
        other => return failed(format!("the error_code is {other}")),
    };
    check(status == "ERROR" || error_code.is_none(), || {
        "a result OK with an error_code".to_owned()
    })?;
    check(data.contains_key("step_index"), || {
        "a result without step_index".to_owned()
    })?;
    if call.dialect == Dialect::V02 {
        check(data.contains_key("phase"), || "a result without phase".to_owned())?;
    }
    Ok(Answer {
        status: status.to_owned(),
        message: text.to_owned(),
        error_code,
        data: data.clone(),
    })
}

/// The message must be an error with this code for this request, every part of its shape checked.
///
/// # Errors
///
/// If it is something else, or a part is missing or has another type.
pub fn error(message: &Value, of: Option<&str>, code: &str) -> Step<()> {
    check(message["type"] == "error" && message["error_code"] == code, || {
        format!("{} in place of an error {code}", kind(message))
    })?;
    request_id(message, of)?;
    timestamp(message)?;
    check(message["status"] == "ERROR", || {
        format!("the status of the error is {}", message["status"])
    })?;
    check(message["message"].as_str().is_some_and(|text| !text.is_empty()), || {
        "an error without message".to_owned()
    })
}

/// The message must say that the call failed with one of these codes, by a result or by an error.
///
/// # Errors
///
/// If it says something else.
pub fn failure(message: &Value, call: &Call, codes: &[&str]) -> Step<String> {
    let Some(code) = message["error_code"].as_str().filter(|code| codes.contains(code)) else {
        let seen = if message["type"] == "result" {
            result(message, call)?.kind()
        } else {
            kind(message)
        };
        return failed(format!("{seen} in place of {}", codes.join(" or ")));
    };
    if message["type"] == "error" {
        error(message, Some(&call.request_id), code)?;
        return Ok(message["message"].as_str().unwrap_or_default().to_owned());
    }
    let answer = result(message, call)?;
    check(answer.status == "ERROR", || {
        format!("{} with error_code {code}", answer.kind())
    })?;
    check(!answer.message.is_empty(), || {
        format!("{} without message", answer.kind())
    })?;
    Ok(answer.message)
}

/// The message must be the answer to this ping.
///
/// # Errors
///
/// If it is something else.
pub fn pong(message: &Value, of: &str) -> Step<()> {
    check(message["type"] == "pong", || {
        format!("{} in place of a pong", kind(message))
    })?;
    request_id(message, Some(of))?;
    timestamp(message)?;
    check(message["status"] == "OK", || {
        format!("the status of the pong is {}", message["status"])
    })
}

/// The message must have a `timestamp_ms` in milliseconds.
///
/// # Errors
///
/// If it has none, or one in another unit.
pub fn timestamp(message: &Value) -> Step<()> {
    check(
        message["timestamp_ms"].as_u64().is_some_and(|time| time >= EARLIEST_MS),
        || format!("{} whose timestamp_ms is {}", kind(message), message["timestamp_ms"]),
    )
}

fn request_id(message: &Value, of: Option<&str>) -> Step<()> {
    let expected = of.map_or(Value::Null, Value::from);
    check(message["request_id"] == expected, || {
        format!(
            "{} for request {} in place of {expected}",
            kind(message),
            message["request_id"]
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_result_is_taken_apart_and_what_is_missing_is_named() {
        let call = Call {
            request_id: "c1".to_owned(),
            dialect: Dialect::V02,
            fields: Map::new(),
        };
        let whole = json!({
            "type": "result", "request_id": "c1", "timestamp_ms": EARLIEST_MS, "status": "ERROR", "message": "no",
            "error_code": "1003", "data": { "phase": "execute", "step_index": 1 },
        });
        let answer = result(&whole, &call).unwrap();
        assert_eq!(answer.kind(), "a result ERROR 1003");
        for key in ["type", "request_id", "timestamp_ms", "status", "message", "data"] {
            let mut part = whole.clone();
            part.as_object_mut().unwrap().remove(key);
            assert!(result(&part, &call).is_err(), "{key}");
        }
        assert!(failure(&whole, &call, &["1003"]).is_ok());
        assert!(failure(&whole, &call, &["1002"]).is_err());
        assert!(error(&whole, Some("c1"), "1003").is_err());
    }
}
