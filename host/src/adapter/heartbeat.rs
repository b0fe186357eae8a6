//! Whether the runner still pings. A runner that has gone closes the pipe; one that hangs only falls silent, which is
//! worth a line in the log.

use crate::protocol::RunnerHello;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

/// What is accepted for either time, in milliseconds.
pub const HEARTBEAT_MS: RangeInclusive<u64> = 1..=3_600_000;

/// How often a runner pings, and how late it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// Between two pings.
    pub interval: Duration,
    /// How late a ping may be.
    pub grace: Duration,
}

impl Default for Heartbeat {
    /// What runners usually do.
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(5),
            grace: Duration::from_secs(2),
        }
    }
}

impl Heartbeat {
    /// How long a runner may be silent: one ping can get lost.
    fn silence(&self) -> Duration {
        self.interval * 2 + self.grace
    }
}

/// Listens for pings, from the first one on.
pub(super) struct Watch {
    heartbeat: Heartbeat,
    last: Option<Instant>,
    told: bool,
}

impl Watch {
    pub(super) fn new(heartbeat: Heartbeat) -> Self {
        Self {
            heartbeat,
            last: None,
            told: false,
        }
    }

    /// The runner knows best how often it will ping.
    pub(super) fn hello(&mut self, hello: &RunnerHello) {
        let time = |ms: Option<u64>| ms.filter(|ms| HEARTBEAT_MS.contains(ms)).map(Duration::from_millis);
        let Heartbeat { interval, grace } = self.heartbeat;
        self.heartbeat = Heartbeat {
            interval: time(hello.heartbeat_interval_ms).unwrap_or(interval),
            grace: time(hello.heartbeat_grace_ms).unwrap_or(grace),
        };
    }

    pub(super) fn ping(&mut self, now: Instant) {
        self.last = Some(now);
        self.told = false;
    }

    /// When the silence will be too long, if that is to be told.
    pub(super) fn due(&self) -> Option<Instant> {
        let last = self.last.filter(|_| !self.told)?;
        Some(last + self.heartbeat.silence())
    }

    /// For how long the runner has been silent, if that is too long and was not told yet.
    pub(super) fn overdue(&mut self, now: Instant) -> Option<Duration> {
        self.due().filter(|due| *due <= now)?;
        self.told = true;
        self.last.map(|last| now - last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_told_once_and_only_after_a_ping() {
        let mut watch = Watch::new(Heartbeat::default());
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!((watch.due(), watch.overdue(after(1_000))), (None, None));
        watch.ping(start);
        assert_eq!(watch.overdue(after(11)), None);
        assert_eq!(watch.overdue(after(12)), Some(Duration::from_secs(12)));
        assert_eq!((watch.due(), watch.overdue(after(13))), (None, None));
        watch.ping(after(14));
        assert_eq!(watch.due(), Some(after(26)));
    }

    #[test]
    fn the_runner_says_how_often_it_pings() {
        let mut watch = Watch::new(Heartbeat::default());
        let hello = RunnerHello {
            heartbeat_interval_ms: Some(100),
            heartbeat_grace_ms: Some(0),
            ..RunnerHello::default()
        };
        watch.hello(&hello);
        assert_eq!(watch.heartbeat.interval, Duration::from_millis(100));
        assert_eq!(watch.heartbeat.grace, Duration::from_secs(2));
    }
}
