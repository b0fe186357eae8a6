//! The last lines of every log, by product model.

use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Lines that are kept of one product model,
const KEPT: usize = 2_000;
/// and so many bytes of them at most.
const KEPT_BYTES: usize = 4 << 20;

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

/// A line as it is kept. What else it says stays text: parsed it may take a few dozen times as much.
#[derive(Debug)]
struct KeptLine {
    at_ms: u64,
    worker: String,
    level: Level,
    message: String,
    inspection: Option<String>,
    fields: String,
}

impl KeptLine {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.worker.len() + self.message.len() + self.fields.len()
    }

    fn line(&self, pid: &str) -> Line {
        Line {
            at_ms: self.at_ms,
            pid: pid.to_owned(),
            worker: self.worker.clone(),
            level: self.level,
            message: self.message.clone(),
            // It was written by the same library.
            fields: serde_json::from_str(&self.fields).unwrap_or_default(),
        }
    }
}

/// The lines of one product model.
#[derive(Debug, Default)]
struct OfPid {
    lines: VecDeque<KeptLine>,
    bytes: usize,
}

/// The lines that are kept.
#[derive(Debug, Default)]
pub struct Logs {
    lines: Mutex<BTreeMap<String, OfPid>>,
}

impl Logs {
    /// Keeps a line, in the place of the oldest of its product model.
    pub fn keep(&self, line: Line) {
        let inspection = line.fields.get("inspection").and_then(Value::as_str);
        let kept = KeptLine {
            at_ms: line.at_ms,
            worker: line.worker,
            level: line.level,
            message: line.message,
            inspection: inspection.map(str::to_owned),
            fields: Value::Object(line.fields).to_string(),
        };
        let mut lines = self.lines();
        let of_pid = lines.entry(line.pid).or_default();
        of_pid.bytes += kept.bytes();
        of_pid.lines.push_back(kept);
        while of_pid.lines.len() > KEPT || of_pid.bytes > KEPT_BYTES {
            let oldest = of_pid.lines.pop_front();
            of_pid.bytes -= oldest.map_or(0, |oldest| oldest.bytes());
        }
    }

    /// The newest lines that are wanted, the newest last.
    pub fn read(&self, wanted: &Wanted<'_>) -> Vec<Line> {
        let lines = self.lines();
        let of_pid = |pid: &String| wanted.pid.is_none_or(|wanted| wanted == pid);
        let about = |line: &KeptLine| {
            wanted
                .inspection
                .is_none_or(|wanted| line.inspection.as_deref() == Some(wanted))
        };
        let mut chosen: Vec<(&String, &KeptLine)> = lines
            .iter()
            .filter(|(pid, _)| of_pid(pid))
            .flat_map(|(pid, of_pid)| of_pid.lines.iter().map(move |line| (pid, line)))
            .filter(|(_, line)| wanted.level.is_none_or(|level| line.level >= level) && about(line))
            .collect();
        chosen.sort_by_key(|(_, line)| line.at_ms);
        let first = chosen.len().saturating_sub(wanted.limit);
        chosen[first..].iter().map(|(pid, line)| line.line(pid)).collect()
    }

    fn lines(&self) -> MutexGuard<'_, BTreeMap<String, OfPid>> {
        // Each change is whole before anything could panic.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_bounded_in_number_and_size() {
        let logs = Logs::default();
        let line = |message: String| Line {
            at_ms: 1,
            pid: "A01".to_owned(),
            worker: "A01#1".to_owned(),
            level: Level::Info,
            message,
            fields: Map::from_iter([("inspection".to_owned(), "i".into()), ("n".to_owned(), 1.into())]),
        };
        let all = Wanted {
            inspection: Some("i"),
            limit: usize::MAX,
            ..Wanted::default()
        };
        for number in 0..KEPT + 3 {
            logs.keep(line(number.to_string()));
        }
        let kept = logs.read(&all);
        assert_eq!((kept.len(), kept[0].message.as_str()), (KEPT, "3"));
        assert_eq!(kept[0], line("3".to_owned()));
        for _ in 0..5 {
            logs.keep(line("x".repeat(KEPT_BYTES / 4)));
        }
        assert_eq!(logs.read(&all).len(), 3, "large ones take the place of many");
    }
}
