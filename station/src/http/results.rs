//! What was judged.

use super::error::ApiError;
use super::input::{Path, Query};
use crate::station::Station;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use procvision_results::{Filter, Format, Outcome, Phase, RowId};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;

/// A bucket of the statistics unless another one is asked for: a minute.
const BUCKET_MS: u64 = 60_000;
/// Pieces of an export that may wait for whoever reads it.
const PIECES: usize = 8;
/// How long an export waits until whoever reads it has taken a piece.
const READ: Duration = Duration::from_secs(30);

/// Which results somebody wants.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResultsQuery {
    pid: Option<String>,
    algorithm: Option<String>,
    version: Option<String>,
    phase: Option<Phase>,
    outcome: Option<Outcome>,
    inspection: Option<String>,
    since_ms: Option<u64>,
    until_ms: Option<u64>,
    before: Option<i64>,
    limit: Option<u32>,
    bucket_ms: Option<u64>,
    format: Option<ExportFormat>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ExportFormat {
    Csv,
    Json,
}

impl ResultsQuery {
    fn filter(self) -> Filter {
        Filter {
            pid: self.pid,
            algorithm: self.algorithm,
            version: self.version,
            phase: self.phase,
            outcome: self.outcome,
            inspection: self.inspection,
            since_ms: self.since_ms,
            until_ms: self.until_ms,
            before: self.before.map(RowId),
            limit: self.limit,
        }
    }
}

/// The newest ones, the newest first.
pub(super) async fn list(
    State(station): State<Arc<Station>>,
    Query(query): Query<ResultsQuery>,
) -> Result<Json<Value>, ApiError> {
    let results = station.results().clone();
    let page = station.reading.work(move || results.query(&query.filter())).await??;
    Ok(Json(json!({"results": page.results, "next": page.next})))
}

/// One of them.
pub(super) async fn show(State(station): State<Arc<Station>>, Path(id): Path<i64>) -> Result<Json<Value>, ApiError> {
    let results = station.results().clone();
    let result = station.reading.work(move || results.get(RowId(id))).await??;
    let result = result.ok_or_else(|| ApiError::not_there("there is no such result any more"))?;
    Ok(Json(json!(result)))
}

/// The small picture of one.
pub(super) async fn thumbnail(State(station): State<Arc<Station>>, Path(id): Path<i64>) -> Result<Response, ApiError> {
    let results = station.results().clone();
    let picture = station.reading.work(move || results.thumbnail(RowId(id))).await??;
    let picture = picture.ok_or_else(|| ApiError::not_there("no picture of this result is kept"))?;
    // A result never changes.
    let headers = [
        (CONTENT_TYPE, "image/jpeg"),
        (CACHE_CONTROL, "private, max-age=86400, immutable"),
    ];
    Ok((headers, picture).into_response())
}

/// How many came out how, and how long they took.
pub(super) async fn statistics(
    State(station): State<Arc<Station>>,
    Query(query): Query<ResultsQuery>,
) -> Result<Json<Value>, ApiError> {
    let bucket_ms = query.bucket_ms.unwrap_or(BUCKET_MS);
    let results = station.results().clone();
    let mut filter = query.filter();
    // Whether the conditions were right is no verdict.
    filter.phase.get_or_insert(Phase::Execute);
    let counted = station
        .reading
        .work(move || results.statistics(&filter, bucket_ms))
        .await??;
    Ok(Json(json!({"bucket_ms": bucket_ms, "buckets": counted})))
}

/// All of them, as a file.
pub(super) async fn export(
    State(station): State<Arc<Station>>,
    Query(query): Query<ResultsQuery>,
) -> Result<Response, ApiError> {
    let (format, media, name) = match query.format.unwrap_or(ExportFormat::Csv) {
        ExportFormat::Csv => (Format::Csv, "text/csv; charset=utf-8", "results.csv"),
        ExportFormat::Json => (Format::Json, "application/json", "results.json"),
    };
    if query.limit == Some(0) {
        return Err(ApiError::bad("`limit` must be at least 1"));
    }
    let place = station.exports.clone().try_acquire_owned();
    let place = place.map_err(|_| ApiError::full("too many exports go on already"))?;
    let results = station.results().clone();
    let filter = query.filter();
    let (sender, pieces) = mpsc::channel(PIECES);
    let (exporter, exported) = oneshot::channel();
    tokio::task::spawn_blocking(move || {
        let _place = place;
        let mut to = io::BufWriter::with_capacity(
            64 << 10,
            Pieces {
                reader: sender,
                is_gone: false,
            },
        );
        let exported = results.export(&filter, &mut to, format).map_err(io::Error::other);
        // Whoever reads may have gone.
        let _ = exporter.send(exported.and_then(|_| to.flush()));
    });
    // What was sent already cannot be taken back: if something fails, the answer ends in the middle, and so shows it.
    let failure = stream::once(exported).filter_map(async |exported| match exported {
        Ok(exported) => exported.err().map(Err),
        Err(_) => Some(Err(io::Error::other("the export has ended early"))),
    });
    let body = Body::from_stream(ReceiverStream::new(pieces).map(Ok).chain(failure));
    let disposition = format!("attachment; filename=\"{name}\"");
    Ok((
        [(CONTENT_TYPE, media.to_owned()), (CONTENT_DISPOSITION, disposition)],
        body,
    )
        .into_response())
}

/// Writes pieces to whoever reads the export. Waits for them; for threads that may wait.
struct Pieces {
    reader: mpsc::Sender<Bytes>,
    /// Whether they do not take anything any more.
    is_gone: bool,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Bytes::copy_from_slice(bytes);
        if self.is_gone {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let sent = Handle::current().block_on(timeout(READ, self.reader.send(piece)));
        self.is_gone = !matches!(sent, Ok(Ok(())));
        match sent {
            Ok(Ok(())) => Ok(bytes.len()),
            Ok(Err(_)) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
