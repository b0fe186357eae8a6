//! Where pictures come from, and what is judged by itself.

use super::error::ApiError;
use super::input::Path;
use crate::config::SourceConfig;
use crate::station::Station;
use axum::Json;
use axum::extract::State;
use procvision_host::pool::observer::Observer;
use serde_json::{Value, json};
use std::sync::Arc;

/// The pools of the frame broker.
pub(super) async fn pools(State(station): State<Arc<Station>>) -> Result<Json<Value>, ApiError> {
    let socket = station.frames_socket().to_owned();
    let pools = tokio::task::spawn_blocking(move || Observer::connect(socket)?.pools()).await?;
    Ok(Json(match pools {
        Ok(pools) => json!({"broker": true, "pools": pools}),
        Err(error) => json!({"broker": false, "pools": [], "why": procvision_host::explain::one_line(&error)}),
    }))
}

/// The sources that pictures can be taken from.
pub(super) async fn sources(State(station): State<Arc<Station>>) -> Json<Value> {
    let config = station.config();
    let sources = config.station.sources.iter().map(|(name, source)| match source {
        SourceConfig::Pool(pool) => json!({"name": name, "kind": "pool", "pool": pool}),
        // Where a file lies is the business of the station's people alone.
        SourceConfig::File(_) => json!({"name": name, "kind": "file"}),
    });
    Json(json!({"sources": sources.collect::<Vec<_>>()}))
}

/// The lines.
pub(super) async fn lines(State(station): State<Arc<Station>>) -> Json<Value> {
    let config = station.config();
    let lines = config.station.lines.iter().map(|(name, line)| {
        let counts = station.lines().count(name);
        json!({
            "name": name, "pid": line.pid, "source": line.source, "step_index": line.step_index,
            "phases": line.phases, "pictures": line.pictures,
            "state": if station.lines().is_running(name) { "running" } else { "stopped" },
            "taken": counts.pictures, "dropped": counts.dropped, "not_judged": counts.not_judged,
        })
    });
    Json(json!({"lines": lines.collect::<Vec<_>>()}))
}

/// Starts one.
pub(super) async fn start_line(
    State(station): State<Arc<Station>>,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    station.start_line(&name).ok_or_else(no_line)?;
    Ok(Json(json!({"name": name, "state": "running"})))
}

/// Stops one.
pub(super) async fn stop_line(
    State(station): State<Arc<Station>>,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    station.stop_line(&name).ok_or_else(no_line)?;
    Ok(Json(json!({"name": name, "state": "stopped"})))
}

fn no_line() -> ApiError {
    ApiError::not_there("there is no such line")
}
