//! What is recorded: one result for each question of a step. The keys of its JSON are those of the HTTP interface.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

/// Most bytes of a result: all its texts, with lists and objects as JSON.
pub const RESULT_BYTES: usize = 1 << 20;
/// Most bytes of a thumbnail.
pub const THUMBNAIL_BYTES: usize = 256 << 10;
/// Most bytes of a request id.
pub const REQUEST_ID_BYTES: usize = 256;

/// The number of a stored result, from 1. Later results have higher numbers; a number is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RowId(pub i64);

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for RowId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Whether the conditions are right. This is never a verdict.
    PreExecute,
    /// Whether the product is good.
    Execute,
}

impl Phase {
    /// Both.
    pub const ALL: [Self; 2] = [Self::PreExecute, Self::Execute];

    /// As it is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreExecute => "pre_execute",
            Self::Execute => "execute",
        }
    }

    pub(crate) fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == text)
    }
}

/// What a question brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// Good; of `pre_execute`, the conditions are right.
    #[serde(rename = "OK")]
    Ok,
    /// Not good.
    #[serde(rename = "NG")]
    Ng,
    /// There is no verdict, and why is known.
    #[serde(rename = "FAILED")]
    Failed,
}

impl Outcome {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Ok, Self::Ng, Self::Failed];

    /// As it is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Ng => "NG",
            Self::Failed => "FAILED",
        }
    }

    pub(crate) fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// The picture that was judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Where it came from, in words of the station.
    pub source: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// What its bytes were, such as `jpeg`.
    pub format: String,
    /// When it was taken, in milliseconds since 1970, if its camera has said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_ms: Option<u64>,
    /// Its place in the order in which the pictures of its pool were published, if a line has followed them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// Microseconds from its publication until the algorithm was asked, if a line has followed the pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_us: Option<u64>,
}

/// A result to be recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewResult {
    /// When it was judged: milliseconds since 1970, at most 2^63 - 1.
    pub at_ms: u64,
    /// The inspection it belongs to.
    pub inspection: String,
    /// What tells it from all others: recording it again brings the same row. 1 to [`REQUEST_ID_BYTES`] bytes.
    pub request_id: String,
    /// The product model.
    pub pid: String,
    /// The algorithm that judged.
    pub algorithm: String,
    /// Its version.
    pub version: String,
    /// The digest of its package.
    pub digest: String,
    /// The line that triggered it, if nobody asked for it.
    pub line: Option<String>,
    /// The step, from 1.
    pub step_index: u32,
    /// What was asked.
    pub phase: Phase,
    /// What it brought.
    pub outcome: Outcome,
    /// The code of a failure.
    pub error_code: Option<String>,
    /// What the algorithm, or the station in its place, said.
    pub message: String,
    /// Why the product is not good.
    pub ng_reason: Option<String>,
    /// Where the product is not good: the rects as the algorithm gave them.
    pub defects: Vec<Value>,
    /// The picture, if there was one.
    pub picture: Option<Picture>,
    /// The parameters the question was asked with.
    pub params: Map<String, Value>,
    /// What else the algorithm published.
    pub debug: Map<String, Value>,
    /// How often the algorithm was asked; 0 if it never was.
    pub attempts: u32,
    /// Microseconds until the algorithm was asked, at most 2^63 - 1.
    pub waited_us: u64,
    /// Microseconds that the algorithm took, at most 2^63 - 1.
    pub took_us: u64,
    /// What the platform said of the inspection.
    pub context: Map<String, Value>,
}

/// A result as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredResult {
    /// Its number.
    pub id: RowId,
    /// What was recorded; its keys stand beside `id`.
    #[serde(flatten)]
    pub result: NewResult,
    /// Whether a thumbnail of the picture is kept.
    pub has_thumbnail: bool,
}
