//! What the reader of the pipe and the one who asks the algorithm tell each other: the one call, and the end.

use super::bell::Bell;
use crate::algorithm::Interrupter;
use crate::protocol::CallRequest;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Why the process comes to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The runner asked for it.
    Shutdown,
    /// A signal asked for it.
    Signal,
    /// The runner has closed its end, or reads no answers any more.
    Closed,
}

/// Whether the end waits for what has been asked already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// Only if calls are worked off already.
    None,
    /// Even if that begins only later.
    UntilAnswered,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// It will be answered.
    Taken,
    /// Another one has not been answered yet.
    Busy,
    /// No calls are accepted any more.
    Ending,
}

/// What there is to do next.
#[derive(Debug)]
pub(super) enum Next {
    /// With the time at which it came.
    Call(Box<CallRequest>, Instant),
    End(End),
}

/// The place where one call waits, and the end is announced.
pub(super) struct Inbox {
    state: Mutex<State>,
    /// Rung when something arrives while the one who works off calls listens.
    arrived: Bell,
}

#[derive(Default)]
struct State {
    /// Whether calls are worked off.
    open: bool,
    /// Whether the one who works off calls has nothing to do, and listens to the runner itself.
    worker_listens: bool,
    waiting: Option<(Box<CallRequest>, Instant)>,
    /// Whether a call was taken that has not been answered.
    in_flight: bool,
    /// Whether the one who works off calls is busy, with a call or with what follows it.
    working: bool,
    /// With the time at which it was announced.
    end: Option<(End, Instant)>,
    /// Whether whoever loads brings the end about, because nothing can be served.
    closing: bool,
    /// Whether the call that waits is to be answered before the end, even if nothing is loaded yet.
    patient: bool,
    /// What ends a call, once calls are worked off.
    interrupter: Option<Interrupter>,
}

impl Inbox {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            state: Mutex::default(),
            arrived: Bell::new()?,
        })
    }

    /// Takes a call, if it can be answered.
    pub(super) fn offer(&self, call: Box<CallRequest>) -> Offer {
        let mut state = self.state();
        if state.end.is_some() {
            return Offer::Ending;
        }
        if state.in_flight {
            return Offer::Busy;
        }
        state.in_flight = true;
        state.waiting = Some((call, Instant::now()));
        self.tell(&state);
        Offer::Taken
    }

    /// Announces the end; the first announcement counts. Says whether whoever announces it brings it about, at once: else the
    /// one who works off calls does, once everything is loaded.
    pub(super) fn end(&self, end: End, patience: Patience) -> bool {
        let mut state = self.state();
        state.end.get_or_insert_with(|| (end, Instant::now()));
        self.tell(&state);
        if state.open || state.closing {
            return false;
        }
        state.patient = patience == Patience::UntilAnswered && state.waiting.is_some();
        !state.patient
    }

    /// From now on calls are worked off. Says whether that is wanted: not if the end has come already. The time of a call that
    /// has waited for this begins now, and so does that of an end.
    pub(super) fn open(&self, interrupter: Interrupter) -> bool {
        let mut state = self.state();
        state.open = state.end.is_none() || state.patient;
        state.interrupter = Some(interrupter);
        let now = Instant::now();
        if let Some((_, came)) = &mut state.waiting {
            *came = now;
        }
        state.end = state.end.map(|(end, _)| (end, now));
        state.open
    }

    /// Accepts no calls any more; returns the one that waits.
    ///
    /// # Errors
    ///
    /// The end, if it was announced before, and what waits is not to be answered.
    pub(super) fn close(&self) -> Result<Option<Box<CallRequest>>, End> {
        let mut state = self.state();
        match state.end {
            Some((end, _)) if !state.patient => return Err(end),
            _ => state.end = Some((End::Closed, Instant::now())),
        }
        state.closing = true;
        Ok(state.waiting.take().map(|(call, _)| call))
    }

    /// Whether calls are worked off.
    pub(super) fn is_open(&self) -> bool {
        self.state().open
    }

    /// The call that waits.
    pub(super) fn take_waiting(&self) -> Option<Box<CallRequest>> {
        self.state().waiting.take().map(|(call, _)| call)
    }

    /// A call, or the end; a call that was taken before the end comes first. If there is neither, whoever asks listens to the
    /// runner from now on.
    pub(super) fn next_or_listen(&self) -> Option<Next> {
        let mut state = self.state();
        let next = match (state.waiting.take(), state.end) {
            (Some((call, came)), _) => Some(Next::Call(call, came)),
            (None, Some((end, _))) => Some(Next::End(end)),
            (None, None) => None,
        };
        state.working = matches!(next, Some(Next::Call(..)));
        state.worker_listens = next.is_none();
        next
    }

    /// Whoever listened has something to do, or looks whether there is something.
    pub(super) fn stop_listening(&self) {
        self.state().worker_listens = false;
        self.arrived.clear();
    }

    /// Whether the one who works off calls listens to the runner.
    pub(super) fn worker_listens(&self) -> bool {
        self.state().worker_listens
    }

    /// Rings for the one who works off calls.
    pub(super) fn bell(&self) -> &Bell {
        &self.arrived
    }

    fn tell(&self, state: &State) {
        if state.worker_listens {
            self.arrived.ring();
        }
    }

    /// The call is answered; the next one can come.
    pub(super) fn answered(&self) {
        self.state().in_flight = false;
    }

    /// Ends what the algorithm is doing for a call or in consequence of one, and with `everything` whatever it is doing. Says
    /// whether there may be more: what is just about to reach the algorithm goes on, so that this must be called again.
    pub(super) fn interrupt(&self, everything: bool) -> bool {
        let state = self.state();
        let more = everything || state.in_flight || state.working;
        if let (true, Some(interrupter)) = (more, &state.interrupter) {
            interrupter.interrupt();
        }
        more
    }

    /// When the end was announced.
    pub(super) fn ended(&self) -> Option<Instant> {
        self.state().end.map(|(_, at)| at)
    }

    /// Since when the one who works off calls, or whoever loads, brings the end about.
    pub(super) fn ending(&self) -> Option<Instant> {
        let state = self.state();
        state.end.filter(|_| state.open || state.closing).map(|(_, at)| at)
    }

    /// Whether the end was announced.
    pub(super) fn is_ending(&self) -> bool {
        self.state().end.is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
