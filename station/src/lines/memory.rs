//! What is remembered of a line, whether it runs or not: where it is among its pictures, and what it has counted.

use crate::metrics::LineCounts;
use crate::picture::Mark;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Of one line, since the station began.
#[derive(Debug, Default)]
pub(super) struct Memory {
    mark: Mutex<Option<Mark>>,
    taken: AtomicU64,
    dropped: AtomicU64,
    not_judged: AtomicU64,
    /// Whether somebody was called since it has last worked.
    alarmed: AtomicBool,
}

impl Memory {
    /// The picture that was taken last. Whoever takes the next one holds it until the new mark is there, so that a line
    /// that is started while its predecessor still works takes none twice.
    pub(super) fn mark(&self) -> MutexGuard<'_, Option<Mark>> {
        // A mark is set at once or not at all.
        self.mark.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A picture was taken, after so many that were not.
    pub(super) fn taken(&self, dropped: u64) {
        self.taken.fetch_add(1, Ordering::Relaxed);
        self.dropped.fetch_add(dropped, Ordering::Relaxed);
    }

    /// A picture that was taken is lost. Whether somebody is to be called: nobody was since it has last worked.
    pub(super) fn not_judged(&self) -> bool {
        self.not_judged.fetch_add(1, Ordering::Relaxed);
        !self.alarmed.swap(true, Ordering::Relaxed)
    }

    /// A picture was judged. Whether somebody was called before.
    pub(super) fn judged(&self) -> bool {
        self.alarmed.swap(false, Ordering::Relaxed)
    }

    /// Whether somebody was called, and nothing was judged since.
    pub(super) fn is_alarmed(&self) -> bool {
        self.alarmed.load(Ordering::Relaxed)
    }

    /// What the line of that name has counted.
    pub(super) fn counts(&self, line: &str) -> LineCounts {
        LineCounts {
            line: line.to_owned(),
            pictures: self.taken.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            not_judged: self.not_judged.load(Ordering::Relaxed),
        }
    }
}
