//! Bars, lists and log lines of the report.

use crate::logs::LogSource;
use crate::report::{Repeat, RunReport, time};
use crate::session::Session;
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::Duration;

/// One time as a bar whose length shows its share of the longest.
#[derive(Serialize)]
pub(super) struct Bar {
    name: &'static str,
    note: &'static str,
    text: String,
    percent: f64,
}

/// Times of `execute`, asked again and again.
#[derive(Serialize)]
pub(super) struct RepeatView {
    done: usize,
    wanted: u32,
    differing: u32,
    min: String,
    p50: String,
    p99: String,
    max: String,
}

/// One entry of a list; the value as JSON.
#[derive(Serialize)]
pub(super) struct KeyValue {
    key: String,
    value: String,
}

/// One log line.
#[derive(Serialize)]
pub(super) struct LogView<'a> {
    phase: &'static str,
    level: &'static str,
    source: &'static str,
    message: &'a str,
    fields: Vec<KeyValue>,
}

impl RepeatView {
    pub(super) fn new(repeat: &Repeat) -> Option<Self> {
        Some(Self {
            done: repeat.done(),
            wanted: repeat.wanted,
            differing: repeat.differing,
            min: time(repeat.min()?),
            p50: time(repeat.percentile(50)?),
            p99: time(repeat.percentile(99)?),
            max: time(repeat.max()?),
        })
    }
}

pub(super) fn timings(report: &RunReport) -> Vec<Bar> {
    let preparation = &report.preparation;
    let compiled = if preparation.from_cache {
        "was compiled before; read from the cache"
    } else {
        "from WebAssembly to native code"
    };
    let mut times: Vec<(&str, &str, Duration)> = vec![
        ("compile", compiled, preparation.compile),
        ("start", "an instance, and get_info", preparation.start),
        ("setup", "models and templates", preparation.setup),
    ];
    times.extend(
        report
            .steps()
            .map(|step| (step.phase.as_str(), "with its hooks", step.usage.wall)),
    );
    let longest = times.iter().map(|(_, _, time)| time.as_secs_f64()).fold(1e-9, f64::max);
    times
        .into_iter()
        .map(|(name, note, duration)| Bar {
            name,
            note,
            text: time(duration),
            percent: duration.as_secs_f64() / longest * 100.0,
        })
        .collect()
}

pub(super) fn of_map(map: &Map<String, Value>) -> Vec<KeyValue> {
    map.iter()
        .map(|(key, value)| KeyValue {
            key: key.clone(),
            value: value.to_string(),
        })
        .collect()
}

pub(super) fn of_session(session: &Session) -> Vec<KeyValue> {
    session
        .entries()
        .map(|(key, value)| KeyValue {
            key: key.to_owned(),
            value: value.to_owned(),
        })
        .collect()
}

pub(super) fn diagnostics(report: &RunReport) -> Vec<KeyValue> {
    report
        .steps()
        .flat_map(|step| {
            step.diagnostics.iter().map(|(key, value)| KeyValue {
                key: format!("{} {key}", step.phase.as_str()),
                value: value.to_string(),
            })
        })
        .collect()
}

pub(super) fn logs(report: &RunReport) -> Vec<LogView<'_>> {
    report
        .log_lines()
        .map(|(place, line)| LogView {
            phase: place,
            level: line.level.as_str(),
            source: match line.source {
                LogSource::Log => "",
                printed => printed.as_str(),
            },
            message: &line.message,
            fields: of_map(&line.fields),
        })
        .collect()
}
