//! What a runner says: one frame, read strictly in what matters and leniently in what nobody knows.

use super::call::CallRequest;
use super::error::RequestError;
use super::request_id::RequestId;
use crate::strict_json::{ScanError, scan};
use serde_json::{Map, Value};

/// One frame of a runner.
#[derive(Debug)]
pub enum Request {
    /// Its answer to our hello.
    Hello(RunnerHello),
    /// Are you there?
    Ping(Option<RequestId>),
    /// One question.
    Call(Box<CallRequest>),
    /// Come to an end.
    Shutdown,
}

/// What a runner says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunnerHello {
    /// Its version, if it says one.
    pub version: Option<String>,
    /// How often it pings, in milliseconds.
    pub heartbeat_interval_ms: Option<u64>,
    /// How long it waits for a pong, in milliseconds.
    pub heartbeat_grace_ms: Option<u64>,
}

/// A frame that is refused.
#[derive(Debug)]
pub struct Refusal {
    /// Which request it was, if that can be made out.
    pub request_id: Option<RequestId>,
    /// Why.
    pub error: RequestError,
}

impl From<RequestError> for Refusal {
    fn from(error: RequestError) -> Self {
        Self {
            request_id: None,
            error,
        }
    }
}

impl Request {
    /// Reads the body of a frame. Keys that nobody knows are left alone.
    ///
    /// # Errors
    ///
    /// See [`RequestError`].
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        std::str::from_utf8(body).map_err(|_| RequestError::NotUtf8)?;
        let value = scan(body).map_err(|error| Refusal {
            request_id: RequestId::salvage(body),
            error: match error {
                ScanError::Syntax(error) => RequestError::NotJson(error),
                ScanError::Twice(key) => RequestError::Twice(key),
            },
        })?;
        let Value::Object(frame) = value else {
            return Err(RequestError::NotAnObject.into());
        };
        let request_id = RequestId::from_json(frame.get("request_id"))?;
        Self::read(&frame, request_id.as_ref()).map_err(|error| Refusal { request_id, error })
    }

    fn read(frame: &Map<String, Value>, request_id: Option<&RequestId>) -> Result<Self, RequestError> {
        let kind = match frame.get("type") {
            None => return Err(RequestError::Missing("type")),
            Some(kind) => kind.as_str().ok_or_else(|| RequestError::wrong("type", "a text"))?,
        };
        match kind {
            "call" => Ok(Self::Call(Box::new(CallRequest::read(frame, request_id)?))),
            "ping" => Ok(Self::Ping(request_id.cloned())),
            "shutdown" => Ok(Self::Shutdown),
            // Nothing depends on it so much that a runner should be refused for it.
            "hello" => Ok(Self::Hello(RunnerHello {
                version: frame.get("runner_version").and_then(Value::as_str).map(str::to_owned),
                heartbeat_interval_ms: frame.get("heartbeat_interval_ms").and_then(Value::as_u64),
                heartbeat_grace_ms: frame.get("heartbeat_grace_ms").and_then(Value::as_u64),
            })),
            unknown => Err(RequestError::UnknownType(unknown.to_owned())),
        }
    }
}
