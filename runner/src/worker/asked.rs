//! A question with whoever waits for its answer, from the call to the end of its last attempt.

use crate::log::{ANSWER_BYTES, Lines, LogLine};
use crate::outcome::{Answer, Outcome};
use crate::question::Question;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Most lines of the log that an answer brings.
const ANSWER_LINES: usize = 1_000;

pub(super) struct Asked {
    pub question: Question,
    reply: oneshot::Sender<Answer>,
    since: Instant,
    /// The last attempt: its number from 1, its identifier, and when it began.
    attempt: Option<(u32, String, Instant)>,
    /// What came of the last attempt, if there is to be another one.
    pub disappointed: Option<Outcome>,
    logs: Lines,
}

impl Asked {
    pub fn new(question: Question, reply: oneshot::Sender<Answer>) -> Self {
        Self {
            question,
            reply,
            since: Instant::now(),
            attempt: None,
            disappointed: None,
            logs: Lines::new(ANSWER_LINES, ANSWER_BYTES),
        }
    }

    /// Whether somebody still waits.
    pub fn is_awaited(&self) -> bool {
        !self.reply.is_closed()
    }

    /// The process is asked, under this identifier.
    pub fn begin(&mut self, request_id: String, now: Instant) {
        self.attempt = Some((self.attempts().saturating_add(1), request_id, now));
    }

    /// How often the process was asked.
    pub fn attempts(&self) -> u32 {
        self.attempt.as_ref().map_or(0, |(number, ..)| *number)
    }

    /// Of the last attempt.
    pub fn request_id(&self) -> Option<&str> {
        self.attempt.as_ref().map(|(_, id, _)| id.as_str())
    }

    /// The process wrote this line of so many bytes while it was asked.
    pub fn log(&mut self, line: &LogLine, bytes: usize) {
        let about_another = line
            .request_id
            .as_deref()
            .is_some_and(|id| Some(id) != self.request_id());
        if !about_another {
            self.logs.push(line.clone(), bytes);
        }
    }

    /// This is what came of it.
    pub fn answer(self, outcome: Outcome) {
        let now = Instant::now();
        let attempts = self.attempts();
        let (request_id, begun) = match self.attempt {
            Some((_, id, begun)) => (id, begun),
            None => (String::new(), now),
        };
        // Whoever does not wait any more has dropped the other end.
        let _ = self.reply.send(Answer {
            outcome,
            request_id,
            attempts,
            waited: begun.saturating_duration_since(self.since),
            took: now.saturating_duration_since(begun),
            logs: self.logs.into_vec(),
        });
    }
}
