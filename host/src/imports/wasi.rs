//! WASI as far as a standard library mentions it: no environment, no arguments, no input; output becomes log lines;
//! clocks and random numbers as the policy says. How a sleep is waited for is in `waiting.rs`.

use super::waiting::Sleep;
use crate::instance::GuestState;
use crate::logs::{Level, LogBuffer, LogLine, LogSource};
use crate::policy::{ClockPolicy, RandomPolicy, SandboxPolicy};
use bytes::Bytes;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use wasmtime::component::{HasData, HasSelf, Linker, Resource, ResourceTable};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream, WasiCli, WasiCliView};
use wasmtime_wasi::clocks::{HostMonotonicClock, HostWallClock, WasiClocks, WasiClocksView};
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::bindings::{cli, clocks, random, sync};
use wasmtime_wasi::p2::{DynPollable, OutputStream, Pollable, StreamResult, subscribe};
use wasmtime_wasi::random::{Deterministic, WasiRandom, WasiRandomView};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

/// Longest printed line; a longer one is split.
const LINE_BYTES: usize = 8 << 10;
/// Bytes that a guest may write to a stream at once; bounds what the host allocates for it.
const WRITE_BYTES: usize = 64 << 10;
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
/// What a deterministic clock shows: 2001-09-09T01:46:40Z, a date that nobody mistakes for now.
const FIXED_TIME: Duration = Duration::from_secs(1_000_000_000);

impl WasiView for GuestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// Links the interfaces that [`crate::contract`] classifies as granted or empty, and no other.
pub(super) fn link(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    let l = linker;
    type S = GuestState;
    wasmtime_wasi_io::bindings::wasi::io::error::add_to_linker::<S, Table>(l, |state| &mut state.table)?;
    sync::io::poll::add_to_linker::<S, HasSelf<S>>(l, |state| state)?;
    sync::io::streams::add_to_linker::<S, HasSelf<S>>(l, |state| state)?;
    clocks::wall_clock::add_to_linker::<S, WasiClocks>(l, S::clocks)?;
    clocks::monotonic_clock::add_to_linker::<S, BoundedSleep>(l, |state| BoundedClock(state))?;
    random::random::add_to_linker::<S, WasiRandom>(l, S::random)?;
    random::insecure::add_to_linker::<S, WasiRandom>(l, S::random)?;
    random::insecure_seed::add_to_linker::<S, WasiRandom>(l, S::random)?;
    cli::exit::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::environment::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::stdin::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::stdout::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::stderr::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::terminal_input::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::terminal_output::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::terminal_stdin::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::terminal_stdout::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::terminal_stderr::add_to_linker::<S, WasiCli>(l, S::cli)?;
    Ok(())
}

/// What an instance sees of the world under a policy.
pub(crate) fn context(policy: &SandboxPolicy, random_bytes: u64, stdout: StreamToLog, stderr: StreamToLog) -> WasiCtx {
    let mut builder = WasiCtx::builder();
    builder.stdout(stdout).stderr(stderr).max_random_size(random_bytes);
    let clock = PolicyClock {
        policy: policy.clocks,
        start: Instant::now(),
    };
    builder.wall_clock(clock).monotonic_clock(clock);
    if policy.random == RandomPolicy::Deterministic {
        let sequence: Vec<u8> = (0..251_u8)
            .map(|index| index.wrapping_mul(167).wrapping_add(13))
            .collect();
        builder.secure_random(Deterministic::new(sequence.clone()));
        builder.insecure_random(Deterministic::new(sequence));
        builder.insecure_random_seed(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834);
    }
    builder.build()
}

struct Table;

impl HasData for Table {
    type Data<'a> = &'a mut ResourceTable;
}

#[derive(Clone, Copy)]
struct PolicyClock {
    policy: ClockPolicy,
    start: Instant,
}

impl PolicyClock {
    fn show(&self, real: Duration) -> Duration {
        match self.policy {
            ClockPolicy::Real => real,
            ClockPolicy::Coarse => Duration::new(real.as_secs(), real.subsec_millis() * 1_000_000),
            ClockPolicy::Deterministic => FIXED_TIME,
        }
    }

