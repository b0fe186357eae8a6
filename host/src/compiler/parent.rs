//! The host's side: starts the compiling process, watches the clock, and judges how it ended.
//!
//! Request and answer lie in memory files, so that neither side ever waits for the other to read; all the host waits for
//! is the end of the process.

use super::message::{Arguments, Ending, Request, WORD};
use super::{CompileChild, CompileError};
use crate::child_process;
use crate::engine::{Artifact, EngineSettings, fingerprint};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use wasmtime::{Engine, Precompiled};

/// Most threads that compile together. Each takes address space, of which there is a limit.
const MOST_THREADS: usize = 8;
/// The most that is kept of what the process said on stderr, in bytes.
const COMPLAINT_BYTES: u64 = 1 << 10;

/// Compiles a component in a process of its own.
pub(super) fn compile(
    compiler: &CompileChild,
    engine: &Engine,
    settings: EngineSettings,
    component: &[u8],
) -> Result<Artifact, CompileError> {
    let failed = |source| CompileError::Process {
        program: compiler.program.clone(),
        source,
    };
    child_process::refuse_if_asked(WORD).map_err(failed)?;
    let request = Request {
        settings,
        fingerprint: fingerprint(engine),
    };
    let mut files = Files::new(&request, component).map_err(failed)?;
    let mut process = Process::start(compiler, &files).map_err(failed)?;
    let ended = process
        .wait(Duration::from_secs(compiler.limits.wall_seconds))
        .map_err(failed)?;
    drop(process);
    let limits = &compiler.limits;
    let status = ended.ok_or(CompileError::WallTime {
        limit: limits.wall_seconds,
    })?;
    if let Some(signal) = status.signal() {
        return Err(match Signal::from_named_raw(signal) {
            Some(Signal::XCPU) => CompileError::ProcessorTime {
                limit: limits.cpu_seconds,
            },
            Some(Signal::XFSZ) => CompileError::Memory {
                limit: limits.memory_bytes,
            },
            _ => CompileError::Crashed {
                signal,
                detail: files.complaint(),
            },
        });
    }
    let status = status.code().unwrap_or_default();
    match Ending::from_status(status) {
        Some(Ending::Compiled) => {
            let bytes = files.answer(limits.memory_bytes).map_err(failed)?;
            if Engine::detect_precompiled(&bytes) != Some(Precompiled::Component) {
                return Err(CompileError::BadAnswer(compiler.program.clone()));
            }
            // SAFETY: the program, which whoever set up this host has named as one that calls `serve_if_asked`, says by its
            // status that these bytes are what an engine with the fingerprint of ours, and so of our version, has compiled.
            // Nobody else has ever had the memory file, and the bytes are a copy of it.
            Ok(unsafe { Artifact::trusted(bytes) })
        }
        Some(Ending::Refused) => {
            let reason = files.answer(limits.memory_bytes).map_err(failed)?;
            Err(CompileError::Refused(String::from_utf8_lossy(&reason).into_owned()))
        }
        Some(Ending::OtherEngine) => Err(CompileError::OtherEngine(compiler.program.clone())),
        Some(Ending::OutOfMemory) => Err(CompileError::Memory {
            limit: limits.memory_bytes,
        }),
        Some(Ending::ByHand | Ending::BadRequest) | None => Err(CompileError::GaveUp {
            status,
            detail: files.complaint(),
        }),
    }
}

/// Memory that the process has as its stdin, stdout and stderr.
struct Files {
    request: File,
    answer: File,
    complaint: File,
}

impl Files {
    fn new(request: &Request, component: &[u8]) -> io::Result<Self> {
        let memory_file = |name| memfd_create(name, MemfdFlags::CLOEXEC).map(File::from);
        let mut files = Self {
            request: memory_file("procvision-compile-request")?,
            answer: memory_file("procvision-compile-answer")?,
            complaint: memory_file("procvision-compile-complaint")?,
        };
        files.request.write_all(&request.to_bytes())?;
        files.request.write_all(component)?;
        files.request.rewind()?;
        Ok(files)
    }

    /// What the process wrote to stdout; it cannot be more than its limit of memory.
    fn answer(&mut self, limit: u64) -> io::Result<Vec<u8>> {
        self.answer.rewind()?;
        let length = self.answer.metadata()?.len().min(limit);
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        (&self.answer).take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The beginning of what the process wrote to stderr, in one line.
    fn complaint(&mut self) -> String {
        let mut bytes = Vec::new();
        let read = self.complaint.rewind();
        // Only for people, and nobody is told more if there is nothing to read.
        let _ = read.and_then(|()| (&self.complaint).take(COMPLAINT_BYTES).read_to_end(&mut bytes));
        let text = String::from_utf8_lossy(&bytes);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// The process. It does not outlive this value, and leaves nothing behind.
struct Process {
    child: Child,
    reaped: bool,
}

impl Process {
    fn start(child: &CompileChild, files: &Files) -> io::Result<Self> {
        let arguments = Arguments {
            host: rustix::process::getpid().as_raw_pid(),
            limits: child.limits,
        };
        let threads = std::thread::available_parallelism().map_or(1, |count| count.get().min(MOST_THREADS));
        let child = child_process::command(&child.program, arguments.to_words())
            .current_dir("/")
            // Only how many threads compile, and how many heaps they share, each of which reserves address space.
            .env("RAYON_NUM_THREADS", threads.to_string())
            .env("MALLOC_ARENA_MAX", threads.to_string())
            .stdin(Stdio::from(files.request.try_clone()?))
            .stdout(Stdio::from(files.answer.try_clone()?))
            .stderr(Stdio::from(files.complaint.try_clone()?))
            .spawn()?;
        Ok(Self { child, reaped: false })
    }

    /// Waits until it has ended, at most for so long; then it is killed.
    fn wait(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        // The number stands for this process until it is waited for below.
        let handle = pidfd_open(Pid::from_child(&self.child), PidfdFlags::empty())?;
        let begun = Instant::now();
        loop {
            let left = limit.saturating_sub(begun.elapsed());
            // A time that is too long to be said is no bound.
            let timeout = Timespec::try_from(left).ok();
            match poll(&mut [PollFd::new(&handle, PollFlags::IN)], timeout.as_ref()) {
                Ok(0) if left.is_zero() => return Ok(None),
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => {
                    let status = self.child.wait()?;
                    self.reaped = true;
                    return Ok(Some(status));
                }
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.reaped {
            // It may have ended just now; then there is nothing to kill, and still something to wait for.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
