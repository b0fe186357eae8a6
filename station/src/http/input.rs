//! What callers send, read strictly.

use super::error::ApiError;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use futures_util::StreamExt;
use procvision_host::manifest::{is_name, is_pid};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

/// The most bytes of a body that is JSON.
pub(super) const JSON_BYTES: usize = 1 << 20;

/// A body that is JSON.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        Ok(Self(json(&json_bytes(request).await?)?))
    }
}

/// No body is wanted. One that comes all the same is read and dropped: otherwise the connection would be closed behind the
/// answer, and whoever uses it again would get none.
pub(super) struct NoBody;

impl<S: Send + Sync> FromRequest<S> for NoBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        all_bytes(request).await.map(|_| Self)
    }
}

/// Reads a body of at most so many bytes and drops it, so that whoever still sends it comes to read why it was refused.
pub(super) async fn drop_body(request: Request, most: u64) {
    let mut pieces = request.into_body().into_data_stream();
    let mut bytes = 0_u64;
    while let Some(Ok(piece)) = pieces.next().await {
        bytes = bytes.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if bytes > most {
            return;
        }
    }
}

/// A whole number of a body. JSON has one kind of numbers: `2.0` is one, too.
pub(super) fn whole<'de, D: Deserializer<'de>>(number: D) -> Result<u32, D::Error> {
    let number = serde_json::Number::deserialize(number)?;
    let whole = number.as_u64().and_then(|number| u32::try_from(number).ok());
    let rounded = || {
        let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
        // What is whole and within the bounds loses nothing.
        (0.0..=f64::from(u32::MAX)).contains(&float).then_some(float as u32)
    };
    whole.or_else(rounded).ok_or_else(|| {
        let message = format!("{number} is no whole number from 0 to {}", u32::MAX);
        serde::de::Error::custom(message)
    })
}

/// The bytes of a body that says it is JSON.
pub(super) async fn json_bytes(request: Request) -> Result<Vec<u8>, ApiError> {
    if !is_json(&request) {
        let message = "the body must be `application/json`";
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", message));
    }
    all_bytes(request).await
}

async fn all_bytes(request: Request) -> Result<Vec<u8>, ApiError> {
    let mut pieces = request.into_body().into_data_stream();
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| ApiError::bad(format!("the body breaks off: {error}")))?;
        if bytes.len() + piece.len() > JSON_BYTES {
            let message = format!("a body of JSON may have at most {JSON_BYTES} bytes");
            return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", message));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
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

/// The variable parts of an address.
pub(super) struct Path<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        // What cannot be a name or a number names nothing.
        path.map(|path| Self(path.0))
            .map_err(|_| ApiError::not_there("there is nothing of that name"))
    }
}

/// A body of several parts.
pub(super) struct Multipart(axum::extract::Multipart);

impl<S: Send + Sync> FromRequest<S> for Multipart {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let parts = axum::extract::Multipart::from_request(request, state).await;
        parts.map(Self).map_err(|rejection| {
            let message = rejection.body_text();
            ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", message)
        })
    }
}

impl Multipart {
    /// The next part.
    pub(super) async fn next(&mut self) -> Result<Option<Field<'_>>, ApiError> {
        self.0.next_field().await.map_err(cut)
    }
}

/// What is wrong with a part that breaks off or is too large.
pub(super) fn cut(error: MultipartError) -> ApiError {
    let code = match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => "too-large",
        _ => "bad-request",
    };
    ApiError::new(error.status(), code, error.body_text())
}

/// A product model, as a caller names it.
pub(super) fn pid(text: String) -> Result<String, ApiError> {
    match is_pid(&text) {
        true => Ok(text),
        false => Err(ApiError::bad(
            "a product model has 1 to 64 letters, digits, `-`, `_` or `.`",
        )),
    }
}

/// The name of an algorithm, as a caller gives it.
pub(super) fn name(text: String) -> Result<String, ApiError> {
    match is_name(&text) {
        true => Ok(text),
        false => Err(ApiError::bad(
            "a name has at most 64 lower-case letters, digits and underscores, the first a letter",
        )),
    }
}
