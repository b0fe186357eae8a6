//! What the host adds to the `debug` of a result: only what `save_debug_fields` names.

use crate::outcome::StepReport;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// What the host can add. The default adds nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DebugFields {
    latency_ms: bool,
    algorithm_ms: bool,
    fuel: bool,
    peak_memory_bytes: bool,
    picture: bool,
    warnings: bool,
    instance_replaced: bool,
}

impl DebugFields {
    /// What is named; other names are left alone, since algorithms publish under names of their own.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut fields = Self::default();
        for name in names {
            match name {
                "latency_ms" => fields.latency_ms = true,
                "algorithm_ms" => fields.algorithm_ms = true,
                "fuel" => fields.fuel = true,
                "peak_memory_bytes" => fields.peak_memory_bytes = true,
                "picture" => fields.picture = true,
                "warnings" => fields.warnings = true,
                "instance_replaced" => fields.instance_replaced = true,
                _ => {}
            }
        }
        fields
    }

    /// What the algorithm published, and what is added to it. `latency` is the time since the call arrived.
    pub(super) fn of(&self, report: Option<&StepReport>, latency: Duration) -> Map<String, Value> {
        let mut debug = report.map(|report| report.diagnostics.clone()).unwrap_or_default();
        let mut add = |wanted: bool, name: &str, value: Value| {
            if wanted {
                debug.insert(name.to_owned(), value);
            }
        };
        add(self.latency_ms, "latency_ms", milliseconds(latency));
        if let Some(report) = report {
            add(self.algorithm_ms, "algorithm_ms", milliseconds(report.usage.wall));
            add(self.fuel, "fuel", report.usage.fuel.into());
            let peak = report.usage.peak_memory_bytes;
            add(self.peak_memory_bytes, "peak_memory_bytes", peak.into());
            add(self.picture, "picture", report.picture.as_str().into());
            add(self.warnings, "warnings", json!(report.warnings));
            add(
                self.instance_replaced,
                "instance_replaced",
                report.instance_replaced.into(),
            );
        }
        debug
    }
}

/// With three places.
fn milliseconds(time: Duration) -> Value {
    json!(time.as_micros() as f64 / 1_000.0)
}
