//! Why a process was given up.

use crate::excerpt::excerpt;
use crate::outcome::FailureKind;
use crate::question::Phase;
use crate::wire::FRAME_BYTES;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

/// Why a worker is not ready.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StartError {
    /// The process failed before it could be asked.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The worker was stopped.
    #[error("the worker was stopped; revive it to start it anew")]
    Stopped,
}

/// Why a process was given up. The texts are sentences about the process; what it wrote itself is shortened to one
/// line.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// It could not be started.
    #[error("cannot be started: {}: {source}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the system says.
        source: Arc<io::Error>,
    },
    /// It said no hello.
    #[error("said no hello within {0:?}; is it a program that speaks the runner protocol?")]
    NoHello(Duration),
    /// It said hello, and then did not load its algorithm in time.
    #[error("did not load its algorithm within {0:?}")]
    NotWarm(Duration),
    /// It said that it cannot serve.
    #[error("cannot serve: {0}")]
    Refused(Told),
    /// It ended, although nobody had asked it to.
    #[error("ended by itself ({}){}", how(*status), last_words(told.as_ref(), last_line.as_deref()))]
    Ended {
        /// How, if the system tells.
        status: Option<ExitStatus>,
        /// What it had said about it to the runner.
        told: Option<Told>,
        /// What the last line says that it wrote to stderr.
        last_line: Option<String>,
    },
    /// It did not react to pings.
    #[error("did not answer two pings in a row, each within {0:?}")]
    Hung(Duration),
    /// A question took too long.
    #[error("did not answer {phase} within {limit:?}")]
    TimedOut {
        /// What was asked.
        phase: Phase,
        /// How long it could have taken.
        limit: Duration,
    },
    /// It wrote something that is not the protocol.
    #[error("broke the protocol: {0}")]
    Protocol(#[from] ProtocolError),
}

impl Failure {
    /// The failure in a word.
    pub const fn kind(&self) -> AlarmKind {
        match self {
            Self::Spawn { .. } => AlarmKind::CannotStart,
            Self::NoHello(_) | Self::NotWarm(_) => AlarmKind::StartTimedOut,
            Self::Refused(_) | Self::Ended { told: Some(_), .. } => AlarmKind::Refused,
            Self::Ended { told: None, .. } => AlarmKind::Crashed,
            Self::Hung(_) => AlarmKind::Hung,
            Self::TimedOut { .. } => AlarmKind::TimedOut,
            Self::Protocol(_) => AlarmKind::Protocol,
        }
    }

    /// The protocol's code that the process gave, if it gave one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(told) | Self::Ended { told: Some(told), .. } => told.code.as_deref(),
            _ => None,
        }
    }

    /// What it is for the question that was asked at that time.
    pub(crate) const fn of_question(&self) -> FailureKind {
        match self {
            Self::Hung(_) | Self::TimedOut { .. } => FailureKind::Timeout,
            Self::Protocol(_) => FailureKind::Protocol,
            Self::Ended { .. } => FailureKind::Crashed,
            Self::Spawn { .. } | Self::NoHello(_) | Self::NotWarm(_) | Self::Refused(_) => FailureKind::NotStarted,
        }
    }
}

fn how(status: Option<ExitStatus>) -> String {
    status.map_or_else(|| "how is not known".to_owned(), |status| status.to_string())
}

fn last_words(told: Option<&Told>, last_line: Option<&str>) -> String {
    match (told, last_line) {
        (Some(told), _) => format!(", having said: {told}"),
        (None, Some(line)) => format!("; its last line was: {}", excerpt(line)),
        (None, None) => String::new(),
    }
}

/// What a failure is, for metrics and runbooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AlarmKind {
    /// The program could not be started.
    CannotStart,
    /// It was started, and was not ready in time.
    StartTimedOut,
    /// It said that it cannot serve, or serve any longer.
    Refused,
    /// It ended without a word.
    Crashed,
    /// It did not react to pings.
    Hung,
    /// A question took too long.
    TimedOut,
    /// It wrote something that is not the protocol.
    Protocol,
}

impl AlarmKind {
    /// As it is written in JSON and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CannotStart => "cannot_start",
            Self::StartTimedOut => "start_timed_out",
            Self::Refused => "refused",
            Self::Crashed => "crashed",
            Self::Hung => "hung",
            Self::TimedOut => "timed_out",
            Self::Protocol => "protocol",
        }
    }
}

/// What a process said about itself before it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// One of the protocol's codes.
    pub code: Option<String>,
    /// Why.
    pub message: String,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&excerpt(&self.message))?;
        match &self.code {
            Some(code) => write!(f, " (code {})", excerpt(code)),
            None => Ok(()),
        }
    }
}

/// What is wrong with what a process wrote to stdout.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A frame has no bytes.
    #[error("a frame of length 0")]
    Empty,
    /// A frame is longer than what is read, or what was written is no frame.
    #[error(
        "a frame of {length} bytes, of which at most {FRAME_BYTES} are read{}; does the program print to stdout?",
        as_text(*length)
    )]
    TooLong {
        /// What the four bytes of the length say.
        length: u32,
    },
    /// A frame is not a JSON object with the fields that its type has.
    #[error("a frame that cannot be read: {0}")]
    Unreadable(Arc<str>),
    /// A result has neither of the two.
    #[error("a result with the status `{}`; known are OK, ERROR", excerpt(.0))]
    Status(String),
    /// The answer to `info` says nothing.
    #[error("an answer to `info` without `data.info`")]
    NoInfo,
    /// It closed stdout and goes on.
    #[error("stdout was closed by a process that goes on")]
    Closed,
}

/// Four bytes of length that somebody has printed are more telling as text.
fn as_text(length: u32) -> String {
    let bytes = length.to_be_bytes();
    match bytes.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') {
        true => format!(" (as text `{}`)", bytes.map(char::from).iter().collect::<String>()),
        false => String::new(),
    }
}
