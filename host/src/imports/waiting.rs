//! Waiting for an algorithm that sleeps or writes: on the thread that calls it, without a runtime and its threads, until
//! the deadline of the call or its interruption, whichever comes first.

use crate::instance::GuestState;
use crate::interruption::Interruption;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;
use wasmtime::Trap;
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::p2::bindings::sync::io::streams::StreamError as WitStreamError;
use wasmtime_wasi::p2::bindings::sync::io::{poll, streams};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, Pollable, StreamError, StreamResult};
use wasmtime_wasi_io::bindings::wasi::io::poll::{Host as AsyncPoll, HostPollable as AsyncPollable};
use wasmtime_wasi_io::bindings::wasi::io::streams::{
    HostInputStream as AsyncInputStream, HostOutputStream as AsyncOutputStream,
};

/// The call was interrupted from outside.
#[derive(Debug, thiserror::Error)]
#[error("the call was interrupted")]
pub(crate) struct Interrupted;

/// What an instance may wait for.
#[derive(Debug)]
pub(crate) struct Timer {
    interruption: Arc<Interruption>,
    /// When the first of the sleeps ends that were found to be going on.
    next: Mutex<Option<Instant>>,
}

impl Timer {
    pub(crate) fn new(interruption: Arc<Interruption>) -> Self {
        Self {
            interruption,
            next: Mutex::default(),
        }
    }

    /// An error if the call is to end.
    pub(crate) fn check(&self, deadline: Instant) -> wasmtime::Result<()> {
        if self.interruption.requested() {
            return Err(Interrupted.into());
        }
        if Instant::now() >= deadline {
            return Err(Trap::Interrupt.into());
        }
        Ok(())
    }

    /// Whether the call was interrupted from outside.
    pub(crate) fn interrupted(&self) -> bool {
        self.interruption.requested()
    }

    /// Waits for a future in which nothing but sleeps of this timer can be pending.
    fn wait<T>(&self, deadline: Instant, future: impl Future<Output = T>) -> wasmtime::Result<T> {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            self.take_next();
            if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                return Ok(value);
            }
            self.check(deadline)?;
            let next = self.take_next().unwrap_or(deadline);
            self.interruption.wait_until(next.min(deadline));
        }
    }

    fn take_next(&self) -> Option<Instant> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn going_on(&self, until: Instant) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = Some(next.map_or(until, |next| next.min(until)));
    }
}

/// A sleep of an algorithm.
pub(super) struct Sleep {
    pub(super) timer: Arc<Timer>,
    pub(super) until: Instant,
}

#[wasmtime_wasi::async_trait]
impl Pollable for Sleep {
    async fn ready(&mut self) {
        std::future::poll_fn(|_| {
            if Instant::now() >= self.until {
                return Poll::Ready(());
            }
            self.timer.going_on(self.until);
            Poll::Pending
        })
        .await;
    }
}

/// Waits for something that takes what it needs from the instance's table.
macro_rules! wait {
    ($state:ident, $table:ident => $future:expr) => {{
        let $table: &mut ResourceTable = &mut $state.table;
        $state.timer.wait($state.deadline, $future)
    }};
}

impl poll::Host for GuestState {
    fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        wait!(self, table => AsyncPoll::poll(table, pollables))?
    }
}

impl poll::HostPollable for GuestState {
    fn ready(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        wait!(self, table => AsyncPollable::ready(table, pollable))?
    }

    fn block(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        wait!(self, table => AsyncPollable::block(table, pollable))?
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        AsyncPollable::drop(&mut self.table, pollable)
    }
}

type Input = Resource<DynInputStream>;
type Output = Resource<DynOutputStream>;

impl streams::Host for GuestState {
    fn convert_stream_error(&mut self, error: StreamError) -> wasmtime::Result<WitStreamError> {
        streams::Host::convert_stream_error(&mut self.table, error)
    }
}

impl streams::HostInputStream for GuestState {
    fn read(&mut self, stream: Input, len: u64) -> StreamResult<Vec<u8>> {
        AsyncInputStream::read(&mut self.table, stream, len)
    }

    fn blocking_read(&mut self, stream: Input, len: u64) -> StreamResult<Vec<u8>> {
        wait!(self, table => AsyncInputStream::blocking_read(table, stream, len)).map_err(StreamError::Trap)?
    }

    fn skip(&mut self, stream: Input, len: u64) -> StreamResult<u64> {
        AsyncInputStream::skip(&mut self.table, stream, len)
    }

    fn blocking_skip(&mut self, stream: Input, len: u64) -> StreamResult<u64> {
        wait!(self, table => AsyncInputStream::blocking_skip(table, stream, len)).map_err(StreamError::Trap)?
    }

    fn subscribe(&mut self, stream: Input) -> wasmtime::Result<Resource<DynPollable>> {
        AsyncInputStream::subscribe(&mut self.table, stream)
    }

    fn drop(&mut self, stream: Input) -> wasmtime::Result<()> {
        wait!(self, table => AsyncInputStream::drop(table, stream))?
    }
}

impl streams::HostOutputStream for GuestState {
    fn check_write(&mut self, stream: Output) -> StreamResult<u64> {
        AsyncOutputStream::check_write(&mut self.table, stream)
    }

    fn write(&mut self, stream: Output, contents: Vec<u8>) -> StreamResult<()> {
        AsyncOutputStream::write(&mut self.table, stream, contents)
    }

    fn blocking_write_and_flush(&mut self, stream: Output, contents: Vec<u8>) -> StreamResult<()> {
        let written = wait!(self, table => AsyncOutputStream::blocking_write_and_flush(table, stream, contents));
        written.map_err(StreamError::Trap)?
    }

    fn flush(&mut self, stream: Output) -> StreamResult<()> {
        AsyncOutputStream::flush(&mut self.table, stream)
    }

    fn blocking_flush(&mut self, stream: Output) -> StreamResult<()> {
        wait!(self, table => AsyncOutputStream::blocking_flush(table, stream)).map_err(StreamError::Trap)?
    }

    fn subscribe(&mut self, stream: Output) -> wasmtime::Result<Resource<DynPollable>> {
        AsyncOutputStream::subscribe(&mut self.table, stream)
    }

    fn write_zeroes(&mut self, stream: Output, len: u64) -> StreamResult<()> {
        AsyncOutputStream::write_zeroes(&mut self.table, stream, len)
    }

    fn blocking_write_zeroes_and_flush(&mut self, stream: Output, len: u64) -> StreamResult<()> {
        let written = wait!(self, table => AsyncOutputStream::blocking_write_zeroes_and_flush(table, stream, len));
        written.map_err(StreamError::Trap)?
    }

    fn splice(&mut self, stream: Output, source: Input, len: u64) -> StreamResult<u64> {
        AsyncOutputStream::splice(&mut self.table, stream, source, len)
    }

    fn blocking_splice(&mut self, stream: Output, source: Input, len: u64) -> StreamResult<u64> {
        let moved = wait!(self, table => AsyncOutputStream::blocking_splice(table, stream, source, len));
        moved.map_err(StreamError::Trap)?
    }

    fn drop(&mut self, stream: Output) -> wasmtime::Result<()> {
        wait!(self, table => AsyncOutputStream::drop(table, stream))?
    }
}
