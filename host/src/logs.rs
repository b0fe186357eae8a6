//! Log lines of an algorithm, bounded: what it logs, what it prints, and how much of it was dropped.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use std::str::FromStr;

/// How important a line is. The order is from most to least detailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Level {
    /// For the author, every detail.
    Trace,
    /// For the author.
    Debug,
    /// For the station.
    Info,
    /// Something is odd, and the step went on.
    Warn,
    /// Something failed.
    Error,
}

impl Level {
    /// All levels, from most to least detailed.
    pub const ALL: [Level; 5] = [Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error];

    /// The level as JSON and command lines write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Level::ALL
            .into_iter()
            .find(|level| level.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not a log level; use trace, debug, info, warn or error"))
    }
}

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogSource {
    /// The contract's `logging` interface.
    Log,
    /// The algorithm printed it to standard output.
    Stdout,
    /// The algorithm printed it to standard error.
    Stderr,
}

impl LogSource {
    /// The source as JSON writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// How important it is. Printed lines count as `info` (output) and `warn` (error).
    pub level: Level,
    /// Where it came from.
    pub source: LogSource,
    /// The text, without a line end.
    pub message: String,
    /// Structured fields.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
}

/// What an algorithm logged during one call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Logs {
    /// The lines that were kept, oldest first.
    pub lines: Vec<LogLine>,
    /// Lines that exceeded the bounds.
    pub dropped_lines: u32,
    /// Whether the algorithm printed to standard output, whatever became of the lines.
    #[serde(skip)]
    pub printed: bool,
}

impl Logs {
    /// Whether nothing was logged, not even what was dropped.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.dropped_lines == 0
    }

    /// Puts `earlier` before these lines.
    pub(crate) fn prepend(&mut self, mut earlier: Logs) {
        earlier.lines.append(&mut self.lines);
        self.lines = earlier.lines;
        self.dropped_lines = self.dropped_lines.saturating_add(earlier.dropped_lines);
        self.printed |= earlier.printed;
    }
}

/// Collects the lines of one call within bounds.
#[derive(Debug)]
pub(crate) struct LogBuffer {
    level: Level,
    max_lines: u64,
    max_bytes: u64,
    bytes: u64,
    logs: Logs,
}

impl LogBuffer {
    pub(crate) fn new(level: Level, max_lines: u64, max_bytes: u64) -> Self {
        Self {
            level,
            max_lines,
            max_bytes,
            bytes: 0,
            logs: Logs::default(),
        }
    }

    /// The most detailed level that is kept.
    pub(crate) fn level(&self) -> Level {
        self.level
    }

    /// Whether a line of `level` and `bytes` of text would be kept. Counts the line as dropped if only the bounds
    /// speak against it, so that a caller need not build what nobody keeps.
    pub(crate) fn admit(&mut self, level: Level, bytes: u64) -> bool {
        if level < self.level {
            return false;
        }
        let total = self.bytes.saturating_add(bytes);
        if self.logs.lines.len() as u64 >= self.max_lines || total > self.max_bytes {
            self.logs.dropped_lines = self.logs.dropped_lines.saturating_add(1);
            return false;
        }
        self.bytes = total;
        true
    }

    /// Notes that something was printed to standard output.
    pub(crate) fn note_printed(&mut self) {
        self.logs.printed = true;
    }

    /// Keeps a line that was admitted.
    pub(crate) fn keep(&mut self, line: LogLine) {
        self.logs.lines.push(line);
    }

    /// What was collected; the buffer is empty afterwards.
    pub(crate) fn take(&mut self) -> Logs {
        self.bytes = 0;
        std::mem::take(&mut self.logs)
    }
}
