//! What a worker does: one task that owns the process, the questions that wait, and everything that is told.
//!
//! ```text
//! run ─┬─ live ── warm_up ── serve ── end     one process, from its start until it is gone
//!      │          Starting   Ready, Executing
//!      ├─ recover                             after a failure: Waiting, and live again; or Alarmed
//!      └─ rest                                after a stop: Stopped
//! ```
//!
//! At every point where it waits, it also takes commands. They change what is wanted, and whoever waits looks at that.

mod end;
mod recovery;
mod serve;
mod start;

use super::asked::Asked;
use super::line_rate::{LineRate, Passage};
use super::process::{Process, Said};
use super::request_ids::RequestIds;
use super::{Logs, WorkerId};
use crate::error::{Failure, Told};
use crate::excerpt::excerpt;
use crate::launch::{Dialect, Launch};
use crate::lines::Line;
use crate::log::{Level, LogLine};
use crate::observer::{Event, Observer};
use crate::outcome::{FailureKind, Outcome};
use crate::status::{State, Status};
use crate::supervision::Supervision;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

/// Most lines of a process that are kept and shown in a second.
const LINES: u32 = 5_000;
/// Most lines about a process that the runner writes in a second. They answer to what the process does.
const NOTES: u32 = 100;

/// What a handle sends.
pub(super) enum Command {
    Ask(Box<Asked>),
    /// Tells back once the process is gone.
    Stop(oneshot::Sender<()>),
    Revive,
}

/// What a worker is made of.
pub(super) struct Setting {
    pub id: WorkerId,
    pub launch: Launch,
    pub dialect: Dialect,
    pub supervision: Supervision,
    pub observer: Arc<dyn Observer>,
}

/// What people want of the worker.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Running,
    Stopped,
    /// Nobody holds it any more.
    Gone,
}

/// The question that the process has.
struct Running {
    asked: Box<Asked>,
    deadline: Instant,
}

/// What happened first.
enum Happening {
    Said(Said),
    /// A command was taken; what is wanted may be something else now.
    Command,
    Due,
}

/// Why a process is not served any more.
enum End {
    /// It is not wanted any more.
    Unwanted,
    /// It failed, and is still there.
    Failed(Failure),
    /// It is gone.
    Gone(Failure),
}

pub(super) struct Task {
    setting: Setting,
    commands: mpsc::UnboundedReceiver<Command>,
    status: watch::Sender<Status>,
    logs: Arc<Logs>,
    request_ids: RequestIds,
    queue: VecDeque<Box<Asked>>,
    running: Option<Running>,
    wanted: Wanted,
    /// Who waits for the process to be gone.
    stops: Vec<oneshot::Sender<()>>,
    /// Somebody wants a start now, without waiting.
    hurry: bool,
    /// Restarts in a row.
    in_a_row: u32,
    /// What the present process has said about itself.
    told: Option<Told>,
    /// The beginning of the last line that the present process has written.
    last_line: Option<String>,
    lines: LineRate,
    notes: LineRate,
}

impl Task {
    pub fn new(
        setting: Setting,
        commands: mpsc::UnboundedReceiver<Command>,
        status: watch::Sender<Status>,
        logs: Arc<Logs>,
    ) -> Self {
        Self {
            setting,
            commands,
            status,
            logs,
            request_ids: RequestIds::of_worker(),
            queue: VecDeque::new(),
            running: None,
            wanted: Wanted::Running,
            stops: Vec::new(),
            hurry: false,
            in_a_row: 0,
            told: None,
            last_line: None,
            lines: LineRate::new(LINES, Instant::now()),
            notes: LineRate::new(NOTES, Instant::now()),
        }
    }

    /// Until nobody holds the worker any more.
    pub async fn run(mut self) {
        loop {
            // There is no process here.
            self.tell_stops();
            match self.wanted {
                Wanted::Running => {
                    if let Err(failure) = self.live().await {
                        self.recover(failure).await;
                    }
                }
                Wanted::Stopped => self.rest().await,
                Wanted::Gone => break,
            }
        }
        self.publish(State::Stopped, None);
        self.refuse_all(FailureKind::Stopped, "the worker is gone");
    }

