//! What a runner is told: frames, ready to be written.

use super::request_id::RequestId;
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::{SystemTime, UNIX_EPOCH};

/// What this program can be asked, as its hello says.
pub const CAPABILITIES: [&str; 11] = [
    "ping",
    "call",
    "shutdown",
    "shared_memory:v1",
    "info",
    "setup",
    "teardown",
    "reset",
    "on_step_start",
    "on_step_finish",
    "execute",
];

/// Whether there is an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Status {
    /// There is one.
    #[serde(rename = "OK")]
    Good,
    /// There is none, and the message says why.
    #[serde(rename = "ERROR")]
    Error,
}

/// One frame for a runner.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Reply<'a> {
    /// The first frame of all.
    Hello {
        /// This program's version.
        sdk_version: &'a str,
        /// Milliseconds since 1970-01-01T00:00:00Z.
        timestamp_ms: u64,
        /// What can be asked.
        capabilities: &'a [&'a str],
    },
    /// The answer to a ping.
    Pong {
        /// Of the ping.
        request_id: Option<&'a RequestId>,
        /// Milliseconds since 1970-01-01T00:00:00Z.
        timestamp_ms: u64,
        /// Always good.
        status: Status,
    },
    /// The answer to a call.
    Result {
        /// Of the call.
        request_id: &'a RequestId,
        /// Milliseconds since 1970-01-01T00:00:00Z.
        timestamp_ms: u64,
        /// The answer.
        #[serde(flatten)]
        answer: &'a StepAnswer,
    },
    /// There is no answer.
    Error {
        /// Of the request, if it has one.
        request_id: Option<&'a RequestId>,
        /// Milliseconds since 1970-01-01T00:00:00Z.
        timestamp_ms: u64,
        /// Always an error.
        status: Status,
        /// Why, in one sentence.
        message: &'a str,
        /// One of the protocol's codes.
        error_code: &'a str,
    },
    /// The last frame of all.
    Shutdown {
        /// Milliseconds since 1970-01-01T00:00:00Z.
        timestamp_ms: u64,
        /// Always good.
        status: Status,
    },
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepAnswer {
    /// Whether there is an answer.
    pub status: Status,
    /// What is to be said about it.
    pub message: String,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<&'static str>,
    /// The answer, with `phase` and `step_index`.
    pub data: Map<String, Value>,
}

impl<'a> Reply<'a> {
    /// The hello of this program.
    pub fn hello() -> Self {
        Self::Hello {
            sdk_version: env!("CARGO_PKG_VERSION"),
            timestamp_ms: now_ms(),
            capabilities: &CAPABILITIES,
        }
    }

    /// The answer to a ping.
    pub fn pong(request_id: Option<&'a RequestId>) -> Self {
        Self::Pong {
            request_id,
            timestamp_ms: now_ms(),
            status: Status::Good,
        }
    }

    /// The answer to a call.
    pub fn result(request_id: &'a RequestId, answer: &'a StepAnswer) -> Self {
        Self::Result {
            request_id,
            timestamp_ms: now_ms(),
            answer,
        }
    }

    /// Why there is no answer.
    pub fn error(request_id: Option<&'a RequestId>, error_code: &'a str, message: &'a str) -> Self {
        Self::Error {
            request_id,
            timestamp_ms: now_ms(),
            status: Status::Error,
            message,
            error_code,
        }
    }

    /// The answer to a shutdown.
    pub fn shutdown() -> Self {
        Self::Shutdown {
            timestamp_ms: now_ms(),
            status: Status::Good,
        }
    }

    /// The frame as it is written, length included.
    pub fn to_frame(&self) -> Vec<u8> {
        let mut frame = vec![0; 4];
        // Texts, numbers and lists of them, written to memory: nothing of it can fail.
        let written = serde_json::to_writer(&mut frame, self);
        debug_assert!(written.is_ok());
        let length = u32::try_from(frame.len() - 4).unwrap_or(u32::MAX);
        frame[..4].copy_from_slice(&length.to_be_bytes());
        frame
    }
}

/// Now, in milliseconds since 1970-01-01T00:00:00Z.
pub fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
