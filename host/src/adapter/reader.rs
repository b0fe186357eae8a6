//! The thread that listens to the runner, and to signals. What needs no algorithm it answers itself: pings, frames that
//! are refused, calls that come at the wrong time. It never waits for anything else.

use super::heartbeat::{Heartbeat, Watch};
use super::inbox::{End, Ends, Inbox, Offer, Patience};
use super::log::Log;
use super::outlet::{Keep, Outlet};
use super::{GRACE, LAST_CALL, drain, say_goodbye};
use crate::explain::one_line;
use crate::failure::ErrorCode;
use crate::logs::Level;
use crate::protocol::{Decoder, Incoming, Refusal, Reply, Request, RequestError, RequestId};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use serde_json::{Map, Value};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How much is read at once.
const PIECE: usize = 64 << 10;
/// How often what has to end is interrupted, until it has ended.
const INSIST: Duration = Duration::from_millis(20);
/// How long everything may take that has to be done until the process ends.
const ENDING: Duration = Duration::from_secs(20);
/// Why a call is not answered.
const SHUTTING_DOWN: &str = "the algorithm is being shut down";
const ENDS: [i32; 2] = [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT];

pub(super) struct Reader {
    input: Option<OwnedFd>,
    signals: OwnedFd,
    output: Outlet,
    inbox: Arc<Inbox>,
    log: Log,
    watch: Watch,
    decoder: Decoder,
    /// When the end was announced, and when it is looked next for what still runs.
    ending: Option<(Instant, Instant)>,
}

impl Reader {
    /// From here on signals are held for the reader.
    pub(super) fn new(
        input: OwnedFd,
        output: Outlet,
        inbox: Arc<Inbox>,
        log: Log,
        heartbeat: Heartbeat,
    ) -> io::Result<Self> {
        let (signals, wake) = io::pipe()?;
        for signal in ENDS {
            signal_hook::low_level::pipe::register(signal, wake.try_clone()?)?;
        }
        Ok(Self {
            input: Some(input),
            signals: signals.into(),
            output,
            inbox,
            log,
            watch: Watch::new(heartbeat),
            decoder: Decoder::default(),
            ending: None,
        })
    }

    pub(super) fn run(mut self) {
        let mut buffer = vec![0; PIECE];
        loop {
            match self.wait() {
                Some(Event::Input) => self.read(&mut buffer),
                Some(Event::Signal) => {
                    // However many there were.
                    let _ = rustix::io::read(&self.signals, &mut buffer);
                    self.end(End::Signal);
                }
                Some(Event::NobodyReads) => self.end(End::Closed),
                None => {}
            }
            self.keep_time();
        }
    }

    /// Waits until there is something to read or to do.
    fn wait(&self) -> Option<Event> {
        // What is not watched any more has the signals' descriptor in its place, and no flags.
        let nothing = || PollFd::new(&self.signals, PollFlags::empty());
        let mut descriptors = [
            PollFd::new(&self.signals, PollFlags::IN),
            self.input
                .as_ref()
                .map_or_else(nothing, |input| PollFd::new(input, PollFlags::IN)),
            match self.ending {
                // Without flags it is told that nobody reads any more.
                None => PollFd::new(self.output.descriptor(), PollFlags::empty()),
                Some(_) => nothing(),
            },
        ];
        let left = self.due().map(|due| due.saturating_duration_since(Instant::now()));
        // A time that is too long to be said is no bound.
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        if !poll(&mut descriptors, left.as_ref()).is_ok_and(|ready| ready > 0) {
            return None;
        }
        match descriptors.map(|descriptor| !descriptor.revents().is_empty()) {
            [true, ..] => Some(Event::Signal),
            [_, true, _] => Some(Event::Input),
            [.., true] => Some(Event::NobodyReads),
            _ => None,
        }
    }

    /// When something is due even if nobody says anything.
    fn due(&self) -> Option<Instant> {
        let ending = self.ending.map(|(since, look)| look.min(since + ENDING));
        [self.watch.due(), ending].into_iter().flatten().min()
    }

    fn keep_time(&mut self) {
        let now = Instant::now();
        if let Some(silence) = self.watch.overdue(now) {
            let silence = u64::try_from(silence.as_millis()).unwrap_or(u64::MAX);
            let fields = Map::from_iter([("silence_ms".to_owned(), silence.into())]);
            self.log.line(Level::Warn, "the runner has stopped pinging", fields);
        }
        let Some((since, look)) = self.ending else {
            return;
        };
        if since + ENDING <= now {
            self.log
                .line(Level::Error, "the end takes too long; the process is ended", Map::new());
            self.exit(1);
        }
        if look <= now {
            let last_call = since + LAST_CALL;
            let next = match now >= last_call || self.inbox.is_working() {
                true => {
                    self.inbox.interrupt();
                    now + INSIST
                }
                // No call will come any more; what runs now is the last of all.
                false => last_call,
            };
            self.ending = Some((since, next));
        }
    }

