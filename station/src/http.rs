//! The station over HTTP: what docs/http.md describes, and the page.

mod algorithms;
mod auth;
mod error;
mod frames;
mod input;
mod inspections;
mod page;
mod results;
mod server;
mod watch;

pub use server::{Listening, Server, ServerError, WhereToListen};

use crate::config::Role;
use crate::station::Station;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, post};
use input::JSON_BYTES;
use std::sync::Arc;
use std::time::Duration;
use tower_http::timeout::RequestBodyTimeoutLayer;

/// How long nothing may come of a body that has begun.
const PIECE_TIME: Duration = Duration::from_secs(30);

/// What is answered on every connection.
fn router(station: Arc<Station>) -> Router {
    let needs = |role| from_fn_with_state((station.clone(), role), auth::require);
    let open = Router::new()
        .route("/healthz", get(watch::health))
        .route("/readyz", get(watch::readiness))
        .route("/openapi.json", get(page::openapi))
        .route("/", get(page::index))
        .route("/style.css", get(page::style))
        .route("/icon.svg", get(page::icon))
        .route("/js/{*path}", get(page::module));
    let view = Router::new()
        .route("/station", get(watch::station))
        .route("/metrics", get(watch::metrics))
        .route("/events", get(watch::events))
        .route("/logs", get(watch::logs))
        .route("/algorithms", get(algorithms::list))
        .route("/algorithms/active", get(algorithms::active))
        .route("/algorithms/{name}/{version}/audit", get(algorithms::audit))
        .route("/inspections", get(inspections::list))
        .route("/inspections/{id}", get(inspections::show))
        .route("/results", get(results::list))
        .route("/results/export", get(results::export))
        .route("/results/{id}", get(results::show))
        .route("/results/{id}/thumbnail", get(results::thumbnail))
        .route("/statistics", get(results::statistics))
        .route("/frames", get(frames::pools))
        .route("/sources", get(frames::sources))
        .route("/lines", get(frames::lines))
        .route_layer(needs(Role::View));
    let operate = Router::new()
        .route("/algorithms/start", post(algorithms::start))
        .route("/algorithms/stop", post(algorithms::stop))
        .route("/inspections", post(inspections::begin))
        .route("/inspections/{id}/reset", post(inspections::reset))
        .route("/inspections/{id}/end", post(inspections::end))
        .route("/lines/{name}/start", post(frames::start_line))
        .route("/lines/{name}/stop", post(frames::stop_line))
        .route_layer(needs(Role::Operate));
    let upload = usize::try_from(station.config().station.upload_bytes).unwrap_or(usize::MAX);
    let steps = Router::new()
        .route("/inspections/{id}/steps", post(inspections::step))
        .route_layer(DefaultBodyLimit::max(
            upload.saturating_mul(2).saturating_add(JSON_BYTES),
        ))
        .route_layer(needs(Role::Operate));
    let manage = Router::new()
        .route("/algorithms/activate", post(algorithms::activate))
        .route("/algorithms/switch", post(algorithms::switch))
        .route("/algorithms/rollback", post(algorithms::roll_back))
        .route("/algorithms/deactivate", post(algorithms::deactivate))
        .route("/algorithms/{name}/{version}", delete(algorithms::uninstall))
        .route_layer(needs(Role::Manage));
    let packages = Router::new()
        .route("/algorithms/install", post(algorithms::install))
        .route("/algorithms/validate", post(algorithms::validate))
        .route_layer(DefaultBodyLimit::disable())
        .route_layer(needs(Role::Manage));
    open.merge(view)
        .merge(operate)
        .merge(manage)
        .layer(DefaultBodyLimit::max(JSON_BYTES))
        .merge(steps)
        .merge(packages)
        .fallback(error::no_such_address)
        .method_not_allowed_fallback(error::no_such_method)
        .layer(from_fn_with_state(station.clone(), auth::refuse_strangers))
        .layer(from_fn(page::secure_headers))
        .layer(RequestBodyTimeoutLayer::new(PIECE_TIME))
        .with_state(station)
}
