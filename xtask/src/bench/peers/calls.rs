//! The whole call as a runner makes it: over the pipe, to this host's adapter and to the original's, both alive at the same
//! time and asked the same by turns.
//!
//! In order: the package of the measured algorithm, pictures in a folder in memory, a frame pool with the same pictures,
//! round trips, starts, pings.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use procvision_conformance::wire::frame;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::announce;
use super::pipe::{Adapter, Launch};
use crate::bench::figures::{Aim, ratio, time};
use crate::broker::Broker;
use crate::folder::Folder;
use crate::shell::Line;
use crate::workspace::Workspace;

/// What stands in the table.
const OURS: &str = "this host";
const THEIRS: &str = "Python SDK";
/// Samples of each kind of call, if they take no longer than this for each adapter.
const SAMPLES: usize = 500;
const LEAST: usize = 30;
const SECONDS: f64 = 4.0;
/// Samples in a row before it is the other's turn.
const TURN: usize = 10;
const STARTS: usize = 15;
/// Calls during which is pinged; each is busy for a second.
const BUSY_CALLS: usize = 3;
const BETWEEN_PINGS: Duration = Duration::from_millis(2);

/// What was measured.
#[derive(Debug, Default, Serialize)]
pub struct Calls {
    pub trips: Vec<Trip>,
    pub starts: Vec<Start>,
    pub pings: Vec<Ping>,
    pub aims: Vec<Aim>,
}

/// From the call to its result.
#[derive(Debug, Serialize)]
pub struct Trip {
    pub picture: &'static str,
    pub pictures: u32,
    pub adapter: &'static str,
    /// Where the picture lies.
    pub from: &'static str,
    #[serde(flatten)]
    pub timing: Timing,
    /// How many times as long the original takes for the same pictures, in its store.
    pub gain: f64,
}

impl Trip {
    /// What is sent, in words.
    pub fn named(&self) -> String {
        match self.pictures {
            1 => format!("one, {}", self.picture),
            _ => format!("two, {}", self.picture),
        }
    }
}

/// From starting the process.
#[derive(Debug, Serialize)]
pub struct Start {
    pub until: &'static str,
    pub adapter: &'static str,
    #[serde(flatten)]
    pub timing: Timing,
    pub gain: f64,
}

/// From the ping to its pong, while a call runs.
#[derive(Debug, Serialize)]
pub struct Ping {
    pub adapter: &'static str,
    #[serde(flatten)]
    pub timing: Timing,
    pub pings: usize,
}

/// Median and 99th percentile by nearest rank, in microseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Timing {
    pub p50_us: f64,
    pub p99_us: f64,
}

impl Timing {
    /// Of samples, which are sorted.
    pub fn of(samples: &mut [Duration]) -> Self {
        samples.sort_unstable();
        let rank = |percent: usize| {
            let place = (samples.len() * percent).div_ceil(100).max(1) - 1;
            samples.get(place).map_or(f64::NAN, |sample| sample.as_secs_f64() * 1e6)
        };
        Self {
            p50_us: rank(50),
            p99_us: rank(99),
        }
    }
}

/// How a picture is kept in the store.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Raw,
    Jpeg,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Jpeg => "JPEG",
        }
    }

    /// Which adapters are asked, what identifiers are made of, and what the place is called. Of a JPEG there is nothing to
    /// map, so that it is not put into the pool.
    fn places(self) -> &'static [(usize, &'static str, &'static str)] {
        match self {
            Self::Raw => &[(0, "pool", "pool"), (1, "raw", "store"), (THE_ORIGINAL, "raw", "store")],
            Self::Jpeg => &[(1, "jpeg", "store"), (THE_ORIGINAL, "jpeg", "store")],
        }
    }

    /// What a receiver must find.
    fn sum(self, picture: &Picture) -> u64 {
        match self {
            Self::Raw => picture.raw,
            Self::Jpeg => picture.jpeg,
        }
    }
}

/// Which of the three adapters is the original's.
const THE_ORIGINAL: usize = 2;

