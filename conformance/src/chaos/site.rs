//! The station with its store, and the camera of its line. Both are started again whenever they have ended.

use super::picture::Picture;
use super::{Plan, eventually};
use crate::processes;
use crate::soak::random::Random;
use crate::station::{Client, Ended, Server, Spawned};
use serde_json::{Value, json};
use std::fs::{self, File, OpenOptions};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

/// Product model of the callers.
pub const ASKED: &str = "A01";
/// Product model of the line.
pub const LINE: &str = "A02";
/// The name of the line, and of its pool.
pub const LINE_NAME: &str = "chaos";
/// What the line gives as its value.
pub const LINE_VALUE: &str = "line";
/// The algorithm's task: NG if the sum is odd.
pub const TASK: &str = "odd";
/// Processes for each product model.
pub const WORKERS: usize = 2;
/// How often it is looked whether something has ended.
const GLANCE: Duration = Duration::from_millis(10);
/// Pictures a second of the camera.
const FPS: &str = "20";

pub struct Site {
    program: PathBuf,
    folder: PathBuf,
    patience: Duration,
    /// What the camera shows.
    pictures: [Picture; 2],
    server: Mutex<Option<Server>>,
    camera: Mutex<Option<Spawned>>,
    /// Who asks the server that runs now.
    client: RwLock<Option<Client>>,
    /// Servers that have ended although nobody killed them.
    deserted: AtomicU64,
    /// How many servers were killed.
    generation: AtomicU64,
    starts_failed: Mutex<Option<String>>,
}

impl Site {
    /// Installs the algorithm, and starts the station.
    pub fn prepare(plan: &Plan<'_>) -> Result<Self, String> {
        let random = &mut Random::new(plan.seed ^ 0x11ce);
        let site = Self {
            program: plan.program.to_owned(),
            folder: plan.folder.to_owned(),
            patience: plan.patience,
            pictures: [Picture::odd(random, false), Picture::odd(random, true)],
            server: Mutex::default(),
            camera: Mutex::default(),
            client: RwLock::default(),
            deserted: AtomicU64::new(0),
            generation: AtomicU64::new(0),
            starts_failed: Mutex::default(),
        };
        let write = |name: &str, content: &[u8]| {
            let path = site.folder.join(name);
            fs::write(&path, content).map_err(|error| format!("cannot write {}: {error}", path.display()))
        };
        for (number, picture) in site.pictures.iter().enumerate() {
            let png = picture
                .png()
                .map_err(|error| format!("a picture cannot be made: {error}"))?;
            write(&format!("{number}.png"), &png)?;
        }
        write("config.json", config().to_string().as_bytes())?;
        let package = plan.package.to_string_lossy();
        site.store(&["install", &package])?;
        site.store(&[
            "activate",
            "conformance_subject",
            "1.0.0",
            "--pid",
            &format!("{ASKED},{LINE}"),
        ])?;
        site.start_server()?;
        Ok(site)
    }

    fn store(&self, words: &[&str]) -> Result<(), String> {
        let mut command = Command::new(&self.program);
        command
            .args(["store", "--store"])
            .arg(self.folder.join("store"))
            .args(words);
        let output = command.stdin(Stdio::null()).output();
        let output = output.map_err(|error| format!("{} cannot be started: {error}", self.program.display()))?;
        match output.status.success() {
            true => Ok(()),
            false => Err(format!("{words:?}: {}", String::from_utf8_lossy(&output.stderr))),
        }
    }

    /// The sums of the pictures that the camera shows.
    pub fn shown(&self) -> [u64; 2] {
        [self.pictures[0].sum, self.pictures[1].sum]
    }

    /// The socket of the frame pools.
    pub fn frames_socket(&self) -> PathBuf {
        self.folder.join("frames.sock")
    }

    /// Who asks the server, if one runs.
    pub fn client(&self) -> Option<Client> {
        self.client.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many servers were killed until now, the one included that is being killed.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Starts again what has ended, as a service manager would, until it is over.
    pub fn supervise(&self, over: &AtomicBool) {
        while !over.load(Ordering::Relaxed) {
            self.supervise_once();
            thread::sleep(GLANCE);
        }
    }

    fn supervise_once(&self) {
        let gone = match self.server().as_mut() {
            Some(server) => {
                let gone = !server.process().runs();
                self.deserted.fetch_add(u64::from(gone), Ordering::Relaxed);
                gone
            }
            None => true,
        };
        if gone && let Err(error) = self.start_server() {
            self.starts_failed().get_or_insert(error);
        }
        let mut camera = self.camera();
        if !camera.as_mut().is_some_and(Spawned::runs)
            && let Ok(new) = Spawned::start(&mut self.camera_command())
        {
            *camera = Some(new);
        }
    }

    fn start_server(&self) -> Result<(), String> {
        let log = self
            .log()
            .map_err(|error| format!("the log cannot be written: {error}"))?;
        let mut command = Command::new(&self.program);
        command
            .args(["serve", "--json", "--listen", "127.0.0.1:0", "--store"])
            .arg(self.folder.join("store"))
            .arg("--config")
            .arg(self.folder.join("config.json"))
            .arg("--socket")
            .arg(self.folder.join("station.sock"))
            .arg("--frames-socket")
            .arg(self.frames_socket())
            .stderr(log);
        let mut server = self.server();
        // A server that is still there would be the second of its store.
        *server = None;
        let new = Server::start(&mut command).map_err(|error| error.to_string())?;
        let client = Client::new(new.page(), self.patience);
        *server = Some(new);
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = Some(client);
        Ok(())
    }

    fn camera_command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args([
                "frames", "publish", "--quiet", "--pool", LINE_NAME, "--fps", FPS, "--socket",
            ])
            .arg(self.frames_socket())
            .arg("--image")
            .arg(self.folder.join("0.png"))
            .arg("--image")
            .arg(self.folder.join("1.png"))
            .stdout(Stdio::null())
            // It ends with the broker that it publishes to, and says so.
            .stderr(Stdio::null());
        command
    }

