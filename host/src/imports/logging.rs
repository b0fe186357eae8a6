//! `logging`: structured lines, bounded per call, and the reason of a panic.

use super::scalar_to_json;
use crate::bindings::logging::{Field, Host, Level as WitLevel, Location};
use crate::failure::Panic;
use crate::instance::GuestState;
use crate::logs::{Level, LogLine, LogSource};

/// Most bytes of a panic's message that are kept; the rest is cut.
const PANIC_BYTES: usize = 4 << 10;

impl Host for GuestState {
    fn max_level(&mut self) -> wasmtime::Result<WitLevel> {
        Ok(match self.logs().level() {
            Level::Trace => WitLevel::Trace,
            Level::Debug => WitLevel::Debug,
            Level::Info => WitLevel::Info,
            Level::Warn => WitLevel::Warn,
            Level::Error => WitLevel::Error,
        })
    }

    fn log(&mut self, level: WitLevel, message: String, fields: Vec<Field>) -> wasmtime::Result<()> {
        let level = match level {
            WitLevel::Trace => Level::Trace,
            WitLevel::Debug => Level::Debug,
            WitLevel::Info => Level::Info,
            WitLevel::Warn => Level::Warn,
            WitLevel::Error => Level::Error,
        };
        let mut bytes = message.len() as u64;
        let fields = fields
            .into_iter()
            .map(|field| {
                let (value, value_bytes) = scalar_to_json(field.value);
                bytes = bytes.saturating_add(field.key.len() as u64).saturating_add(value_bytes);
                (field.key, value)
            })
            .collect();
        let mut logs = self.logs();
        if logs.admit(level, bytes) {
            logs.keep(LogLine {
                level,
                source: LogSource::Log,
                message,
                fields,
            });
        }
        Ok(())
    }

    fn panic(&mut self, message: String, location: Option<Location>) -> wasmtime::Result<()> {
        self.panic = Some(Panic {
            message: cut(message, PANIC_BYTES),
            location: location.map(|place| format!("{}:{}:{}", cut(place.file, PANIC_BYTES), place.line, place.column)),
        });
        Ok(())
    }
}

/// The longest beginning of `text` that has at most `limit` bytes.
pub(crate) fn cut(mut text: String, limit: usize) -> String {
    text.truncate(text.floor_char_boundary(limit));
    text
}
