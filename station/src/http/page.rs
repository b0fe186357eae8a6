//! The page, which is a part of the program, and the description of the interface.

use super::error::ApiError;
use super::input::Path;
use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use include_dir::{Dir, include_dir};

static PAGE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/page");
static OPENAPI: &str = include_str!("../../openapi.json");

/// Who may show what is answered inside something else.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// What the page may load and do: nothing that is not the station's.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// The page.
pub(super) async fn index() -> Result<Response, ApiError> {
    served("index.html")
}

/// How it looks.
pub(super) async fn style() -> Result<Response, ApiError> {
    served("style.css")
}

/// Its picture.
pub(super) async fn icon() -> Result<Response, ApiError> {
    served("icon.svg")
}

/// A part of what it does.
pub(super) async fn module(Path(path): Path<String>) -> Result<Response, ApiError> {
    served(&format!("js/{path}"))
}

/// The description of this interface, in the form of OpenAPI 3.1.
pub(super) async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], OPENAPI)
}

fn served(path: &str) -> Result<Response, ApiError> {
    let file = PAGE.get_file(path);
    let file = file.ok_or_else(|| ApiError::not_there("the page has no such file"))?;
    let media = match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    };
    Ok(([(CONTENT_TYPE, media), (CACHE_CONTROL, "no-cache")], file.contents()).into_response())
}

/// Has browsers take answers for what they are, and for nothing else.
pub(super) async fn secure_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(CONTENT_SECURITY_POLICY, POLICY);
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(X_FRAME_OPTIONS, "DENY");
    set(REFERRER_POLICY, "no-referrer");
    set(RESOURCE_POLICY, "same-origin");
    set(CACHE_CONTROL, "no-store");
    response
}