/// One adapter and the calls that it is asked in turn, each with the sum that it must find.
struct Contest {
    adapter: usize,
    from: &'static str,
    calls: Vec<(Vec<u8>, u64)>,
    asked: usize,
    samples: Vec<Duration>,
}

impl Contest {
    /// Its turn.
    fn turn(&mut self, adapter: &mut Adapter) -> Result<()> {
        for sample in 0..=TURN {
            let (call, expected) = &self.calls[self.asked % self.calls.len()];
            self.asked += 1;
            let (took, body) = adapter.round_trip(call)?;
            // The first finds the processor's caches as the other adapter has left them.
            if sample > 0 {
                self.samples.push(took);
            }
            check(&body, *expected)?;
        }
        Ok(())
    }
}

/// A picture of `pictures.py`.
#[derive(Debug, Deserialize)]
struct Picture {
    name: String,
    width: u32,
    height: u32,
    raw: u64,
    jpeg: u64,
    /// Its reference in the pool.
    #[serde(skip)]
    pooled: String,
}

/// Measures both adapters.
pub fn measure(workspace: &Workspace, python: &Path, program: &Path) -> Result<Calls> {
    announce("measuring calls over the pipe");
    let stage = Stage::new(workspace, python, program)?;
    let mut calls = Calls::default();
    stage.trips(&mut calls)?;
    stage.starts(&mut calls)?;
    stage.pings(&mut calls)?;
    calls.aims = aims(&calls);
    Ok(calls)
}

/// Everything that the adapters are measured with.
struct Stage {
    folder: Folder,
    pictures: Vec<Picture>,
    launches: [Launch; 2],
    /// Kept for its pool.
    _broker: Broker,
}

impl Stage {
    fn new(workspace: &Workspace, python: &Path, program: &Path) -> Result<Self> {
        let folder = Folder::in_memory("peers")?;
        let root = workspace.root();
        let scripts = root.join("xtask/peers");
        let package = folder.path().join("measured.zip");
        let line = Line::new(program, root)
            .args(["package", "--json", "--force", "--output"])
            .arg(&package)
            .arg(scripts.join("measured"));
        succeed(&line)?;

        let line = Line::new(python, root)
            .arg("-B")
            .arg(scripts.join("pictures.py"))
            .arg(folder.path())
            .arg(root.join("examples/capture-quality/pictures/coffee.png"));
        let mut pictures: Vec<Picture> = serde_json::from_slice(&succeed(&line)?)
            .context("the answer of pictures.py has another form than expected")?;
        let socket = folder.path().join("frames.sock");
        let broker = Broker::start(program, &socket)?;
        for picture in &mut pictures {
            picture.pooled = publish(program, root, &socket, folder.path(), &picture.name)?;
        }

        let store = ("PROC_SHM_DIR", folder.path().to_owned());
        let ours = Launch {
            name: OURS,
            program: program.to_owned(),
            args: vec!["adapter".to_owned(), package.display().to_string()],
            dir: folder.path().to_owned(),
            env: vec![
                store.clone(),
                ("XDG_CACHE_HOME", folder.path().join("cache")),
                ("PROCVISION_FRAMES_SOCKET", socket),
            ],
        };
        let module = [
            "-B",
            "-m",
            "procvision_algorithm_sdk.adapter",
            "--entry",
            "measured:Measured",
        ];
        let theirs = Launch {
            name: THEIRS,
            program: python.to_owned(),
            args: module.map(str::to_owned).to_vec(),
            dir: scripts,
            env: vec![store],
        };
        Ok(Self {
            folder,
            pictures,
            launches: [ours, theirs],
            _broker: broker,
        })
    }

    /// An adapter that has answered a call.
    fn ready(&self, launch: &Launch) -> Result<Adapter> {
        let mut adapter = launch.start(self.folder.path())?;
        adapter.expect("hello")?;
        adapter.send(&self.call("measure", "raw", "dot", "dot")?)?;
        adapter.expect("result")?;
        Ok(adapter)
    }

    fn picture(&self, name: &str) -> Result<&Picture> {
        let found = self.pictures.iter().find(|picture| picture.name == name);
        found.with_context(|| format!("pictures.py made no picture {name}"))
    }

