//! What a station's people set: the keys of `runner_config.json` that concern every algorithm, and under `station` those that
//! concern the station. Checked whole before anything starts.

mod error;
mod values;

pub use error::ConfigError;
pub use values::{
    CommandConfig, Dialect, LineConfig, PhaseName, ResultsConfig, Role, SourceConfig, ThumbnailPolicy, TokenConfig,
    WhichPictures,
};

use procvision_host::manifest::is_pid;
use procvision_host::runner_config::{Mistake, RunnerConfig};
use procvision_host::strict_json::settings::{self, Settings};
use procvision_host::visible;
use schemars::JsonSchema;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The most workers of one product model.
const MOST_WORKERS: u64 = 64;
/// The most questions that may wait for one product model.
const MOST_WAITING: u64 = 10_000;
/// The most characters of the name of a token.
const MOST_NAME: usize = 64;
/// The most bytes of a picture that is uploaded.
const MOST_UPLOAD_BYTES: u64 = 1 << 30;

/// What concerns the station, under `station` in its configuration. Every key can be left out.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StationConfig {
    /// What people call the station.
    pub name: String,
    /// Processes that judge one product model, each with its own instance of the algorithm.
    #[schemars(range(min = 1, max = MOST_WORKERS))]
    pub workers: u64,
    /// Questions that may wait for a product model; one more is refused.
    #[schemars(range(min = 1, max = MOST_WAITING))]
    pub queue: u64,
    /// The most bytes of a picture that is uploaded.
    #[schemars(range(min = 1, max = MOST_UPLOAD_BYTES))]
    pub upload_bytes: u64,
    /// What is kept of what was judged.
    pub results: ResultsConfig,
    /// Where pictures come from, by the name that clients use for it.
    pub sources: BTreeMap<String, SourceConfig>,
    /// What is judged whenever there is a new picture, by name.
    pub lines: BTreeMap<String, LineConfig>,
    /// Product models that another program judges, which speaks the runner protocol.
    pub commands: BTreeMap<String, CommandConfig>,
    /// Who may do what. Without any, everybody of this machine may do everything, and nobody else anything.
    pub tokens: Vec<TokenConfig>,
    /// Names under which the station is reached, besides those of this machine's loopback.
    pub hosts: Vec<String>,
}

/// Whether a text is there, is not too long, and has nothing that cannot be seen.
fn is_printable(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count()) && matches!(visible::line(text), Cow::Borrowed(_))
}

impl Default for StationConfig {
    fn default() -> Self {
        Self {
            name: "station".to_owned(),
            workers: 1,
            queue: 32,
            upload_bytes: 64 << 20,
            results: ResultsConfig::default(),
            sources: BTreeMap::new(),
            lines: BTreeMap::new(),
            commands: BTreeMap::new(),
            tokens: Vec::new(),
            hosts: Vec::new(),
        }
    }
}

/// A configuration that was checked.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Where it was read, if it was. Algorithms' processes read it themselves.
    pub path: Option<PathBuf>,
    /// What holds for every algorithm.
    pub runner: RunnerConfig,
    /// What holds for the station.
    pub station: StationConfig,
    /// What is odd, one sentence each.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads a configuration and checks all of it.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Runner`] if the file cannot be read or its keys for algorithms cannot be used;
    /// [`ConfigError::Mistakes`] with everything that is wrong under `station`.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let read = RunnerConfig::read(path)?;
        let mut config = Self {
            path: Some(path.to_owned()),
            runner: read.config,
            warnings: read.warnings,
            ..Self::default()
        };
        let Some(object) = config.runner.station.take() else {
            return Ok(config);
        };
        let Settings {
            value,
            mut mistakes,
            warnings,
        } = settings::read::<StationConfig>(object, |_| None);
        mistakes.extend(value.mistakes());
        if !mistakes.is_empty() {
            for mistake in &mut mistakes {
                mistake.key.insert_str(0, "station.");
            }
            return Err(ConfigError::Mistakes {
                path: path.to_owned(),
                mistakes,
            });
        }
        config.station = value;
        config.warnings.extend(warnings);
        Ok(config)
    }
}

impl StationConfig {
    fn mistakes(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        let numbers = [
            ("workers", self.workers, MOST_WORKERS),
            ("queue", self.queue, MOST_WAITING),
            ("upload_bytes", self.upload_bytes, MOST_UPLOAD_BYTES),
        ];
        for (key, value, most) in numbers {
            if !(1..=most).contains(&value) {
                mistakes.push(Mistake::new(key, format!("is {value}, but must be 1 to {most}")));
            }
        }
        mistakes.extend(self.results.mistakes());
        for name in self.sources.keys().chain(self.lines.keys()) {
            if !values::is_name(name) {
                let reason = "is no name: 1 to 32 lower-case letters, digits, `-` and `_`, the first a letter or digit";
                mistakes.push(Mistake::new(name.as_str(), reason));
            }
        }
        for (name, source) in &self.sources {
            mistakes.extend(source.mistake(&format!("sources.{name}")));
        }
        for (name, line) in &self.lines {
            let key = format!("lines.{name}");
            for (what, source) in [("source", Some(&line.source)), ("guide", line.guide.as_ref())] {
                if let Some(source) = source.filter(|source| !self.sources.contains_key(*source)) {
                    let reason = format!("is `{source}`, which is not among `sources`");
                    mistakes.push(Mistake::new(format!("{key}.{what}"), reason));
                }
            }
            mistakes.extend(line.mistakes(&key));
        }
        for (pid, command) in &self.commands {
            if !is_pid(pid) {
                mistakes.push(Mistake::new(format!("commands.{pid}"), values::NO_PID));
            }
            if command.command.is_empty() {
                let reason = "is empty; the first text is the program, the others its arguments";
                mistakes.push(Mistake::new(format!("commands.{pid}.command"), reason));
            }
        }
        for (place, token) in self.tokens.iter().enumerate() {
            let key = format!("tokens[{place}]");
            if token.digest().is_none() {
                let reason = "is no SHA-256 in 64 hexadecimal digits; `procvision serve token` makes one";
                mistakes.push(Mistake::new(format!("{key}.sha256"), reason));
            }
            if self.tokens[..place].iter().any(|other| other.name == token.name) {
                mistakes.push(Mistake::new(format!("{key}.name"), "is there twice"));
            }
            if !is_printable(&token.name, MOST_NAME) {
                let reason = format!("must have 1 to {MOST_NAME} characters that can be printed");
                mistakes.push(Mistake::new(format!("{key}.name"), reason));
            }
        }
        for (place, host) in self.hosts.iter().enumerate() {
            if !values::is_host(host) {
                let reason = format!("is `{host}`, but must be a name or an address alone; IPv6 in brackets");
                mistakes.push(Mistake::new(format!("hosts[{place}]"), reason));
            }
        }
        mistakes
    }
}
