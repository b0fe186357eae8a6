//! How a step ended, as the host reports it: an answer that was checked, or a failure; what it cost; what was logged.

use crate::failure::Failure;
use crate::frame::Rect;
use crate::logs::Logs;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Which question was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Are the conditions right?
    PreExecute,
    /// Is the product good?
    Execute,
}

impl Phase {
    /// The phase's name, `pre_execute` or `execute`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PreExecute => "pre_execute",
            Self::Execute => "execute",
        }
    }
}

/// Something seen in the picture. The area lies inside the primary picture; the score is 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// Where.
    #[serde(flatten)]
    pub area: Rect,
    /// What.
    pub label: String,
    /// How sure the algorithm is, 0 to 1.
    pub score: f64,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// `pre_execute`: conditions are right.
    Ready {
        /// What the algorithm adds for the operator.
        message: Option<String>,
        /// Areas worth showing.
        calibration_rects: Vec<Finding>,
    },
    /// `pre_execute`: conditions are not right. Says nothing about the product.
    NotReady {
        /// What is wrong.
        message: String,
        /// Areas worth showing.
        calibration_rects: Vec<Finding>,
    },
    /// `execute`: the product is good.
    Ok {
        /// What the algorithm adds for the operator.
        message: Option<String>,
        /// Things found where they belong.
        position_rects: Vec<Finding>,
    },
    /// `execute`: the product is not good.
    Ng {
        /// Why.
        reason: String,
        /// Where.
        defect_rects: Vec<Finding>,
        /// What the algorithm adds for the operator.
        message: Option<String>,
        /// Things found where they belong.
        position_rects: Vec<Finding>,
    },
    /// There is no answer.
    Failed(Failure),
}

impl Outcome {
    /// One word: `ready`, `not_ready`, `ok`, `ng` or `failed`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Ready { .. } => "ready",
            Self::NotReady { .. } => "not_ready",
            Self::Ok { .. } => "ok",
            Self::Ng { .. } => "ng",
            Self::Failed(_) => "failed",
        }
    }

    /// The protocol's verdict, `OK` or `NG`, if there is one.
    pub const fn verdict(&self) -> Option<&'static str> {
        match self {
            Self::Ok { .. } => Some("OK"),
            Self::Ng { .. } => Some("NG"),
            _ => None,
        }
    }

    /// The failure, if it is one.
    pub const fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            _ => None,
        }
    }

    /// The result in the runner protocol's shape: `status`, `message`, `error_code` and `data`.
    ///
    /// Conditions that are not right are an ERROR with a message and without a code: nothing failed, but the step must
    /// not go on.
    pub fn to_protocol(&self) -> Value {
        match self {
            Self::Ready {
                message,
                calibration_rects,
            } => json!({
                "status": "OK",
                "message": message.as_deref().unwrap_or(""),
                "data": { "calibration_rects": calibration_rects },
            }),
            Self::NotReady {
                message,
                calibration_rects,
            } => json!({
                "status": "ERROR",
                "message": message,
                "data": { "calibration_rects": calibration_rects },
            }),
            Self::Ok {
                message,
                position_rects,
            } => json!({
                "status": "OK",
                "message": message.as_deref().unwrap_or(""),
                "data": {
                    "result_status": "OK", "ng_reason": null, "defect_rects": [], "position_rects": position_rects,
                },
            }),
            Self::Ng {
                reason,
                defect_rects,
                message,
                position_rects,
            } => json!({
                "status": "OK",
                "message": message.as_deref().unwrap_or(""),
                "data": {
                    "result_status": "NG",
                    "ng_reason": reason,
                    "defect_rects": defect_rects,
                    "position_rects": position_rects,
                },
            }),
            Self::Failed(failure) => json!({
                "status": "ERROR",
                "message": failure.message,
                "error_code": failure.code,
                "data": {},
            }),
        }
    }
}

/// What a step cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// From the checked request to the checked answer, hooks included.
    pub wall: Duration,
    /// Fuel burnt, hooks included.
    pub fuel: u64,
    /// Most linear memory the instance has had so far, in bytes.
    pub peak_memory_bytes: u64,
}

/// Something a person should know although the step has an outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// What it is about, such as `message_too_long`.
    pub kind: &'static str,
    /// One sentence.
    pub message: String,
}

/// How an algorithm got at the pixels of the picture that is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PictureAccess {
    /// They were laid over its memory.
    pub mapped: bool,
    /// They were copied into its memory, all or some of them.
    pub copied: bool,
}

impl PictureAccess {
    /// One word: `map`, `copy`, `map_and_copy`, or `none` if it did not look.
    pub const fn as_str(self) -> &'static str {
        match (self.mapped, self.copied) {
            (true, false) => "map",
            (false, true) => "copy",
            (true, true) => "map_and_copy",
            (false, false) => "none",
        }
    }
}

/// Everything about one step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReport {
    /// Which question was asked.
    pub phase: Phase,
    /// How it ended.
    pub outcome: Outcome,
    /// What else a person should know.
    pub warnings: Vec<Warning>,
    /// What it cost.
    pub usage: Usage,
    /// What the algorithm logged and printed.
    pub logs: Logs,
    /// What the algorithm published: the protocol's `debug`.
    pub diagnostics: Map<String, Value>,
    /// How it got at the pixels.
    pub picture: PictureAccess,
    /// Whether the instance was given up after this step; the next call starts a fresh one.
    pub instance_replaced: bool,
}
