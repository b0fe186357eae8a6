//! The inspections that go on: who judges each of them, from its beginning to its end, and what it has brought so far.

use crate::seat::Place;
use procvision_host::protocol::now_ms;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The most inspections that go on at the same time.
pub const MOST: usize = 10_000;
/// The most bytes of their contexts, all together, as JSON: parsed they may take twenty times as much.
const MOST_CONTEXT: usize = 16 << 20;
/// An inspection that nobody has asked about for so long is over.
pub const IDLE: Duration = Duration::from_secs(3_600);

/// How a step, or an inspection, came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Verdict {
    /// Everything that was asked is good.
    #[serde(rename = "OK")]
    Ok,
    /// The product was not judged: the conditions are not right, or nobody asked about more than them.
    #[serde(rename = "NOT_READY")]
    NotReady,
    /// The product is not good.
    #[serde(rename = "NG")]
    NotGood,
    /// Something has failed; nobody knows whether the product is good.
    #[serde(rename = "FAILED")]
    Failed,
}

/// One inspection.
#[derive(Debug)]
pub struct Inspection {
    /// What names it.
    pub id: String,
    /// What its products are, which algorithms may read.
    pub context: Map<String, Value>,
    context_bytes: usize,
    /// When it began, in milliseconds since 1970.
    pub began_ms: u64,
    /// Who judges it.
    pub place: Place,
    /// Steps come one after the other.
    pub turn: tokio::sync::Mutex<()>,
    over: AtomicBool,
    questions: AtomicU64,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
struct Progress {
    asked: Instant,
    steps: BTreeMap<u32, Verdict>,
}

impl Inspection {
    /// An inspection that has just begun.
    pub fn begin(id: String, context: Map<String, Value>, place: Place) -> Self {
        Self {
            id,
            context_bytes: written_length(&context),
            context,
            began_ms: now_ms(),
            place,
            turn: tokio::sync::Mutex::default(),
            over: AtomicBool::new(false),
            questions: AtomicU64::new(0),
            progress: Mutex::new(Progress {
                asked: Instant::now(),
                steps: BTreeMap::new(),
            }),
        }
    }

    /// The name of the next question.
    pub fn next_request_id(&self) -> String {
        format!("{}/{}", self.id, self.questions.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Notes how a step came out. What is asked again counts anew.
    pub fn note(&self, step_index: u32, verdict: Verdict) {
        let mut progress = self.progress();
        progress.asked = Instant::now();
        progress.steps.insert(step_index, verdict);
    }

    /// Nothing is asked any more. Said by whoever has the turn.
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// Whether it has ended, for whoever has the turn: the lock orders it.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Begins anew.
    pub fn restart(&self) {
        let mut progress = self.progress();
        progress.asked = Instant::now();
        progress.steps.clear();
    }

    /// How each step came out.
    pub fn steps(&self) -> BTreeMap<u32, Verdict> {
        self.progress().steps.clone()
    }

    /// The worst of its steps; `None` if nothing was asked.
    pub fn verdict(&self) -> Option<Verdict> {
        self.progress().steps.values().max().copied()
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        // Each change is whole before anything could panic.
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many bytes it has as JSON.
pub(crate) fn written_length(context: &Map<String, Value>) -> usize {
    let mut counted = Counted(0);
    // Counting does not fail.
    let _ = serde_json::to_writer(&mut counted, context);
    counted.0
}

/// Counts what is written.
struct Counted(usize);

impl std::io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Too many inspections go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{MOST} inspections, or some that have more than {MOST_CONTEXT} bytes of context, go on already; end some of them"
)]
pub struct TooMany;

/// Those that go on.
#[derive(Debug, Default)]
pub struct Inspections {
    open: Mutex<BTreeMap<String, Arc<Inspection>>>,
}

impl Inspections {
    /// Takes one up.
    ///
    /// # Errors
    ///
    /// [`TooMany`].
    pub fn add(&self, inspection: Arc<Inspection>) -> Result<(), TooMany> {
        self.let_go();
        let mut open = self.open();
        let contexts: usize = open.values().map(|inspection| inspection.context_bytes).sum();
        if open.len() >= MOST || contexts.saturating_add(inspection.context_bytes) > MOST_CONTEXT {
            return Err(TooMany);
        }
        open.insert(inspection.id.clone(), inspection);
        Ok(())
    }

    /// Lets go of those that nobody asks about any more.
    pub fn let_go(&self) {
        self.open()
            .retain(|_, inspection| inspection.progress().asked.elapsed() < IDLE);
    }

    /// The one with that name.
    pub fn get(&self, id: &str) -> Option<Arc<Inspection>> {
        self.open().get(id).cloned()
    }

    /// Lets go of one.
    pub fn end(&self, id: &str) -> Option<Arc<Inspection>> {
        self.open().remove(id)
    }

    /// All of them, the oldest first.
    pub fn all(&self) -> Vec<Arc<Inspection>> {
        let mut all: Vec<_> = self.open().values().cloned().collect();
        all.sort_by_key(|inspection| inspection.began_ms);
        all
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Inspection>>> {
        // Each change is whole before anything could panic.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
