//! What a process is asked.

use serde_json::{Map, Value};
use std::fmt;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Are the conditions right?
    PreExecute,
    /// Is the product good?
    Execute,
    /// The inspection begins anew: forget what the session holds.
    Reset,
}

impl Phase {
    /// The phase as stations name it: `pre_execute`, `execute`, `reset`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PreExecute => "pre_execute",
            Self::Execute => "execute",
            Self::Reset => "reset",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A picture by its identifier; its pixels never pass through here.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureRef {
    /// The identifier, such as that of a slot of a frame pool.
    pub id: String,
    /// `width`, `height`, `timestamp_ms`, `camera_id`, and what else the process is told about it.
    pub meta: Value,
}

/// One question about one step of an inspection.
///
/// As a frame it must have at most 16 MiB. `procvision adapter` reads at most 1 MiB, of which `context` may have 64
/// KiB, and answers a larger one with an error.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What is asked for.
    pub phase: Phase,
    /// Which step, from 1.
    pub step_index: u32,
    /// The product model. Version 0.3 is not told.
    pub pid: String,
    /// The inspection's identifier. Version 0.3 is not told.
    pub session: String,
    /// What the platform says of the inspection. Version 0.3 is not told.
    pub context: Map<String, Value>,
    /// Parameters by key. Version 0.3 is not told.
    pub params: Map<String, Value>,
    /// The picture that is judged. Only a reset needs none.
    pub picture: Option<PictureRef>,
    /// The picture of a good product. Version 0.3 needs one.
    pub guide: Option<PictureRef>,
    /// What the station calls the step.
    pub step_desc: Option<String>,
    /// Where the station expects things: a list of `{label, posList: [{x, y, width, height}]}`, or null.
    pub guides: Value,
}

impl Question {
    /// A question about `picture`, without parameters and context.
    pub fn new(phase: Phase, step_index: u32, pid: impl Into<String>, picture: PictureRef) -> Self {
        Self {
            picture: Some(picture),
            ..Self::bare(phase, step_index, pid.into())
        }
    }

    /// The request to forget what the inspection `session` has left behind.
    pub fn reset(pid: impl Into<String>, session: impl Into<String>) -> Self {
        Self {
            session: session.into(),
            ..Self::bare(Phase::Reset, 1, pid.into())
        }
    }

    fn bare(phase: Phase, step_index: u32, pid: String) -> Self {
        Self {
            phase,
            step_index,
            pid,
            session: String::new(),
            context: Map::new(),
            params: Map::new(),
            picture: None,
            guide: None,
            step_desc: None,
            guides: Value::Null,
        }
    }
}
