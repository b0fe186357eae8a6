//! Listening to the runner, and to signals. What needs no algorithm is answered at once: pings, frames that are refused,
//! calls that come at the wrong time.
//!
//! Two threads listen in turn. While nothing is worked off, the one who works off calls reads for itself, so that a call
//! reaches the algorithm without waking anybody. Once it has been busy for a moment, the other one reads, which never waits
//! for anything else; that one also has the signals and the time.

use super::bell::{Alarm, Bell};
use super::heartbeat::{Heartbeat, Watch};
use super::inbox::{End, Inbox, Next, Offer, Patience};
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
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How much is read at once.
const PIECE: usize = 64 << 10;
/// How long a call may take before the other thread listens in its place. Waking that one costs more than most calls.
const MOMENT: Duration = Duration::from_millis(1);
/// How often what has to end is interrupted, until it has ended.
const INSIST: Duration = Duration::from_millis(20);
/// How long everything may take that has to be done until the process ends.
const ENDING: Duration = Duration::from_secs(20);
/// Why a call is not answered.
const SHUTTING_DOWN: &str = "the algorithm is being shut down";
const ENDS: [i32; 2] = [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT];

pub(super) struct Reader {
    input: OwnedFd,
    signals: OwnedFd,
    output: Outlet,
    inbox: Arc<Inbox>,
    log: Log,
    /// Rung when the thread of [`run`](Self::run) is to look at what has changed.
    bell: Bell,
    /// Goes off when that thread is to listen.
    alarm: Alarm,
    listening: Mutex<Listening>,
}

