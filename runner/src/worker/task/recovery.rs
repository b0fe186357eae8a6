//! What a worker does without a process: it waits for the next start, for somebody who clears an alarm, or for somebody
//! who starts it.

use super::{Task, Wanted};
use crate::error::Failure;
use crate::observer::Event;
use crate::outcome::{FailureKind, Outcome};
use crate::status::State;
use crate::worker::heartbeat::after;
use tokio::time::Instant;

impl Task {
    /// After a failure: a pause, or an alarm if there were too many in a row. Returns when a process is to be started,
    /// or none is wanted any more.
    pub(super) async fn recover(&mut self, failure: Failure) {
        let supervision = &self.setting.supervision;
        let alarmed = self.in_a_row >= supervision.restarts;
        let pause = supervision.back_off_before(self.in_a_row.saturating_add(1));
        if self.wanted != Wanted::Running {
            return;
        }
        self.pause(&failure);
        if alarmed {
            self.publish(State::Alarmed, Some(failure.to_string()));
            self.emit(Event::Alarm {
                kind: failure.kind(),
                message: failure.to_string(),
            });
            loop {
                self.refuse_not_started(&failure);
                if self.wanted != Wanted::Running || self.hurry {
                    return;
                }
                self.wait(None).await;
            }
        }
        let until = after(Instant::now(), pause);
        while self.wanted == Wanted::Running && !self.hurry {
            if self.wait(Some(until)).await {
                self.in_a_row = self.in_a_row.saturating_add(1);
                let in_a_row = self.in_a_row;
                self.status.send_modify(|status| {
                    status.in_a_row = in_a_row;
                    status.restarts = status.restarts.saturating_add(1);
                });
                self.emit(Event::Restarted { in_a_row });
                return;
            }
        }
    }

    /// A process has failed, and the next one is not started yet.
    pub(super) fn pause(&mut self, failure: &Failure) {
        self.status
            .send_modify(|status| status.last_failure = Some(failure.clone()));
        if self.status.borrow().state != State::Waiting {
            // Whatever was hurried before this moment has been started.
            self.hurry = false;
            self.publish(State::Waiting, Some(failure.to_string()));
        }
    }

    /// Until somebody revives the worker, or drops it.
    pub(super) async fn rest(&mut self) {
        self.publish(State::Stopped, None);
        while self.wanted == Wanted::Stopped {
            self.refuse_all(FailureKind::Stopped, "the worker is stopped");
            self.tell_stops();
            self.wait(None).await;
        }
    }

    /// The process is gone, for those who wait for it.
    pub(super) fn tell_stops(&mut self) {
        for stop in self.stops.drain(..) {
            // Whoever does not wait any more has dropped the other end.
            let _ = stop.send(());
        }
    }

    pub(super) fn refuse_all(&mut self, kind: FailureKind, message: &str) {
        for asked in self.queue.drain(..) {
            asked.answer(Outcome::failed(kind, message));
        }
    }

    /// There will be no process: for a question that was put to one before, what came of that is what came of it.
    fn refuse_not_started(&mut self, failure: &Failure) {
        for mut asked in self.queue.drain(..) {
            let outcome = asked.disappointed.take();
            asked.answer(outcome.unwrap_or_else(|| Outcome::of(FailureKind::NotStarted, failure)));
        }
    }
}
