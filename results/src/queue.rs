//! What waits for the thread that writes: results, and work on the database that is no result. Results go together,
//! work goes alone, and neither keeps the other waiting for longer than one turn.

use crate::error::ResultsError;
use crate::record::{RESULT_BYTES, RowId};
use crate::row::Row;
use rusqlite::Connection;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Most results of one transaction.
const GROUP: usize = 256;
/// Bytes of results and thumbnails after which a transaction takes no more.
const GROUP_BYTES: usize = 8 * RESULT_BYTES;

/// A result that waits, and who waits for it.
pub(crate) struct Record {
    pub row: Row,
    pub thumbnail: Option<Vec<u8>>,
    pub answer: oneshot::Sender<Result<RowId, ResultsError>>,
    /// Its place is free again when it is answered.
    pub place: OwnedSemaphorePermit,
}

impl Record {
    fn bytes(&self) -> usize {
        self.row.bytes() + self.thumbnail.as_ref().map_or(0, Vec::len)
    }
}

/// Work on the connection that writes.
pub(crate) type Chore = Box<dyn FnOnce(&mut Connection) + Send>;

/// What the writer does next.
pub(crate) enum Turn {
    Records(Vec<Record>),
    Chore(Chore),
    End,
}

/// The queue. Nothing is taken from it any more once it is closed and empty.
pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    places: Arc<Semaphore>,
    bound: usize,
}

#[derive(Default)]
struct State {
    records: VecDeque<Record>,
    chores: VecDeque<Chore>,
    /// Whether the last turn was for results, so that the next is for a chore.
    chore_is_due: bool,
    closed: bool,
}

impl Queue {
    /// A queue for at most that many results; at least one.
    pub(crate) fn new(bound: usize) -> Self {
        let bound = bound.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            state: Mutex::default(),
            arrived: Condvar::new(),
            places: Arc::new(Semaphore::new(bound)),
            bound,
        }
    }

    /// Waits for a place.
    pub(crate) async fn place(&self) -> Result<OwnedSemaphorePermit, ResultsError> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        place.map_err(|_| ResultsError::Ended)
    }

    /// A place, if one is free.
    pub(crate) fn place_now(&self) -> Result<OwnedSemaphorePermit, ResultsError> {
        if self.places.is_closed() {
            return Err(ResultsError::Ended);
        }
        let place = Arc::clone(&self.places).try_acquire_owned();
        place.map_err(|_| ResultsError::Full { waiting: self.bound })
    }

    pub(crate) fn put_record(&self, record: Record) -> Result<(), ResultsError> {
        self.put(|state| state.records.push_back(record))
    }

    pub(crate) fn put_chore(&self, chore: Chore) -> Result<(), ResultsError> {
        self.put(|state| state.chores.push_back(chore))
    }

    fn put(&self, put: impl FnOnce(&mut State)) -> Result<(), ResultsError> {
        let mut state = self.state();
        if state.closed {
            return Err(ResultsError::Ended);
        }
        put(&mut state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits for something to do. What was put before the queue was closed comes before the end.
    pub(crate) fn next(&self) -> Turn {
        let mut state = self.state();
        loop {
            if (state.chore_is_due || state.records.is_empty())
                && let Some(chore) = state.chores.pop_front()
            {
                state.chore_is_due = false;
                return Turn::Chore(chore);
            }
            if !state.records.is_empty() {
                state.chore_is_due = true;
                return Turn::Records(group(&mut state.records));
            }
            if state.closed {
                return Turn::End;
            }
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Nothing is accepted any more.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.places.close();
        self.arrived.notify_one();
    }

    /// Closes, and lets everybody know who still waits: nobody takes their work any more.
    pub(crate) fn abandon(&self) {
        self.close();
        let mut state = self.state();
        let (records, chores) = (std::mem::take(&mut state.records), std::mem::take(&mut state.chores));
        drop(state);
        drop((records, chores));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The results of one transaction, in their order; at least one.
fn group(records: &mut VecDeque<Record>) -> Vec<Record> {
    let mut bytes = 0;
    let count = records
        .iter()
        .take(GROUP)
        .take_while(|record| {
            let goes = bytes < GROUP_BYTES;
            bytes += record.bytes();
            goes
        })
        .count();
    records.drain(..count).collect()
}
