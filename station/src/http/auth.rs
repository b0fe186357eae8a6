//! Who may do what.
//!
//! Whoever connects through the station's own socket may do everything: only its user can open it. Over TCP, tokens say it; a
//! station without tokens listens to its own machine alone, where everybody may do everything. That a browser of this machine
//! connects does not mean that its user wants it: a page of somebody else can send requests as well. So the name that is asked for
//! must be one of the station's, and whatever changes something must not come from another page.

use super::error::ApiError;
use super::server::Way;
use crate::config::{Role, TokenConfig};
use crate::station::Station;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// What browsers say about where a request comes from.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// What browsers say a request is for.
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
/// The names of this machine for itself.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    /// The name of their token, if they have one.
    pub(super) name: Option<String>,
    /// What they may do.
    pub(super) role: Role,
}

/// Refuses requests for other names, and those that another page sends.
pub(super) async fn refuse_strangers(
    State(station): State<Arc<Station>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if request.extensions().get::<Way>() != Some(&Way::Socket) {
        let config = station.config();
        let host =
            text(request.headers(), &HOST).or_else(|| request.uri().authority().map(|authority| authority.as_str()));
        let host = host.unwrap_or_default();
        let name = host
            .rsplit_once(':')
            .filter(|(_, port)| is_port(port))
            .map_or(host, |(name, _)| name);
        let is_ours = |ours: &str| ours.eq_ignore_ascii_case(name);
        if !LOOPBACK.into_iter().any(is_ours) && !config.station.hosts.iter().any(|ours| is_ours(ours)) {
            let message = "this station is not reached by that name";
            return Err(ApiError::new(StatusCode::MISDIRECTED_REQUEST, "host", message)
                .help("add the name to `station.hosts` of the configuration"));
        }
        let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
        // Looking costs something, too. Only a person who follows a link may come from elsewhere.
        let follows_a_link = !changes && text(request.headers(), &FETCH_MODE) == Some("navigate");
        if !follows_a_link && is_foreign(request.headers(), host) {
            let message = "another page has sent this request";
            return Err(ApiError::new(StatusCode::FORBIDDEN, "origin", message));
        }
    }
    Ok(next.run(request).await)
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn is_foreign(headers: &HeaderMap, host: &str) -> bool {
    let site = text(headers, &FETCH_SITE);
    if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return true;
    }
    let Some(origin) = headers.get(ORIGIN) else {
        // Programs that are no browsers send none.
        return false;
    };
    let origin = origin.to_str().unwrap_or_default();
    let from = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    !from.is_some_and(|from| from.eq_ignore_ascii_case(host))
}

/// Lets pass who may do at least this, and notes who it is.
pub(super) async fn require(
    State((station, least)): State<(Arc<Station>, Role)>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let config = station.config();
    let caller = caller(&request, &config.station.tokens)?;
    if caller.role < least {
        let message = format!(
            "this needs the role {}, and you have {}",
            least.as_str(),
            caller.role.as_str()
        );
        return Err(ApiError::new(StatusCode::FORBIDDEN, "role", message));
    }
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

fn caller(request: &Request, tokens: &[TokenConfig]) -> Result<Caller, ApiError> {
    if tokens.is_empty() || request.extensions().get::<Way>() == Some(&Way::Socket) {
        return Ok(Caller {
            name: None,
            role: Role::Manage,
        });
    }
    let given = text(request.headers(), &AUTHORIZATION).and_then(|header| header.split_once(' '));
    let token = given
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    let Some(token) = token else {
        let error = ApiError::new(StatusCode::UNAUTHORIZED, "token", "this needs a token");
        return Err(error.help("send it as `Authorization: Bearer TOKEN`"));
    };
    let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    // All are compared, each in the same time.
    let mut known = None;
    for one in tokens {
        let same = one.digest().is_some_and(|theirs| bool::from(theirs.ct_eq(&digest)));
        if same {
            known = Some(one);
        }
    }
    match known {
        Some(known) => Ok(Caller {
            name: Some(known.name.clone()),
            role: known.role,
        }),
        None => Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "token",
            "nobody knows this token",
        )),
    }
}