    /// The life of one process, from its start until it is gone.
    async fn live(&mut self) -> Result<(), Failure> {
        self.told = None;
        self.last_line = None;
        self.publish(State::Starting, None);
        let mut process = Process::start(&self.setting.launch).map_err(|error| Failure::Spawn {
            program: self.setting.launch.program.clone(),
            source: Arc::new(error),
        })?;
        self.status.send_modify(|status| status.process = process.id());
        let end = match self.warm_up(&mut process).await {
            Ok(hello) => self.serve(&mut process, &hello).await,
            Err(end) => end,
        };
        let lived = match end {
            End::Unwanted => {
                self.end(process, None).await;
                Ok(())
            }
            End::Failed(failure) => {
                self.give_back(&failure);
                // Its end may take a while, in which the worker cannot be asked.
                self.pause(&failure);
                self.end(process, Some(&failure)).await;
                Err(failure)
            }
            End::Gone(failure) => {
                self.give_back(&failure);
                Err(failure)
            }
        };
        self.status.send_modify(|status| status.process = None);
        lived
    }

    /// Waits for a command or a moment; whether it was the moment.
    async fn wait(&mut self, until: Option<Instant>) -> bool {
        let moment = until.unwrap_or_else(Instant::now);
        tokio::select! {
            command = self.commands.recv(), if self.wanted != Wanted::Gone => {
                self.command(command);
                false
            }
            () = sleep_until(moment), if until.is_some() => true,
            else => false,
        }
    }

    /// Waits for the process, a command or a moment.
    async fn happening(&mut self, process: &mut Process, due: Option<Instant>) -> Happening {
        let moment = due.unwrap_or_else(Instant::now);
        tokio::select! {
            said = process.next() => Happening::Said(said),
            command = self.commands.recv(), if self.wanted != Wanted::Gone => {
                self.command(command);
                Happening::Command
            }
            () = sleep_until(moment), if due.is_some() => Happening::Due,
        }
    }

    fn command(&mut self, command: Option<Command>) {
        match command {
            Some(Command::Ask(asked)) if self.wanted == Wanted::Running => {
                // Those that nobody waits for any more must not pile up behind one that takes long.
                self.queue.retain(|asked| asked.is_awaited());
                self.queue.push_back(asked);
            }
            Some(Command::Ask(asked)) => {
                asked.answer(Outcome::failed(FailureKind::Stopped, "the worker is being stopped"));
            }
            Some(Command::Stop(done)) => {
                self.wanted = Wanted::Stopped;
                self.stops.push(done);
                self.refuse_all(FailureKind::Stopped, "the worker is being stopped");
            }
            Some(Command::Revive) => {
                self.wanted = Wanted::Running;
                self.hurry = true;
                self.in_a_row = 0;
                self.status.send_modify(|status| status.in_a_row = 0);
            }
            None => self.wanted = Wanted::Gone,
        }
    }

    /// Keeps and shows a line that the process has written.
    fn log(&mut self, line: Line) {
        match self.lines.line(Instant::now()) {
            Passage::Free => {}
            Passage::Closed => {
                let message = format!("the process writes more than {LINES} lines a second; the others are left out");
                self.note(Level::Warn, message);
                return;
            }
            Passage::StillClosed => return,
        }
        let bytes = line.text.len();
        let line = LogLine::written(line);
        self.last_line = Some(excerpt(&line.message));
        if let Some(running) = &mut self.running {
            running.asked.log(&line, bytes);
        }
        self.keep(line, bytes);
    }

    /// Keeps and shows something about the process.
    fn note(&mut self, level: Level, message: String) {
        if self.notes.line(Instant::now()) == Passage::Free {
            let bytes = message.len();
            self.keep(LogLine::of_runner(level, message), bytes);
        }
    }

    fn keep(&mut self, line: LogLine, bytes: usize) {
        self.logs.lock().push(line.clone(), bytes);
        self.emit(Event::Log(line));
    }

    fn publish(&mut self, state: State, why: Option<String>) {
        self.status.send_modify(|status| {
            status.state = state;
            status.since = SystemTime::now();
        });
        self.emit(Event::State(state, why));
    }

    fn emit(&self, event: Event) {
        self.setting.observer.event(&self.setting.id, event);
    }
}
