//! What is answered when something is not done: a status, and the same form of JSON as the command line has.

use crate::inspection::TooMany;
use crate::judge::JudgeError;
use crate::operations::{OperationError, ToolError};
use crate::picture::PictureError;
use crate::seat::Full;
use axum::Json;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use procvision_host::explain::{Explain, one_line};
use procvision_results::ResultsError;
use serde_json::json;

/// Why something was not done.
#[derive(Clone, Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    code: String,
    message: String,
    help: Option<String>,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            help: None,
        }
    }

    /// What was asked cannot be understood.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", message)
    }

    /// Too much of it goes on already; it may be asked for again.
    pub(super) fn full(message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "full", message)
    }

    /// What is asked for is not there.
    pub(super) fn not_there(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", message)
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut error = json!({"code": self.code, "message": self.message});
        if let Some(help) = self.help {
            error["help"] = help.into();
        }
        let mut response = (self.status, Json(json!({"error": error}))).into_response();
        let headers = response.headers_mut();
        match self.status {
            StatusCode::UNAUTHORIZED => drop(headers.insert(WWW_AUTHENTICATE, "Bearer".parse().expect("it is ASCII"))),
            StatusCode::TOO_MANY_REQUESTS => drop(headers.insert(RETRY_AFTER, 1.into())),
            _ => {}
        }
        response
    }
}

pub(super) async fn no_such_address(request: Request) -> ApiError {
    let path: String = request.uri().path().chars().take(200).collect();
    ApiError::not_there(format!("there is nothing at {path}")).help("GET /openapi.json lists what there is")
}

pub(super) async fn no_such_method(request: Request) -> ApiError {
    let message = format!("{} cannot be asked for here", request.method());
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method", message).help("GET /openapi.json lists what can")
}

impl From<TooMany> for ApiError {
    fn from(error: TooMany) -> Self {
        Self::full(error.to_string())
    }
}

impl From<Full> for ApiError {
    fn from(error: Full) -> Self {
        Self::full(error.to_string())
    }
}

impl From<JudgeError> for ApiError {
    fn from(error: JudgeError) -> Self {
        match error {
            JudgeError::Full(full) => full.into(),
            JudgeError::Over => Self::not_there(error.to_string()),
            JudgeError::NotKept(error) => Self {
                status: StatusCode::SERVICE_UNAVAILABLE,
                ..Self::from(error)
            },
        }
    }
}

impl From<ResultsError> for ApiError {
    fn from(error: ResultsError) -> Self {
        let status = match error {
            ResultsError::Invalid { .. } | ResultsError::TooMany { .. } => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut answer = Self::new(status, error.code(), one_line(&error));
        answer.help = error.remedy().map(str::to_owned);
        answer
    }
}

impl From<PictureError> for ApiError {
    fn from(error: PictureError) -> Self {
        let status = match error {
            PictureError::Write { .. } | PictureError::Keep(_) | PictureError::Interrupted => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, error.code(), error.sentence())
    }
}

impl From<ToolError> for ApiError {
    fn from(error: ToolError) -> Self {
        match error {
            ToolError::Refused {
                code,
                message,
                help,
                subject_failed,
            } => {
                // The codes of the protocol, and words of the store.
                let status = match code.as_str() {
                    "2005" | "2006" | "2007" | "changed-meanwhile" | "busy" => StatusCode::CONFLICT,
                    "not-installed" | "not-active" => StatusCode::NOT_FOUND,
                    "2001" => StatusCode::UNPROCESSABLE_ENTITY,
                    "usage" => StatusCode::BAD_REQUEST,
                    _ if subject_failed => StatusCode::UNPROCESSABLE_ENTITY,
                    _ => StatusCode::CONFLICT,
                };
                Self {
                    help,
                    ..Self::new(status, code, message)
                }
            }
            ToolError::TooLate => Self::new(StatusCode::GATEWAY_TIMEOUT, "too-late", error.to_string()),
            ToolError::Run(_) | ToolError::Garbage => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "unavailable", one_line(&error))
            }
        }
    }
}

impl From<OperationError> for ApiError {
    fn from(error: OperationError) -> Self {
        match error {
            OperationError::Tool(error) => error.into(),
            OperationError::Store(error) => {
                let mut answer = Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.code(), one_line(&error));
                answer.help = error.remedy();
                answer
            }
            OperationError::Start { .. } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "not-started", one_line(&error))
                    .help("GET /logs has what its process has written")
            }
            OperationError::Command(_) => Self::new(StatusCode::CONFLICT, "command", error.to_string())
                .help("take it out of `station.commands` first"),
            OperationError::Interrupted => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "unavailable", error.to_string())
            }
        }
    }
}

impl From<tokio::task::JoinError> for ApiError {
    fn from(_: tokio::task::JoinError) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "unavailable",
            "this was not done to its end",
        )
    }
}
