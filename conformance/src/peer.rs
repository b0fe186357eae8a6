//! An adapter as a running process: what is sent to it, what comes back, and how it ends.
//!
//! Three threads serve the pipes, so that nothing here can wait for longer than it wants to: one writes stdin, one reads
//! frames from stdout, one collects stderr. The process leads a group of its own, which is killed when the value goes.

use crate::processes::{self, Taken};
use crate::step::{Step, Stop, failed};
use crate::subject::Launch;
use crate::wire::{self, Garbage};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Most bytes of stderr that are kept.
const STDERR_BYTES: usize = 1 << 20;
/// How often something is looked at that nobody announces.
const GLANCE: Duration = Duration::from_millis(2);

/// What comes from the adapter.
enum Event {
    Frame(Value, Instant),
    Garbage(Garbage),
}

/// A frame and when it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// The message.
    pub message: Value,
    /// When its last byte had been read.
    pub at: Instant,
}

/// A running adapter.
pub struct Peer {
    child: Child,
    started: Instant,
    patience: Duration,
    stdin: Option<SyncSender<Vec<u8>>>,
    unwritten: Arc<AtomicU64>,
    stdout: Receiver<Event>,
    gate: Arc<Gate>,
    stderr: Arc<Mutex<Vec<u8>>>,
    stderr_gate: Arc<Gate>,
    stderr_thread: JoinHandle<()>,
}

