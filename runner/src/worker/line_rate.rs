//! How many lines a second are kept and shown. A process that writes without end costs the station little more than
//! reading.

use std::time::Duration;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// What becomes of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Passage {
    /// It passes.
    Free,
    /// It is the first of this second that does not.
    Closed,
    /// It does not pass either.
    StillClosed,
}

/// Counts lines.
pub(super) struct LineRate {
    most: u32,
    second: Instant,
    lines: u32,
}

impl LineRate {
    /// Lets so many lines pass in a second.
    pub fn new(most: u32, now: Instant) -> Self {
        Self {
            most,
            second: now,
            lines: 0,
        }
    }

    /// One more line.
    pub fn line(&mut self, now: Instant) -> Passage {
        if now.saturating_duration_since(self.second) >= SECOND {
            self.second = now;
            self.lines = 0;
        }
        self.lines = self.lines.saturating_add(1);
        match self.lines.checked_sub(self.most) {
            None | Some(0) => Passage::Free,
            Some(1) => Passage::Closed,
            Some(_) => Passage::StillClosed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_second_lets_as_many_lines_pass() {
        let start = Instant::now();
        let mut rate = LineRate::new(2, start);
        for second in 0..3 {
            let now = start + SECOND * second;
            let passages: Vec<Passage> = (0..4).map(|_| rate.line(now)).collect();
            let expected = [Passage::Free, Passage::Free, Passage::Closed, Passage::StillClosed];
            assert_eq!(passages, expected, "second {second}");
        }
    }
}
