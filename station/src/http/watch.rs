//! Looking at the station: whether it is well, what happens, what was written, what is counted.

use super::auth::Caller;
use super::error::ApiError;
use super::input::Query;
use crate::events::Event as Happened;
use crate::logs::{Level, Wanted};
use crate::station::Station;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures_util::stream::{self, Stream, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

/// The form in which numbers are written for Prometheus.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// How often something is sent to whoever watches, even if nothing happens: the page takes a longer silence for a lost connection.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);
/// The most lines in one answer.
const MOST_LINES: usize = 5_000;

/// Whether the program answers.
pub(super) async fn health() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// Whether everything can be judged that should be.
pub(super) async fn readiness(State(station): State<Arc<Station>>) -> (StatusCode, Json<Value>) {
    let reasons = station.reasons();
    let status = match reasons.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(json!({"ready": reasons.is_empty(), "reasons": reasons})))
}

/// What the station is, and who asks.
pub(super) async fn station(State(station): State<Arc<Station>>, Extension(caller): Extension<Caller>) -> Json<Value> {
    let config = station.config();
    Json(json!({
        "name": config.station.name,
        "version": env!("CARGO_PKG_VERSION"),
        "started_ms": station.started_ms(),
        "store": station.store().to_string_lossy(),
        "frames_socket": station.frames_socket().to_string_lossy(),
        "caller": caller.name,
        "role": caller.role,
        "limits": {
            "workers": config.station.workers,
            "queue": config.station.queue,
            "upload_bytes": config.station.upload_bytes,
        },
    }))
}

/// What is counted.
pub(super) async fn metrics(State(station): State<Arc<Station>>) -> Result<impl IntoResponse, ApiError> {
    let text = tokio::task::spawn_blocking(move || station.metrics_text()).await?;
    Ok(([(CONTENT_TYPE, OPEN_METRICS)], text))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogsQuery {
    pid: Option<String>,
    level: Option<String>,
    inspection: Option<String>,
    #[serde(default = "some_lines")]
    limit: usize,
}

fn some_lines() -> usize {
    500
}

/// The last lines of the logs.
pub(super) async fn logs(
    State(station): State<Arc<Station>>,
    Query(query): Query<LogsQuery>,
) -> Result<Json<Value>, ApiError> {
    let level = match query.level.as_deref() {
        None => None,
        Some(name) => {
            let known = "known levels are trace, debug, info, warn, error";
            Some(Level::named(name).ok_or_else(|| ApiError::bad("`level` is no level").help(known))?)
        }
    };
    if !(1..=MOST_LINES).contains(&query.limit) {
        return Err(ApiError::bad(format!("`limit` must be 1 to {MOST_LINES}")));
    }
    let lines = station.logs().read(&Wanted {
        pid: query.pid.as_deref(),
        level,
        inspection: query.inspection.as_deref(),
        limit: query.limit,
    });
    Ok(Json(json!({"lines": lines})))
}

/// What happens, for as long as somebody listens.
pub(super) async fn events(State(station): State<Arc<Station>>, headers: HeaderMap) -> Response {
    let last = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok())
        .and_then(|id| id.parse().ok());
    let (missed, now) = station.events().watch(last);
    let seen = missed.last().map_or(0, |event| event.id);
    let follow = Follow {
        events: station.events().clone(),
        now,
        seen,
    };
    let all = stream::iter(missed).chain(follow.into_stream());
    let all = all.map(|event| Ok::<_, Infallible>(written(&event)));
    Sse::new(all)
        .keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE))
        .into_response()
}

fn written(event: &Happened) -> Event {
    Event::default()
        .id(event.id.to_string())
        .event(event.kind.as_str())
        .data(&event.data)
}

/// What happens from now on.
struct Follow {
    events: crate::events::Events,
    now: tokio::sync::broadcast::Receiver<Arc<Happened>>,
    seen: u64,
}

impl Follow {
    fn into_stream(self) -> impl Stream<Item = Arc<Happened>> {
        stream::unfold(
            (self, Vec::<Arc<Happened>>::new()),
            |(mut follow, mut missed)| async move {
                loop {
                    if let Some(event) = missed.pop() {
                        follow.seen = event.id;
                        return Some((event, (follow, missed)));
                    }
                    match follow.now.recv().await {
                        Ok(event) if event.id <= follow.seen => {}
                        Ok(event) => {
                            follow.seen = event.id;
                            return Some((event, (follow, missed)));
                        }
                        // Whoever reads too slowly is told what is still kept.
                        Err(RecvError::Lagged(_)) => {
                            (missed, follow.now) = follow.events.watch(Some(follow.seen));
                            missed.reverse();
                        }
                        Err(RecvError::Closed) => return None,
                    }
                }
            },
        )
    }
}
