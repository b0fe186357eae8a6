//! What callers send, read strictly.

use super::error::ApiError;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use bytes::Bytes;
use serde::de::DeserializeOwned;

/// A body that is JSON.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(&request) {
            let message = "the body must be `application/json`";
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", message));
        }
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|rejection| {
            let code = if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                "too-large"
            } else {
                "bad-request"
            };
            ApiError::new(rejection.status(), code, rejection.body_text())
        })?;
        Ok(Self(json(&bytes)?))
    }
}

fn is_json(request: &Request) -> bool {
    let media = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|media| media.to_str().ok());
    let media = media.map(|media| media.split(';').next().unwrap_or_default().trim());
    media.is_some_and(|media| media.eq_ignore_ascii_case("application/json"))
}

/// The JSON of a body, or of a part of one.
pub(super) fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        match path.as_str() {
            "." => ApiError::bad(format!("the body cannot be used: {}", error.into_inner())),
            path => ApiError::bad(format!("`{path}` of the body cannot be used: {}", error.into_inner())),
        }
    })?;
    reader
        .end()
        .map_err(|error| ApiError::bad(format!("something follows the JSON: {error}")))?;
    Ok(value)
}

/// The query of an address.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let value = serde_urlencoded::from_str(query);
        value
            .map(Self)
            .map_err(|error| ApiError::bad(format!("the query cannot be used: {error}")))
    }
}
