//! What server and algorithms take while they work: memory, and time of processors.

use crate::processes::{self, Taken};
use serde::Serialize;
use std::fs;
use std::io;
use std::time::Duration;

/// Memory by which processes may differ from themselves: what allocators and the database keep.
const SLACK_BYTES: u64 = 16 << 20;

/// Memory at three moments: medians of a tenth of all looks each, or what there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Moments {
    /// After a tenth of the time, which is the warm-up.
    pub begin_bytes: u64,
    /// In the middle.
    pub middle_bytes: u64,
    /// In the end.
    pub end_bytes: u64,
}

/// What some processes take together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Share {
    /// Resident memory of their own: pictures in pools belong to all, and are seen by a process when it first judges one of
    /// that slot.
    pub memory: Moments,
    /// Processors that they have kept busy, on average: 1 is one of them all the time.
    pub processors: f64,
}

impl Share {
    /// What has grown, if something has.
    pub fn problem(&self, who: &str) -> Option<String> {
        let Moments {
            begin_bytes, end_bytes, ..
        } = self.memory;
        let (begin, end) = (begin_bytes >> 10, end_bytes >> 10);
        (end_bytes > begin_bytes.saturating_add(SLACK_BYTES))
            .then(|| format!("memory of {who} grew from {begin} KiB to {end} KiB"))
    }
}

/// What they take at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub server: Taken,
    pub algorithms: Taken,
}

/// Looks at the processes of a station.
pub struct Watch {
    server: u32,
    workers: Vec<u32>,
    looks: Vec<Look>,
    /// Time of processors until the load began: server and algorithms.
    before: (Duration, Duration),
    /// And until the last look.
    after: (Duration, Duration),
}

impl Watch {
    /// Begins to look.
    pub fn new(server: u32, workers: Vec<u32>) -> Self {
        let mut watch = Self {
            server,
            workers,
            looks: Vec::new(),
            before: Default::default(),
            after: Default::default(),
        };
        watch.before = watch.worked();
        watch
    }

    /// Looks once more.
    pub fn look(&mut self) -> io::Result<Look> {
        let mut algorithms = Taken::default();
        for worker in &self.workers {
            // What a worker has started belongs to it.
            let Ok(taken) = processes::taken(*worker) else {
                return Err(io::Error::other(format!(
                    "the process {worker} of an algorithm is gone"
                )));
            };
            algorithms.private_bytes += taken.private_bytes;
        }
        let look = Look {
            server: processes::of_one(self.server)?,
            algorithms,
        };
        self.looks.push(look);
        self.after = self.worked();
        Ok(look)
    }

    /// What server and algorithms have taken until the last look, within that time.
    pub fn shares(&self, within: Duration) -> (Share, Share) {
        let (server, algorithms) = self.after;
        let share = |memory: fn(&Look) -> u64, worked: Duration, before: Duration| Share {
            memory: moments(&self.looks.iter().map(memory).collect::<Vec<_>>()),
            processors: worked.saturating_sub(before).as_secs_f64() / within.as_secs_f64().max(f64::MIN_POSITIVE),
        };
        (
            share(|look| look.server.private_bytes, server, self.before.0),
            share(|look| look.algorithms.private_bytes, algorithms, self.before.1),
        )
    }

    fn worked(&self) -> (Duration, Duration) {
        let algorithms = self.workers.iter().filter_map(|worker| worked(*worker)).sum();
        (worked(self.server).unwrap_or_default(), algorithms)
    }
}

/// Time of processors that a process has had.
fn worked(process: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in parentheses may contain anything, parentheses too; the twelfth and thirteenth word after it are the
    // ticks of the process itself and of the system for it.
    let (_, after) = stat.rsplit_once(')')?;
    let ticks: u64 = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|word| word.parse::<u64>().ok())
        .sum();
    let a_second = rustix::param::clock_ticks_per_second().max(1);
    Some(Duration::from_secs_f64(ticks as f64 / a_second as f64))
}

fn moments(bytes: &[u64]) -> Moments {
    let part = (bytes.len() / 10).max(1);
    let median = |from: usize| {
        let mut some: Vec<u64> = bytes.iter().skip(from).take(part).copied().collect();
        some.sort_unstable();
        some.get(some.len() / 2).copied().unwrap_or(0)
    };
    Moments {
        begin_bytes: median(part.min(bytes.len().saturating_sub(part))),
        middle_bytes: median((bytes.len() / 2).min(bytes.len().saturating_sub(part))),
        end_bytes: median(bytes.len().saturating_sub(part)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_grows_after_the_warm_up_is_seen() {
        let grown = |bytes: fn(u64) -> u64| {
            let memory = moments(&(0..100).map(bytes).collect::<Vec<_>>());
            let share = Share {
                memory,
                processors: 0.0,
            };
            share.problem("it").is_some()
        };
        assert!(!grown(|_| 50 << 20));
        assert!(!grown(|look| (50 << 20) + look.min(9) * (100 << 20)));
        assert!(grown(|look| (50 << 20) + look * (1 << 20)));
        assert_eq!(moments(&[]), Moments::default());
        assert_eq!(moments(&[7]).end_bytes, 7);
    }

    #[test]
    fn this_process_has_had_a_processor() {
        let begun = worked(std::process::id()).unwrap();
        while worked(std::process::id()).unwrap() <= begun {
            std::hint::black_box(begun);
        }
        assert_eq!(worked(u32::MAX), None);
    }
}
