//! The end of a process: told, then SIGTERM, then SIGKILL.

use super::{End, Happening, Task};
use crate::error::Failure;
use crate::log::Level;
use crate::message::{self, Incoming};
use crate::observer::{Event, KillReason, KillSignal};
use crate::outcome::{FailureKind, Outcome};
use crate::worker::heartbeat::after;
use crate::worker::process::Process;
use std::time::Duration;
use tokio::time::Instant;

/// The shortest time for which the end of a process is waited for after SIGKILL.
const REAP: Duration = Duration::from_secs(1);

/// How far the end of a process has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// It was told to end.
    Told,
    /// It was sent SIGTERM.
    Terminated,
    /// It was sent SIGKILL.
    Killed,
}

impl Task {
    /// Ends the process: gently if there is nothing wrong with it, or it ends by itself, and by force otherwise.
    pub(super) async fn end(&mut self, mut process: Process, failure: Option<&Failure>) {
        let by_force = failure.filter(|failure| !matches!(failure, Failure::Refused(_)));
        let mut ending = match by_force {
            None => {
                process.send(&message::shutdown());
                process.close();
                Ending::Told
            }
            Some(failure) => {
                self.terminate(&mut process, KillReason::Failed(failure.clone()));
                Ending::Terminated
            }
        };
        let patience = self.setting.supervision.kill;
        let mut due = after(Instant::now(), patience);
        loop {
            match self.happening(&mut process, Some(due)).await {
                Happening::Command => {}
                Happening::Said(said) => match self.heard(&mut process, said) {
                    Err(End::Gone(_)) => break,
                    // The question that it still has may be answered.
                    Ok(Some(Incoming::Reply(reply))) => {
                        self.answered(&mut process, reply, false);
                    }
                    Ok(_) | Err(_) => {}
                },
                Happening::Due => {
                    let now = Instant::now();
                    ending = match ending {
                        Ending::Told => {
                            self.terminate(&mut process, KillReason::DidNotEnd);
                            due = after(now, patience);
                            Ending::Terminated
                        }
                        Ending::Terminated => {
                            process.kill();
                            self.emit(Event::Killed {
                                why: KillReason::DidNotEnd,
                                signal: KillSignal::Kill,
                            });
                            due = after(now, patience.max(REAP));
                            Ending::Killed
                        }
                        Ending::Killed => {
                            // The kernel does not let go of it. The runtime reaps it once it does.
                            self.note(Level::Error, "the process does not end, even by SIGKILL".to_owned());
                            break;
                        }
                    };
                }
            }
        }
        if let Some(running) = self.running.take() {
            let outcome = Outcome::failed(FailureKind::Stopped, "the worker was stopped before the answer came");
            running.asked.answer(outcome);
        }
    }

    fn terminate(&mut self, process: &mut Process, why: KillReason) {
        process.terminate();
        self.emit(Event::Killed {
            why,
            signal: KillSignal::Terminate,
        });
    }
}