    /// A call of version 0.3 with two pictures that lie where `place` says.
    fn call(&self, step_desc: &str, place: &str, current: &str, guide: &str) -> Result<Value> {
        let (current, guide) = (self.picture(current)?, self.picture(guide)?);
        let id = |picture: &Picture| match place {
            "pool" => picture.pooled.clone(),
            _ => format!("dev-shm:{place}:{}", picture.name),
        };
        let meta = |picture: &Picture| json!({ "width": picture.width, "height": picture.height, "timestamp_ms": 1, "camera_id": "bench" });
        let data = json!({
            "step_index": 1,
            "step_desc": step_desc,
            "cur_image_shm_id": id(current),
            "cur_image_meta": meta(current),
            "guide_image_shm_id": id(guide),
            "guide_image_meta": meta(guide),
            "guide_info": [],
        });
        Ok(json!({ "type": "call", "request_id": "1", "data": data }))
    }

    /// Pictures of products that follow each other.
    fn current(&self) -> impl Iterator<Item = &Picture> {
        self.pictures
            .iter()
            .filter(|picture| picture.name.starts_with("current"))
    }

    fn trips(&self, calls: &mut Calls) -> Result<()> {
        let [ours, theirs] = &self.launches;
        // One of ours for each place, so that each keeps to its own.
        let mut adapters = [self.ready(ours)?, self.ready(ours)?, self.ready(theirs)?];
        for kind in [Kind::Raw, Kind::Jpeg] {
            for (guide, pictures) in [("dot", 1), ("guide", 2)] {
                let mut contests = Vec::new();
                for (adapter, place, from) in kind.places() {
                    contests.push(self.contest(*adapter, kind, place, from, guide)?);
                }
                let begun = Instant::now();
                let limit = SECONDS * contests.len() as f64;
                let enough =
                    |samples: usize| samples >= LEAST && (samples >= SAMPLES || begun.elapsed().as_secs_f64() >= limit);
                while !contests.first().is_none_or(|contest| enough(contest.samples.len())) {
                    for contest in &mut contests {
                        contest.turn(&mut adapters[contest.adapter])?;
                    }
                }
                let timings: Vec<Timing> = contests
                    .iter_mut()
                    .map(|contest| Timing::of(&mut contest.samples))
                    .collect();
                // The original's is the last.
                let theirs = timings.last().map_or(f64::NAN, |timing| timing.p50_us);
                for (contest, timing) in contests.iter().zip(timings) {
                    calls.trips.push(Trip {
                        picture: kind.name(),
                        pictures,
                        adapter: self.launches[usize::from(contest.adapter == THE_ORIGINAL)].name,
                        from: contest.from,
                        timing,
                        gain: theirs / timing.p50_us,
                    });
                }
            }
        }
        adapters.into_iter().try_for_each(Adapter::end)
    }

    fn contest(&self, adapter: usize, kind: Kind, place: &str, from: &'static str, guide: &str) -> Result<Contest> {
        let mut calls = Vec::new();
        for current in self.current() {
            let call = frame(&self.call("measure", place, &current.name, guide)?);
            calls.push((call, kind.sum(current) + kind.sum(self.picture(guide)?)));
        }
        Ok(Contest {
            adapter,
            from,
            calls,
            asked: 0,
            samples: Vec::new(),
        })
    }

    /// The cache of compiled components is warm: both have been started before.
    fn starts(&self, calls: &mut Calls) -> Result<()> {
        let call = frame(&self.call("measure", "raw", "dot", "dot")?);
        let mut samples = [[Vec::new(), Vec::new()], [Vec::new(), Vec::new()]];
        for _ in 0..STARTS {
            for (launch, [hello, ready]) in self.launches.iter().zip(&mut samples) {
                let begun = Instant::now();
                let mut adapter = launch.start(self.folder.path())?;
                adapter.send_bytes(&call)?;
                adapter.expect("hello")?;
                hello.push(begun.elapsed());
                adapter.expect("result")?;
                ready.push(begun.elapsed());
                adapter.end()?;
            }
        }
        let timings = samples.map(|samples| samples.map(|mut samples| Timing::of(&mut samples)));
        for (place, until) in ["hello", "first answer"].into_iter().enumerate() {
            for (adapter, timing) in [OURS, THEIRS].into_iter().zip(timings) {
                calls.starts.push(Start {
                    until,
                    adapter,
                    timing: timing[place],
                    gain: timings[1][place].p50_us / timing[place].p50_us,
                });
            }
        }
        Ok(())
    }

