//! Every number of the supervision, with its default and its reason.

use crate::question::Phase;
use std::time::Duration;

/// The longest time between a failure and the next start, unless `back_off` itself is longer.
pub(crate) const LONGEST_BACK_OFF: Duration = Duration::from_secs(10);
/// The shortest time between two pings: less would keep both sides busy with nothing else.
pub(crate) const SHORTEST_INTERVAL: Duration = Duration::from_millis(1);

/// How patient the runner is. Times that are longer than a thousand years are a thousand years.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supervision {
    /// From the start of a process until it has said hello, has loaded its algorithm and has said so: 60 s.
    pub start: Duration,
    /// Between two pings of a process that is ready: 5 s; at least 1 ms.
    pub heartbeat_interval: Duration,
    /// How late a pong may be: 2 s. Two losses in a row, and the process is hung.
    pub heartbeat_grace: Duration,
    /// Whether a process is pinged while a question runs: yes. `procvision adapter` answers at once. The original SDK
    /// does not answer before the question is done, so that under it a question that takes longer than two pings would
    /// look like a hung process; say no there, and the limit of the question is the only one.
    pub heartbeat_while_asked: bool,
    /// How long a `pre_execute` may take, and a `reset`: 10 s. The sandbox's own limits should be shorter.
    pub pre_execute: Duration,
    /// How long an `execute` may take: 30 s.
    pub execute: Duration,
    /// How long a process may take to end before the next means is tried: 3 s. The means are the message `shutdown`,
    /// which is left out with a process that hangs, then SIGTERM, then SIGKILL.
    pub kill: Duration,
    /// How often in a row a process is started anew after a failure: 3. One more failure is an alarm. The row ends with
    /// the first result that shows that the algorithm works. Keep it above `max_retries`, or one question that no
    /// process survives raises an alarm by itself.
    pub restarts: u32,
    /// Before the first start in a row: 500 ms. Doubles with each further one up to 10 s.
    pub back_off: Duration,
    /// How often a question is asked again to which no answer came, or that may do better next time: 2.
    pub max_retries: u32,
    /// How many lines of its log are kept for each worker: 1000. They have at most 1 MiB, whatever their number.
    pub log_lines: usize,
}

impl Default for Supervision {
    fn default() -> Self {
        Self {
            start: Duration::from_secs(60),
            heartbeat_interval: Duration::from_secs(5),
            heartbeat_grace: Duration::from_secs(2),
            heartbeat_while_asked: true,
            pre_execute: Duration::from_secs(10),
            execute: Duration::from_secs(30),
            kill: Duration::from_secs(3),
            restarts: 3,
            back_off: Duration::from_millis(500),
            max_retries: 2,
            log_lines: 1000,
        }
    }
}

impl Supervision {
    /// How long an answer to a question of this phase may take.
    pub const fn limit(&self, phase: Phase) -> Duration {
        match phase {
            Phase::PreExecute | Phase::Reset => self.pre_execute,
            Phase::Execute => self.execute,
        }
    }

    /// How long is waited before the `restart`th start in a row, counted from 1.
    pub(crate) fn back_off_before(&self, restart: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(restart.saturating_sub(1));
        let longest = LONGEST_BACK_OFF.max(self.back_off);
        self.back_off.saturating_mul(doubled).min(longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_back_off_doubles_up_to_ten_seconds() {
        let supervision = Supervision::default();
        let ms = |restart| supervision.back_off_before(restart).as_millis();
        assert_eq!((ms(1), ms(2), ms(3), ms(5)), (500, 1_000, 2_000, 8_000));
        assert_eq!((ms(6), ms(40), ms(u32::MAX)), (10_000, 10_000, 10_000));
        let patient = Supervision {
            back_off: Duration::from_secs(60),
            ..supervision
        };
        assert_eq!(patient.back_off_before(7), Duration::from_secs(60));
    }

    #[test]
    fn one_question_that_no_process_survives_raises_no_alarm() {
        let supervision = Supervision::default();
        assert!(supervision.restarts > supervision.max_retries);
    }
}
