//! The thread that lets time pass for running algorithms: it moves the engine's epoch forward, and an algorithm whose
//! deadline epoch has come is interrupted.

use crate::lockdown;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;
use wasmtime::Engine;

/// How often time is looked at. A deadline is met within one tick; a tick costs a few microseconds.
const TICK: Duration = Duration::from_millis(5);

/// Owns the thread; dropping it ends and joins the thread.
#[derive(Debug)]
pub(crate) struct Ticker {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub(crate) fn start(engine: &Engine) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let engine = engine.weak();
        let thread = std::thread::Builder::new()
            .name("procvision-epoch".into())
            .spawn(move || {
                // It only counts.
                lockdown::renounce_if_declared();
                while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(TICK) {
                    let Some(engine) = engine.upgrade() else { return };
                    engine.increment_epoch();
                }
            })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The number of ticks after which `deadline` has certainly passed.
    pub(crate) fn ticks(deadline: Duration) -> u64 {
        let ticks = deadline.as_millis().div_ceil(TICK.as_millis());
        // The current tick is already partly over.
        u64::try_from(ticks).unwrap_or(u64::MAX - 1).saturating_add(1)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The thread does nothing that could panic; if it did, deadlines of a host that is going away are moot.
            let _ = thread.join();
        }
    }
}
