//! The handle of a worker: one process, and whatever takes its place when it fails.
//!
//! The handle only sends to the worker's task (`worker/task.rs`), which does everything.

mod asked;
mod heartbeat;
mod line_rate;
mod process;
mod request_ids;
mod task;

use crate::error::StartError;
use crate::launch::{Dialect, Launch};
use crate::log::{KEPT_BYTES, Lines, LogLine};
use crate::observer::Observer;
use crate::outcome::{Answer, FailureKind, Outcome};
use crate::question::Question;
use crate::status::{State, Status};
use crate::supervision::Supervision;
use asked::Asked;
use serde_json::Value;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use task::{Command, Task};
use tokio::sync::{mpsc, oneshot, watch};

/// What a worker is called where it is shown. Two workers may have the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkerId(Arc<str>);

impl WorkerId {
    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<Arc<str>>> From<T> for WorkerId {
    fn from(id: T) -> Self {
        Self(id.into())
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A supervised process that can be asked. Clones are the same worker; when the last one is dropped, the process is
/// told to end, as by [`Worker::stop`].
///
/// If the runtime itself ends first, the process is killed: whoever wants it to end in order waits for
/// [`Worker::stop`].
#[derive(Clone)]
pub struct Worker {
    shared: Arc<Shared>,
}

struct Shared {
    id: WorkerId,
    commands: mpsc::UnboundedSender<Command>,
    status: watch::Receiver<Status>,
    logs: Arc<Logs>,
}

/// The newest lines of a worker's log.
struct Logs(Mutex<Lines>);

impl Logs {
    fn lock(&self) -> MutexGuard<'_, Lines> {
        // Adding a line leaves nothing half done that could not be read.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Worker {
    /// Starts a process and the task that supervises it. Returns at once; [`Worker::warm`] waits for the process.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, and in one without its drivers for input, output and time.
    pub fn start(
        id: impl Into<WorkerId>,
        launch: Launch,
        dialect: Dialect,
        supervision: Supervision,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let id = id.into();
        let (commands, received) = mpsc::unbounded_channel();
        let (told, status) = watch::channel(Status::new());
        let logs = Arc::new(Logs(Mutex::new(Lines::new(supervision.log_lines, KEPT_BYTES))));
        let task = Task::new(
            task::Setting {
                id: id.clone(),
                launch,
                dialect,
                supervision,
                observer,
            },
            received,
            told,
            Arc::clone(&logs),
        );
        tokio::spawn(task.run());
        Self {
            shared: Arc::new(Shared {
                id,
                commands,
                status,
                logs,
            }),
        }
    }

    /// What it is called.
    pub fn id(&self) -> &WorkerId {
        &self.shared.id
    }

    /// Waits until the worker can be asked, and says what its algorithm is: the `info` of version 0.2, null with
    /// version 0.3. Answers at once if it is ready already.
    ///
    /// # Errors
    ///
    /// As soon as a process fails before it can be asked, so that a switch need not wait for all restarts. The worker
    /// goes on trying; calling this once it tries again waits for that attempt. Also if the worker is stopped.
    pub async fn warm(&self) -> Result<Value, StartError> {
        let mut status = self.watch();
        loop {
            {
                let status = status.borrow_and_update();
                match status.state {
                    State::Starting => {}
                    State::Ready | State::Executing => return Ok(status.info.as_deref().cloned().unwrap_or_default()),
                    State::Stopped => return Err(StartError::Stopped),
                    State::Waiting | State::Alarmed => match &status.last_failure {
                        Some(failure) => return Err(failure.clone().into()),
                        None => return Err(StartError::Stopped),
                    },
                }
            }
            if status.changed().await.is_err() {
                return Err(StartError::Stopped);
            }
        }
    }

    /// Asks, and waits for what comes of it. One question is put at a time, in the order of the calls; while a process
    /// is started, questions wait for it. A worker that is alarmed or stopped refuses at once.
    ///
    /// A question to which no answer came, because the process ended or was killed, is put to the next process, and one
    /// that was answered with 1005 or 9999 to the same one, up to `max_retries` times. Whatever comes late from an
    /// earlier attempt is dropped. Every other answer is final.
    ///
    /// Whoever drops the future loses only the answer: a question that is being worked on ends as usual, one that waits
    /// is not put any more.
    pub async fn ask(&self, question: Question) -> Answer {
        let (reply, answer) = oneshot::channel();
        let asked = Asked::new(question, reply);
        // Both fail only if the task has gone, which happens if its runtime ends or an observer panics.
        let sent = self.shared.commands.send(Command::Ask(Box::new(asked)));
        let answer = match sent {
            Ok(()) => answer.await.ok(),
            Err(_) => None,
        };
        answer.unwrap_or_else(|| Answer {
            outcome: Outcome::failed(FailureKind::Stopped, "the worker's task has ended"),
            request_id: String::new(),
            attempts: 0,
            waited: Duration::ZERO,
            took: Duration::ZERO,
            logs: Vec::new(),
        })
    }

    /// How the worker is doing now.
    pub fn status(&self) -> Status {
        self.shared.status.borrow().clone()
    }

    /// The status, and each change of it; a reader that is slow misses those in between. Ends when the worker does.
    pub fn watch(&self) -> watch::Receiver<Status> {
        self.shared.status.clone()
    }

    /// Ends the process and waits until it is gone. Questions that wait are refused; one that is worked on may still be
    /// answered while the process ends. Takes at most three times `kill` of the [`Supervision`] and a moment, whatever
    /// the process does. If the future is dropped, the process is ended all the same.
    pub async fn stop(&self) {
        let (done, stopped) = oneshot::channel();
        if self.shared.commands.send(Command::Stop(done)).is_ok() {
            // An error means that the task has gone, and the process with it.
            let _ = stopped.await;
        }
    }

    /// Starts a process if the worker is alarmed, stopped or waits before a restart, and forgets how many failed in a
    /// row. Otherwise does nothing else than that.
    pub fn revive(&self) {
        // Fails only if the task has gone.
        let _ = self.shared.commands.send(Command::Revive);
    }

    /// The newest lines of the log, oldest first, of all processes of this worker. Of what a process writes, 5000 lines
    /// a second are kept and shown to the observer; what was left out beyond that is told.
    pub fn logs(&self) -> Vec<LogLine> {
        self.shared.logs.lock().to_vec()
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.shared.status.borrow();
        f.debug_struct("Worker")
            .field("id", &self.shared.id)
            .field("state", &status.state)
            .field("process", &status.process)
            .finish_non_exhaustive()
    }
}
