//! What the host keeps for one instance while it lives.

use super::limiter::Limiter;
use super::windows::Windows;
use crate::assets::Assets;
use crate::failure::Panic;
use crate::imports::imaging::ImageSet;
use crate::imports::{StreamToLog, Timer, wasi_context};
use crate::interruption::Interruption;
use crate::limits::Limits;
use crate::logs::{LogBuffer, LogSource, Logs};
use crate::outcome::PictureAccess;
use crate::policy::SandboxPolicy;
use crate::session::Session;
use serde_json::{Map, Value};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::WasiCtx;

/// The data of one store.
pub(crate) struct GuestState {
    pub(crate) table: ResourceTable,
    pub(crate) wasi: WasiCtx,
    pub(crate) limiter: Limiter,
    pub(crate) limits: Arc<Limits>,
    pub(crate) assets: Arc<Assets>,
    /// The session that is lent for the current visit.
    pub(crate) session: Option<Session>,
    /// The pictures that are lent for the current call.
    pub(crate) images: Option<ImageSet>,
    /// How the primary one of them was read so far.
    pub(crate) access: PictureAccess,
    /// Where pictures are laid over the instance's memory. Empty until the instance has started.
    pub(crate) windows: Windows,
    /// When the current visit must end.
    pub(crate) deadline: Instant,
    /// What waits for the algorithm, and knows whether the call is to end before.
    pub(crate) timer: Arc<Timer>,
    /// What the algorithm said before a trap.
    pub(crate) panic: Option<Panic>,
    pub(crate) diagnostics: Published,
    logs: Arc<Mutex<LogBuffer>>,
    streams: [StreamToLog; 2],
}

/// What an algorithm published during one call.
#[derive(Debug, Default)]
pub(crate) struct Published {
    pub(crate) values: Map<String, Value>,
    pub(crate) bytes: u64,
    /// Values that exceeded the bounds.
    pub(crate) dropped: u64,
}

impl GuestState {
    pub(crate) fn new(
        limits: Arc<Limits>,
        policy: &SandboxPolicy,
        assets: Arc<Assets>,
        interruption: Arc<Interruption>,
    ) -> Self {
        let buffer = LogBuffer::new(policy.log_level, limits.log_lines, limits.log_bytes);
        let logs = Arc::new(Mutex::new(buffer));
        let streams = [LogSource::Stdout, LogSource::Stderr].map(|source| StreamToLog::new(source, logs.clone()));
        let [stdout, stderr] = streams.clone();
        let mut table = ResourceTable::new();
        table.set_max_capacity(usize::try_from(limits.resource_table_entries).unwrap_or(usize::MAX));
        Self {
            table,
            wasi: wasi_context(policy, limits.random_bytes, stdout, stderr),
            limiter: Limiter::new(&limits),
            limits,
            assets,
            session: None,
            images: None,
            access: PictureAccess::default(),
            windows: Windows::default(),
            deadline: Instant::now(),
            timer: Arc::new(Timer::new(interruption)),
            panic: None,
            diagnostics: Published::default(),
            logs,
            streams,
        }
    }

    /// The log of the current call.
    pub(crate) fn logs(&self) -> MutexGuard<'_, LogBuffer> {
        // A panic while the lock was held cannot have left a line half-written.
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was logged since the last time, printed lines without an end included.
    pub(crate) fn take_logs(&self) -> Logs {
        for stream in &self.streams {
            stream.end_line();
        }
        self.logs().take()
    }
}
