//! What a process writes to stderr: one JSON object in each line, or any text.

use crate::lines::Line;
use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// Most bytes of lines, as they were written, that are kept for a worker, whatever their number. Parsed, a line may
/// take a few dozen times its size.
pub(crate) const KEPT_BYTES: usize = 1 << 20;
/// Most bytes of lines that an answer brings.
pub(crate) const ANSWER_BYTES: usize = 256 << 10;

/// How important a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Every step.
    Trace,
    /// For whoever looks for a mistake.
    Debug,
    /// What usually happens. A line that is no JSON object, or that has no level, is taken for one of these.
    Info,
    /// Something is not as it should be.
    Warn,
    /// Something went wrong.
    Error,
}

impl Level {
    /// As it is written in a log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    /// In any case, and with the names that Python has.
    fn named(name: &str) -> Option<Self> {
        const NAMES: [(&str, Level); 7] = [
            ("trace", Level::Trace),
            ("debug", Level::Debug),
            ("info", Level::Info),
            ("warn", Level::Warn),
            ("warning", Level::Warn),
            ("error", Level::Error),
            ("critical", Level::Error),
        ];
        let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map(|(_, level)| *level)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The process.
    Process,
    /// The runner, about the process.
    Runner,
}

/// One line of a worker's log.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    /// When it arrived, in milliseconds since 1970-01-01T00:00:00Z.
    pub at_ms: u64,
    /// How important it is.
    pub level: Level,
    /// One sentence, or the whole line if it is no JSON object. At most 64 KiB; it may contain any character.
    pub message: String,
    /// The question that it is about, if it says so.
    pub request_id: Option<String>,
    /// Who wrote it.
    pub origin: Origin,
    /// Everything else that the line has, `timestamp_ms` of the process included; `cut` is true if it was too long.
    pub fields: Map<String, Value>,
}

impl LogLine {
    /// A line that a process has written.
    pub(crate) fn written(line: Line) -> Self {
        let Line { text, cut } = line;
        let mut fields = match serde_json::from_str(&text) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        // What has another type than usual stays where it is.
        let taken = |fields: &mut Map<String, Value>, key: &str| {
            fields.get(key).filter(|value| value.is_string())?;
            match fields.shift_remove(key) {
                Some(Value::String(text)) => Some(text),
                _ => None,
            }
        };
        // Without a message the line itself is what there is to read.
        let message = taken(&mut fields, "message").unwrap_or(text);
        let level = fields.get("level").and_then(Value::as_str).and_then(Level::named);
        if level.is_some() {
            fields.shift_remove("level");
        }
        let request_id = taken(&mut fields, "request_id");
        if cut {
            fields.insert("cut".to_owned(), Value::Bool(true));
        }
        Self {
            at_ms: now_ms(),
            level: level.unwrap_or(Level::Info),
            message,
            request_id,
            origin: Origin::Process,
            fields,
        }
    }

    /// A line that the runner writes about a process.
    pub(crate) fn of_runner(level: Level, message: String) -> Self {
        Self {
            at_ms: now_ms(),
            level,
            message,
            request_id: None,
            origin: Origin::Runner,
            fields: Map::new(),
        }
    }
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// The newest lines, bounded in number and size.
#[derive(Debug)]
pub(crate) struct Lines {
    lines: VecDeque<(LogLine, usize)>,
    bytes: usize,
    most_lines: usize,
    most_bytes: usize,
}

impl Lines {
    pub fn new(most_lines: usize, most_bytes: usize) -> Self {
        Self {
            lines: VecDeque::new(),
            bytes: 0,
            most_lines,
            most_bytes,
        }
    }

    /// Adds a line that was written in so many bytes; the oldest ones make room.
    pub fn push(&mut self, line: LogLine, bytes: usize) {
        self.lines.push_back((line, bytes));
        self.bytes += bytes;
        while self.lines.len() > self.most_lines || self.bytes > self.most_bytes {
            let Some((_, bytes)) = self.lines.pop_front() else {
                break;
            };
            self.bytes -= bytes;
        }
    }

    /// All of them, oldest first.
    pub fn to_vec(&self) -> Vec<LogLine> {
        self.lines.iter().map(|(line, _)| line.clone()).collect()
    }

    /// All of them, oldest first.
    pub fn into_vec(self) -> Vec<LogLine> {
        self.lines.into_iter().map(|(line, _)| line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(text: &str) -> LogLine {
        LogLine::written(Line {
            text: text.to_owned(),
            cut: false,
        })
    }

    #[test]
    fn a_json_object_is_taken_apart() {
        let line = written(r#"{"level":"WARNING","timestamp_ms":5,"message":"dark","request_id":"r-1","spots":3}"#);
        assert_eq!((line.level, line.message.as_str()), (Level::Warn, "dark"));
        assert_eq!(line.request_id.as_deref(), Some("r-1"));
        assert_eq!(Value::Object(line.fields), json!({"timestamp_ms": 5, "spots": 3}));
        assert!(line.at_ms > 1_700_000_000_000);
    }

    #[test]
    fn whatever_else_a_line_is_stays_readable() {
        for text in ["Traceback (most recent call last):", "[1, 2]", "{\"level\":", "17"] {
            let line = written(text);
            assert_eq!((line.level, line.message.as_str()), (Level::Info, text));
            assert!(line.fields.is_empty() && line.request_id.is_none());
        }
        let line = written(r#"{"level":7,"message":{"a":1},"request_id":12}"#);
        assert_eq!(line.level, Level::Info);
        assert_eq!(line.message, r#"{"level":7,"message":{"a":1},"request_id":12}"#);
        assert_eq!(
            Value::Object(line.fields),
            json!({"level": 7, "message": {"a": 1}, "request_id": 12})
        );
        let deep = format!(
            "{{\"message\":\"x\",\"deep\":{}{}}}",
            "[".repeat(5_000),
            "]".repeat(5_000)
        );
        assert_eq!(written(&deep).message, deep);
    }

    #[test]
    fn a_line_that_was_cut_says_so() {
        let line = LogLine::written(Line {
            text: "beginning".to_owned(),
            cut: true,
        });
        assert_eq!(Value::Object(line.fields), json!({"cut": true}));
    }

    #[test]
    fn the_oldest_lines_make_room() {
        let mut lines = Lines::new(3, 100);
        let texts = |lines: &Lines| lines.to_vec().into_iter().map(|line| line.message).collect::<Vec<_>>();
        for text in ["a", "b", "c", "d"] {
            lines.push(written(text), 1);
        }
        assert_eq!(texts(&lines), ["b", "c", "d"]);
        lines.push(written("e"), 99);
        assert_eq!(texts(&lines), ["d", "e"]);
        lines.push(written("f"), 101);
        assert!(texts(&lines).is_empty() && lines.bytes == 0);
    }
}
