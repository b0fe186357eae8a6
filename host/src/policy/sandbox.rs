//! What a running algorithm sees of the world. About the sandbox: clocks, randomness, imports, and which log lines are
//! kept. About pictures: what happens if one cannot be had.

use super::imports::ImportRules;
use crate::logs::Level;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// What an algorithm sees when it asks for the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum ClockPolicy {
    /// The station's clocks at full resolution.
    Real,
    /// The station's clocks cut to milliseconds: enough for time stamps, too coarse to measure caches with.
    #[default]
    Coarse,
    /// Always the same instant, so that the same input gives the same answer.
    Deterministic,
}

/// What an algorithm sees when it asks for random numbers.
///
/// There is no coarse kind, as clocks have one: leaving out digits makes a clock too blunt to measure with, but a
/// random number with fewer digits is as random as before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum RandomPolicy {
    /// The system's generator.
    Real,
    /// The same sequence in every instance, so that a verdict can be reproduced. Inspection needs no secrets.
    #[default]
    Deterministic,
}

impl<'de> Deserialize<'de> for RandomPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "real" => Ok(Self::Real),
            "deterministic" => Ok(Self::Deterministic),
            "coarse" => Err(D::Error::custom(
                "random numbers cannot be coarse: fewer digits are no less random; use `real` or `deterministic`",
            )),
            other => Err(D::Error::unknown_variant(other, &["real", "deterministic"])),
        }
    }
}

/// A station's decisions about the sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SandboxPolicy {
    /// What `wasi:clocks` answers.
    pub clocks: ClockPolicy,
    /// What `wasi:random` answers.
    pub random: RandomPolicy,
    /// Which imports a component may have.
    pub imports: ImportRules,
    /// The most detailed log level that is kept.
    pub log_level: Level,
    /// Traps in a row after which an algorithm is quarantined.
    pub quarantine_after: u32,
    /// Whether a trap's backtrace names lines, if the component carries line tables. Reading them is work for the host
    /// that the component decides about, so this is for components that somebody built here; functions are always
    /// named, and a panic always says its line itself.
    pub line_tables: bool,
}

impl Default for SandboxPolicy {
    fn default() -> Self {
        Self {
            clocks: ClockPolicy::default(),
            random: RandomPolicy::default(),
            imports: ImportRules::default(),
            log_level: Level::Info,
            quarantine_after: 3,
            line_tables: false,
        }
    }
}

/// What happens to a step whose picture cannot be had: its identifier is unknown, or its bytes are no picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum PicturePolicy {
    /// The step fails with 1002.
    #[default]
    Strict,
    /// The algorithm is shown a black picture of the size that was announced, and the answer carries a warning that says
    /// so. It may well be a verdict on a product that nobody has seen; this is for stations whose platform relies on it.
    /// A picture whose size is unknown, zero or too large fails with 1002 all the same.
    ZeroFill,
}

impl PicturePolicy {
    /// The policy as it is written in configurations: `strict` or `zero-fill`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::ZeroFill => "zero-fill",
        }
    }
}
