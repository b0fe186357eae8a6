//! stderr: one JSON object in each line, whoever speaks, and nobody waits for a reader of it.

use super::outlet::{Bounds, Keep, Outlet};
use crate::logs::{Level, Logs};
use crate::protocol::now_ms;
use rustix::fd::OwnedFd;
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing_subscriber::layer::{Context, Layer};

/// How much may wait for a reader of stderr.
const BOUNDS: Bounds = Bounds {
    bytes: 1 << 20,
    items: 4_096,
};

/// Most characters of the message of a panic: a line that is written past all others must fit into one piece.
const LAST_WORDS: usize = 500;

/// Writes lines of the log. Clones write to the same place.
#[derive(Clone)]
pub struct Log {
    outlet: Outlet,
    /// The least important level that is written, as a number.
    level: Arc<AtomicU8>,
}

impl Log {
    /// A log that is written to a descriptor: lines of at least this level.
    pub fn new(to: OwnedFd, level: Level) -> Self {
        Self {
            outlet: Outlet::new(to, BOUNDS),
            level: Arc::new(AtomicU8::new(level as u8)),
        }
    }

    /// From now on lines of at least this level are written.
    pub fn set_level(&self, level: Level) {
        self.level.store(level as u8, Ordering::Relaxed);
    }

    fn admits(&self, level: Level) -> bool {
        level as u8 >= self.level.load(Ordering::Relaxed)
    }

    /// The outlet, for the thread that serves it.
    pub(super) fn outlet(&self) -> &Outlet {
        &self.outlet
    }

    /// Writes a line with more fields than those that every line has. `fields` is an object.
    pub fn line(&self, level: Level, message: &str, fields: Map<String, Value>) {
        if !self.admits(level) {
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

    /// Writes what an algorithm logged and printed; `fields` say where that belongs to.
    pub fn lines(&self, logs: &Logs, fields: &Map<String, Value>) {
        for line in &logs.lines {
            let mut all = fields.clone();
            all.insert("source".to_owned(), line.source.as_str().into());
            for (key, value) in &line.fields {
                // What the host says about the line counts.
                all.entry(key.as_str()).or_insert_with(|| value.clone());
            }
            self.line(line.level, &line.message, all);
        }
        if logs.dropped_lines > 0 {
            let mut all = fields.clone();
            all.insert("dropped_lines".to_owned(), logs.dropped_lines.into());
            self.line(Level::Warn, "the algorithm logged more than is kept", all);
        }
    }

    /// From now on a panic of any thread is a line of the log, and the end of the process: whatever thread it was, the
    /// process would be one that no longer listens, no longer answers or no longer judges, and looks as if it did.
    pub fn end_on_panic(&self) {
        let outlet = self.outlet.clone();
        std::panic::set_hook(Box::new(move |panic| {
            let message = panic.payload_as_str().unwrap_or("without a message");
            let thread = std::thread::current();
            let mut fields = Map::from_iter([("thread".to_owned(), thread.name().into())]);
            if let Some(place) = panic.location() {
                fields.insert("location".to_owned(), place.to_string().into());
            }
            let message: String = message.chars().take(LAST_WORDS).collect();
            let message = format!("the host panicked, which is a mistake in it, and ends: {message}");
            outlet.write_past(&line(Level::Error, &message, fields));
            std::process::abort()
        }));
    }

    fn write(&self, level: Level, message: &str, fields: Map<String, Value>) {
        self.outlet.send(line(level, message, fields), Keep::IfRoom);
    }
}

/// The bytes of a line.
fn line(level: Level, message: &str, fields: Map<String, Value>) -> Vec<u8> {
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
    text.into_bytes()
}

/// What the library traces, in the same lines.
impl<S: tracing::Subscriber> Layer<S> for Log {
    fn register_callsite(&self, _: &'static tracing::Metadata<'static>) -> Interest {
        // The level can change.
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        self.admits(level_of(metadata))
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
