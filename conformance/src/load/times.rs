//! Times of many pictures, in microseconds.

use serde::Serialize;

/// What many of them come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Times {
    /// How many were measured.
    pub count: u64,
    /// Half of them are this at most.
    pub p50_us: f64,
    /// 99 in 100 are this at most.
    pub p99_us: f64,
    /// All are this at most.
    pub max_us: f64,
}

impl Times {
    /// Of these, in any order; by the nearest rank.
    pub fn of(mut times: Vec<u64>) -> Self {
        times.sort_unstable();
        let at = |percent: usize| {
            let rank = (times.len() * percent).div_ceil(100).max(1) - 1;
            times.get(rank).copied().unwrap_or(0) as f64
        };
        Self {
            count: times.len() as u64,
            p50_us: at(50),
            p99_us: at(99),
            max_us: at(100),
        }
    }
}

/// Picture by picture.
#[derive(Debug, Default)]
pub struct Collected {
    /// From publication to question.
    pub delivery: Vec<u64>,
    /// From question to answer, the algorithm's own time left out.
    pub overhead: Vec<u64>,
    /// Both.
    pub sum: Vec<u64>,
    /// The algorithm's own time.
    pub algorithm: Vec<u64>,
}

impl Collected {
    /// One more picture.
    pub fn add(&mut self, delivered: u64, took: u64, algorithm: u64) {
        let overhead = took.saturating_sub(algorithm);
        self.delivery.push(delivered);
        self.overhead.push(overhead);
        self.sum.push(delivered.saturating_add(overhead));
        self.algorithm.push(algorithm);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_at_the_nearest_rank() {
        let times = Times::of((1..=200).rev().collect());
        assert_eq!(
            (times.count, times.p50_us, times.p99_us, times.max_us),
            (200, 100.0, 198.0, 200.0)
        );
        assert_eq!(
            Times::of(vec![7]),
            Times {
                count: 1,
                p50_us: 7.0,
                p99_us: 7.0,
                max_us: 7.0
            }
        );
        assert_eq!(Times::of(Vec::new()), Times::default());
    }

    #[test]
    fn what_the_algorithm_takes_is_no_overhead() {
        let mut collected = Collected::default();
        collected.add(100, 3_000, 2_500);
        collected.add(100, 3_000, 3_001);
        assert_eq!((collected.overhead, collected.sum), (vec![500, 0], vec![600, 100]));
    }
}
