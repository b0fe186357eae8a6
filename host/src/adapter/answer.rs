//! What an algorithm said, in the protocol's shape.

use crate::failure::{ErrorCode, Failure};
use crate::outcome::Outcome;
use crate::protocol::{CallRequest, Reply, Status, StepAnswer};
use serde_json::{Map, Value};

/// What a call brought.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// What was asked has an answer, which may be why there is no verdict.
    Step(StepAnswer),
    /// Something was wrong with the request, or an accident happened.
    Error(ErrorCode, String),
}

impl Answer {
    /// An answer without content.
    pub(super) fn good(call: &CallRequest) -> StepAnswer {
        StepAnswer {
            status: Status::Good,
            message: String::new(),
            error_code: None,
            data: Map::from_iter([
                ("phase".to_owned(), call.phase.as_str().into()),
                ("step_index".to_owned(), call.step_index.into()),
            ]),
        }
    }

    /// A failure as runners know it: an accident or a bad request is an error, everything else the answer of the step.
    pub(super) fn failed(call: &CallRequest, failure: &Failure) -> Self {
        match failure.code {
            ErrorCode::BadExchange | ErrorCode::Trap | ErrorCode::Polluted => {
                Self::Error(failure.code, failure.message.clone())
            }
            code => Self::Step(StepAnswer {
                status: Status::Error,
                message: failure.message.clone(),
                error_code: Some(code.as_str()),
                ..Self::good(call)
            }),
        }
    }

    /// How a question was answered.
    pub(super) fn of(call: &CallRequest, outcome: &Outcome) -> Self {
        if let Outcome::Failed(failure) = outcome {
            return Self::failed(call, failure);
        }
        let mut answer = Self::good(call);
        let mut protocol = outcome.to_protocol();
        if matches!(outcome, Outcome::NotReady { .. }) {
            answer.status = Status::Error;
        }
        if let Value::String(message) = protocol["message"].take() {
            answer.message = message;
        }
        if let Value::Object(data) = protocol["data"].take() {
            answer.data.extend(data);
        }
        Self::Step(answer)
    }

    /// The same with what is known beside the answer, if something is. An error has no room for it.
    pub(super) fn with_debug(mut self, debug: Map<String, Value>) -> Self {
        if let (Self::Step(answer), false) = (&mut self, debug.is_empty()) {
            answer.data.insert("debug".to_owned(), Value::Object(debug));
        }
        self
    }

    /// The frame that says so.
    pub(super) fn to_frame(&self, call: &CallRequest) -> Vec<u8> {
        match self {
            Self::Step(answer) => Reply::result(&call.request_id, answer).to_frame(),
            Self::Error(code, message) => Reply::error(Some(&call.request_id), code.as_str(), message).to_frame(),
        }
    }
}