    fn pings(&self, calls: &mut Calls) -> Result<()> {
        let busy = frame(&self.call("busy", "raw", "dot", "dot")?);
        let ping = frame(&json!({ "type": "ping", "request_id": "ping" }));
        for launch in &self.launches {
            let mut adapter = self.ready(launch)?;
            let mut samples = Vec::new();
            for _ in 0..BUSY_CALLS {
                adapter.send_bytes(&busy)?;
                let mut running = true;
                while running {
                    std::thread::sleep(BETWEEN_PINGS);
                    let begun = Instant::now();
                    adapter.send_bytes(&ping)?;
                    let mut answer = adapter.receive()?;
                    if answer["type"] == "result" {
                        running = false;
                        answer = adapter.receive()?;
                    }
                    samples.push(begun.elapsed());
                    adapter.checked(answer, "pong")?;
                }
            }
            let pings = samples.len();
            let timing = Timing::of(&mut samples);
            calls.pings.push(Ping {
                adapter: launch.name,
                timing,
                pings,
            });
            adapter.end()?;
        }
        Ok(())
    }
}

/// Everything for a terminal. Writing to a string cannot fail, which is why results are dropped.
pub fn text(calls: &Calls) -> String {
    fn row(text: &mut String, words: [&str; 3], figures: [&str; 3]) {
        let ([what, adapter, from], [p50, p99, gain]) = (words, figures);
        let _ = writeln!(
            text,
            "{what:<16} {adapter:<12} {from:<8} {p50:>10} {p99:>10} {gain:>10}"
        );
    }
    let mut text = String::new();
    row(
        &mut text,
        ["1920 x 1080", "adapter", "from"],
        ["p50", "p99", "x faster"],
    );
    let mut line = |words: [&str; 3], timing: Timing, gain: Option<f64>| {
        let gain = gain.map(ratio).unwrap_or_default();
        row(&mut text, words, [&time(timing.p50_us), &time(timing.p99_us), &gain]);
    };
    for trip in &calls.trips {
        line([&trip.named(), trip.adapter, trip.from], trip.timing, Some(trip.gain));
    }
    for start in &calls.starts {
        line([start.until, start.adapter, ""], start.timing, Some(start.gain));
    }
    for ping in &calls.pings {
        line(["ping while busy", ping.adapter, ""], ping.timing, None);
    }
    text.push('\n');
    for aim in &calls.aims {
        let [wanted, measured, verdict] = aim.shown();
        let _ = writeln!(
            text,
            "{}: {wanted}, measured {measured}: {}",
            aim.what,
            verdict.replace("**", "")
        );
    }
    text
}

/// The answer is a verdict on the picture that was asked about. Decoders of JPEG differ in the last bit.
fn check(body: &[u8], expected: u64) -> Result<()> {
    let answer: Value = serde_json::from_slice(body).context("the answer is not JSON")?;
    let found = answer["data"]["debug"]["sum"].as_u64();
    if found.is_none_or(|found| found.abs_diff(expected) > expected / 100) {
        bail!("the answer {answer} does not have the sum {expected}");
    }
    Ok(())
}

