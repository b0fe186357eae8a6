//! What a worker does with a process that is ready: it asks, pings, and takes what comes.

use super::{End, Happening, Running, Task, Wanted};
use crate::error::Failure;
use crate::excerpt::excerpt;
use crate::log::Level;
use crate::message::{self, Hello, Incoming, Reply};
use crate::outcome::{FailureKind, Outcome};
use crate::status::State;
use crate::worker::asked::Asked;
use crate::worker::heartbeat::{Beat, Heartbeat, after};
use crate::worker::process::{Process, Said};
use tokio::time::Instant;

/// So much of what a process has said is looked at before it is late. One that never falls silent is late all the same.
const AT_HAND: usize = 256;

impl Task {
    /// Asks what is to be asked, until the process fails or is not wanted any more.
    pub(super) async fn serve(&mut self, process: &mut Process, hello: &Hello) -> End {
        let mut heartbeat = Heartbeat::new(&self.setting.supervision, Instant::now());
        self.publish(State::Ready, None);
        loop {
            if self.wanted != Wanted::Running {
                return End::Unwanted;
            }
            if self.running.is_none() && self.ask_next(process, hello) {
                heartbeat.asked();
            }
            let deadline = self.running.as_ref().map(|running| running.deadline);
            let due = deadline.into_iter().chain(heartbeat.due()).min();
            let taken = match self.happening(process, due).await {
                Happening::Said(said) => self.take(process, &mut heartbeat, said),
                Happening::Command => Ok(()),
                Happening::Due => self.overdue(process, &mut heartbeat).await,
            };
            if let Err(end) = taken {
                return end;
            }
        }
    }

    /// Something has come from the process.
    fn take(&mut self, process: &mut Process, heartbeat: &mut Heartbeat, said: Said) -> Result<(), End> {
        match self.heard(process, said)? {
            None | Some(Incoming::Told(_)) => {}
            Some(Incoming::Pong(id)) => heartbeat.pong(id.as_deref()),
            Some(Incoming::Reply(reply)) => {
                if self.answered(process, reply, true) {
                    heartbeat.answered(Instant::now());
                }
            }
            Some(incoming) => self.unexpected(&incoming),
        }
        Ok(())
    }

    /// A deadline has passed, or something is to be done about the heartbeat.
    async fn overdue(&mut self, process: &mut Process, heartbeat: &mut Heartbeat) -> Result<(), End> {
        // It may be this task that is late, on a station that is busy or was suspended: what has come by now counts.
        for _ in 0..AT_HAND {
            match process.next_at_hand().await {
                Some(said) => self.take(process, heartbeat, said)?,
                None => break,
            }
        }
        let now = Instant::now();
        if let Some(running) = self.running.as_ref().filter(|running| running.deadline <= now) {
            let phase = running.asked.question.phase;
            let limit = self.setting.supervision.limit(phase);
            return Err(End::Failed(Failure::TimedOut { phase, limit }));
        }
        match heartbeat.beat(now) {
            Beat::Nothing => {}
            Beat::Hung => return Err(End::Failed(Failure::Hung(self.setting.supervision.heartbeat_grace))),
            Beat::Ping => {
                let request_id = self.request_ids.next();
                process.send(&message::ping(&request_id));
                heartbeat.sent(request_id, now);
            }
        }
        Ok(())
    }

    /// Puts the next question that somebody waits for to the process, if there is one.
    fn ask_next(&mut self, process: &mut Process, hello: &Hello) -> bool {
        while let Some(mut asked) = self.queue.pop_front() {
            if !asked.is_awaited() {
                continue;
            }
            let request_id = self.request_ids.next();
            let frame = match message::call(&asked.question, self.setting.dialect, hello, &request_id) {
                Ok(frame) => frame,
                Err(error) => {
                    asked.answer(Outcome::failed(FailureKind::Refused, error.to_string()));
                    continue;
                }
            };
            process.send(&frame);
            let now = Instant::now();
            asked.begin(request_id, now);
            let deadline = after(now, self.setting.supervision.limit(asked.question.phase));
            self.running = Some(Running { asked, deadline });
            self.publish(State::Executing, None);
            return true;
        }
        // Those that seemed to be next were given up, or could not be put.
        if self.status.borrow().state != State::Ready {
            self.publish(State::Ready, None);
        }
        false
    }