    fn step(&self) -> Duration {
        match self.policy {
            ClockPolicy::Real => Duration::from_nanos(1),
            ClockPolicy::Coarse | ClockPolicy::Deterministic => Duration::from_millis(1),
        }
    }
}

impl HostWallClock for PolicyClock {
    fn resolution(&self) -> Duration {
        self.step()
    }

    fn now(&self) -> Duration {
        self.show(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default())
    }
}

impl HostMonotonicClock for PolicyClock {
    fn resolution(&self) -> u64 {
        nanoseconds(self.step())
    }

    fn now(&self) -> u64 {
        nanoseconds(self.show(self.start.elapsed()))
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The monotonic clock with sleeps that end with the call: epochs do not interrupt the host while it waits.
struct BoundedSleep;

struct BoundedClock<'a>(&'a mut GuestState);

impl HasData for BoundedSleep {
    type Data<'a> = BoundedClock<'a>;
}

impl BoundedClock<'_> {
    fn sleep(&mut self, duration: Duration) -> wasmtime::Result<Resource<DynPollable>> {
        let now = Instant::now();
        // Longer than the clock can tell is longer than any call.
        let until = now.checked_add(duration).unwrap_or(now + YEAR);
        let timer = Arc::clone(&self.0.timer);
        let sleep = self.0.table.push(Sleep { timer, until })?;
        subscribe(&mut self.0.table, sleep)
    }
}

impl monotonic_clock::Host for BoundedClock<'_> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        monotonic_clock::Host::now(&mut self.0.clocks())
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        monotonic_clock::Host::resolution(&mut self.0.clocks())
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let now = monotonic_clock::Host::now(self)?;
        self.sleep(Duration::from_nanos(when.saturating_sub(now)))
    }

    fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.sleep(Duration::from_nanos(duration))
    }
}

/// Standard output or error of an instance: lines go to the log of the call.
#[derive(Clone)]
pub(crate) struct StreamToLog {
    source: LogSource,
    logs: Arc<Mutex<LogBuffer>>,
    /// The line that has not ended yet.
    pending: Arc<Mutex<Vec<u8>>>,
}

impl StreamToLog {
    pub(crate) fn new(source: LogSource, logs: Arc<Mutex<LogBuffer>>) -> Self {
        Self {
            source,
            logs,
            pending: Arc::default(),
        }
    }

    /// Ends the line that has not ended yet, if there is one.
    pub(crate) fn end_line(&self) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if !pending.is_empty() {
            self.keep(&pending);
            pending.clear();
        }
    }

    fn append(&self, bytes: &[u8]) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ended) = match part.split_last() {
                Some((b'\n', text)) => (text, true),
                _ => (part, false),
            };
            for piece in text.chunks(LINE_BYTES) {
                if pending.len() + piece.len() > LINE_BYTES {
                    self.keep(&pending);
                    pending.clear();
                }
                pending.extend_from_slice(piece);
            }
            if ended {
                self.keep(&pending);
                pending.clear();
            }
        }
    }

    fn keep(&self, line: &[u8]) {
        let level = if self.source == LogSource::Stderr {
            Level::Warn
        } else {
            Level::Info
        };
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        if logs.admit(level, line.len() as u64) {
            let message = String::from_utf8_lossy(line).trim_end_matches('\r').to_owned();
            logs.keep(LogLine {
                level,
                source: self.source,
                message,
                fields: serde_json::Map::new(),
            });
        }
    }
}

impl IsTerminal for StreamToLog {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for StreamToLog {
    // Asked for only by preview 3, which is not linked.
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for StreamToLog {
    async fn ready(&mut self) {}
}

#[wasmtime_wasi::async_trait]
impl OutputStream for StreamToLog {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if self.source == LogSource::Stdout && !bytes.is_empty() {
            let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
            logs.note_printed();
        }
        self.append(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES)
    }
}
