//! A way out that nobody has to wait at: what cannot be written at once is kept, within bounds, for a thread that waits
//! in the writer's place.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// So many bytes a pipe takes without waiting, once it is said to take any (`PIPE_BUF`).
const PIECE: usize = 4096;
/// How often it is told that something was dropped.
const TELLING: Duration = Duration::from_secs(1);
/// How long the last words of a process wait for room.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// What happens to something that there is no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// It is kept all the same. Whoever sends such things waits for each before the next.
    Always,
    /// It is dropped and counted.
    IfRoom,
}

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) bytes: usize,
    pub(super) items: usize,
}

/// A descriptor that is written to, and what waits for it. Clones write to the same one.
#[derive(Clone)]
pub(super) struct Outlet {
    shared: Arc<Shared>,
}

struct Shared {
    to: OwnedFd,
    bounds: Bounds,
    state: Mutex<State>,
    /// Something waits, or nothing any more.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(Vec<u8>, Keep)>,
    /// So much of the first one is written.
    written: usize,
    bytes: usize,
    /// Those among them that are always kept.
    kept: usize,
    dropped: u64,
    /// When it was last asked how many were dropped, and some were.
    told: Option<Instant>,
    /// Nobody reads any more.
    broken: bool,
}

impl Outlet {
    pub(super) fn new(to: OwnedFd, bounds: Bounds) -> Self {
        Self {
            shared: Arc::new(Shared {
                to,
                bounds,
                state: Mutex::default(),
                changed: Condvar::new(),
            }),
        }
    }

    /// Writes it, or has it wait until it can be written. Never waits itself.
    pub(super) fn send(&self, item: Vec<u8>, keep: Keep) {
        let Shared { bounds, changed, .. } = &*self.shared;
        let mut state = self.state();
        if state.broken {
            return;
        }
        let full = state.waiting.len() >= bounds.items || state.bytes.saturating_add(item.len()) > bounds.bytes;
        if full && keep == Keep::IfRoom && !state.waiting.is_empty() {
            state.dropped = state.dropped.saturating_add(1);
            return;
        }
        state.bytes = state.bytes.saturating_add(item.len());
        state.kept += usize::from(keep == Keep::Always);
        let idle = state.waiting.is_empty();
        state.waiting.push_back((item, keep));
        if idle {
            self.write_some(&mut state);
            if !state.waiting.is_empty() {
                changed.notify_all();
            }
        }
    }

    /// What was dropped since this was asked last. At most once a second there is anything to tell.
    pub(super) fn take_dropped(&self) -> u64 {
        let mut state = self.state();
        if state.dropped == 0 || state.told.is_some_and(|told| told.elapsed() < TELLING) {
            return 0;
        }
        state.told = Some(Instant::now());
        std::mem::take(&mut state.dropped)
    }

    /// Writes it at once, past everything that waits, or not at all. For the last words of a process: the thread that speaks
    /// may be the one that holds the lock.
    pub(super) fn write_past(&self, item: &[u8]) {
        let between = match self.shared.state.try_lock() {
            Ok(state) => state.written == 0,
            Err(TryLockError::Poisoned(state)) => state.into_inner().written == 0,
            Err(TryLockError::WouldBlock) => false,
        };
        let separator: &[u8] = if between { b"" } else { b"\n" };
        let item = [separator, item].concat();
        if self.is_ready(Timespec::try_from(LAST_WORDS).ok().as_ref()) {
            // Nobody is left who could do anything about an error.
            let _ = rustix::io::write(&self.shared.to, &item[..item.len().min(PIECE)]);
        }
    }

    /// The descriptor, to be told when nobody reads any more.
    pub(super) fn descriptor(&self) -> &OwnedFd {
        &self.shared.to
    }

