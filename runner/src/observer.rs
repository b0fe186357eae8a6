//! What happens to a worker, for whoever shows it.

use crate::error::{AlarmKind, Failure};
use crate::log::LogLine;
use crate::status::State;
use crate::worker::WorkerId;
use std::fmt;

/// Is told what happens to workers.
pub trait Observer: Send + Sync + 'static {
    /// Something happened. Called by the worker's task, in order: whoever waits here delays the worker, and whoever
    /// panics ends it.
    fn event(&self, worker: &WorkerId, event: Event);
}

/// An observer that looks away.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _worker: &WorkerId, _event: Event) {}
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The worker is in another state, and why, if there is something to say.
    State(State, Option<String>),
    /// The process wrote a line to its log, or the runner has something to say about the process.
    Log(LogLine),
    /// A process is started in the place of one that failed.
    Restarted {
        /// The how many-th in a row, from 1.
        in_a_row: u32,
    },
    /// One failure too many in a row: the worker does nothing until it is revived.
    Alarm {
        /// What the last failure was, for programs.
        kind: AlarmKind,
        /// What it was, in one sentence.
        message: String,
    },
    /// The process was sent a signal.
    Killed {
        /// Why.
        why: KillReason,
        /// Which.
        signal: KillSignal,
    },
}

/// Why a process is sent a signal.
#[derive(Clone, Debug)]
pub enum KillReason {
    /// It failed, and cannot be relied on.
    Failed(Failure),
    /// It was told to end, and did not in time.
    DidNotEnd,
}

impl fmt::Display for KillReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(failure) => failure.fmt(f),
            Self::DidNotEnd => f.write_str("did not end in time"),
        }
    }
}

/// How a process is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KillSignal {
    /// SIGTERM, which it may answer by ending in order.
    Terminate,
    /// SIGKILL.
    Kill,
}
