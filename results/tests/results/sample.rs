//! Results to be recorded: the same number always makes the same result.

use procvision_results::{
    NewResult, Outcome, Phase, Picture, Results, Retention, RowId, StoredResult, ThumbnailPolicy,
};
use serde_json::{Map, Value, json};
use std::future::Future;
use std::path::PathBuf;
use tempfile::TempDir;

/// Keeps everything.
pub const ALL: Retention = Retention {
    max_age: None,
    max_bytes: None,
    thumbnails: ThumbnailPolicy::All,
};

/// A minute in 2026 begins then.
pub const START_MS: u64 = 1_780_000_020_000;

/// A folder of its own, and a file in it.
pub fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.db");
    (folder, path)
}

/// An empty database that keeps everything.
pub fn empty() -> (TempDir, Results) {
    let (folder, path) = file();
    let results = Results::open(&path, ALL).unwrap();
    (folder, results)
}

/// Waits for one thing.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

/// Records in order, each after the one before, in one group where possible.
pub fn record_all(results: &Results, all: impl IntoIterator<Item = NewResult>) -> Vec<RowId> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut ids = Vec::new();
        for group in all.into_iter().collect::<Vec<_>>().chunks(200) {
            let tasks: Vec<_> = group
                .iter()
                .map(|result| {
                    let (results, result) = (results.clone(), result.clone());
                    let mut future = Box::pin(async move { results.record(result, None).await });
                    // The first poll puts it into the queue, so that the order is kept.
                    let first = future
                        .as_mut()
                        .poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
                    (first, future)
                })
                .collect();
            for (first, future) in tasks {
                ids.push(match first {
                    std::task::Poll::Ready(id) => id.unwrap(),
                    std::task::Poll::Pending => future.await.unwrap(),
                });
            }
        }
        ids
    })
}

/// Everything that is there, last first.
pub fn everything(results: &Results) -> Vec<StoredResult> {
    let mut bytes = Vec::new();
    results
        .export(&Default::default(), &mut bytes, procvision_results::Format::Json)
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// A result. `run` tells those of different processes apart.
pub fn sample(run: u64, n: u64) -> NewResult {
    let outcome = Outcome::ALL[(n % 7).min(2) as usize];
    let is_ng = outcome == Outcome::Ng;
    let has_failed = outcome == Outcome::Failed;
    // Digits to the last place, where a careless reader goes wrong.
    let score = (n as f64 + 0.1).sqrt().fract();
    NewResult {
        at_ms: START_MS + n * 1_700,
        inspection: format!("inspection-{run}-{}", n / 3),
        request_id: format!("{run}-{n}"),
        pid: ["A01", "A02", "B07"][(n % 3) as usize].to_owned(),
        algorithm: ["edges", "labels"][(n % 2) as usize].to_owned(),
        version: ["1.0.0", "1.1.0"][(n / 2 % 2) as usize].to_owned(),
        digest: format!("{n:064x}"),
        line: n.is_multiple_of(5).then(|| "line 1".to_owned()),
        step_index: (n % 4) as u32 + 1,
        phase: Phase::ALL[(n / 5 % 2) as usize],
        outcome,
        error_code: has_failed.then(|| "1005".to_owned()),
        message: format!("Prüfung {n}\u{0}\u{1F4F7}"),
        ng_reason: is_ng.then(|| "scratch".to_owned()),
        defects: match is_ng {
            true => vec![json!({"x": n, "y": 2, "width": 3, "height": 4, "label": "scratch", "score": score})],
            false => Vec::new(),
        },
        picture: (!has_failed).then(|| Picture {
            source: "camera 1".to_owned(),
            width: 1_920,
            height: 1_080,
            format: "raw".to_owned(),
            ..Picture::default()
        }),
        params: object(json!({"threshold": score, "area": {"x": 1, "y": 2}, "a": [n, null, true]})),
        debug: object(json!({"latency_ms": score * 1e-7, "name": "ä"})),
        attempts: u32::from(!has_failed) + (n % 2) as u32,
        waited_us: n * 11,
        took_us: n * n % 977 + 1,
        context: object(json!({"operator": "7", "trace_id": format!("{n}")})),
    }
}

/// A thumbnail that belongs to that result and no other.
pub fn picture(run: u64, n: u64) -> Vec<u8> {
    format!("picture {run} {n} ").into_bytes().repeat(400)
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}
