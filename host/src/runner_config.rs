//! `runner_config.json`: what the people of a line set for one algorithm, beside the station's policy. The file is the
//! runner's; whoever serves the algorithm takes what concerns it.
//!
//! Values are read strictly, and every mistake is told at once. Keys that nobody knows are told as well, but do not stop
//! anything: the runner may know them.

mod error;

pub use crate::strict_json::settings::Mistake;
pub use error::RunnerConfigError;

use crate::adapter::HEARTBEAT_MS;
use crate::bounded_file::{self, BoundedFileError};
use crate::limits::{LIMIT_NAMES, LimitRequest, Limits};
use crate::logs::Level;
use crate::strict_json::settings::{self, Settings};
use crate::strict_json::{self, ScanError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::ops::RangeInclusive;
use std::path::Path;

/// Most bytes of the file.
pub const RUNNER_CONFIG_BYTES: u64 = 1 << 20;

/// What a timeout can be, in milliseconds.
const TIMEOUT_MS: RangeInclusive<u64> = 10..=3_600_000;
const MAX_RETRIES: RangeInclusive<u64> = 0..=100;
const MAX_DEFECTS: RangeInclusive<u64> = 1..=1_000;
const MAX_SESSIONS: RangeInclusive<u64> = 1..=10_000;
/// Most names in `save_debug_fields`.
const DEBUG_FIELDS: usize = 100;
/// How much earlier than the runner the sandbox ends a call.
const MARGIN_MS: u64 = 100;

/// Where pictures are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum SharedMemoryBackend {
    /// In the memory of this machine.
    Native,
}

/// In what form pictures are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum ImageEncoding {
    /// Pixels as they are.
    Raw,
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
}

/// What is set for one algorithm. A key that is left out has the default of whoever it concerns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(title = "ProcVision runner configuration")]
#[schemars(extend("$id" = "urn:procvision:schema:runner-config:1", "additionalProperties" = false))]
#[schemars(
    description = "`runner_config.json`: what is set for one algorithm, for its runner and the process that it starts."
)]
#[serde(default)]
pub struct RunnerConfig {
    /// Where an editor finds the schema of this file. It is not looked at.
    #[serde(
        rename = "$schema",
        deserialize_with = "strict_json::given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "String")]
    pub schema: Option<String>,
    /// After so many milliseconds a runner gives up a `pre_execute`. The sandbox ends it a little earlier.
    #[serde(deserialize_with = "strict_json::given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64", range(min = *TIMEOUT_MS.start(), max = *TIMEOUT_MS.end()))]
    pub pre_execute_timeout_ms: Option<u64>,
    /// After so many milliseconds a runner gives up an `execute`. The sandbox ends it a little earlier.
    #[serde(deserialize_with = "strict_json::given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64", range(min = *TIMEOUT_MS.start(), max = *TIMEOUT_MS.end()))]
    pub execute_timeout_ms: Option<u64>,
    /// How often the runner pings, in milliseconds.
    #[serde(deserialize_with = "strict_json::given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64", range(min = *HEARTBEAT_MS.start(), max = *HEARTBEAT_MS.end()))]
    pub heartbeat_interval_ms: Option<u64>,
    /// How late a ping or a pong may be, in milliseconds.
    #[serde(deserialize_with = "strict_json::given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64", range(min = *HEARTBEAT_MS.start(), max = *HEARTBEAT_MS.end()))]
    pub heartbeat_grace_ms: Option<u64>,
    /// How often the runner asks again after a failure that may pass. For the runner alone.
    #[serde(deserialize_with = "strict_json::given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64", range(min = *MAX_RETRIES.start(), max = *MAX_RETRIES.end()))]
    pub max_retries: Option<u64>,
    /// The least important log lines that are written.
    #[serde(deserialize_with = "strict_json::given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Level")]
    pub log_level: Option<Level>,
    /// What the host adds to the `debug` of a result: `latency_ms`, `algorithm_ms`, `fuel`, `peak_memory_bytes`, `picture`,
    /// `warnings`, `instance_replaced`. Other names are for the runner, which may keep what the algorithm publishes under them.
    #[serde(deserialize_with = "strict_json::given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<String>", length(max = DEBUG_FIELDS))]
    pub save_debug_fields: Option<Vec<String>>,
    /// Where pictures are. There is one kind.
    #[serde(deserialize_with = "strict_json::given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SharedMemoryBackend")]
    pub shared_memory_backend: Option<SharedMemoryBackend>,
    /// In what form the runner writes pictures. For the runner alone: a picture itself says what it is.
    #[serde(deserialize_with = "strict_json::given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ImageEncoding")]
    pub image_encoding: Option<ImageEncoding>,
    /// Defects that one NG keeps; the rest is cut with a warning.
    #[serde(deserialize_with = "strict_json::given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64", range(min = *MAX_DEFECTS.start(), max = *MAX_DEFECTS.end()))]
    pub max_defects: Option<u64>,
    /// Inspections whose sessions are remembered; the one that was used least recently goes.
    #[serde(deserialize_with = "strict_json::given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64", range(min = *MAX_SESSIONS.start(), max = *MAX_SESSIONS.end()))]
    pub max_sessions: Option<u64>,
    /// What concerns a whole station, for `procvision serve` alone.
    #[serde(deserialize_with = "strict_json::given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Map<String, Value>")]
    pub station: Option<Map<String, Value>>,
    /// Limits of the sandbox that are to be lower than the station's, such as `execute_fuel` and `memory_bytes`. Higher
    /// ones change nothing.
    #[serde(deserialize_with = "strict_json::given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "LimitRequest")]
    pub limits: Option<LimitRequest>,
}

