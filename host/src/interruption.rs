//! Ending a call from another thread. The thread that calls an algorithm looks here at every tick of the engine's clock
//! and whenever it waits for the algorithm; whoever holds an [`Interrupter`] wakes it.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Nothing runs.
const IDLE: u8 = 0;
/// A call runs.
const CALLING: u8 = 1;
/// A call runs and is to end.
const INTERRUPTED: u8 = 2;

/// Ends the call of one [`Algorithm`](crate::algorithm::Algorithm) from any thread. Clones end calls of the same
/// algorithm, and one that outlives it does nothing.
#[derive(Clone)]
pub struct Interrupter {
    interruption: Arc<Interruption>,
}

impl Interrupter {
    /// Ends what the algorithm is doing at the moment: a question, a hook, `setup`, `get_info` or `teardown`. It ends
    /// within a tick of the engine's clock (5 ms), even while the algorithm sleeps, as a failure of the class
    /// [`Interrupted`](crate::failure::FailureClass::Interrupted), and costs the instance. A question that has been
    /// answered keeps its answer. What the host itself does for a call, such as decoding a picture, is not cut short.
    ///
    /// Only the call that runs is ended, never a later one. Says whether one runs; whoever must end a call that is
    /// about to begin asks again until it has ended.
    pub fn interrupt(&self) -> bool {
        let Interruption { state, lock, woken } = &*self.interruption;
        match state.compare_exchange(CALLING, INTERRUPTED, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => {
                // Whoever has looked at the state before it changed waits by now, or has not yet taken the lock.
                drop(lock.lock().unwrap_or_else(PoisonError::into_inner));
                woken.notify_all();
                true
            }
            Err(before) => before == INTERRUPTED,
        }
    }
}

impl fmt::Debug for Interrupter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupter").finish_non_exhaustive()
    }
}

/// What an algorithm, its instances and its interrupters share.
#[derive(Debug, Default)]
pub(crate) struct Interruption {
    state: AtomicU8,
    /// Guards nothing but the moment between looking at `state` and waiting.
    lock: Mutex<()>,
    woken: Condvar,
}

/// A call that runs, until this is dropped.
pub(crate) struct Calling(Arc<Interruption>);

impl Interruption {
    pub(crate) fn interrupter(self: &Arc<Self>) -> Interrupter {
        Interrupter {
            interruption: Arc::clone(self),
        }
    }

    /// Begins a call. Calls of one algorithm come one at a time, so that there is no other.
    pub(crate) fn begin(self: &Arc<Self>) -> Calling {
        self.state.store(CALLING, Ordering::SeqCst);
        Calling(Arc::clone(self))
    }

    /// Whether the call that runs is to end.
    pub(crate) fn requested(&self) -> bool {
        self.state.load(Ordering::SeqCst) == INTERRUPTED
    }

    /// Waits until then, or until the call is to end.
    pub(crate) fn wait_until(&self, until: Instant) {
        let mut guard: MutexGuard<'_, ()> = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        while !self.requested() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.woken.wait_timeout(guard, left);
            guard = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Calling {
    fn drop(&mut self) {
        self.0.state.store(IDLE, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn only_the_call_that_runs_is_interrupted() {
        let interruption = Arc::new(Interruption::default());
        let interrupter = interruption.interrupter();
        assert!(!interrupter.interrupt() && !interruption.requested());
        let calling = interruption.begin();
        assert!(!interruption.requested());
        assert!(interrupter.interrupt() && interrupter.clone().interrupt() && interruption.requested());
        drop(calling);
        assert!(!interrupter.interrupt());
        let _next = interruption.begin();
        assert!(!interruption.requested());
    }

    #[test]
    fn waiting_ends_when_the_call_is_to_end() {
        let interruption = Arc::new(Interruption::default());
        let _calling = interruption.begin();
        interruption.wait_until(Instant::now());
        let interrupter = interruption.interrupter();
        let other = std::thread::spawn(move || interrupter.interrupt());
        interruption.wait_until(Instant::now() + Duration::from_secs(3600));
        assert!(interruption.requested());
        assert!(other.join().unwrap());
    }
}
