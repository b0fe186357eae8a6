//! Lines: what is judged whenever there is a new picture, without anybody asking. Which lines there are and which of
//! them run is here; what one of them does is in `lines/run.rs`, what is remembered of it in `lines/memory.rs`.
//!
//! Each line that runs is a thread. It waits for pictures where the pool's broker wakes it at once, which no timer of
//! the runtime could, and puts its questions itself, so that a picture is on its way to the algorithm's process with as
//! few threads between as there can be.

mod memory;
mod run;

use crate::events::Kind;
use crate::metrics::LineCounts;
use crate::station::Station;
use memory::Memory;
use run::Run;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use tokio_util::task::TaskTracker;

/// All lines that have run since the station began, by their names.
#[derive(Debug, Default)]
pub struct Lines {
    known: Mutex<BTreeMap<String, Line>>,
    /// Who still works, lines that were stopped included.
    working: TaskTracker,
    /// Whether the station ends, and none is started any more. Set and read by whoever has `known`.
    closed: AtomicBool,
}

#[derive(Debug, Default)]
struct Line {
    memory: Arc<Memory>,
    /// Told when the line that runs is to stop.
    stop: Option<Arc<AtomicBool>>,
}

impl Line {
    /// Has the line stop that runs, if one does.
    fn stop(&mut self) -> bool {
        let stop = self.stop.take();
        if let Some(stop) = &stop {
            stop.store(true, Ordering::Relaxed);
        }
        stop.is_some()
    }
}

impl Lines {
    /// Whether a line runs.
    pub fn is_running(&self, name: &str) -> bool {
        self.known().get(name).is_some_and(|line| line.stop.is_some())
    }

    /// What each line has done that has ever run.
    pub fn counts(&self) -> Vec<LineCounts> {
        let known = self.known();
        known.iter().map(|(name, line)| line.memory.counts(name)).collect()
    }

    /// What a line has done.
    pub fn count(&self, name: &str) -> LineCounts {
        match self.known().get(name) {
            Some(line) => line.memory.counts(name),
            None => Memory::default().counts(name),
        }
    }

    /// Waits until the lines that were stopped have judged what they had begun, and kept what it brought.
    pub async fn ended(&self) {
        self.working.close();
        self.working.wait().await;
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Line>> {
        // Each change is whole before anything could panic.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Station {
    /// Starts the lines that begin with the station.
    pub fn start_lines(self: &Arc<Self>) {
        for (name, line) in &self.config().station.lines {
            if line.start {
                self.start_line(name);
            }
        }
    }

    /// Starts a line, if it does not run. `None` if there is no such line.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn start_line(self: &Arc<Self>, name: &str) -> Option<()> {
        self.begin_line(name, true)
    }

    /// Starts a line in the place of one that was stopped a moment ago, and goes on where that was.
    pub(crate) fn continue_line(self: &Arc<Self>, name: &str) -> Option<()> {
        self.begin_line(name, false)
    }

    fn begin_line(self: &Arc<Self>, name: &str, is_new: bool) -> Option<()> {
        let mut known = self.lines().known();
        let config = self.config().station.lines.get(name)?.clone();
        let line = known.entry(name.to_owned()).or_default();
        if line.stop.is_some() || self.lines().closed.load(Ordering::Relaxed) {
            return Some(());
        }
        let stop = Arc::new(AtomicBool::new(false));
        let run = Run::new(self.clone(), name, config, line.memory.clone(), stop.clone(), is_new);
        let working = self.lines().working.token();
        let started = thread::Builder::new().name(format!("line-{name}")).spawn(move || {
            run.until_stopped();
            drop(working);
        });
        let mut said = json!({"name": name, "running": started.is_ok()});
        match started {
            Ok(_) => line.stop = Some(stop),
            Err(error) => {
                tracing::error!(line = name, "the system has no thread for the line: {error}");
                said["trouble"] = format!("the system has no thread for it: {error}").into();
            }
        }
        drop(known);
        self.events().say(Kind::Line, &said);
        Some(())
    }

    /// Stops a line. What it has asked is judged to its end. `None` if there is no such line.
    pub fn stop_line(&self, name: &str) -> Option<()> {
        let mut known = self.lines().known();
        let ran = known.get_mut(name).is_some_and(Line::stop);
        drop(known);
        if !ran && !self.config().station.lines.contains_key(name) {
            return None;
        }
        self.events().say(Kind::Line, &json!({"name": name, "running": false}));
        Some(())
    }

    /// Stops all lines. None is started any more.
    pub fn stop_lines(&self) {
        let running: Vec<String> = {
            let known = self.lines().known();
            self.lines().closed.store(true, Ordering::Relaxed);
            let running = known.iter().filter(|(_, line)| line.stop.is_some());
            running.map(|(name, _)| name.clone()).collect()
        };
        for name in running {
            self.stop_line(&name);
        }
    }
}
