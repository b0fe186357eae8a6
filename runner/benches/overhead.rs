//! What a question costs beside the process that answers it: `Worker::ask` against a bare exchange over the same pipes
//! with the same process, which answers at once. `cargo bench -p procvision-runner`.

use procvision_runner::{Dialect, Launch, Outcome, Phase, PictureRef, Question, Silent, Supervision, Worker};
use serde_json::{Value, json};
use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

const FAKE: &str = env!("CARGO_BIN_EXE_procvision-fake-adapter");
const WARM_UP: usize = 2_000;
const QUESTIONS: usize = 50_000;

fn main() -> io::Result<()> {
    // `cargo test --all-targets` starts benches without this.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    told("bare exchange, a blocking thread", bare()?);
    let single = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    told("Worker::ask, current-thread runtime", single.block_on(asked()));
    let multi = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    told("Worker::ask, two worker threads", multi.block_on(asked()));
    Ok(())
}

fn told(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| times[(times.len() as f64 * share) as usize].as_secs_f64() * 1e6;
    println!(
        "{what:38} p50 {:6.1} us   p99 {:6.1} us   p99.9 {:6.1} us",
        at(0.5),
        at(0.99),
        at(0.999)
    );
}

async fn asked() -> Vec<Duration> {
    let worker = Worker::start(
        "bench",
        Launch::new(FAKE),
        Dialect::V2,
        Supervision::default(),
        Arc::new(Silent),
    );
    worker.warm().await.expect("the fake adapter starts");
    let question = Question {
        session: "s-1".to_owned(),
        ..Question::new(
            Phase::Execute,
            1,
            "A01",
            PictureRef {
                id: "frame-1".to_owned(),
                meta: json!({"width": 1920, "height": 1080, "timestamp_ms": 1, "camera_id": "c"}),
            },
        )
    };
    let mut times = Vec::with_capacity(QUESTIONS);
    for number in 0..WARM_UP + QUESTIONS {
        let question = question.clone();
        let begun = Instant::now();
        let answer = worker.ask(question).await;
        let took = begun.elapsed();
        assert!(matches!(answer.outcome, Outcome::Answered { .. }), "{answer:?}");
        if number >= WARM_UP {
            times.push(took);
        }
    }
    worker.stop().await;
    times
}

/// The same question and answer, written and read by hand; the answer is parsed as well.
fn bare() -> io::Result<Vec<Duration>> {
    let mut child = Command::new(FAKE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let (Some(mut stdin), Some(mut stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::Error::other("the fake adapter has no pipes"));
    };
    let mut read = || -> io::Result<Value> {
        let mut length = [0; 4];
        stdout.read_exact(&mut length)?;
        let mut body = vec![0; u32::from_be_bytes(length) as usize];
        stdout.read_exact(&mut body)?;
        Ok(serde_json::from_slice(&body)?)
    };
    read()?;
    let mut times = Vec::with_capacity(QUESTIONS);
    for number in 0..WARM_UP + QUESTIONS {
        let call = json!({"type": "call", "request_id": format!("r-{number}"), "phase": "execute", "step_index": 1,
            "pid": "A01", "session": {"id": "s-1", "context": {}}, "user_params": {}, "shared_mem_id": "frame-1",
            "image_meta": {"width": 1920, "height": 1080, "timestamp_ms": 1, "camera_id": "c"}});
        let begun = Instant::now();
        let body = call.to_string().into_bytes();
        let length = u32::try_from(body.len()).map_err(io::Error::other)?;
        stdin.write_all(&[&length.to_be_bytes()[..], &body].concat())?;
        let answer = read()?;
        let took = begun.elapsed();
        assert_eq!(answer["type"], "result");
        if number >= WARM_UP {
            times.push(took);
        }
    }
    drop(stdin);
    child.wait()?;
    Ok(times)
}
