//! What can be wrong with a request. All of it has the protocol's code 1000.

use super::request_id::REQUEST_ID_BYTES;
use super::{FRAME_BYTES, SKIPPED_BYTES};
use crate::limits::CONTEXT_BYTES;
use crate::visible;

/// Most characters of what a runner wrote that a message shows.
const SHOWN: usize = 100;

/// Why a frame is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// Its length is zero.
    #[error("a frame of length 0")]
    Empty,
    /// It is longer than what is read.
    #[error("a frame of {0} bytes; at most {FRAME_BYTES} are read")]
    TooLarge(u32),
    /// Its length is no length.
    #[error(
        "a frame of {0} bytes, which is more than the {SKIPPED_BYTES} that could be skipped; reading goes on behind the length"
    )]
    NoLength(u32),
    /// What the platform says of the inspection is more than algorithms are told.
    #[error("`session.context` has {0} bytes of at most {CONTEXT_BYTES}")]
    Context(usize),
    /// It is not UTF-8.
    #[error("the frame is not UTF-8")]
    NotUtf8,
    /// It is not JSON that can be read: nested too deep and numbers beyond all floats included.
    #[error("the frame is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// A key stands twice in one object.
    #[error("key `{}` stands twice", shown(.0))]
    Twice(String),
    /// It is something else than an object.
    #[error("the frame is not a JSON object")]
    NotAnObject,
    /// `type` names nothing that a runner sends.
    #[error("`type` is `{}`; known are call, hello, ping, shutdown", shown(.0))]
    UnknownType(String),
    /// The phase, or the method, is none.
    #[error("`{key}` is `{}`; known are {known}", shown(phase))]
    UnknownPhase {
        /// `phase` or `method`.
        key: &'static str,
        /// What it is.
        phase: String,
        /// What it can be.
        known: &'static str,
    },
    /// `phase` and `method` name different questions.
    #[error("`phase` and `method` disagree")]
    TwoPhases,
    /// The pictures of both versions of the protocol are named.
    #[error("`shared_mem_id` and `cur_image_shm_id` exclude each other")]
    TwoPictures,
    /// The request cannot be told from others.
    #[error("`request_id` must be a text of at most {REQUEST_ID_BYTES} bytes, or a number that can be echoed exactly")]
    RequestId,
    /// A key that must be there is not.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A value has the wrong type or range.
    #[error("`{key}` must be {expected}")]
    Wrong {
        /// Which one, with those around it.
        key: String,
        /// What it must be.
        expected: &'static str,
    },
}

impl RequestError {
    pub(super) fn wrong(key: impl Into<String>, expected: &'static str) -> Self {
        Self::Wrong {
            key: key.into(),
            expected,
        }
    }
}

/// The beginning of what a runner wrote, without anything that steers a terminal.
fn shown(text: &str) -> String {
    visible::shortened(text, SHOWN).into_owned()
}