    /// Waits until nothing waits any more that is always kept, or `enough` says so.
    pub(super) fn wait_for_room(&self, enough: impl Fn() -> bool) {
        let mut state = self.state();
        while state.kept > 0 && !state.broken && !enough() {
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Has everybody who waits for room look again.
    pub(super) fn wake(&self) {
        // Under the lock, so that nobody is between looking and waiting.
        let _state = self.state();
        self.shared.changed.notify_all();
    }

    /// Waits until everything is written, but not beyond `until`.
    pub(super) fn drain(&self, until: Instant) {
        let mut state = self.state();
        while !state.waiting.is_empty() {
            let Some(left) = until.checked_duration_since(Instant::now()) else {
                return;
            };
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Writes what waits, for as long as the program runs. For a thread of its own.
    pub(super) fn serve(&self) {
        loop {
            let mut state = self.state();
            while state.waiting.is_empty() {
                state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            drop(state);
            if !self.is_ready(None) {
                continue;
            }
            let mut state = self.state();
            let kept = state.kept;
            self.write_some(&mut state);
            if state.waiting.is_empty() || state.kept < kept {
                self.shared.changed.notify_all();
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes as much as can be written without waiting.
    fn write_some(&self, state: &mut State) {
        while let Some((item, _)) = state.waiting.front() {
            if !self.is_ready(Some(&Timespec::default())) {
                return;
            }
            let rest = &item[state.written..];
            match rustix::io::write(&self.shared.to, &rest[..rest.len().min(PIECE)]) {
                Ok(count) if count < rest.len() => state.written += count,
                Ok(_) => state.remove_first(),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => state.give_up(),
            }
        }
    }

    /// Whether a piece can be written without waiting, after waiting for that as long as `wait` says; an error that writing
    /// will show counts.
    fn is_ready(&self, wait: Option<&Timespec>) -> bool {
        let mut descriptors = [PollFd::new(&self.shared.to, PollFlags::OUT)];
        matches!(poll(&mut descriptors, wait), Ok(ready) if ready > 0)
    }
}

impl State {
    fn remove_first(&mut self) {
        if let Some((item, keep)) = self.waiting.pop_front() {
            self.bytes = self.bytes.saturating_sub(item.len());
            self.kept -= usize::from(keep == Keep::Always);
        }
        self.written = 0;
    }

    /// Nobody reads: nothing needs to wait.
    fn give_up(&mut self) {
        *self = Self {
            broken: true,
            dropped: self.dropped,
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::Read;

    const BOUNDS: Bounds = Bounds {
        bytes: 10_000,
        items: 4,
    };

    fn pipe() -> (File, Outlet) {
        let (from, to) = std::io::pipe().unwrap();
        (OwnedFd::from(from).into(), Outlet::new(to.into(), BOUNDS))
    }

    /// Fills the pipe, so that what comes next has to wait.
    fn fill(outlet: &Outlet) -> usize {
        let mut sent = 0;
        while outlet.state().waiting.is_empty() {
            outlet.send(vec![0; PIECE], Keep::IfRoom);
            sent += PIECE;
        }
        sent
    }

    #[test]
    fn what_cannot_be_written_waits_within_bounds_and_in_order() {
        let (mut from, outlet) = pipe();
        let filling = fill(&outlet);
        for item in 1..=9 {
            outlet.send(vec![item; 10], Keep::IfRoom);
        }
        outlet.send(vec![100; 50_000], Keep::Always);
        assert_eq!(outlet.take_dropped(), 6);
        // Those that follow are told of a second later.
        outlet.send(vec![10; 10], Keep::IfRoom);
        assert_eq!((outlet.take_dropped(), outlet.state().dropped), (0, 1));

        let writer = outlet.clone();
        std::thread::spawn(move || writer.serve());
        let mut bytes = vec![0; filling + 30 + 50_000];
        from.read_exact(&mut bytes).unwrap();
        let expected = [vec![1; 10], vec![2; 10], vec![3; 10], vec![100; 50_000]].concat();
        assert!(bytes[filling..] == expected);
        outlet.wait_for_room(|| false);
        outlet.drain(Instant::now() + Duration::from_secs(600));
        // Locked once: two locks in one expression would wait for each other.
        let state = outlet.state();
        assert_eq!((state.bytes, state.kept), (0, 0));
    }

    #[test]
    fn nothing_waits_for_a_reader_that_has_gone() {
        let (from, outlet) = pipe();
        fill(&outlet);
        outlet.send(vec![1; 10], Keep::Always);
        drop(from);
        let writer = outlet.clone();
        std::thread::spawn(move || writer.serve());
        outlet.wait_for_room(|| false);
        outlet.send(vec![2; 10], Keep::Always);
        outlet.drain(Instant::now());
        assert!(outlet.state().waiting.is_empty());
    }

    #[test]
    fn waiting_for_room_can_be_called_off() {
        let (_from, outlet) = pipe();
        fill(&outlet);
        outlet.send(vec![1; 10], Keep::Always);
        outlet.wait_for_room(|| true);
        outlet.drain(Instant::now());
    }
}
