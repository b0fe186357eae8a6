//! The last lines of every log, by product model.

use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Lines that are kept of one product model.
const KEPT: usize = 2_000;

/// How important a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For whoever looks for a mistake in the host.
    Trace,
    /// For whoever looks for a mistake.
    Debug,
    /// What goes on.
    Info,
    /// What should not be.
    Warn,
    /// What must not be.
    Error,
}

impl From<procvision_runner::Level> for Level {
    fn from(level: procvision_runner::Level) -> Self {
        match level {
            procvision_runner::Level::Trace => Self::Trace,
            procvision_runner::Level::Debug => Self::Debug,
            procvision_runner::Level::Info => Self::Info,
            procvision_runner::Level::Warn => Self::Warn,
            procvision_runner::Level::Error => Self::Error,
        }
    }
}

impl Level {
    /// The level with that name; `None` if there is none.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "trace" => Self::Trace,
            "debug" => Self::Debug,
            "info" => Self::Info,
            "warn" | "warning" => Self::Warn,
            "error" | "critical" => Self::Error,
            _ => return None,
        })
    }
}

/// A line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// When it came, in milliseconds since 1970.
    pub at_ms: u64,
    /// The product model.
    pub pid: String,
    /// Which process wrote it.
    pub worker: String,
    /// How important it is.
    pub level: Level,
    /// What it says.
    pub message: String,
    /// What else it says.
    pub fields: Map<String, Value>,
}

/// Which lines somebody wants to see.
#[derive(Clone, Debug, Default)]
pub struct Wanted<'a> {
    /// Of this product model.
    pub pid: Option<&'a str>,
    /// At least as important as this.
    pub level: Option<Level>,
    /// About this inspection.
    pub inspection: Option<&'a str>,
    /// The newest of so many.
    pub limit: usize,
}

/// The lines that are kept.
#[derive(Debug, Default)]
pub struct Logs {
    lines: Mutex<BTreeMap<String, VecDeque<Line>>>,
}

impl Logs {
    /// Keeps a line, in the place of the oldest of its product model.
    pub fn keep(&self, line: Line) {
        let mut lines = self.lines();
        let of_pid = lines.entry(line.pid.clone()).or_default();
        if of_pid.len() == KEPT {
            of_pid.pop_front();
        }
        of_pid.push_back(line);
    }

    /// The newest lines that are wanted, the newest last.
    pub fn read(&self, wanted: &Wanted<'_>) -> Vec<Line> {
        let lines = self.lines();
        let of_pid = |pid: &String| wanted.pid.is_none_or(|wanted| wanted == pid);
        let about = |line: &Line| {
            let id = line.fields.get("inspection").and_then(Value::as_str);
            wanted.inspection.is_none_or(|wanted| id == Some(wanted))
        };
        let mut chosen: Vec<&Line> = lines
            .iter()
            .filter(|(pid, _)| of_pid(pid))
            .flat_map(|(_, lines)| lines)
            .filter(|line| wanted.level.is_none_or(|level| line.level >= level) && about(line))
            .collect();
        chosen.sort_by_key(|line| line.at_ms);
        let first = chosen.len().saturating_sub(wanted.limit);
        chosen[first..].iter().map(|line| (*line).clone()).collect()
    }

    fn lines(&self) -> MutexGuard<'_, BTreeMap<String, VecDeque<Line>>> {
        // Each change is whole before anything could panic.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