/// A configuration, and what is odd about the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadRunnerConfig {
    /// What is set.
    pub config: RunnerConfig,
    /// Keys that nobody knows, one sentence for each.
    pub warnings: Vec<String>,
}

impl RunnerConfig {
    /// Reads a configuration.
    ///
    /// # Errors
    ///
    /// See [`RunnerConfigError`].
    pub fn read(path: &Path) -> Result<ReadRunnerConfig, RunnerConfigError> {
        let path_of = || path.to_owned();
        let text = bounded_file::read(path, RUNNER_CONFIG_BYTES).map_err(|error| match error {
            BoundedFileError::Missing(_) | BoundedFileError::NotAFile => RunnerConfigError::Missing(path_of()),
            BoundedFileError::TooLarge(_) => RunnerConfigError::TooLarge(path_of()),
            BoundedFileError::Io(source) => RunnerConfigError::Read {
                path: path_of(),
                source,
            },
        })?;
        Self::parse(&text, path)
    }

    /// Checks the text of a configuration; `path` is only named in errors.
    ///
    /// # Errors
    ///
    /// See [`RunnerConfigError`].
    pub fn parse(text: &[u8], path: &Path) -> Result<ReadRunnerConfig, RunnerConfigError> {
        let wrong = |mistakes| RunnerConfigError::Mistakes {
            path: path.to_owned(),
            mistakes,
        };
        let object = match strict_json::scan(text) {
            Ok(Value::Object(object)) => object,
            Ok(_) => return Err(wrong(vec![Mistake::new(".", "is no object")])),
            Err(ScanError::Twice(key)) => return Err(wrong(vec![Mistake::new(key, "stands twice")])),
            Err(ScanError::Syntax(source)) => {
                return Err(RunnerConfigError::Syntax {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        let Settings {
            value: config,
            mut mistakes,
            warnings,
        } = settings::read::<Self>(object, no_limit);
        mistakes.extend(config.out_of_range());
        match mistakes.is_empty() {
            true => Ok(ReadRunnerConfig { config, warnings }),
            false => Err(wrong(mistakes)),
        }
    }

    fn out_of_range(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        let numbers = [
            ("pre_execute_timeout_ms", self.pre_execute_timeout_ms, TIMEOUT_MS),
            ("execute_timeout_ms", self.execute_timeout_ms, TIMEOUT_MS),
            ("heartbeat_interval_ms", self.heartbeat_interval_ms, HEARTBEAT_MS),
            ("heartbeat_grace_ms", self.heartbeat_grace_ms, HEARTBEAT_MS),
            ("max_retries", self.max_retries, MAX_RETRIES),
            ("max_defects", self.max_defects, MAX_DEFECTS),
            ("max_sessions", self.max_sessions, MAX_SESSIONS),
        ];
        for (key, value, range) in numbers {
            if let Some(value) = value.filter(|value| !range.contains(value)) {
                let (least, most) = range.into_inner();
                mistakes.push(Mistake::new(key, format!("is {value}, but must be {least} to {most}")));
            }
        }
        let fields = self.save_debug_fields.as_ref().map_or(0, Vec::len);
        if fields > DEBUG_FIELDS {
            let reason = format!("has {fields} names; at most {DEBUG_FIELDS} are read");
            mistakes.push(Mistake::new("save_debug_fields", reason));
        }
        for (name, value) in self.limits.iter().flat_map(LimitRequest::asked) {
            if value == 0 {
                let reason = "is 0, which does not mean unlimited";
                mistakes.push(Mistake::new(format!("limits.{name}"), reason));
            }
        }
        mistakes
    }

    /// Lowers a station's ceiling to what is set, and its deadlines to less than the runner's patience, so that the
    /// sandbox ends a call before the runner ends the process.
    pub fn lower(&self, ceiling: &mut Limits) {
        let lowered = |present: u64, wanted: Option<u64>| wanted.map_or(present, |wanted| wanted.min(present));
        for (name, value) in self.limits.iter().flat_map(LimitRequest::asked) {
            let present = ceiling.get(name).unwrap_or(u64::MAX);
            ceiling.set(name, value.min(present));
        }
        let deadline = |timeout: Option<u64>| timeout.map(before);
        ceiling.pre_execute_deadline_ms =
            lowered(ceiling.pre_execute_deadline_ms, deadline(self.pre_execute_timeout_ms));
        ceiling.execute_deadline_ms = lowered(ceiling.execute_deadline_ms, deadline(self.execute_timeout_ms));
        ceiling.max_defects = lowered(ceiling.max_defects, self.max_defects);
    }
}

/// The deadline that comes before a runner's timeout: a tenth of a second earlier, but not by more than a tenth.
fn before(timeout_ms: u64) -> u64 {
    (timeout_ms - timeout_ms / 10).max(timeout_ms.saturating_sub(MARGIN_MS))
}

/// A limit that there is none of, in a configuration that has one key.
fn no_limit(piece: &Value) -> Option<Mistake> {
    let limits = piece.get("limits").and_then(Value::as_object)?;
    let name = limits.keys().find(|name| !LIMIT_NAMES.contains(&name.as_str()))?;
    let reason = match strict_json::nearest(name, LIMIT_NAMES.iter().copied()) {
        Some(nearest) => format!("is no limit; did you mean `{nearest}`?"),
        None => "is no limit; `procvision schema runner-config` lists them".to_owned(),
    };
    Some(Mistake::new(format!("limits.{name}"), reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(value: &Value) -> Result<ReadRunnerConfig, RunnerConfigError> {
        RunnerConfig::parse(value.to_string().as_bytes(), Path::new("runner_config.json"))
    }

    #[test]
    fn every_key_is_read() {
        let all = json!({
            "$schema": "runner-config.schema.json",
            "pre_execute_timeout_ms": 10_000, "execute_timeout_ms": 30_000, "heartbeat_interval_ms": 5_000,
            "heartbeat_grace_ms": 2_000, "max_retries": 2, "log_level": "debug",
            "save_debug_fields": ["latency_ms", "model_version"], "shared_memory_backend": "native",
            "image_encoding": "jpeg", "max_defects": 5, "max_sessions": 8,
            "limits": {"execute_fuel": 1_000_000, "memory_bytes": 1_000_000_000_000_u64},
        });
        let ReadRunnerConfig { config, warnings } = parse(&all).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        let mut ceiling = Limits::default_ceiling();
        let memory = ceiling.memory_bytes;
        config.lower(&mut ceiling);
        assert_eq!(
            (ceiling.pre_execute_deadline_ms, ceiling.execute_deadline_ms),
            (9_900, 29_900)
        );
        assert_eq!(
            (ceiling.execute_fuel, ceiling.memory_bytes, ceiling.max_defects),
            (1_000_000, memory, 5)
        );
        assert_eq!(parse(&json!({})).unwrap(), ReadRunnerConfig::default());
    }

    #[test]
    fn the_sandbox_ends_a_call_before_the_runner_does() {
        let deadlines = [10, 100, 500, 1_000, 30_000].map(before);
        assert_eq!(deadlines, [9, 90, 450, 900, 29_900]);
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let wrong = json!({
            "execute_timeout_ms": "30000", "pre_execute_timeout_ms": 0, "heartbeat_grace_ms": 2.5, "max_retries": -1,
            "log_level": "loud", "save_debug_fields": [1], "shared_memory_backend": "cuda", "max_defects": null,
            "limits": {"execute_fule": 1, "memory_bytes": "much", "tables": 0}, "colour": "blue",
        });
        let Err(RunnerConfigError::Mistakes { mistakes, .. }) = parse(&wrong) else {
            panic!("{wrong} is accepted")
        };
        let keys: Vec<&str> = mistakes.iter().map(|mistake| mistake.key.as_str()).collect();
        let expected = [
            "execute_timeout_ms",
            "heartbeat_grace_ms",
            "max_retries",
            "log_level",
            "save_debug_fields[0]",
            "shared_memory_backend",
            "max_defects",
            "limits.execute_fule",
            "limits.memory_bytes",
            "pre_execute_timeout_ms",
        ];
        assert_eq!(keys, expected);
        assert!(
            mistakes[7].reason.ends_with("did you mean `execute_fuel`?"),
            "{}",
            mistakes[7]
        );
        for wrong in ["[]", "{\"max_retries\": 1, \"max_retries\": 1}", "{", "7"] {
            assert!(
                RunnerConfig::parse(wrong.as_bytes(), Path::new("c")).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_key_that_nobody_knows_is_a_warning() {
        let odd = json!({"max_retrys": 3, "colour": "blue"});
        let ReadRunnerConfig { config, warnings } = parse(&odd).unwrap();
        assert_eq!(config, RunnerConfig::default());
        assert_eq!(
            warnings,
            [
                "nobody knows the key `max_retrys`; did you mean `max_retries`?",
                "nobody knows the key `colour`",
            ]
        );
    }
}
