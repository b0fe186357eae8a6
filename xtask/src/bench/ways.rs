//! `cargo xtask bench ways`: the same step on the same picture of a frame pool, asked in the same process, of an
//! adapter over its pipes, and of a station over HTTP.
//!
//! Everything is alive at the same time and takes turns. A station's answer is on disk before it is given; a second
//! station keeps its results in memory, so that the difference is what the disk costs.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use procvision_conformance::station::{Client, Ended, Server};
use procvision_conformance::wire::frame;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::figures::{ratio, time};
use super::peers::calls::{self, Timing};
use super::peers::pipe::{Adapter, Launch};
use crate::broker::Broker;
use crate::folder::Folder;
use crate::shell::Line;
use crate::workspace::Workspace;
use crate::{Finding, host};

/// Samples of each way, if they take no longer than this for each.
const SAMPLES: usize = 1000;
const LEAST: usize = 50;
const SECONDS: f64 = 6.0;
/// Samples in a row before it is another way's turn. One more comes first that does not count: it finds the processor's
/// caches as the other has left them.
const TURN: usize = 10;
const SIZE: (u32, u32) = (1920, 1080);
const PID: &str = "A01";
/// How long a station may take for one thing.
const PATIENCE: Duration = Duration::from_secs(60);
/// The program of the tests that asks with the library.
const IN_PROCESS: &str = "in-process";

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Ways {
    pub rows: Vec<Row>,
}

/// One way.
#[derive(Debug, Serialize)]
pub struct Row {
    pub way: &'static str,
    /// Where the station keeps its results; nothing where there is none.
    pub results: &'static str,
    #[serde(flatten)]
    pub timing: Timing,
    /// How many times as long as in the same process.
    pub ratio: f64,
    /// Which part of it is bringing the result to disk, 0 to 1.
    pub disk: Option<f64>,
}

/// Measures and prints a table, or JSON.
pub fn run(workspace: &Workspace, as_json: bool) -> Result<Finding> {
    let ways = measure(workspace)?;
    match as_json {
        true => println!("{}", json!({ "schema": 1, "rows": ways.rows })),
        false => print!("{}", text(&ways)),
    }
    Ok(Finding::Good)
}

/// Asks by each way in turn.
pub fn measure(workspace: &Workspace) -> Result<Ways> {
    let program = host::build(workspace)?;
    let library = host::build_other(workspace, IN_PROCESS)?;
    eprintln!("== measuring the same step in the process, over the pipes and over HTTP");
    let stage = Stage::new(workspace, &program)?;
    let mut contests = stage.contests(&library)?;
    // All must find in the picture what the first has found.
    let mut expected = None;
    let begun = Instant::now();
    let limit = SECONDS * contests.len() as f64;
    let enough = |samples: usize| samples >= LEAST && (samples >= SAMPLES || begun.elapsed().as_secs_f64() >= limit);
    while !contests.first().is_none_or(|contest| enough(contest.samples.len())) {
        for contest in &mut contests {
            let (mut took, sum) = contest.caller.ask(TURN + 1)?;
            if *expected.get_or_insert(sum) != sum {
                bail!("{}: the sum is {sum}, not {expected:?}", contest.way);
            }
            contest.samples.extend(took.drain(1..));
        }
    }
    let rows = rows(&mut contests);
    for contest in contests {
        contest.caller.end()?;
    }
    stage.end()?;
    Ok(Ways { rows })
}

/// One way and what was measured of it.
struct Contest {
    way: &'static str,
    results: &'static str,
    caller: Caller,
    samples: Vec<Duration>,
}

const MEMORY: &str = "in memory";
const DISK: &str = "on disk";

fn rows(contests: &mut [Contest]) -> Vec<Row> {
    let measured: Vec<_> = contests
        .iter_mut()
        .map(|contest| (contest.way, contest.results, Timing::of(&mut contest.samples)))
        .collect();
    let base = measured.first().map_or(f64::NAN, |(_, _, timing)| timing.p50_us);
    let row = |&(way, results, timing): &(&'static str, &'static str, Timing)| {
        let memory = measured.iter().find(|other| other.0 == way && other.1 == MEMORY);
        let disk = memory
            .filter(|_| results == DISK)
            .map(|(_, _, memory)| (1.0 - memory.p50_us / timing.p50_us).max(0.0));
        Row {
            way,
            results,
            timing,
            ratio: timing.p50_us / base,
            disk,
        }
    };
    measured.iter().map(row).collect()
}

