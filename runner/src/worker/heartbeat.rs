//! When a process is pinged, and when it is hung. Knows no process and no clock.

use crate::supervision::{SHORTEST_INTERVAL, Supervision};
use std::time::Duration;
use tokio::time::Instant;

/// So many pongs in a row that do not come in time mean that the process is hung.
const LOSSES: u32 = 2;

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Nothing,
    /// Send a ping, and say so by [`Heartbeat::sent`].
    Ping,
    /// The process does not react any more.
    Hung,
}

pub(super) struct Heartbeat {
    interval: Duration,
    grace: Duration,
    while_asked: bool,
    paused: bool,
    /// When the next ping is to be sent.
    next: Instant,
    /// The ping that is not answered yet, and when that is a loss.
    open: Option<(String, Instant)>,
    losses: u32,
}

impl Heartbeat {
    /// Of a process that has just become ready.
    pub fn new(supervision: &Supervision, now: Instant) -> Self {
        let interval = supervision.heartbeat_interval.max(SHORTEST_INTERVAL);
        Self {
            interval,
            grace: supervision.heartbeat_grace,
            while_asked: supervision.heartbeat_while_asked,
            paused: false,
            next: after(now, interval),
            open: None,
            losses: 0,
        }
    }

    /// When something is to be done next.
    pub fn due(&self) -> Option<Instant> {
        match &self.open {
            _ if self.paused => None,
            Some((_, lost)) => Some(*lost),
            None => Some(self.next),
        }
    }

    /// What is to be done now.
    pub fn beat(&mut self, now: Instant) -> Beat {
        if self.due().is_none_or(|due| due > now) {
            return Beat::Nothing;
        }
        if self.open.take().is_some() {
            self.losses = self.losses.saturating_add(1);
            if self.losses >= LOSSES {
                return Beat::Hung;
            }
        }
        match self.next <= now {
            true => Beat::Ping,
            false => Beat::Nothing,
        }
    }

    /// A ping was sent.
    pub fn sent(&mut self, request_id: String, now: Instant) {
        self.open = Some((request_id, after(now, self.grace)));
        self.next = after(now, self.interval);
    }

    /// A pong has come. One that is late counts for nothing: it is what was lost.
    pub fn pong(&mut self, request_id: Option<&str>) {
        if self
            .open
            .as_ref()
            .is_some_and(|(open, _)| Some(open.as_str()) == request_id)
        {
            self.open = None;
            self.losses = 0;
        }
    }

    /// A question was sent.
    pub fn asked(&mut self) {
        self.paused = !self.while_asked;
        if self.paused {
            // Its pong may stand behind the answer now.
            self.open = None;
        }
    }

    /// The question was answered, which is a sign of life as well.
    pub fn answered(&mut self, now: Instant) {
        self.losses = 0;
        if std::mem::take(&mut self.paused) {
            self.next = after(now, self.interval);
        }
    }
}

/// `duration` after `now`, or a thousand years if there is no such moment.
pub(super) fn after(now: Instant, duration: Duration) -> Instant {
    const THOUSAND_YEARS: Duration = Duration::from_secs(1_000 * 365 * 86_400);
    now + duration.min(THOUSAND_YEARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn beating(now: Instant) -> Heartbeat {
        Heartbeat::new(&Supervision::default(), now)
    }

    #[test]
    fn every_interval_is_a_ping() {
        let start = Instant::now();
        let mut heartbeat = beating(start);
        assert_eq!(heartbeat.beat(start + seconds(4)), Beat::Nothing);
        for ping in 1..10 {
            let now = start + seconds(5 * ping);
            assert_eq!(heartbeat.due(), Some(now));
            assert_eq!(heartbeat.beat(now), Beat::Ping);
            heartbeat.sent(ping.to_string(), now);
            heartbeat.pong(Some(&ping.to_string()));
        }
    }

    #[test]
    fn two_losses_in_a_row_are_a_hung_process() {
        let start = Instant::now();
        let mut heartbeat = beating(start);
        let at = |count| start + seconds(count);
        heartbeat.sent("1".to_owned(), at(5));
        assert_eq!(heartbeat.due(), Some(at(7)));
        assert_eq!(heartbeat.beat(at(7)), Beat::Nothing);
        // Late, or of another ping: nothing of it saves it.
        heartbeat.pong(Some("1"));
        heartbeat.pong(None);
        assert_eq!(heartbeat.beat(at(10)), Beat::Ping);
        heartbeat.sent("2".to_owned(), at(10));
        heartbeat.pong(Some("1"));
        assert_eq!(heartbeat.beat(at(12)), Beat::Hung);
    }

    #[test]
    fn one_loss_is_forgiven_by_a_pong_in_time_or_an_answer() {
        let start = Instant::now();
        for answered in [false, true] {
            let mut heartbeat = beating(start);
            for round in 0..6 {
                let now = start + seconds(10 * round);
                heartbeat.sent("lost".to_owned(), now);
                assert_eq!(heartbeat.beat(now + seconds(2)), Beat::Nothing);
                match answered {
                    true => heartbeat.answered(now + seconds(3)),
                    false => {
                        heartbeat.sent("kept".to_owned(), now + seconds(5));
                        heartbeat.pong(Some("kept"));
                    }
                }
            }
        }
    }

    #[test]
    fn a_grace_longer_than_the_interval_delays_the_next_ping() {
        let start = Instant::now();
        let supervision = Supervision {
            heartbeat_interval: Duration::ZERO,
            heartbeat_grace: Duration::MAX,
            ..Supervision::default()
        };
        let mut heartbeat = Heartbeat::new(&supervision, start);
        heartbeat.sent("1".to_owned(), start);
        assert_eq!(heartbeat.beat(start + seconds(1_000)), Beat::Nothing);
        let supervision = Supervision {
            heartbeat_interval: seconds(1),
            heartbeat_grace: seconds(3),
            ..supervision
        };
        let mut heartbeat = Heartbeat::new(&supervision, start);
        heartbeat.sent("1".to_owned(), start);
        assert_eq!(heartbeat.beat(start + seconds(1)), Beat::Nothing);
        // The loss and the ping that is overdue by then.
        assert_eq!(heartbeat.beat(start + seconds(3)), Beat::Ping);
    }

    #[test]
    fn a_process_that_cannot_answer_while_it_is_asked_is_left_alone() {
        let start = Instant::now();
        let supervision = Supervision {
            heartbeat_while_asked: false,
            ..Supervision::default()
        };
        let mut heartbeat = Heartbeat::new(&supervision, start);
        heartbeat.sent("1".to_owned(), start + seconds(5));
        heartbeat.asked();
        assert_eq!(heartbeat.due(), None);
        assert_eq!(heartbeat.beat(start + seconds(60)), Beat::Nothing);
        heartbeat.answered(start + seconds(60));
        assert_eq!(heartbeat.due(), Some(start + seconds(65)));
        assert_eq!(heartbeat.beat(start + seconds(65)), Beat::Ping);
    }
}
