//! How fast results are recorded in a folder: `measure FOLDER`. Prints records per second and the time from asking to
//! having the number of a row that is on disk.

use procvision_results::{NewResult, Outcome, Phase, Picture, Results, ResultsError, Retention, ThumbnailPolicy};
use serde_json::{Map, json};
use std::path::Path;
use std::time::{Duration, Instant};

/// Results of one measurement without pauses.
const RECORDS: usize = 20_000;
/// Results in a second, and seconds, of the measurement with pauses: four cameras of 30 pictures.
const PACE: u32 = 120;
const SECONDS: u32 = 20;
/// Bytes of a thumbnail, such as a JPEG of 320 x 180 has.
const THUMBNAIL: usize = 12_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).ok_or("usage: measure FOLDER")?;
    let folder = tempfile::tempdir_in(folder)?;
    println!(
        "{:<34} {:>10} {:>9} {:>9} {:>9}",
        "", "records/s", "p50 ms", "p99 ms", "max ms"
    );
    for thumbnails in [ThumbnailPolicy::Off, ThumbnailPolicy::All] {
        for writers in [1, 8, 32] {
            let path = folder.path().join(format!("{writers}-{thumbnails:?}.db"));
            let results = open(&path, thumbnails)?;
            let start = Instant::now();
            let times = at_once(&results, writers).await?;
            let name = format!("{writers} at once, thumbnails {thumbnails:?}");
            print(&name, times, start.elapsed());
        }
        let path = folder.path().join(format!("paced-{thumbnails:?}.db"));
        let results = open(&path, thumbnails)?;
        let start = Instant::now();
        let times = paced(&results).await?;
        print(
            &format!("{PACE} per second, thumbnails {thumbnails:?}"),
            times,
            start.elapsed(),
        );
    }
    Ok(())
}

fn open(path: &Path, thumbnails: ThumbnailPolicy) -> Result<Results, ResultsError> {
    let retention = Retention {
        max_age: None,
        max_bytes: None,
        thumbnails,
    };
    Results::open(path, retention)
}

/// Everybody records as soon as they have been answered.
async fn at_once(results: &Results, writers: usize) -> Result<Vec<Duration>, Box<dyn std::error::Error>> {
    // One at once is as slow as the disk: fewer are enough.
    let each = RECORDS.min(2_000 * writers) / writers;
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..writers {
        let results = results.clone();
        tasks.spawn(async move {
            let mut times = Vec::with_capacity(each);
            for n in 0..each {
                times.push(timed(&results, writer * each + n).await?);
            }
            Ok::<_, ResultsError>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(of_one) = tasks.join_next().await {
        times.extend(of_one??);
    }
    Ok(times)
}

/// Four cameras, of which each takes a picture at the same moment as the others.
async fn paced(results: &Results) -> Result<Vec<Duration>, Box<dyn std::error::Error>> {
    let mut tick = tokio::time::interval(Duration::from_secs(1) * 4 / PACE);
    let mut tasks = tokio::task::JoinSet::new();
    for picture in 0..SECONDS * PACE / 4 {
        tick.tick().await;
        for camera in 0..4 {
            let results = results.clone();
            tasks.spawn(async move { timed(&results, (picture * 4 + camera) as usize).await });
        }
    }
    let mut times = Vec::new();
    while let Some(time) = tasks.join_next().await {
        times.push(time??);
    }
    Ok(times)
}

async fn timed(results: &Results, n: usize) -> Result<Duration, ResultsError> {
    let (result, thumbnail) = (result(n), vec![n as u8; THUMBNAIL]);
    let start = Instant::now();
    results.record(result, Some(thumbnail)).await?;
    Ok(start.elapsed())
}

/// As an ordinary step brings it: about one kilobyte.
fn result(n: usize) -> NewResult {
    let object = |value: serde_json::Value| value.as_object().cloned().unwrap_or_default();
    NewResult {
        at_ms: 1_780_000_000_000 + n as u64,
        inspection: format!("inspection-{n}"),
        request_id: format!(
            "request-{:032x}",
            (n as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834)
        ),
        pid: format!("A{:02}", n % 4),
        algorithm: "scratches".to_owned(),
        version: "1.2.0".to_owned(),
        digest: "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9".to_owned(),
        line: None,
        step_index: 1,
        phase: Phase::Execute,
        outcome: Outcome::ALL[(n % 10).min(2)],
        error_code: None,
        message: "two scratches on the left".to_owned(),
        ng_reason: Some("scratch".to_owned()),
        defects: vec![json!({"x": 10, "y": 20, "width": 30, "height": 40, "label": "scratch", "score": 0.93}); 2],
        picture: Some(Picture {
            source: "camera-1".to_owned(),
            width: 1_920,
            height: 1_080,
            format: "raw".to_owned(),
            ..Picture::default()
        }),
        params: object(json!({"threshold": 0.5, "area": {"x": 0, "y": 0, "width": 1920, "height": 1080}})),
        debug: object(json!({"latency_ms": 3.25, "fuel": 123_456_789, "peak_memory_bytes": 17_000_000})),
        attempts: 1,
        waited_us: 40,
        took_us: 3_250,
        context: Map::from_iter([("operator".to_owned(), json!("7"))]),
    }
}

fn print(name: &str, mut times: Vec<Duration>, elapsed: Duration) {
    times.sort_unstable();
    let ms = |share: f64| {
        let rank = (share * times.len() as f64).ceil() as usize;
        times[rank.saturating_sub(1)].as_secs_f64() * 1_000.0
    };
    let rate = times.len() as f64 / elapsed.as_secs_f64();
    println!(
        "{name:<34} {rate:>10.0} {:>9.2} {:>9.2} {:>9.2}",
        ms(0.5),
        ms(0.99),
        ms(1.0)
    );
}
