//! What comes of a question.

use crate::error::Failure;
use crate::log::LogLine;
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// What came of a question, and how long it took. `waited + took` is the whole time from the call to the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What came of it.
    pub outcome: Outcome,
    /// The identifier of the last attempt, as it is in the process's log; empty if the process was never asked. No
    /// other attempt of this program or of one before it has the same.
    pub request_id: String,
    /// How often the process was asked, 0 if never.
    pub attempts: u32,
    /// From the call to the beginning of the last attempt: other questions, starts, earlier attempts.
    pub waited: Duration,
    /// The last attempt, from sending the question to its end.
    pub took: Duration,
    /// What the process wrote to its log about this question until the answer came. A process may write more after it:
    /// those lines come to the observer and into [`Worker::logs`](crate::Worker::logs), with the same `request_id`.
    pub logs: Vec<LogLine>,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The process answered with a result: a verdict, or that there is none.
    Answered {
        /// Whether there is a verdict, or the conditions are right.
        status: AnswerStatus,
        /// What is said about it.
        message: String,
        /// Why there is no verdict.
        error_code: Option<String>,
        /// `phase`, `step_index` and the rest, as the process wrote it; null if it wrote none.
        data: Value,
    },
    /// There is no result.
    Failed {
        /// One of the protocol's codes.
        code: String,
        /// Why, in one sentence.
        message: String,
        /// Why, for programs.
        kind: FailureKind,
    },
}

/// What a result says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerStatus {
    /// `OK`.
    Ok,
    /// `ERROR`.
    Error,
}

impl AnswerStatus {
    /// As it is written in a frame.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Error => "ERROR",
        }
    }
}

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The process took too long, or did not react any more, each time it was asked.
    Timeout,
    /// The process ended each time it was asked.
    Crashed,
    /// The worker is alarmed: no process can be started.
    NotStarted,
    /// The worker was stopped.
    Stopped,
    /// The question cannot be asked of this process, or the process answered with an error.
    Refused,
    /// The process wrote something that is not the protocol.
    Protocol,
}

impl FailureKind {
    /// As it is written in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Crashed => "crashed",
            Self::NotStarted => "not_started",
            Self::Stopped => "stopped",
            Self::Refused => "refused",
            Self::Protocol => "protocol",
        }
    }

    /// The protocol's code where the process gave none.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Timeout => "1005",
            Self::Crashed => "1009",
            Self::NotStarted => "9999",
            Self::Stopped | Self::Refused | Self::Protocol => "1000",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Outcome {
    pub(crate) fn failed(kind: FailureKind, message: impl Into<String>) -> Self {
        Self::Failed {
            code: kind.code().to_owned(),
            message: message.into(),
            kind,
        }
    }

    /// A question that got no answer because a process failed.
    pub(crate) fn of(kind: FailureKind, failure: &Failure) -> Self {
        Self::Failed {
            code: failure.code().unwrap_or(kind.code()).to_owned(),
            message: format!("the process {failure}"),
            kind,
        }
    }

    /// The code of a result without a verdict, or of a failure.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Answered { error_code, .. } => error_code.as_deref(),
            Self::Failed { code, .. } => Some(code),
        }
    }
}
