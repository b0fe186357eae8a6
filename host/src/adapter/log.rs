//! stderr: one JSON object in each line, whoever speaks, and nobody waits for a reader of it.

use super::outlet::{Bounds, Keep, Outlet};
use crate::logs::Level;
use crate::protocol::now_ms;
use rustix::fd::OwnedFd;
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer};

/// How much may wait for a reader of stderr.
const BOUNDS: Bounds = Bounds {
    bytes: 1 << 20,
    items: 4_096,
};

/// Writes lines of the log. Clones write to the same place.
#[derive(Clone)]
pub struct Log {
    outlet: Outlet,
    level: Arc<Level>,
}

impl Log {
    /// A log that is written to a descriptor, with the lines of at least this level.
    pub fn new(to: OwnedFd, level: Level) -> Self {
        Self {
            outlet: Outlet::new(to, BOUNDS),
            level: Arc::new(level),
        }
    }

    /// The least important level that is written.
    pub fn level(&self) -> Level {
        *self.level
    }

    /// The outlet, for the thread that serves it.
    pub(super) fn outlet(&self) -> &Outlet {
        &self.outlet
    }

    /// Writes a line with more fields than those that every line has. `fields` is an object.
    pub fn line(&self, level: Level, message: &str, fields: Map<String, Value>) {
        if level < *self.level {
            return;
        }
        let dropped = self.outlet.take_dropped();
        if dropped > 0 {
            let count = Map::from_iter([("dropped_lines".to_owned(), dropped.into())]);
            self.write(
                Level::Warn,
                "lines of the log were dropped: nobody read stderr in time",
                count,
            );
        }
        self.write(level, message, fields);
    }

    fn write(&self, level: Level, message: &str, fields: Map<String, Value>) {
        let mut line = Map::new();
        line.insert("level".to_owned(), level.as_str().into());
        line.insert("timestamp_ms".to_owned(), now_ms().into());
        line.insert("message".to_owned(), message.into());
        for (key, value) in fields {
            // What the line itself says cannot be said otherwise by whoever speaks.
            line.entry(key).or_insert(value);
        }
        let mut text = Value::Object(line).to_string();
        text.push('\n');
        self.outlet.send(text.into_bytes(), Keep::IfRoom);
    }
}

/// What the library traces, in the same lines.
impl<S: tracing::Subscriber> Layer<S> for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        level_of(metadata) >= *self.level
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.line(level_of(event.metadata()), &fields.message, fields.others);
    }
}

fn level_of(metadata: &tracing::Metadata<'_>) -> Level {
    match *metadata.level() {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::INFO => Level::Info,
        tracing::Level::DEBUG => Level::Debug,
        tracing::Level::TRACE => Level::Trace,
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.others.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "message" => self.message = text,
            _ => self.put(field, text),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            _ => self.put(field, value),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }
}