    fn log(&self) -> std::io::Result<File> {
        OpenOptions::new().create(true).append(true).open(self.log_path())
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join("station.log")
    }

    /// SIGKILL for the server.
    pub fn kill_server(&self) {
        let mut server = self.server();
        self.generation.fetch_add(1, Ordering::SeqCst);
        // Nobody asks one that is about to be killed for the first time.
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = None;
        if let Some(mut server) = server.take() {
            server.process().kill();
        }
    }

    /// SIGKILL for the camera; whether there was one.
    pub fn kill_camera(&self) -> bool {
        let mut camera = self.camera();
        let ran = camera.as_mut().is_some_and(Spawned::runs);
        if let Some(mut camera) = camera.take() {
            camera.kill();
        }
        ran
    }

    /// What has gone wrong with servers that nobody killed.
    pub fn trouble(&self) -> Option<String> {
        if let Some(error) = self.starts_failed().clone() {
            return Some(format!("the server could not be started again: {error}"));
        }
        match self.deserted.load(Ordering::Relaxed) {
            0 => None,
            _ => Some("the server has ended although nobody killed it".to_owned()),
        }
    }

    /// The processes of the algorithm, by product model and worker.
    pub fn workers(&self, client: &Client) -> Result<Vec<Worker>, String> {
        let answer = client.get("/algorithms/active").map_err(|error| error.to_string())?;
        let mut workers = Vec::new();
        for seat in answer.body["active"].as_array().into_iter().flatten() {
            for worker in seat["workers"].as_array().into_iter().flatten() {
                workers.push(Worker {
                    id: worker["id"].as_str().unwrap_or_default().to_owned(),
                    pid: seat["pid"].as_str().unwrap_or_default().to_owned(),
                    process: worker["process"]
                        .as_u64()
                        .and_then(|process| u32::try_from(process).ok()),
                    state: worker["state"].as_str().unwrap_or_default().to_owned(),
                });
            }
        }
        Ok(workers)
    }

    /// Kills the server once more and starts it, with no camera beside it: what is on disk now is everything.
    pub fn restarted(&self, patience: Duration) -> Result<Client, String> {
        self.kill_camera();
        self.kill_server();
        eventually("the server comes back", patience, || Ok(self.start_server().is_ok()))?;
        self.client().ok_or_else(|| "the server does not come back".to_owned())
    }

    /// Ends everything, which must leave nothing behind.
    pub fn end(&self, patience: Duration) -> Result<(), String> {
        self.kill_camera();
        let workers = match self.client() {
            Some(client) => self.workers(&client)?,
            None => Vec::new(),
        };
        let Some(server) = self.server().take() else {
            return Ok(());
        };
        match server.end(patience) {
            Ok(Ended::With(status)) if status.success() => {}
            Ok(Ended::With(status)) => return Err(format!("told to end, the server ends with {status}")),
            Ok(Ended::Killed) => return Err("told to end, the server does not end".to_owned()),
            Err(error) => return Err(format!("the server cannot be ended: {error}")),
        }
        gone(&workers, patience)
    }

    /// The last lines of the server's log, after a line break; nothing if it has none.
    pub fn last_words(&self) -> String {
        let log = fs::read_to_string(self.log_path()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let last = &lines[lines.len().saturating_sub(5)..];
        last.iter().map(|line| format!("\n  log: {line}")).collect()
    }

    fn server(&self) -> MutexGuard<'_, Option<Server>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn camera(&self) -> MutexGuard<'_, Option<Spawned>> {
        self.camera.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn starts_failed(&self) -> MutexGuard<'_, Option<String>> {
        self.starts_failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A process of the algorithm.
#[derive(Debug, Clone)]
pub struct Worker {
    pub id: String,
    pub pid: String,
    pub process: Option<u32>,
    pub state: String,
}

impl Worker {
    /// Whether it can be asked.
    pub fn serves(&self) -> bool {
        self.process.is_some() && matches!(self.state.as_str(), "ready" | "executing")
    }
}

/// Waits until nothing is left of these processes.
pub fn gone(workers: &[Worker], patience: Duration) -> Result<(), String> {
    for process in workers.iter().filter_map(|worker| worker.process) {
        eventually(
            &format!("the process {process} of a server that is gone ends"),
            patience,
            || Ok(!processes::lives(process)),
        )?;
    }
    Ok(())
}

fn config() -> Value {
    let params = json!({ "task": TASK, "value": LINE_VALUE });
    json!({ "station": {
        "name": "under fire",
        "workers": WORKERS,
        "sources": { LINE_NAME: { "pool": LINE_NAME } },
        "lines": { LINE_NAME: {
            "pid": LINE, "source": LINE_NAME, "phases": ["pre_execute", "execute"], "params": params,
        } },
        "results": { "thumbnails": "none" },
    } })
}
