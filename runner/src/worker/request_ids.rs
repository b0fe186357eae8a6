//! Identifiers of requests, of which no two are the same, whichever program or worker sends them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Workers of this process.
static WORKERS: AtomicU64 = AtomicU64::new(0);

/// Makes identifiers.
pub(super) struct RequestIds {
    worker: String,
    last: u64,
}

impl RequestIds {
    /// Those of one worker. Programs differ in the moment at which they make it and in their number, workers of one
    /// program in theirs.
    pub fn of_worker() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let worker = WORKERS.fetch_add(1, Ordering::Relaxed);
        Self {
            worker: format!("{:x}-{:x}-{worker:x}", now.as_nanos(), std::process::id()),
            last: 0,
        }
    }

    /// The next one.
    pub fn next(&mut self) -> String {
        self.last += 1;
        format!("{}-{:x}", self.worker, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_are_the_same() {
        let mut workers: Vec<RequestIds> = (0..50).map(|_| RequestIds::of_worker()).collect();
        let ids: Vec<String> = (0..1_000).map(|index| workers[index % 50].next()).collect();
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
        assert!(ids.iter().all(|id| id.len() < 64));
    }
}
