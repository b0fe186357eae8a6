//! How a worker is doing.

use crate::error::Failure;
use crate::message::Hello;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// What a worker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// A process is started, and cannot be asked yet.
    Starting,
    /// It can be asked.
    Ready,
    /// It is asked.
    Executing,
    /// There is none: the last one failed, and the next start waits.
    Waiting,
    /// There is none, and none is started until the worker is revived: too many failed in a row.
    Alarmed,
    /// There is none: somebody stopped the worker.
    Stopped,
}

impl State {
    /// As it is written in JSON: `starting`, `ready`, `executing`, `waiting`, `alarmed`, `stopped`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Executing => "executing",
            Self::Waiting => "waiting",
            Self::Alarmed => "alarmed",
            Self::Stopped => "stopped",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a worker is doing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// What it does.
    pub state: State,
    /// Since when.
    pub since: SystemTime,
    /// The process's number while there is one.
    pub process: Option<u32>,
    /// How often a process took the place of one that failed, since the worker was made.
    pub restarts: u32,
    /// How often in a row; 0 after an answer that shows that the algorithm works.
    pub in_a_row: u32,
    /// Why the last process that failed did so; stays when the next one works.
    pub last_failure: Option<Failure>,
    /// What the present process, or the last one, said of itself.
    pub hello: Option<Arc<Hello>>,
    /// What the present process, or the last one, said of its algorithm; null with version 0.3. Nothing until a process
    /// was ready for the first time.
    pub info: Option<Arc<Value>>,
}

impl Status {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Starting,
            since: SystemTime::now(),
            process: None,
            restarts: 0,
            in_a_row: 0,
            last_failure: None,
            hello: None,
            info: None,
        }
    }
}
