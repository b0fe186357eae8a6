//! The runner's side of the ProcVision protocol: starts an algorithm's process, speaks with it over its pipes and
//! supervises it.
//!
//! A [`Worker`] is one process and whatever takes its place when it fails. [`Worker::start`] starts it,
//! [`Worker::warm`] waits until it can be asked, [`Worker::ask`] asks, [`Worker::stop`] ends it. Everything about one
//! worker is done by one task, which owns the process, its pipes and the questions that wait; the handle only sends to
//! it.
//!
//! What is started may be any program that speaks the protocol: nothing here knows how it judges.
//!
//! | file | what it is about |
//! | --- | --- |
//! | `launch.rs` | how a process is started, and what it understands |
//! | `supervision.rs` | every limit, with its default |
//! | `question.rs`, `outcome.rs` | what is asked, and what comes of it |
//! | `observer.rs`, `status.rs`, `log.rs` | what is told about a worker |
//! | `error.rs` | why a process was given up |
//! | `wire.rs`, `lines.rs`, `message.rs` | bytes to frames, bytes to lines, frames to messages |
//! | `worker.rs` | the handle; below it the task, the process, the heartbeat |

mod error;
mod excerpt;
mod launch;
mod lines;
mod log;
mod message;
mod observer;
mod outcome;
mod question;
mod status;
mod supervision;
mod wire;
mod worker;

pub use error::{AlarmKind, Failure, ProtocolError, StartError, Told};
pub use launch::{Dialect, Launch};
pub use log::{Level, LogLine, Origin};
pub use message::Hello;
pub use observer::{Event, KillReason, KillSignal, Observer, Silent};
pub use outcome::{Answer, AnswerStatus, FailureKind, Outcome};
pub use question::{Phase, PictureRef, Question};
pub use status::{State, Status};
pub use supervision::Supervision;
pub use worker::{Worker, WorkerId};
