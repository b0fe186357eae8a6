//! The process that a runner starts for an algorithm: it speaks the [`crate::protocol`] over its pipes.
//!
//! Threads of their own need nothing but the pipes: one takes frames in and answers at once what needs no algorithm; others
//! wait where writing would block. The thread that starts the adapter loads the algorithm and works off calls; while there
//! are none, it takes frames in itself.
//! In order: [`Adapter::open`] says hello, [`Adapter::serve`] answers until the end, or [`Adapter::fail`] says why
//! there is nothing to serve.

mod answer;
mod bell;
mod debug;
mod heartbeat;
mod inbox;
mod log;
mod outlet;
mod reader;
mod sessions;
mod stdio;
mod worker;

pub use debug::DebugFields;
pub use heartbeat::{HEARTBEAT_MS, Heartbeat};
pub use log::Log;
pub use stdio::Stdio;
pub use worker::{GivenUp, Service};

use crate::lockdown;
use crate::logs::Level;
use crate::protocol::Reply;
use inbox::{End, Inbox};
use outlet::{Bounds, Keep, Outlet};
use reader::Reader;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Most inspections that are remembered unless the station says otherwise.
pub const SESSIONS: usize = 64;

/// How much may wait for a runner that does not read, beside the answer to the one call.
const BOUNDS: Bounds = Bounds {
    bytes: 1 << 20,
    items: 1_024,
};
/// A runner kills a process that has not ended 3 s after it was told to. So long after the end was announced
/// a call that still runs is interrupted,
const GRACE: Duration = Duration::from_millis(1_500);
/// then whatever else still runs, such as `teardown`,
const LAST_CALL: Duration = Duration::from_millis(2_300);
/// and what is still not read is not waited for.
const WHOLE_END: Duration = Duration::from_millis(2_800);
/// Even if the end took longer, the last frames have this long to be read.
const LAST_FRAMES: Duration = Duration::from_millis(200);

/// The connection to a runner.
pub struct Adapter {
    output: Outlet,
    inbox: Arc<Inbox>,
    reader: Arc<Reader>,
    log: Log,
}

impl Adapter {
    /// Says hello and starts to listen. From here on the process can be ended by the reader at any time at which no
    /// calls are worked off, and is ended by a panic of any of its threads, which is a line of the log.
    ///
    /// # Errors
    ///
    /// A thread or a pipe cannot be made.
    pub fn open(
        input: rustix::fd::OwnedFd,
        output: rustix::fd::OwnedFd,
        log: &Log,
        heartbeat: Heartbeat,
    ) -> io::Result<Self> {
        log.end_on_panic();
        let output = Outlet::new(output, BOUNDS);
        let inbox = Arc::new(Inbox::new()?);
        // Before the first frame, since a runner may answer it with a signal.
        let reader = Arc::new(Reader::new(
            input,
            output.clone(),
            inbox.clone(),
            log.clone(),
            heartbeat,
        )?);
        let adapter = Self {
            output,
            inbox,
            reader: reader.clone(),
            log: log.clone(),
        };
        adapter.output.send(Reply::hello().to_frame(), Keep::Always);
        for (name, outlet) in [("procvision-out", &adapter.output), ("procvision-log", log.outlet())] {
            let outlet = outlet.clone();
            thread(name, move || outlet.serve())?;
        }
        thread("procvision-in", move || reader.run())?;
        Ok(adapter)
    }

    /// Answers calls until the end.
    ///
    /// # Errors
    ///
    /// If the algorithm is given up before the end, and why. [`fail`](Self::fail) then tells the runner.
    pub fn serve(&self, service: Service) -> Result<(), GivenUp> {
        if !self.inbox.open(service.algorithm.interrupter()) {
            self.wait_for_reader();
        }
        // The end may have been announced already.
        self.reader.ring();
        let end = worker::Worker::new(service, self).run()?;
        say_goodbye(&self.output, end);
        self.drain();
        Ok(())
    }

    /// Tells the runner why nothing can be served; so is a call that waits.
    pub fn fail(&self, error_code: &str, message: &str, remedy: Option<&str>) {
        let waiting = match self.inbox.close() {
            Ok(waiting) => waiting,
            Err(end) if self.inbox.is_open() => {
                say_goodbye(&self.output, end);
                return self.drain();
            }
            Err(_) => self.wait_for_reader(),
        };
        self.reader.ring();
        self.output
            .send(Reply::error(None, error_code, message).to_frame(), Keep::Always);
        if let Some(call) = waiting {
            let error = Reply::error(Some(&call.request_id), error_code, message);
            self.output.send(error.to_frame(), Keep::Always);
        }
        let remedy = remedy.map(|remedy| ("help".to_owned(), remedy.into()));
        let fields = [("error_code".to_owned(), error_code.into())].into_iter().chain(remedy);
        self.log.line(Level::Error, message, fields.collect());
        self.drain();
    }

    fn drain(&self) {
        drain(&self.output, &self.log, &self.inbox);
    }

    /// The end came while nothing was served yet: the reader brings it about, and ends the process.
    fn wait_for_reader(&self) -> ! {
        loop {
            std::thread::park();
        }
    }
}

/// The last frame, if the runner is to have one: who has closed the pipe waits for none.
fn say_goodbye(output: &Outlet, end: End) {
    if matches!(end, End::Shutdown | End::Signal) {
        output.send(Reply::shutdown().to_frame(), Keep::Always);
    }
}

/// Gives what was said a moment to be read.
fn drain(output: &Outlet, log: &Log, inbox: &Inbox) {
    let now = Instant::now();
    let until = (inbox.ended().unwrap_or(now) + WHOLE_END).max(now + LAST_FRAMES);
    output.drain(until);
    log.outlet().drain(until);
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = std::thread::Builder::new().name(name.to_owned());
    let work = move || {
        // The pipes are open, and nothing else is needed. If it cannot be done, locking the process finds out.
        let _ = lockdown::renounce_files();
        work();
    };
    thread.spawn(work).map(drop)
}