    fn read(&mut self, buffer: &mut [u8]) {
        let Some(input) = &self.input else { return };
        match rustix::io::read(input, &mut *buffer) {
            Ok(count) if count > 0 => self.take(&buffer[..count]),
            Err(Errno::INTR | Errno::AGAIN) => {}
            ended => {
                self.input = None;
                if let Err(error) = ended {
                    self.log.line(
                        Level::Error,
                        &format!("cannot read from the runner: {error}"),
                        Map::new(),
                    );
                } else if !self.decoder.is_between_frames() {
                    self.log
                        .line(Level::Warn, "the runner has gone in the middle of a frame", Map::new());
                }
                self.end(End::Closed);
            }
        }
    }

    fn take(&mut self, mut bytes: &[u8]) {
        // Taken out for as long as its frames are looked at.
        let mut decoder = std::mem::take(&mut self.decoder);
        while let Some(incoming) = decoder.next(&mut bytes) {
            match incoming {
                Incoming::Frame(body) => match Request::parse(body) {
                    Ok(request) => self.answer(request),
                    Err(refusal) => self.refuse(&refusal),
                },
                Incoming::Empty => self.refuse(&RequestError::Empty.into()),
                Incoming::TooLarge(length) => self.refuse(&RequestError::TooLarge(length).into()),
                Incoming::NoLength(length) => self.refuse(&RequestError::NoLength(length).into()),
            }
        }
        self.decoder = decoder;
    }

    fn answer(&mut self, request: Request) {
        match request {
            Request::Ping(request_id) => {
                self.output
                    .send(Reply::pong(request_id.as_ref()).to_frame(), Keep::IfRoom);
                self.watch.ping(Instant::now());
                let dropped = self.output.take_dropped();
                if dropped > 0 {
                    let count = Map::from_iter([("dropped_frames".to_owned(), dropped.into())]);
                    self.log.line(
                        Level::Warn,
                        "pongs and errors were dropped: the runner reads too slowly",
                        count,
                    );
                }
            }
            Request::Hello(hello) => {
                self.watch.hello(&hello);
                let version = hello.version.map_or(Value::Null, Value::String);
                let fields = Map::from_iter([("runner_version".to_owned(), version)]);
                self.log.line(Level::Debug, "the runner says hello", fields);
            }
            Request::Shutdown => self.end(End::Shutdown),
            Request::Call(call) => {
                let request_id = call.request_id.clone();
                match self.inbox.offer(call) {
                    Offer::Taken => {}
                    Offer::Busy => self.error(Some(&request_id), "busy"),
                    Offer::Ending => self.error(Some(&request_id), SHUTTING_DOWN),
                }
            }
        }
    }

    fn error(&self, request_id: Option<&RequestId>, message: &str) {
        let error = Reply::error(request_id, ErrorCode::BadExchange.as_str(), message);
        self.output.send(error.to_frame(), Keep::IfRoom);
    }

    fn refuse(&self, refusal: &Refusal) {
        let message = one_line(&refusal.error);
        self.error(refusal.request_id.as_ref(), &message);
        self.log
            .line(Level::Warn, &format!("a frame is refused: {message}"), Map::new());
    }

    /// Announces the end, and brings it about if nothing is served yet.
    fn end(&mut self, end: End) {
        if self.ending.is_some() {
            return;
        }
        // Whoever sends frames and closes the pipe at once wants to have them answered.
        let patience = match self.output_is_read() && end == End::Closed {
            true => Patience::UntilAnswered,
            false => Patience::None,
        };
        let ends = self.inbox.end(end, patience);
        self.output.wake();
        match ends {
            Ends::AfterLoading => {}
            Ends::ByWorker => {
                let now = Instant::now();
                self.ending = Some((now, now + GRACE));
            }
            Ends::Now => self.end_now(end),
        }
    }

    fn end_now(&self, end: End) -> ! {
        if let Some(call) = self.inbox.take_waiting() {
            self.error(Some(&call.request_id), SHUTTING_DOWN);
        }
        say_goodbye(&self.output, end);
        self.exit(0)
    }

    /// Whether somebody still has the other end of the pipe that answers go to.
    fn output_is_read(&self) -> bool {
        let mut output = [PollFd::new(self.output.descriptor(), PollFlags::empty())];
        matches!(poll(&mut output, Some(&Timespec::default())), Ok(0))
    }

    fn exit(&self, status: i32) -> ! {
        drain(&self.output, &self.log, &self.inbox);
        std::process::exit(status)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Signal,
    Input,
    NobodyReads,
}
