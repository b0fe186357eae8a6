//! The cameras: `procvision frames publish`, a process for each.

use super::{Plan, pool};
use crate::station::Spawned;
use serde_json::Value;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// What a camera says in the end.
#[derive(Debug, Clone, Copy)]
pub struct Published {
    /// Pictures that were published.
    pub published: u64,
    /// Pictures for which no slot was free.
    pub dropped: u64,
}

/// All cameras. They are killed when this goes.
pub struct Cameras {
    processes: Vec<Spawned>,
    /// What each of them says.
    said: Vec<PathBuf>,
}

impl Cameras {
    /// Starts them one after the other within the time between two pictures, as cameras that nobody triggers together are.
    pub fn start(plan: &Plan<'_>, socket: &Path) -> io::Result<Self> {
        let mut cameras = Self {
            processes: Vec::new(),
            said: Vec::new(),
        };
        let (width, height) = plan.size;
        let apart = Duration::from_secs(1) / plan.fps.max(1) / plan.cameras.max(1);
        for number in 0..plan.cameras {
            let said = plan.folder.join(format!("{}.out", pool(number)));
            let mut command = Command::new(plan.program);
            command
                .args(["frames", "publish", "--json", "--scene", "tray", "--pool"])
                .arg(pool(number))
                .arg("--slots")
                .arg(plan.slots.to_string())
                .arg("--size")
                .arg(format!("{width}x{height}"))
                .arg("--fps")
                .arg(plan.fps.to_string())
                .arg("--count")
                .arg(plan.pictures.to_string())
                .arg("--socket")
                .arg(socket)
                .stdout(File::create(&said)?)
                .stderr(Stdio::inherit());
            cameras.processes.push(Spawned::start(&mut command)?);
            cameras.said.push(said);
            thread::sleep(apart);
        }
        Ok(cameras)
    }

    /// Whether one of them still publishes.
    pub fn run(&mut self) -> io::Result<bool> {
        Ok(self.processes.iter_mut().any(Spawned::runs))
    }

    /// What each of them has published, once all have ended.
    pub fn published(&self) -> io::Result<Vec<Published>> {
        self.said.iter().map(|said| last_words(said)).collect()
    }
}

fn last_words(path: &Path) -> io::Result<Published> {
    let said = fs::read_to_string(path)?;
    let last = said.lines().last().unwrap_or_default();
    let last: Value = serde_json::from_str(last).unwrap_or_default();
    match (last["published"].as_u64(), last["dropped"].as_u64()) {
        (Some(published), Some(dropped)) => Ok(Published { published, dropped }),
        _ => Err(io::Error::other("a camera has ended early; see above")),
    }
}