    /// An answer has come; whether it is that of the question that is asked. `serving`: the process can be asked again.
    pub(super) fn answered(&mut self, process: &mut Process, reply: Reply, serving: bool) -> bool {
        let expected = self.running.as_ref().and_then(|running| running.asked.request_id());
        if expected.is_none() || reply.request_id.as_deref() != expected {
            self.note(Level::Warn, dropped(&reply));
            return false;
        }
        // What was written before the answer belongs to it.
        for line in process.lines_at_hand() {
            self.log(line);
        }
        let Some(Running { mut asked, .. }) = self.running.take() else {
            return false;
        };
        // Whatever it was told in between, it has survived.
        self.told = None;
        if reply.shows_health() && self.in_a_row > 0 {
            self.in_a_row = 0;
            self.status.send_modify(|status| status.in_a_row = 0);
        }
        let retried = reply.may_be_retried() && self.may_retry(&asked);
        let outcome = reply.into_outcome();
        match retried {
            true => {
                asked.disappointed = Some(outcome);
                self.queue.push_front(asked);
            }
            false => {
                if serving && self.queue.is_empty() {
                    // Before the answer, so that whoever has it finds a worker that is ready.
                    self.publish(State::Ready, None);
                }
                asked.answer(outcome);
            }
        }
        true
    }

    /// Whether a question to which no good answer came may be put again.
    fn may_retry(&self, asked: &Asked) -> bool {
        // The first attempt is none of the retries.
        self.wanted == Wanted::Running && asked.is_awaited() && asked.attempts() <= self.setting.supervision.max_retries
    }

    /// Takes the question back from a process that has failed: for the next process, if it may have another attempt.
    pub(super) fn give_back(&mut self, failure: &Failure) {
        let Some(Running { mut asked, .. }) = self.running.take() else {
            return;
        };
        let outcome = Outcome::of(failure.of_question(), failure);
        match self.may_retry(&asked) {
            true => {
                asked.disappointed = Some(outcome);
                self.queue.push_front(asked);
            }
            false => asked.answer(outcome),
        }
    }

    /// What a process has said, if it is a message. Everything else that it can say is dealt with.
    pub(super) fn heard(&mut self, process: &mut Process, said: Said) -> Result<Option<Incoming>, End> {
        match said {
            Said::Line(line) => {
                self.log(line);
                Ok(None)
            }
            Said::Frame(body) => {
                let incoming = message::read(&body).map_err(|error| End::Failed(error.into()))?;
                if let Incoming::Told(told) = &incoming {
                    self.note(Level::Warn, format!("the process says: {told}"));
                    self.told = Some(told.clone());
                }
                Ok(Some(incoming))
            }
            Said::Broken(error) => Err(End::Failed(error.into())),
            Said::Ended(status) => {
                if process.is_cut_off() {
                    self.note(Level::Warn, "the process ended in the middle of a frame".to_owned());
                }
                Err(End::Gone(Failure::Ended {
                    status,
                    told: self.told.take(),
                    last_line: self.last_line.take(),
                }))
            }
        }
    }

    /// A message that means nothing at this moment.
    pub(super) fn unexpected(&mut self, incoming: &Incoming) {
        let what = match incoming {
            // One that was pinged or told to end late.
            Incoming::Pong(_) | Incoming::Shutdown | Incoming::Told(_) => return,
            Incoming::Hello(_) => "another hello was ignored".to_owned(),
            Incoming::Reply(reply) => dropped(reply),
            Incoming::Unknown(kind) => format!("a message of the unknown type `{}` was ignored", excerpt(kind)),
        };
        self.note(Level::Warn, what);
    }
}

fn dropped(reply: &Reply) -> String {
    let request_id = reply.request_id.as_deref().unwrap_or_default();
    format!(
        "an answer to the request `{}`, for which nobody waits, was dropped",
        excerpt(request_id)
    )
}
