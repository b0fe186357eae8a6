//! The runner protocol: frames on a pair of pipes, what a runner asks, and how it is answered. Knows no algorithm and
//! does no input or output; [`crate::adapter`] does.
//!
//! A frame is four bytes of length, most significant first, and that many bytes of JSON. `docs/protocol.md` is the
//! contract.

mod call;
mod error;
mod fields;
mod framing;
mod reply;
mod request;
mod request_id;

pub use call::{CallRequest, InspectionRequest, Phase, PictureRequest, Pictures};
pub use error::RequestError;
pub use framing::{Decoder, FRAME_BYTES, Incoming, SKIPPED_BYTES};
pub use reply::{CAPABILITIES, Reply, Status, StepAnswer, now_ms};
pub use request::{Refusal, Request, RunnerHello};
pub use request_id::{REQUEST_ID_BYTES, RequestId};

/// Most bytes of a session's identifier.
pub const SESSION_ID_BYTES: usize = 256;
