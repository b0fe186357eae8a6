//! How long one question takes when it is asked again and again.

use std::time::Duration;

/// Times of `execute`, asked again with the same picture and the same session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repeat {
    /// How often it was to be asked.
    pub wanted: u32,
    /// From the shortest to the longest.
    sorted: Vec<Duration>,
    /// How often the answer was another than the first time.
    pub differing: u32,
}

impl Repeat {
    /// Times in any order.
    pub fn new(wanted: u32, mut times: Vec<Duration>, differing: u32) -> Self {
        times.sort_unstable();
        Self {
            wanted,
            sorted: times,
            differing,
        }
    }

    /// How often it was asked.
    pub fn done(&self) -> usize {
        self.sorted.len()
    }

    /// The shortest time.
    pub fn min(&self) -> Option<Duration> {
        self.sorted.first().copied()
    }

    /// The longest time.
    pub fn max(&self) -> Option<Duration> {
        self.sorted.last().copied()
    }

    /// The shortest time that at least `percent` of a hundred runs do not exceed (nearest rank).
    pub fn percentile(&self, percent: u32) -> Option<Duration> {
        let rank = (self.sorted.len() * percent.min(100) as usize).div_ceil(100);
        self.sorted.get(rank.max(1) - 1).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let times = (1..=200).rev().map(Duration::from_micros).collect();
        let repeat = Repeat::new(200, times, 0);
        let microseconds = |time: Option<Duration>| time.unwrap().as_micros();
        assert_eq!(microseconds(repeat.percentile(50)), 100);
        assert_eq!(microseconds(repeat.percentile(99)), 198);
        assert_eq!(microseconds(repeat.percentile(0)), 1);
        assert_eq!(microseconds(repeat.percentile(100)), 200);
        assert_eq!((microseconds(repeat.min()), microseconds(repeat.max())), (1, 200));
    }

    #[test]
    fn one_run_is_all_percentiles_and_none_has_none() {
        let one = Repeat::new(1, vec![Duration::from_millis(3)], 0);
        assert_eq!(one.percentile(50), one.percentile(99));
        assert_eq!(Repeat::new(5, vec![], 0).percentile(50), None);
    }
}