/// What is known of the runner's frames.
struct Listening {
    /// Whether there may be more to read.
    open: bool,
    watch: Watch,
    decoder: Decoder,
    buffer: Vec<u8>,
    /// When it is looked next for what still runs at the end.
    look: Option<Instant>,
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
            input,
            signals: signals.into(),
            output,
            inbox,
            log,
            bell: Bell::new()?,
            alarm: Alarm::new()?,
            listening: Mutex::new(Listening {
                open: true,
                watch: Watch::new(heartbeat),
                decoder: Decoder::default(),
                buffer: vec![0; PIECE],
                look: None,
            }),
        })
    }

    /// Listens for as long as the program runs. For a thread of its own.
    pub(super) fn run(&self) {
        loop {
            match self.wait() {
                Some(Event::Input) => {
                    let mut listening = self.listening();
                    // The other one may have begun to listen meanwhile, and what there was may be read.
                    if listening.open && !self.inbox.worker_listens() && self.is_readable() {
                        self.read(&mut listening);
                    }
                }
                Some(Event::Signal) => {
                    // However many there were.
                    let _ = rustix::io::read(&self.signals, &mut [0; 64]);
                    self.end(End::Signal);
                }
                Some(Event::NobodyReads) => self.end(End::Closed),
                Some(Event::Bell) => self.bell.clear(),
                Some(Event::Alarm) => self.alarm.clear(),
                None => {}
            }
            self.keep_time(&mut self.listening());
        }
    }

    /// Waits for a call or the end, and meanwhile reads. For the one who works off calls.
    pub(super) fn next(&self) -> Next {
        self.alarm.clear();
        let next = loop {
            if let Some(next) = self.inbox.next_or_listen() {
                break next;
            }
            // Where there is no more to read, the end was announced, and nobody comes here.
            let mut descriptors = [
                PollFd::new(self.inbox.bell(), PollFlags::IN),
                PollFd::new(&self.input, PollFlags::IN),
            ];
            // If it is interrupted, it is looked again.
            let _ = poll(&mut descriptors, None);
            let mut listening = self.listening();
            self.inbox.stop_listening();
            if listening.open && self.is_readable() {
                let due = listening.watch.due();
                self.read(&mut listening);
                // The other one keeps the time, and waits as long as it knew it had to.
                if listening
                    .watch
                    .due()
                    .is_some_and(|now| due.is_none_or(|before| now < before))
                {
                    self.bell.ring();
                }
            }
        };
        match next {
            Next::Call(..) => self.alarm.set(MOMENT),
            // From here on only the other one listens.
            Next::End(_) => self.bell.ring(),
        }
        next
    }

    /// Has the other thread look at what has changed.
    pub(super) fn ring(&self) {
        self.bell.ring();
    }

    fn listening(&self) -> MutexGuard<'_, Listening> {
        // What a frame changes is whole before anything else could panic, and a panic ends the process anyway.
        self.listening.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_readable(&self) -> bool {
        let mut input = [PollFd::new(&self.input, PollFlags::IN)];
        matches!(poll(&mut input, Some(&Timespec::default())), Ok(ready) if ready > 0)
    }

    /// Waits until there is something to read or to do.
    fn wait(&self) -> Option<Event> {
        let ending = self.inbox.ending();
        let (due, open) = {
            let listening = self.listening();
            (listening.due(ending), listening.open)
        };
        // What is not watched has the signals' descriptor in its place, and no flags.
        let nothing = || PollFd::new(&self.signals, PollFlags::empty());
        let mut descriptors = [
            PollFd::new(&self.signals, PollFlags::IN),
            PollFd::new(&self.bell, PollFlags::IN),
            PollFd::new(&self.alarm, PollFlags::IN),
            match open && !self.inbox.worker_listens() {
                true => PollFd::new(&self.input, PollFlags::IN),
                false => nothing(),
            },
            match ending {
                // Without flags it is told that nobody reads any more.
                None => PollFd::new(self.output.descriptor(), PollFlags::empty()),
                Some(_) => nothing(),
            },
        ];
        let left = due.map(|due| due.saturating_duration_since(Instant::now()));
        // A time that is too long to be said is no bound.
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        if !poll(&mut descriptors, left.as_ref()).is_ok_and(|ready| ready > 0) {
            return None;
        }
        match descriptors.map(|descriptor| !descriptor.revents().is_empty()) {
            [true, ..] => Some(Event::Signal),
            [_, true, ..] => Some(Event::Bell),
            [_, _, true, ..] => Some(Event::Alarm),
            [_, _, _, true, _] => Some(Event::Input),
            [.., true] => Some(Event::NobodyReads),
            _ => None,
        }
    }

    fn keep_time(&self, listening: &mut Listening) {
        let now = Instant::now();
        if let Some(silence) = listening.watch.overdue(now) {
            let silence = u64::try_from(silence.as_millis()).unwrap_or(u64::MAX);
            let fields = Map::from_iter([("silence_ms".to_owned(), silence.into())]);
            self.log.line(Level::Warn, "the runner has stopped pinging", fields);
        }
        let Some(since) = self.inbox.ending() else {
            return;
        };
        if since + ENDING <= now {
            self.log
                .line(Level::Error, "the end takes too long; the process is ended", Map::new());
            self.exit(1);
        }
        if listening.look.unwrap_or(since + GRACE) <= now {
            let last_call = since + LAST_CALL;
            listening.look = Some(match self.inbox.interrupt(now >= last_call) {
                true => now + INSIST,
                // No call will come any more; what runs now is the last of all.
                false => last_call,
            });
        }
    }

    /// Reads once.
    fn read(&self, listening: &mut Listening) {
        match rustix::io::read(&self.input, &mut *listening.buffer) {
            Ok(count) if count > 0 => self.take(listening, count),
            Err(Errno::INTR | Errno::AGAIN) => {}
            ended => {
                listening.open = false;
                if let Err(error) = ended {
                    self.log.line(
                        Level::Error,
                        &format!("cannot read from the runner: {error}"),
                        Map::new(),
                    );
                } else if !listening.decoder.is_between_frames() {
                    self.log
                        .line(Level::Warn, "the runner has gone in the middle of a frame", Map::new());
                }
                self.end(End::Closed);
            }
        }
    }

    /// Takes so many bytes of the buffer.
    fn take(&self, listening: &mut Listening, count: usize) {
        // Both are taken out for as long as their frames are looked at.
        let mut decoder = std::mem::take(&mut listening.decoder);
        let buffer = std::mem::take(&mut listening.buffer);
        let mut bytes = &buffer[..count];
        while let Some(incoming) = decoder.next(&mut bytes) {
            match incoming {
                Incoming::Frame(body) => match Request::parse(body) {
                    Ok(request) => self.answer(listening, request),
                    Err(refusal) => self.refuse(&refusal),
                },
                Incoming::Empty => self.refuse(&RequestError::Empty.into()),
                Incoming::TooLarge(length) => self.refuse(&RequestError::TooLarge(length).into()),
                Incoming::NoLength(length) => self.refuse(&RequestError::NoLength(length).into()),
            }
        }
        listening.decoder = decoder;
        listening.buffer = buffer;
    }

    fn answer(&self, listening: &mut Listening, request: Request) {
        match request {
            Request::Ping(request_id) => {
                self.output
                    .send(Reply::pong(request_id.as_ref()).to_frame(), Keep::IfRoom);
                listening.watch.ping(Instant::now());
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
                listening.watch.hello(&hello);
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
    fn end(&self, end: End) {
        // Whoever sends frames and closes the pipe at once wants to have them answered.
        let patience = match end == End::Closed && self.output_is_read() {
            true => Patience::UntilAnswered,
            false => Patience::None,
        };
        if self.inbox.end(end, patience) {
            self.end_now(end);
        }
        self.output.wake();
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

impl Listening {
    /// When something is due even if nobody says anything.
    fn due(&self, ending: Option<Instant>) -> Option<Instant> {
        let ending = ending.map(|since| self.look.unwrap_or(since + GRACE).min(since + ENDING));
        [self.watch.due(), ending].into_iter().flatten().min()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Signal,
    Bell,
    Alarm,
    Input,
    NobodyReads,
}
