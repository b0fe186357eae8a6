//! The `log` crate's way into the report: lines with typed fields, handed to the host of the moment.

use log::kv::{self, Key, Value, VisitSource, VisitValue};
use log::{Log, Metadata, Record};

use crate::platform;
use crate::scalar::Scalar;

/// Hands every line to the host that runs the algorithm.
struct HostLogger;

static LOGGER: HostLogger = HostLogger;

/// Makes [`HostLogger`] the process's logger, unless the program that embeds the algorithm has chosen another one.
/// Returns whether lines go to the host.
pub(crate) fn install() -> bool {
    log::set_logger(&LOGGER).is_ok()
}

impl Log for HostLogger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let mut fields = Fields::default();
            // The visitor never fails.
            let _ = record.key_values().visit(&mut fields);
            platform::log(record.level(), record.args().to_string(), fields.0);
        }
    }

    fn flush(&self) {}
}

/// Collects a record's key-value pairs as typed fields.
#[derive(Default)]
struct Fields(Vec<(String, Scalar)>);

impl<'kvs> VisitSource<'kvs> for Fields {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let mut scalar = ScalarOf(None);
        value.visit(&mut scalar)?;
        self.0.push((
            key.to_string(),
            scalar.0.unwrap_or_else(|| Scalar::String(value.to_string())),
        ));
        Ok(())
    }
}

/// Keeps a value's own type where the host has the same; the rest is written as text.
struct ScalarOf(Option<Scalar>);

impl<'v> VisitValue<'v> for ScalarOf {
    fn visit_any(&mut self, _: Value<'_>) -> Result<(), kv::Error> {
        Ok(())
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), kv::Error> {
        self.0 = Some(Scalar::Int(value));
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), kv::Error> {
        self.0 = i64::try_from(value).ok().map(Scalar::Int);
        Ok(())
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), kv::Error> {
        self.0 = Some(Scalar::Float(value));
        Ok(())
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), kv::Error> {
        self.0 = Some(Scalar::Bool(value));
        Ok(())
    }

    fn visit_str(&mut self, value: &str) -> Result<(), kv::Error> {
        self.0 = Some(Scalar::String(value.to_owned()));
        Ok(())
    }
}