/// Everything that is asked.
struct Stage {
    program: PathBuf,
    memory: Folder,
    archive: PathBuf,
    reference: String,
    stations: Vec<(&'static str, Server, PathBuf)>,
    _disk: Folder,
    _broker: Broker,
}

impl Stage {
    fn new(workspace: &Workspace, program: &Path) -> Result<Self> {
        let root = workspace.root();
        let memory = Folder::in_memory("ways")?;
        let target = workspace.target_dir()?;
        fs::create_dir_all(&target).with_context(|| format!("cannot make {}", target.display()))?;
        let disk = Folder::below(&target, "ways")?;
        let archive = memory.path().join("measured.zip");
        let line = Line::new(program, root)
            .args(["package", "--json", "--force", "--output"])
            .arg(&archive)
            .arg(root.join("xtask/peers/measured"));
        calls::succeed(&line)?;
        let frames = memory.path().join("frames.sock");
        let broker = Broker::start(program, &frames)?;
        let line = Line::new(program, root)
            .args([
                "frames", "publish", "--json", "--slots", "1", "--count", "1", "--format", "RGB8",
            ])
            .args(["--pool", "ways", "--scene", "bars", "--size"])
            .arg(format!("{}x{}", SIZE.0, SIZE.1))
            .arg("--socket")
            .arg(&frames);
        let reference = calls::published(&calls::succeed(&line)?)?;
        let mut stations = Vec::new();
        for (results, folder) in [(MEMORY, memory.path()), (DISK, disk.path())] {
            let store = folder.join("store");
            for words in [
                vec!["install", &archive.to_string_lossy()],
                vec!["activate", "measured", "0.1.0", "--pid", PID],
            ] {
                let line = Line::new(program, root)
                    .args(["store", "--json", "--store"])
                    .arg(&store)
                    .args(words);
                calls::succeed(&line)?;
            }
            // The name is short enough for a socket wherever the store is.
            let socket = memory.path().join(format!("{}.sock", results.replace(' ', "-")));
            let mut command = Command::new(program);
            command
                .args(["serve", "--json", "--quiet", "--listen", "127.0.0.1:0", "--store"])
                .arg(&store)
                .arg("--socket")
                .arg(&socket)
                .arg("--frames-socket")
                .arg(&frames);
            let server = Server::start(&mut command).context("the station cannot be started (see above)")?;
            ready(&Client::new(server.page(), PATIENCE))?;
            stations.push((results, server, socket));
        }
        Ok(Self {
            program: program.to_owned(),
            memory,
            archive,
            reference,
            stations,
            _disk: disk,
            _broker: broker,
        })
    }

    fn contests(&self, library: &Path) -> Result<Vec<Contest>> {
        let contest = |way, results, caller| Contest {
            way,
            results,
            caller,
            samples: Vec::new(),
        };
        let frames = self.memory.path().join("frames.sock");
        let mut contests = vec![
            contest(
                "in the same process",
                "",
                Caller::library(library, &self.archive, &frames, &self.reference)?,
            ),
            contest("an adapter, over its pipes", "", self.adapter(&frames)?),
        ];
        for (results, server, socket) in &self.stations {
            let unix = Client::through(socket, PATIENCE);
            contests.push(contest(
                "a station, over its socket",
                results,
                Caller::station(unix, &self.reference)?,
            ));
            let tcp = Client::new(server.page(), PATIENCE);
            contests.push(contest(
                "a station, over TCP",
                results,
                Caller::station(tcp, &self.reference)?,
            ));
        }
        Ok(contests)
    }

    fn adapter(&self, frames: &Path) -> Result<Caller> {
        let launch = Launch {
            name: "the adapter",
            program: self.program.clone(),
            args: vec!["adapter".to_owned(), self.archive.display().to_string()],
            dir: self.memory.path().to_owned(),
            env: vec![
                ("XDG_CACHE_HOME", self.memory.path().join("cache")),
                ("PROCVISION_FRAMES_SOCKET", frames.to_owned()),
            ],
        };
        let mut adapter = launch.start(self.memory.path())?;
        adapter.expect("hello")?;
        // What a station's process is sent.
        let data = json!({
            "phase": "execute",
            "step_index": 1,
            "pid": PID,
            "session": { "id": "ways", "context": {} },
            "user_params": {},
            "shared_mem_id": self.reference,
            "image_meta": { "width": SIZE.0, "height": SIZE.1, "timestamp_ms": 1, "camera_id": "ways" },
        });
        let call = frame(&json!({ "type": "call", "request_id": "1", "data": data }));
        Ok(Caller::Adapter(Box::new(adapter), call))
    }

    fn end(self) -> Result<()> {
        for (_, server, _) in self.stations {
            match server.end(PATIENCE).context("a station cannot be ended")? {
                Ended::With(status) if status.success() => {}
                ended => bail!("a station has not ended well: {ended:?}"),
            }
        }
        Ok(())
    }
}

/// Who asks.
enum Caller {
    Library(Library),
    Adapter(Box<Adapter>, Vec<u8>),
    Station {
        client: Client,
        steps: String,
        request: Value,
    },
}

impl Caller {
    fn library(program: &Path, archive: &Path, frames: &Path, reference: &str) -> Result<Self> {
        let mut child = Command::new(program)
            .arg(archive)
            .arg(frames)
            .arg(reference)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            bail!("{} has no pipes", program.display());
        };
        Ok(Self::Library(Library {
            child,
            stdin: Some(stdin),
            stdout: BufReader::new(stdout),
        }))
    }

