//! What happens at the station, for everybody who watches it: numbered, and the last ones kept, so that a watcher who was away
//! for a moment misses nothing.

use serde::Serialize;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast;

/// So many are kept for watchers who come back,
const KEPT: usize = 1_000;
/// and so many bytes of them at most.
const KEPT_BYTES: usize = 8 << 20;
/// So many may wait for a watcher who does not read; one who falls behind further is told what is kept.
const WAITING: usize = 256;

/// What kind of thing has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// What judges a product model, or how it is, has changed.
    Seat,
    /// A process has changed its state.
    Worker,
    /// Something was judged.
    Result,
    /// Somebody wrote a line.
    Log,
    /// Somebody should come.
    Alarm,
    /// The store has changed.
    Store,
    /// A line has been started or stopped.
    Line,
}

impl Kind {
    /// Its name in the stream.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seat => "seat",
            Self::Worker => "worker",
            Self::Result => "result",
            Self::Log => "log",
            Self::Alarm => "alarm",
            Self::Store => "store",
            Self::Line => "line",
        }
    }
}

/// One thing that has happened.
#[derive(Debug)]
pub struct Event {
    /// Its number, from 1; each is one more than the one before.
    pub id: u64,
    /// What kind of thing.
    pub kind: Kind,
    /// The rest, as JSON.
    pub data: String,
}

/// The stream of events. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Events {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    last: u64,
    kept: VecDeque<Arc<Event>>,
    kept_bytes: usize,
    /// Nothing once the station has ended.
    sender: Option<broadcast::Sender<Arc<Event>>>,
}

impl Default for Events {
    fn default() -> Self {
        let state = State {
            last: 0,
            kept: VecDeque::with_capacity(KEPT),
            kept_bytes: 0,
            sender: Some(broadcast::channel(WAITING).0),
        };
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
            }),
        }
    }
}

impl Events {
    /// Says that something has happened. Waits for nobody.
    pub fn say(&self, kind: Kind, data: &Value) {
        let data = data.to_string();
        let mut state = self.state();
        state.last += 1;
        let event = Arc::new(Event {
            id: state.last,
            kind,
            data,
        });
        state.kept_bytes += event.data.len();
        state.kept.push_back(event.clone());
        while state.kept.len() > KEPT || state.kept_bytes > KEPT_BYTES {
            let oldest = state.kept.pop_front();
            state.kept_bytes -= oldest.map_or(0, |oldest| oldest.data.len());
        }
        if let Some(sender) = &state.sender {
            // Under the lock, so that the order is that of the numbers. It fails if nobody watches.
            let _ = sender.send(event);
        }
    }

    /// Nobody is told anything any more: every watcher's stream ends.
    pub fn end(&self) {
        self.state().sender = None;
    }

    /// What has happened after the event of that number, as far as it is kept, and what happens from now on. Without a
    /// number only what happens from now on.
    pub fn watch(&self, after: Option<u64>) -> (Vec<Arc<Event>>, broadcast::Receiver<Arc<Event>>) {
        let state = self.state();
        let missed = state
            .kept
            .iter()
            .filter(|event| after.is_some_and(|after| event.id > after));
        // A number that was not given out yet is that of another run of the station.
        let missed = match after.is_some_and(|after| after > state.last) {
            true => state.kept.iter().cloned().collect(),
            false => missed.cloned().collect(),
        };
        let ended = || broadcast::channel(1).1;
        (
            missed,
            state.sender.as_ref().map_or_else(ended, broadcast::Sender::subscribe),
        )
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is whole before anything could panic.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn whoever_was_away_misses_nothing_that_is_kept() {
        let events = Events::default();
        for number in 0..KEPT + 5 {
            events.say(Kind::Log, &json!(number));
        }
        let (missed, mut now) = events.watch(Some(1_000));
        assert_eq!(
            missed.iter().map(|event| event.id).collect::<Vec<_>>(),
            [1_001, 1_002, 1_003, 1_004, 1_005]
        );
        events.say(Kind::Alarm, &json!("now"));
        assert_eq!(now.recv().await.unwrap().id, 1_006);
        assert!(events.watch(None).0.is_empty());
        // The numbers of another run.
        assert_eq!(events.watch(Some(1 << 40)).0.len(), KEPT);
        events.end();
        assert!(now.recv().await.is_err() && events.watch(None).1.recv().await.is_err());
        // Large ones take the place of many.
        for _ in 0..3 {
            events.say(Kind::Log, &json!("x".repeat(KEPT_BYTES / 2 - 2)));
        }
        assert_eq!(events.watch(Some(1 << 40)).0.len(), 2);
    }
}
