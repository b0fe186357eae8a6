//! A station under the load of its cameras: is every picture judged, once and in order, how long does that take, and
//! does memory grow?
//!
//! Server, algorithms and cameras are processes. What was judged is read from the station's results afterwards, each
//! picture by its place in the order of publishing, so that a picture cannot be lost, doubled or moved unnoticed; only
//! how long it took to bring a result to disk is told by the events alone.

mod cameras;
mod judged;
mod taken;
mod times;

pub use judged::LineSummary;
pub use taken::{Moments, Share};
pub use times::Times;

use crate::station::{Client, Ended, Server};
use cameras::Cameras;
use judged::Judged;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use taken::Watch;
use times::Collected;

/// What 99 of 100 pictures may take from their publication to the verdict, the algorithm's own time left out.
pub const AIM_US: u64 = 2_000;

/// How often it is looked what the processes take, and progress is told.
const LOOK: Duration = Duration::from_secs(1);
/// How often it is looked for something that is waited for.
const GLANCE: Duration = Duration::from_millis(20);
/// Results that are read at once.
const PAGE: usize = 1_000;

/// What is done.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The program `procvision`.
    pub program: &'a Path,
    /// A store in which something is active for the product model. The station's files are added to it.
    pub store: &'a Path,
    /// A folder for sockets and the configuration, whose path is short.
    pub folder: &'a Path,
    /// The product model.
    pub pid: &'a str,
    /// Parameters of the step.
    pub params: Map<String, Value>,
    /// How many cameras, each with a pool and a line of its own; as many processes judge.
    pub cameras: u32,
    /// Pictures a second of each camera.
    pub fps: u32,
    /// Width and height of a picture.
    pub size: (u32, u32),
    /// Pictures of each camera.
    pub pictures: u64,
    /// Slots of each pool.
    pub slots: u32,
    /// How long may be waited for one thing, such as the station's beginning.
    pub patience: Duration,
}

/// How far it is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Since the first camera has begun.
    pub since: Duration,
    /// Pictures that lines have taken.
    pub taken: u64,
    /// Pictures that they have passed over.
    pub dropped: u64,
    /// Resident memory of the server, pictures in pools left out.
    pub server_bytes: u64,
    /// Of all processes of algorithms.
    pub algorithms_bytes: u64,
}

/// What became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Each camera and its line.
    pub lines: Vec<LineSummary>,
    /// From the start of the first camera to the end of the last.
    pub seconds: f64,
    /// Microseconds from the publication of a picture until the question was put to a process.
    pub delivery: Times,
    /// Microseconds from the question to the answer, without what the algorithm took itself.
    pub overhead: Times,
    /// The sum of both, picture by picture.
    pub delivery_and_overhead: Times,
    /// What the algorithm took itself, from the checked request to the checked answer.
    pub algorithm: Times,
    /// From the answer until its result was on disk; the next picture does not wait for it.
    pub disk: Times,
    /// What 99 in 100 sums may be at most.
    pub aim_us: u64,
    /// Memory and processor time of the server.
    pub server: Share,
    /// Of all processes of algorithms.
    pub algorithms: Share,
    /// What is not as it must be, whatever the times; nothing if all is well.
    pub problem: Option<String>,
}

impl Summary {
    /// Whether nothing was lost and the times are within their aim.
    pub fn is_good(&self) -> bool {
        self.problem.is_none() && self.meets_aim()
    }

    /// Whether the times are within their aim.
    pub fn meets_aim(&self) -> bool {
        self.delivery_and_overhead.p99_us <= self.aim_us as f64
    }
}

/// Runs the plan. `progress` is told once a second how far it is.
///
/// # Errors
///
/// If a process cannot be started, the station does not begin, or what it answers cannot be read. What it does wrong is
/// in the summary.
pub fn run(plan: &Plan<'_>, mut progress: impl FnMut(Progress)) -> io::Result<Summary> {
    let socket = plan.folder.join("frames.sock");
    let mut command = serve(plan, &configuration(plan), &socket)?;
    let mut server = Server::start(command.stderr(Stdio::inherit()))?;
    let client = Client::new(server.page(), plan.patience);
    eventually(plan.patience, "the station is ready", || {
        Ok(client.get("/readyz")?.status == 200)
    })?;
    let disk = follow(&client)?;

    let mut watch = Watch::new(server.process().id(), workers(&client)?);
    let begun = Instant::now();
    let mut cameras = Cameras::start(plan, &socket)?;
    let mut next = begun;
    while cameras.run()? {
        if Instant::now() >= next {
            next += LOOK;
            let (taken, dropped) = totals(&client)?;
            let look = watch.look()?;
            progress(Progress {
                since: begun.elapsed(),
                taken,
                dropped,
                server_bytes: look.server.private_bytes,
                algorithms_bytes: look.algorithms.private_bytes,
            });
        }
        thread::sleep(GLANCE);
    }
    let seconds = begun.elapsed();
    watch.look()?;
    let published = cameras.published()?;
    // A line comes to its last picture, or it has lost it.
    let whole: u64 = published.iter().map(|camera| camera.published).sum();
    eventually(plan.patience, "every picture is taken or passed over", || {
        let (taken, dropped) = totals(&client)?;
        Ok(taken + dropped >= whole)
    })?;

    let ended = server.end(plan.patience)?;
    let disk = disk
        .join()
        .map_err(|_| io::Error::other("the thread that follows events has panicked"))?;
    // Read from a station that serves nothing else, after everything that was begun is on disk.
    let mut server = Server::start(&mut serve(plan, &plain(plan), &socket)?)?;
    let client = Client::new(server.page(), plan.patience);
    let judged = Judged::read(&client, PAGE)?;
    server.process().kill();

    let mut lines = Vec::new();
    for (number, camera) in published.iter().enumerate() {
        lines.push(judged.line(&line(number as u32), camera));
    }
    let Collected {
        delivery,
        overhead,
        sum,
        algorithm,
    } = judged.times;
    let (server, algorithms) = watch.shares(seconds);
    let mut summary = Summary {
        lines,
        seconds: seconds.as_secs_f64(),
        delivery: Times::of(delivery),
        overhead: Times::of(overhead),
        delivery_and_overhead: Times::of(sum),
        algorithm: Times::of(algorithm),
        disk: Times::of(disk),
        aim_us: AIM_US,
        server,
        algorithms,
        problem: None,
    };
    summary.problem = problem(plan, &summary, ended);
    Ok(summary)
}

