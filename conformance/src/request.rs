//! What a runner says.

use crate::subject::Dialect;
use serde_json::{Map, Value, json};

/// Where the fields of a call lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Beside `type` and `request_id`.
    TopLevel,
    /// Under `data`, as the original's own runner has them.
    Data,
    /// Under `payload`.
    Payload,
}

/// A call, whose fields a case changes.
#[derive(Debug, Clone)]
pub struct Call {
    /// What the answer must bring back.
    pub request_id: String,
    /// The version whose fields these are.
    pub dialect: Dialect,
    /// Everything but `type` and `request_id`.
    pub fields: Map<String, Value>,
}

impl Call {
    /// With this field in place of what was there.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(key.to_owned(), value.into());
        self
    }

    /// Without this field.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        self.fields.remove(key);
        self
    }

    /// With this parameter beside the others. Version 0.2 only.
    #[must_use]
    pub fn with_param(mut self, key: &str, value: impl Into<Value>) -> Self {
        if let Some(Value::Object(params)) = self.fields.get_mut("user_params") {
            params.insert(key.to_owned(), value.into());
        }
        self
    }

    /// With this phase. Version 0.2 only.
    #[must_use]
    pub fn phase(self, phase: &str) -> Self {
        self.with("phase", phase)
    }

    /// With this session. Version 0.2 only.
    #[must_use]
    pub fn session(self, id: &str) -> Self {
        self.with("session", json!({ "id": id, "context": {} }))
    }

    /// With this as the picture that is judged.
    #[must_use]
    pub fn picture(self, id: &str, width: i64, height: i64) -> Self {
        self.picture_with(id, meta(width, height))
    }

    /// With this as the picture that is judged, and what is said about it.
    #[must_use]
    pub fn picture_with(self, id: &str, meta: impl Into<Value>) -> Self {
        match self.dialect {
            Dialect::V02 => self.with("shared_mem_id", id).with("image_meta", meta),
            Dialect::V03 => self.with("cur_image_shm_id", id).with("cur_image_meta", meta),
        }
    }

    /// The number of the step, as the answer must bring it back.
    pub fn step_index(&self) -> &Value {
        self.fields.get("step_index").unwrap_or(&Value::Null)
    }

    /// The message with its fields under `data`.
    pub fn message(&self) -> Value {
        self.shaped(Shape::Data)
    }

    /// The message with its fields at this place.
    pub fn shaped(&self, shape: Shape) -> Value {
        let mut message = json!({ "type": "call", "request_id": self.request_id });
        match shape {
            Shape::TopLevel => {
                if let Value::Object(message) = &mut message {
                    message.extend(self.fields.clone());
                }
            }
            Shape::Data => message["data"] = Value::Object(self.fields.clone()),
            Shape::Payload => message["payload"] = Value::Object(self.fields.clone()),
        }
        message
    }
}

/// What a runner says about a picture.
pub fn meta(width: i64, height: i64) -> Value {
    json!({ "width": width, "height": height, "timestamp_ms": 1_767_225_600_000_u64, "camera_id": "cam-01" })
}

/// The runner's answer to hello.
pub fn hello() -> Value {
    json!({
        "type": "hello",
        "runner_version": "conformance",
        "heartbeat_interval_ms": 5000,
        "heartbeat_grace_ms": 2000,
    })
}

/// A question whether the process lives.
pub fn ping(request_id: &str) -> Value {
    json!({ "type": "ping", "request_id": request_id })
}

/// The request to end.
pub fn shutdown() -> Value {
    json!({ "type": "shutdown" })
}
