//! A seat: a product model, the version that judges it, and the processes in which that runs. A switch makes a new seat; the
//! old one stays for as long as somebody holds a place in it, and its processes end with it.

use procvision_host::store::Release;
use procvision_runner::{Answer, Question, StartError, State, Status, Worker};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What judges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judge {
    /// A version of the store, and the digest of its package.
    Release {
        /// Which one.
        release: Release,
        /// Of its package.
        digest: String,
    },
    /// Another program.
    Command,
}

/// A product model and what judges it.
#[derive(Debug)]
pub struct Seat {
    /// The product model.
    pub pid: String,
    /// What judges it.
    pub judge: Judge,
    /// Since when, in milliseconds since 1970.
    pub since_ms: u64,
    desks: Vec<Desk>,
    waiting: AtomicUsize,
    bound: usize,
}

/// A process, and how many inspections it has.
#[derive(Debug)]
struct Desk {
    worker: Worker,
    places: AtomicUsize,
}

/// More wait than may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{bound} steps wait for this product model already")]
pub struct Full {
    /// How many may wait.
    pub bound: usize,
}

impl Seat {
    /// A seat with these processes, for which `bound` steps may wait.
    pub fn new(pid: String, judge: Judge, workers: Vec<Worker>, bound: usize, since_ms: u64) -> Self {
        let desks = workers.into_iter().map(|worker| Desk {
            worker,
            places: AtomicUsize::new(0),
        });
        Self {
            pid,
            judge,
            since_ms,
            desks: desks.collect(),
            waiting: AtomicUsize::new(0),
            bound,
        }
    }

    /// Waits until one of its processes can be asked.
    ///
    /// # Errors
    ///
    /// Why none of them can, in the words of the one that failed last.
    pub async fn warm(&self) -> Result<(), StartError> {
        let warm = self.desks.iter().map(|desk| Box::pin(desk.worker.warm()));
        let first = futures_util::future::select_ok(warm).await;
        first.map(|_| ())
    }

    /// A place at the process that has the fewest inspections, where there is a choice at one that can be asked.
    pub fn place(self: &Arc<Self>) -> Place {
        let rank = |desk: &Desk| {
            let able = matches!(desk.worker.status().state, State::Ready | State::Executing);
            (!able, desk.places.load(Ordering::Relaxed))
        };
        let chosen = self.desks.iter().enumerate().min_by_key(|(_, desk)| rank(desk));
        let desk = chosen.map_or(0, |(place, _)| place);
        self.desks[desk].places.fetch_add(1, Ordering::Relaxed);
        Place {
            seat: self.clone(),
            desk,
        }
    }

    /// Whether another program judges, which may be one of the original SDK.
    pub fn is_command(&self) -> bool {
        matches!(self.judge, Judge::Command)
    }

    /// How each of its processes is.
    pub fn statuses(&self) -> Vec<(&Worker, Status)> {
        self.desks
            .iter()
            .map(|desk| (&desk.worker, desk.worker.status()))
            .collect()
    }

    /// How it is: as the best of its processes.
    pub fn state(&self) -> State {
        let rank = |state: &State| match state {
            State::Executing => 0,
            State::Ready => 1,
            State::Starting => 2,
            State::Waiting => 3,
            State::Alarmed => 4,
            State::Stopped => 5,
        };
        let states = self.desks.iter().map(|desk| desk.worker.status().state);
        states.min_by_key(rank).unwrap_or(State::Stopped)
    }

    /// Steps that wait or are asked about, and how many may.
    pub fn queue(&self) -> (usize, usize) {
        (self.waiting.load(Ordering::Relaxed), self.bound)
    }

    /// Has the processes end; what is asked now is refused.
    pub async fn stop(&self) {
        // At once, so that it takes no longer than for one of them.
        futures_util::future::join_all(self.desks.iter().map(|desk| desk.worker.stop())).await;
    }

    /// Has the processes start again that were stopped or given up.
    pub fn revive(&self) {
        for desk in &self.desks {
            desk.worker.revive();
        }
    }
}

/// A place of an inspection at one process, which remembers its session.
#[derive(Debug)]
pub struct Place {
    seat: Arc<Seat>,
    desk: usize,
}

impl Place {
    /// The seat.
    pub fn seat(&self) -> &Arc<Seat> {
        &self.seat
    }

    /// Joins those who wait to be asked about.
    ///
    /// # Errors
    ///
    /// [`Full`], at once, if too many wait.
    pub fn join(&self) -> Result<Waiting, Full> {
        Waiting::join(&self.seat)
    }

    /// Joins them however many there are. For whoever asks one question after the other.
    pub fn join_anyway(&self) -> Waiting {
        self.seat.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(self.seat.clone())
    }

    /// Asks, after those who came before.
    pub async fn ask(&self, _waiting: &Waiting, question: Question) -> Answer {
        self.seat.desks[self.desk].worker.ask(question).await
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.seat.desks[self.desk].places.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One who waits or is asked about, counted until it is dropped, however that comes.
#[derive(Debug)]
pub struct Waiting(Arc<Seat>);

impl Waiting {
    fn join(seat: &Arc<Seat>) -> Result<Self, Full> {
        let room = |waiting| (waiting < seat.bound).then_some(waiting + 1);
        match seat.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room) {
            Ok(_) => Ok(Self(seat.clone())),
            Err(_) => Err(Full { bound: seat.bound }),
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
