//! The thread that lets time pass for running algorithms: it moves the engine's epoch forward, and at each
//! step the call that runs looks whether it must end.

use crate::lockdown;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;
use wasmtime::Engine;

/// How often time is looked at. A deadline is met, and an interruption heeded, within one tick; a tick costs a few
/// microseconds.
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