    fn station(client: Client, reference: &str) -> Result<Self> {
        let begun = client.post("/inspections", &json!({ "pid": PID }))?;
        let id = begun.body["id"].as_str();
        let id = id.with_context(|| format!("the station begins no inspection: {}", begun.body))?;
        Ok(Self::Station {
            steps: format!("/inspections/{id}/steps"),
            request: json!({ "step_index": 1, "picture": { "pool": reference } }),
            client,
        })
    }

    /// Asks so many times, one after the other: how long each took, and what was found in the picture.
    fn ask(&mut self, times: usize) -> Result<(Vec<Duration>, u64)> {
        match self {
            Self::Library(library) => library.ask(times),
            Self::Adapter(adapter, call) => repeat(times, || {
                let (took, body) = adapter.round_trip(call)?;
                let answer: Value = serde_json::from_slice(&body).context("the adapter's answer is not JSON")?;
                found(took, &answer["data"]["debug"])
            }),
            Self::Station { client, steps, request } => repeat(times, || {
                let begun = Instant::now();
                let answer = client.post(steps, request).context("the station does not answer")?;
                let took = begun.elapsed();
                if answer.status != 200 || answer.body["verdict"] != "OK" {
                    bail!("the station answers with {}: {}", answer.status, answer.body);
                }
                found(took, &answer.body["results"][0]["debug"])
            }),
        }
    }

    fn end(self) -> Result<()> {
        match self {
            Self::Library(library) => library.end(),
            Self::Adapter(adapter, _) => adapter.end(),
            Self::Station { client, steps, .. } => {
                let inspection = steps.trim_end_matches("/steps");
                client.post(&format!("{inspection}/end"), &json!({}))?;
                Ok(())
            }
        }
    }
}

/// The program that asks with the library.
struct Library {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Library {
    fn ask(&mut self, times: usize) -> Result<(Vec<Duration>, u64)> {
        #[derive(Deserialize)]
        struct Said {
            nanoseconds: Vec<u64>,
            sum: u64,
        }
        let stdin = self.stdin.as_mut().context("it was told to end")?;
        writeln!(stdin, "{times}").context("the library's program does not listen (see above)")?;
        let mut line = String::new();
        self.stdout
            .read_line(&mut line)
            .context("the library's program cannot be heard")?;
        let said: Said = serde_json::from_str(&line).context("the library's program does not answer (see above)")?;
        Ok((
            said.nanoseconds.into_iter().map(Duration::from_nanos).collect(),
            said.sum,
        ))
    }

    fn end(mut self) -> Result<()> {
        self.stdin = None;
        match self.child.wait().context("cannot wait for the library's program")? {
            status if status.success() => Ok(()),
            status => bail!("the library's program ends with {status}"),
        }
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn repeat(times: usize, mut ask: impl FnMut() -> Result<(Duration, u64)>) -> Result<(Vec<Duration>, u64)> {
    let mut took = Vec::with_capacity(times);
    let mut sum = 0;
    for _ in 0..times {
        let (one, found) = ask()?;
        took.push(one);
        sum = found;
    }
    Ok((took, sum))
}

fn found(took: Duration, debug: &Value) -> Result<(Duration, u64)> {
    let sum = debug["sum"].as_u64();
    Ok((took, sum.with_context(|| format!("the answer has no sum: {debug}"))?))
}

fn ready(client: &Client) -> Result<()> {
    let begun = Instant::now();
    while client.get("/readyz").context("the station does not answer")?.status != 200 {
        if begun.elapsed() > PATIENCE {
            bail!("the station is not ready after {} s", PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// The share of the disk, such as `62 %`.
pub fn share(row: &Row) -> String {
    row.disk
        .map_or_else(String::new, |disk| format!("{:.0} %", disk * 100.0))
}

fn text(ways: &Ways) -> String {
    let mut text = format!(
        "{:<28} {:<10} {:>10} {:>10} {:>10} {:>10}\n",
        "1920 x 1080, ONE STEP", "RESULTS", "p50", "p99", "x library", "of it disk"
    );
    for row in &ways.rows {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:<28} {:<10} {:>10} {:>10} {:>10} {:>10}",
            row.way,
            row.results,
            time(row.timing.p50_us),
            time(row.timing.p99_us),
            ratio(row.ratio),
            share(row)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_of_the_library_and_shares_of_the_disk() {
        let contest = |way, results, microseconds| Contest {
            way,
            results,
            caller: Caller::Station {
                client: Client::new("http://127.0.0.1:1", PATIENCE),
                steps: String::new(),
                request: Value::Null,
            },
            samples: vec![Duration::from_micros(microseconds)],
        };
        let mut contests = [
            contest("library", "", 50),
            contest("station", MEMORY, 200),
            contest("station", DISK, 800),
        ];
        let rows = rows(&mut contests);
        let figures: Vec<_> = rows.iter().map(|row| (row.ratio, row.disk)).collect();
        assert_eq!(figures, [(1.0, None), (4.0, None), (16.0, Some(0.75))]);
        let text = text(&Ways { rows });
        assert!(text.contains("16.00") && text.contains("75 %"), "{text}");
    }
}