impl Peer {
    /// Starts it. Nothing that follows waits for longer than `patience` for one thing.
    ///
    /// # Errors
    ///
    /// If it cannot be started, which is the same for every case.
    pub fn start(launch: &Launch, env: &[(&str, &str)], patience: Duration) -> io::Result<Self> {
        let mut command = launch.command();
        command
            .envs(env.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let mut child = command.spawn()?;
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("the process has no pipes"));
        };
        let (orders, to_write) = sync_channel::<Vec<u8>>(1);
        let unwritten = Arc::new(AtomicU64::new(0));
        let (events, frames) = channel();
        let gate = Arc::new(Gate::default());
        let said = Arc::new(Mutex::new(Vec::new()));
        thread::spawn({
            let unwritten = Arc::clone(&unwritten);
            move || write(stdin, &to_write, &unwritten)
        });
        thread::spawn({
            let gate = Arc::clone(&gate);
            move || read(stdout, &gate, |event| events.send(event).is_ok())
        });
        let stderr_gate = Arc::new(Gate::default());
        let stderr_thread = thread::spawn({
            let (said, gate) = (Arc::clone(&said), Arc::clone(&stderr_gate));
            move || {
                collect(
                    Gated {
                        stream: stderr,
                        gate: &gate,
                    },
                    &said,
                )
            }
        });
        Ok(Self {
            child,
            started: Instant::now(),
            patience,
            stdin: Some(orders),
            unwritten,
            stdout: frames,
            gate,
            stderr: said,
            stderr_gate,
            stderr_thread,
        })
    }

    /// How long it has been running.
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// How long one thing may take.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// Sends a message. That a process has ended shows when it is asked for an answer.
    ///
    /// # Errors
    ///
    /// If it does not take what is sent to it.
    pub fn send(&self, message: &Value) -> Step<()> {
        self.send_bytes(wire::frame(message))
    }

    /// Sends bytes in one write.
    ///
    /// # Errors
    ///
    /// If it does not take what is sent to it.
    pub fn send_bytes(&self, bytes: Vec<u8>) -> Step<()> {
        if self.offer(bytes, self.patience) {
            Ok(())
        } else {
            failed("it does not read what is sent to it")
        }
    }

    /// Sends bytes if there is room for them within `limit`; says whether there was.
    pub fn offer(&self, bytes: Vec<u8>, limit: Duration) -> bool {
        let Some(stdin) = &self.stdin else {
            return true;
        };
        let deadline = Instant::now() + limit;
        let mut bytes = bytes;
        loop {
            let length = bytes.len() as u64;
            self.unwritten.fetch_add(length, Ordering::SeqCst);
            match stdin.try_send(bytes) {
                Ok(()) => return true,
                Err(TrySendError::Disconnected(_)) => return true,
                Err(TrySendError::Full(back)) => {
                    self.unwritten.fetch_sub(length, Ordering::SeqCst);
                    if Instant::now() >= deadline {
                        return false;
                    }
                    bytes = back;
                    thread::sleep(GLANCE);
                }
            }
        }
    }

    /// Waits until the kernel has everything that was sent.
    ///
    /// # Errors
    ///
    /// If it does not take what is sent to it.
    pub fn flush(&self) -> Step<()> {
        let deadline = Instant::now() + self.patience;
        while self.unwritten.load(Ordering::SeqCst) > 0 {
            if Instant::now() >= deadline {
                return failed("it does not read what is sent to it");
            }
            thread::sleep(GLANCE);
        }
        Ok(())
    }

    /// Closes its stdin when everything is written.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// From now on its stdout is not read, but for what is being read already.
    pub fn stop_reading(&self) {
        self.gate.set(true);
    }

    /// Its stdout is read again.
    pub fn go_on_reading(&self) {
        self.gate.set(false);
    }

    /// The next frame, within the peer's patience.
    ///
    /// # Errors
    ///
    /// If there is none, or something else than a frame.
    pub fn receive(&mut self) -> Step<Received> {
        self.receive_within(self.patience)
    }

    /// The next frame, within `limit`.
    ///
    /// # Errors
    ///
    /// If there is none, or something else than a frame.
    pub fn receive_within(&mut self, limit: Duration) -> Step<Received> {
        match self.stdout.recv_timeout(limit) {
            Ok(Event::Frame(message, at)) => Ok(Received { message, at }),
            Ok(Event::Garbage(garbage)) => failed(format!("stdout carries {garbage}")),
            Err(RecvTimeoutError::Timeout) => failed("there is no answer"),
            Err(RecvTimeoutError::Disconnected) => failed(self.how_it_ended()),
        }
    }

    /// A frame that is there already or comes within `limit`; `None` if stdout is silent or at its end.
    ///
    /// # Errors
    ///
    /// If there is something else than a frame.
    pub fn glance(&mut self, limit: Duration) -> Step<Option<Received>> {
        match self.stdout.recv_timeout(limit) {
            Ok(Event::Frame(message, at)) => Ok(Some(Received { message, at })),
            Ok(Event::Garbage(garbage)) => failed(format!("stdout carries {garbage}")),
            Err(_) => Ok(None),
        }
    }

    /// Waits until it has ended and its stdout is at an end, which must carry no further frame.
    ///
    /// # Errors
    ///
    /// If it does not end, or says something before.
    pub fn ended(&mut self) -> Step<ExitStatus> {
        let deadline = Instant::now() + self.patience;
        match self.stdout.recv_timeout(self.patience) {
            Ok(Event::Frame(message, _)) => return failed(format!("before its end it sends {}", kind(&message))),
            Ok(Event::Garbage(garbage)) => return failed(format!("stdout carries {garbage}")),
            Err(RecvTimeoutError::Timeout) => return failed("it does not end"),
            Err(RecvTimeoutError::Disconnected) => {}
        }
        self.exit_until(deadline)
            .map_or_else(|| failed("it closes stdout and does not end"), Ok)
    }

    /// Sends it SIGTERM.
    pub fn terminate(&self) {
        // It may have ended by itself, which then is seen.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
    }

    /// What it and its descendants take.
    ///
    /// # Errors
    ///
    /// If it has ended.
    pub fn taken(&mut self) -> Step<Taken> {
        match processes::taken(self.child.id()) {
            Ok(taken) => Ok(taken),
            Err(_) => failed(self.how_it_ended()),
        }
    }

    /// What it has written to stderr so far, as far as it is kept.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&lock(&self.stderr)).into_owned()
    }

    /// From now on its stderr is not read, but for what is being read already.
    pub fn stop_reading_stderr(&self) {
        self.stderr_gate.set(true);
    }

    /// Waits for the end of stderr. The answer is everything it has written there, as far as it is kept.
    ///
    /// # Errors
    ///
    /// If somebody keeps it open.
    pub fn whole_stderr(&self) -> Step<String> {
        let deadline = Instant::now() + self.patience;
        while !self.stderr_thread.is_finished() {
            if Instant::now() >= deadline {
                return failed("stderr stays open");
            }
            thread::sleep(GLANCE);
        }
        Ok(self.stderr())
    }

    fn exit_until(&mut self, deadline: Instant) -> Option<ExitStatus> {
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            if Instant::now() >= deadline {
                return None;
            }
            thread::sleep(GLANCE);
        }
    }

    fn how_it_ended(&mut self) -> String {
        match self.exit_until(Instant::now() + self.patience) {
            Some(status) => format!("the process ends ({})", exit(status)),
            None => "it closes stdout".to_owned(),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.gate.set(false);
        self.stderr_gate.set(false);
        // It is not waited for before, so that the number cannot be another process's.
        if let Ok(None) = self.child.try_wait() {
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// How a process ended, in words.
pub fn exit(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "for no reason that is known".to_owned(),
    }
}

/// What a frame is, in words: its type, and what tells frames of that type apart.
pub fn kind(message: &Value) -> String {
    let text = |key: &str| message[key].as_str().unwrap_or("nothing");
    match message["type"].as_str() {
        Some("result") if message["status"] == "OK" => "a result OK".to_owned(),
        Some("result") => match &message["error_code"] {
            Value::String(code) => format!("a result {} {code}", text("status")),
            _ => format!("a result {} without error_code", text("status")),
        },
        Some("error") => format!("an error {}", text("error_code")),
        Some(other) => format!("a {other}"),
        None => "a frame without type".to_owned(),
    }
}

/// The writing thread; its end closes the pipe.
fn write(mut stdin: ChildStdin, orders: &Receiver<Vec<u8>>, unwritten: &AtomicU64) {
    while let Ok(bytes) = orders.recv() {
        let written = stdin.write_all(&bytes);
        unwritten.fetch_sub(bytes.len() as u64, Ordering::SeqCst);
        if written.is_err() {
            break;
        }
    }
    unwritten.store(0, Ordering::SeqCst);
}

/// The reading thread, until the stream ends or carries something else than frames.
fn read(stdout: ChildStdout, gate: &Gate, mut tell: impl FnMut(Event) -> bool) {
    let mut from = Gated { stream: stdout, gate };
    loop {
        let event = match wire::read(&mut from) {
            Ok(Some(message)) => Event::Frame(message, Instant::now()),
            Ok(None) => return,
            Err(garbage) => Event::Garbage(garbage),
        };
        let last = matches!(event, Event::Garbage(_));
        if !tell(event) || last {
            break;
        }
    }
    // Nobody looks at the rest, but a process must not be made to wait because of that.
    let _ = io::copy(&mut from, &mut io::sink());
}

/// The collecting thread.
fn collect(mut stderr: Gated<'_, ChildStderr>, said: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 8192];
    while let Ok(bytes @ 1..) = stderr.read(&mut buffer) {
        let mut said = lock(said);
        let room = STDERR_BYTES - said.len();
        said.extend_from_slice(&buffer[..bytes.min(room)]);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A stream that is read only while the gate is open.
struct Gated<'a, R> {
    stream: R,
    gate: &'a Gate,
}

impl<R: Read> Read for Gated<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.gate.pass();
        self.stream.read(buffer)
    }
}

#[derive(Default)]
struct Gate {
    shut: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    fn set(&self, shut: bool) {
        *lock(&self.shut) = shut;
        self.changed.notify_all();
    }

    fn pass(&self) {
        let mut shut = lock(&self.shut);
        while *shut {
            shut = self.changed.wait(shut).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}