fn aims(calls: &Calls) -> Vec<Aim> {
    let trip = |picture: &str, from: &str| {
        let ours = |trip: &&Trip| trip.adapter == OURS && trip.picture == picture && trip.from == from;
        // What holds for one picture must hold for two.
        calls
            .trips
            .iter()
            .filter(ours)
            .map(|trip| trip.gain)
            .reduce(f64::min)
            .unwrap_or(f64::NAN)
    };
    let ready = calls
        .starts
        .iter()
        .find(|start| start.adapter == OURS && start.until == "first answer");
    let ping = calls.pings.iter().find(|ping| ping.adapter == OURS);
    let measured = [
        (
            "a call over the pipe with raw 1920x1080 pictures in the pool, how much faster than the Python SDK",
            "at_least",
            12.0,
            "times",
            trip("raw", "pool"),
        ),
        (
            "the same with JPEG pictures in the store",
            "at_least",
            2.0,
            "times",
            trip("JPEG", "store"),
        ),
        (
            "from starting the adapter to its first answer, how much faster",
            "at_least",
            4.0,
            "times",
            ready.map_or(f64::NAN, |start| start.gain),
        ),
        (
            "a ping while a call runs, p99",
            "at_most",
            5_000.0,
            "us",
            ping.map_or(f64::NAN, |ping| ping.timing.p99_us),
        ),
    ];
    let aim = |(what, bound, limit, unit, measured): (&str, &str, f64, &str, f64)| Aim {
        what: what.to_owned(),
        bound: bound.to_owned(),
        limit,
        unit: unit.to_owned(),
        measured,
        // What is no number is not reached.
        reached: if bound == "at_least" {
            measured >= limit
        } else {
            measured <= limit
        },
        missed_by: Vec::new(),
    };
    measured.into_iter().map(aim).collect()
}

/// Puts one picture into a pool of its own, where it stays; the answer is its reference.
fn publish(program: &Path, root: &Path, socket: &Path, folder: &Path, name: &str) -> Result<String> {
    let line = Line::new(program, root)
        .args([
            "frames", "publish", "--json", "--slots", "1", "--count", "1", "--format", "RGB8", "--pool", name,
        ])
        .arg("--socket")
        .arg(socket)
        .arg("--image")
        .arg(folder.join(name).with_extension("png"));
    published(&succeed(&line)?)
}

/// The reference of the first picture that `frames publish --json` has told of.
pub fn published(said: &[u8]) -> Result<String> {
    let first = said.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let published: Value = serde_json::from_slice(first).context("`frames publish` does not answer in JSON")?;
    let reference = published["reference"].as_str();
    Ok(reference.context("`frames publish` names no reference")?.to_owned())
}

/// What a command answers that must succeed.
pub fn succeed(line: &Line) -> Result<Vec<u8>> {
    let output = line.output()?;
    if !output.status.success() {
        bail!("`{line}` failed: {}", super::last_line(&output.stdout, b""));
    }
    Ok(output.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples() {
        let mut samples: Vec<Duration> = (1..=200).rev().map(Duration::from_micros).collect();
        let timing = Timing::of(&mut samples);
        assert_eq!((timing.p50_us, timing.p99_us), (100.0, 198.0));
        let timing = Timing::of(&mut [Duration::from_micros(7)]);
        assert_eq!((timing.p50_us, timing.p99_us), (7.0, 7.0));
    }

    #[test]
    fn a_verdict_on_another_picture_is_an_error() {
        let answer = |sum: u64| json!({ "data": { "debug": { "sum": sum } } }).to_string();
        assert!(check(answer(10_000).as_bytes(), 10_050).is_ok());
        assert!(check(answer(9_000).as_bytes(), 10_050).is_err());
        assert!(check(b"{}", 10_050).is_err());
    }

    #[test]
    fn an_aim_of_which_nothing_was_measured_is_missed() {
        let aims = aims(&Calls::default());
        assert!(aims.iter().all(|aim| !aim.reached), "{aims:?}");
        let timing = Timing {
            p50_us: 100.0,
            p99_us: 4_000.0,
        };
        let calls = Calls {
            trips: vec![
                Trip {
                    picture: "raw",
                    pictures: 1,
                    adapter: OURS,
                    from: "pool",
                    timing,
                    gain: 14.0,
                },
                Trip {
                    picture: "raw",
                    pictures: 2,
                    adapter: OURS,
                    from: "pool",
                    timing,
                    gain: 11.0,
                },
            ],
            pings: vec![Ping {
                adapter: OURS,
                timing,
                pings: 3,
            }],
            ..Calls::default()
        };
        let aims = self::aims(&calls);
        assert_eq!((aims[0].measured, aims[0].reached), (11.0, false));
        assert!(aims[3].reached);
    }
}