/// What is not as it must be.
fn problem(plan: &Plan<'_>, summary: &Summary, ended: Ended) -> Option<String> {
    for line in &summary.lines {
        if line.published + line.dropped_by_pool != plan.pictures {
            let LineSummary {
                name,
                published,
                dropped_by_pool,
                ..
            } = line;
            return Some(format!(
                "the camera of {name} has published {published} pictures and dropped {dropped_by_pool}, of {}",
                plan.pictures
            ));
        }
        if let Some(problem) = line.problem() {
            return Some(problem);
        }
    }
    if !matches!(ended, Ended::With(status) if status.success()) {
        return Some(format!("the station did not end well: {ended:?}"));
    }
    let shares = [("the server", &summary.server), ("the algorithms", &summary.algorithms)];
    shares.into_iter().find_map(|(who, share)| share.problem(who))
}

/// The station's configuration: for each camera a source and a line, and a process for each line.
fn configuration(plan: &Plan<'_>) -> Value {
    let mut config = plain(plan);
    for number in 0..plan.cameras {
        let (source, line) = (pool(number), line(number));
        config["station"]["sources"][&source] = json!({"pool": source});
        config["station"]["lines"][&line] = json!({"pid": plan.pid, "source": source, "params": plan.params});
    }
    config
}

/// Of a station that only tells what is on disk.
fn plain(plan: &Plan<'_>) -> Value {
    json!({
        "save_debug_fields": ["algorithm_ms", "picture"],
        "station": {"name": "load", "workers": plan.cameras, "sources": {}, "lines": {}},
    })
}

/// The command of a station with this configuration.
fn serve(plan: &Plan<'_>, configuration: &Value, socket: &Path) -> io::Result<Command> {
    let config = plan.folder.join("config.json");
    fs::write(&config, configuration.to_string())?;
    let mut command = Command::new(plan.program);
    command
        .args(["serve", "--json", "--quiet", "--listen", "127.0.0.1:0", "--store"])
        .arg(plan.store)
        .arg("--config")
        .arg(&config)
        .arg("--frames-socket")
        .arg(socket);
    Ok(command)
}

fn pool(number: u32) -> String {
    format!("camera-{}", number + 1)
}

fn line(number: u32) -> String {
    format!("line-{}", number + 1)
}

/// The processes that judge.
fn workers(client: &Client) -> io::Result<Vec<u32>> {
    let active = client.get("/algorithms/active")?.body;
    let seats = active["active"].as_array().into_iter().flatten();
    let workers = seats.flat_map(|seat| seat["workers"].as_array().into_iter().flatten());
    Ok(workers
        .filter_map(|worker| u32::try_from(worker["process"].as_u64()?).ok())
        .collect())
}

/// How many pictures all lines have taken and passed over.
fn totals(client: &Client) -> io::Result<(u64, u64)> {
    let answer = client.get("/lines")?.body;
    let lines = answer["lines"]
        .as_array()
        .ok_or_else(|| io::Error::other(format!("these are no lines: {answer}")))?;
    let sum = |key: &str| lines.iter().filter_map(|line| line[key].as_u64()).sum();
    Ok((sum("taken"), sum("dropped")))
}

/// Collects how long results took to disk, in microseconds, until the station ends.
fn follow(client: &Client) -> io::Result<thread::JoinHandle<Vec<u64>>> {
    let (began, begins) = mpsc::channel();
    let client = client.clone();
    let following = thread::spawn(move || {
        let mut events = match client.events() {
            Ok(events) => events,
            Err(error) => {
                let _ = began.send(Err(error));
                return Vec::new();
            }
        };
        let _ = began.send(Ok(()));
        let mut kept = Vec::new();
        // The stream ends with the station, in order or not.
        while let Ok(Some((kind, data))) = events.next_event() {
            if kind == "result" {
                kept.extend(data["kept_us"].as_u64());
            }
        }
        kept
    });
    begins
        .recv()
        .map_err(|_| io::Error::other("the thread that follows events has panicked"))??;
    Ok(following)
}

fn eventually(patience: Duration, what: &str, mut holds: impl FnMut() -> io::Result<bool>) -> io::Result<()> {
    let begun = Instant::now();
    while !holds()? {
        if begun.elapsed() > patience {
            return Err(io::Error::other(format!("{what}: not within {} s", patience.as_secs())));
        }
        thread::sleep(GLANCE);
    }
    Ok(())
}
