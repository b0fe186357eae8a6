//! The parts of a station's configuration.

use procvision_host::manifest::is_pid;
use procvision_host::pool::PoolName;
use procvision_host::runner_config::Mistake;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::path::PathBuf;

/// The most days that results are kept for.
const MOST_DAYS: u64 = 36_500;

/// Whether this can be the name of a source or a line; the same names that pools have.
pub(super) fn is_name(name: &str) -> bool {
    name.parse::<PoolName>().is_ok()
}

/// What is said of something that is no product model.
pub(super) const NO_PID: &str = "is no product model: 1 to 64 letters, digits, `-`, `_` or `.`";

/// Whether this can be the name by which somebody reaches the station: without scheme, port or path.
pub(super) fn is_host(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match address {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        }
    }
}

/// What is kept of what was judged.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ResultsConfig {
    /// After so many days a result goes; `null` is never.
    pub max_age_days: Option<u64>,
    /// When all results take more bytes, the oldest go; `null` is never.
    pub max_bytes: Option<u64>,
    /// Of which results a small picture is kept.
    pub thumbnails: ThumbnailPolicy,
}

impl Default for ResultsConfig {
    /// A quarter of a year, 20 GiB, pictures of what was not good.
    fn default() -> Self {
        Self {
            max_age_days: Some(90),
            max_bytes: Some(20 << 30),
            thumbnails: ThumbnailPolicy::NotGood,
        }
    }
}

impl ResultsConfig {
    pub(super) fn mistakes(&self) -> impl Iterator<Item = Mistake> {
        let days = self.max_age_days.filter(|days| !(1..=MOST_DAYS).contains(days));
        let days = days.map(|days| {
            let reason = format!("is {days}, but must be 1 to {MOST_DAYS}, or null to keep everything");
            Mistake::new("results.max_age_days", reason)
        });
        let bytes = self.max_bytes.filter(|bytes| *bytes < 1 << 20);
        let bytes = bytes.map(|bytes| {
            let reason = format!("is {bytes}, but must be at least 1048576, or null to keep everything");
            Mistake::new("results.max_bytes", reason)
        });
        days.into_iter().chain(bytes)
    }
}

/// Of which results a small picture is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ThumbnailPolicy {
    /// Of none.
    None,
    /// Of those that are NG or failed.
    NotGood,
    /// Of all.
    All,
}

/// Where pictures come from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceConfig {
    /// The newest picture of a frame pool.
    Pool(String),
    /// A file with a picture, read anew each time.
    File(PathBuf),
}

impl SourceConfig {
    pub(super) fn mistake(&self, key: &str) -> Option<Mistake> {
        match self {
            Self::Pool(pool) if pool.parse::<PoolName>().is_err() => Some(Mistake::new(
                format!("{key}.pool"),
                format!("is `{pool}`, which is no name of a pool"),
            )),
            Self::File(path) if !path.is_absolute() => {
                Some(Mistake::new(format!("{key}.file"), "must begin at the root: `/...`"))
            }
            Self::Pool(_) | Self::File(_) => None,
        }
    }
}

/// A question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PhaseName {
    /// Are the conditions right?
    PreExecute,
    /// Is the product good?
    Execute,
}

/// What is judged whenever there is a new picture: an inspection of one step.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineConfig {
    /// The product model.
    pub pid: String,
    /// Whose pictures are judged.
    pub source: String,
    /// Which of its pictures, where it is a pool.
    #[serde(default)]
    pub pictures: WhichPictures,
    /// The step of the algorithm, from 1.
    #[serde(default = "first")]
    #[schemars(range(min = 1))]
    pub step_index: u32,
    /// What is asked, in this order; what is not ready is not asked the second.
    #[serde(default = "execute")]
    pub phases: Vec<PhaseName>,
    /// Parameters of the step.
    #[serde(default)]
    pub params: Map<String, Value>,
    /// Whose picture the algorithm gets as the reference `guide`.
    #[serde(default)]
    pub guide: Option<String>,
    /// Whether it begins when the station does.
    #[serde(default = "yes")]
    pub start: bool,
}

impl LineConfig {
    pub(super) fn mistakes(&self, key: &str) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        if !is_pid(&self.pid) {
            mistakes.push(Mistake::new(format!("{key}.pid"), NO_PID));
        }
        if self.step_index == 0 {
            mistakes.push(Mistake::new(
                format!("{key}.step_index"),
                "is 0, and steps are counted from 1",
            ));
        }
        let reason = match self.phases[..] {
            [] => "is empty; leave it out to ask `execute`",
            [_] => return mistakes,
            [one, other] if one != other => return mistakes,
            _ => "names a phase twice",
        };
        mistakes.push(Mistake::new(format!("{key}.phases"), reason));
        mistakes
    }
}

/// Which pictures of a pool a line judges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhichPictures {
    /// Each one, in the order of publishing, as long as it is there when its turn comes.
    #[default]
    Every,
    /// Whichever is the newest when the last one is judged.
    Newest,
}

fn first() -> u32 {
    1
}

fn execute() -> Vec<PhaseName> {
    vec![PhaseName::Execute]
}

fn yes() -> bool {
    true
}

/// Another program that judges a product model.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandConfig {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The folder that it is started in.
    #[serde(default)]
    pub folder: Option<PathBuf>,
    /// What is added to its environment, which is otherwise that of the station.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Which version of the protocol it speaks.
    #[serde(default)]
    pub dialect: Dialect,
}

/// A version of the runner protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Dialect {
    /// Phases, one picture.
    #[default]
    #[serde(rename = "0.2")]
    V2,
    /// `execute` only, a current and a guide picture.
    #[serde(rename = "0.3")]
    V3,
}

/// Somebody who may do something.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenConfig {
    /// Who it is, for the audit log.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The SHA-256 of the token's text, in hexadecimal digits. The token itself is written nowhere.
    pub sha256: String,
}

impl TokenConfig {
    /// The digest.
    pub fn digest(&self) -> Option<[u8; 32]> {
        let mut digest = [0; 32];
        if self.sha256.len() != 64 || !self.sha256.is_ascii() {
            return None;
        }
        for (byte, place) in digest.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&self.sha256[place..place + 2], 16).ok()?;
        }
        Some(digest)
    }
}

/// What somebody may do; each may do what those before may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look.
    View,
    /// Judge products, start and stop.
    Operate,
    /// Change what judges.
    Manage,
}

impl Role {
    /// As it is written in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Operate => "operate",
            Self::Manage => "manage",
        }
    }
}

impl TokenConfig {
    /// A new token, and what the configuration says of it.
    ///
    /// # Errors
    ///
    /// If the system has no random numbers.
    pub fn generate(name: &str, role: Role) -> Result<(String, Self), getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        let token = format!("pv-{}", hexadecimal(&bytes));
        let config = Self {
            name: name.to_owned(),
            role,
            sha256: hexadecimal(&Sha256::digest(token.as_bytes())),
        };
        Ok((token, config))
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
