//! One process and its pipes: started, read, written to, sent signals, reaped. Knows no message.
//!
//! Whatever the process does with its pipes, nothing here blocks and nothing grows without bound. All of it is one
//! future, [`Process::next`], so that no task of its own can outlive the process.

use crate::error::ProtocolError;
use crate::launch::Launch;
use crate::lines::{Line, LineDecoder};
use crate::wire::{FrameDecoder, KEPT_BYTES};
use bytes::{Bytes, BytesMut};
use rustix::process::{Pid, Signal, kill_process};
use std::io;
use std::os::fd::AsFd;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, sleep_until};

/// How long after the end of a process what is left in its pipes is read. They end with it, unless a process that it
/// has started holds them.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How long a process may live on that has closed its stdout. At the end of most processes both happen at once.
const MUTE: Duration = Duration::from_secs(1);
/// Most bytes of stderr that are read at once where nobody waits.
const AT_HAND_READS: usize = 32;
const READ_BYTES: usize = 8 << 10;

/// What comes from a process.
#[derive(Debug)]
pub(super) enum Said {
    /// The body of a frame.
    Frame(Bytes),
    /// Something that is no frame. Told once; stdout is read on and dropped.
    Broken(ProtocolError),
    /// A line of its log.
    Line(Line),
    /// It ended, and everything that it wrote before was told. How, if the system knows.
    Ended(Option<ExitStatus>),
}

pub(super) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    /// What is to be written.
    outgoing: BytesMut,
    /// Whether stdin is closed behind it.
    closing: bool,
    frames: FrameDecoder,
    lines: LineDecoder,
    /// How it ended, once it has.
    ended: Option<Option<ExitStatus>>,
    /// Until when is waited for what usually comes at the same time: the end of the process after that of its stdout,
    /// the end of its pipes after its own.
    patience: Option<Instant>,
}

impl Process {
    /// Starts a process. It is killed if this value is dropped before it has ended.
    pub fn start(launch: &Launch) -> io::Result<Self> {
        let mut command = Command::new(&launch.program);
        command
            .args(&launch.arguments)
            .envs(launch.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(folder) = &launch.folder {
            command.current_dir(folder);
        }
        let mut child = command.spawn()?;
        Ok(Self {
            stdin: child.stdin.take(),
            stdout: child.stdout.take(),
            stderr: child.stderr.take(),
            child,
            outgoing: BytesMut::new(),
            closing: false,
            frames: FrameDecoder::default(),
            lines: LineDecoder::default(),
            ended: None,
            patience: None,
        })
    }

    /// Its number, until it was seen to end.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Has `frame` written as soon as the process reads. What it does not read waits: a question at most, and two
    /// pings.
    pub fn send(&mut self, frame: &[u8]) {
        if self.stdin.is_some() && !self.closing {
            self.outgoing.extend_from_slice(frame);
        }
    }

    /// Closes stdin behind what is still to be written, which tells a process to end.
    pub fn close(&mut self) {
        self.closing = true;
        if self.outgoing.is_empty() {
            self.stdin = None;
        }
    }

    /// Asks the process to end, by SIGTERM and by closing its stdin.
    pub fn terminate(&mut self) {
        self.outgoing.clear();
        self.stdin = None;
        // The number is that of the process as long as it was not reaped, even if it has just ended.
        let number = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(process) = number.and_then(Pid::from_raw) {
            // Fails only if it has ended.
            let _ = kill_process(process, Signal::TERM);
        }
    }

    /// Ends the process by SIGKILL.
    pub fn kill(&mut self) {
        // Fails only if it has ended.
        let _ = self.child.start_kill();
    }

    /// Whether what it wrote to stdout ends in the middle of a frame.
    pub fn is_cut_off(&self) -> bool {
        self.frames.is_cut_off()
    }

    /// The next thing that comes from the process. May be dropped and called again at any time without loss.
    pub async fn next(&mut self) -> Said {
        loop {
            match self.frames.next() {
                Ok(Some(body)) => return Said::Frame(body),
                Ok(None) => {}
                Err(error) => return Said::Broken(error),
            }
            if let Some(line) = self.lines.next() {
                return Said::Line(line);
            }
            if let (Some(status), None, None) = (self.ended, &self.stdout, &self.stderr) {
                return match self.lines.rest() {
                    Some(line) => Said::Line(line),
                    None => Said::Ended(status),
                };
            }
            if let Some(error) = self.advance().await {
                return Said::Broken(error);
            }
        }
    }

    /// The same without waiting; nothing if nothing is there.
    pub async fn next_at_hand(&mut self) -> Option<Said> {
        tokio::select! {
            biased;
            said = self.next() => Some(said),
            () = std::future::ready(()) => None,
        }
    }

    /// Waits until a pipe or the process itself has moved.
    async fn advance(&mut self) -> Option<ProtocolError> {
        let patience = self.patience.unwrap_or_else(Instant::now);
        let writes = self.stdin.is_some() && !self.outgoing.is_empty();
        tokio::select! {
            open = read(self.stdout.as_mut(), self.frames.room()), if self.stdout.is_some() => {
                if !open {
                    self.stdout = None;
                    if self.ended.is_none() {
                        self.patience = Some(Instant::now() + MUTE);
                    }
                }
            }
            open = read(self.stderr.as_mut(), self.lines.room()), if self.stderr.is_some() => {
                if !open {
                    self.stderr = None;
                }
            }
            open = write(self.stdin.as_mut(), &mut self.outgoing), if writes => {
                if !open || (self.closing && self.outgoing.is_empty()) {
                    self.stdin = None;
                    self.outgoing.clear();
                }
                if self.outgoing.is_empty() && self.outgoing.capacity() > KEPT_BYTES {
                    self.outgoing = BytesMut::new();
                }
            }
            status = self.child.wait(), if self.ended.is_none() => {
                // An error means that somebody else has reaped it.
                self.ended = Some(status.ok());
                self.stdin = None;
                self.patience = Some(Instant::now() + LAST_WORDS);
            }
            () = sleep_until(patience), if self.patience.is_some() => {
                self.patience = None;
                if self.ended.is_none() {
                    return Some(ProtocolError::Closed);
                }
                self.stdout = None;
                self.stderr = None;
            }
        }
        None
    }

    /// The lines that the process has already written, without waiting.
    pub fn lines_at_hand(&mut self) -> Vec<Line> {
        let mut found = Vec::new();
        for _ in 0..AT_HAND_READS {
            found.extend(std::iter::from_fn(|| self.lines.next()));
            let mut bytes = [0; READ_BYTES];
            // Past the runtime, which learns only later that there is something to read. The pipe never blocks.
            match self
                .stderr
                .as_ref()
                .map(|stderr| rustix::io::read(stderr.as_fd(), &mut bytes))
            {
                Some(Ok(count @ 1..)) => self.lines.room().extend_from_slice(&bytes[..count]),
                // Nothing there, or the end, which is seen again where it is waited for.
                _ => break,
            }
        }
        found.extend(std::iter::from_fn(|| self.lines.next()));
        found
    }
}

/// Reads what there is; whether there can be more.
async fn read(from: Option<&mut (impl AsyncRead + Unpin)>, to: &mut BytesMut) -> bool {
    match from {
        Some(from) => matches!(from.read_buf(to).await, Ok(1..)),
        None => false,
    }
}

/// Writes what can be written; whether somebody reads.
async fn write(to: Option<&mut ChildStdin>, from: &mut BytesMut) -> bool {
    match to {
        Some(to) => matches!(to.write_buf(from).await, Ok(1..)),
        None => false,
    }
}
