//! Which locks hold on this machine, found out by trying: a process that is thrown away locks itself, tries what it must not
//! be able to do, on its first thread and on one that was there before, and says what came of it.

use super::report::{Lock, LockState};
use super::{Lockdown, Requirement, declare, renounce_files};
use crate::child_process;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use rustix::net::{AddressFamily, SocketType};
use rustix::process::{Pid, getppid, test_kill_process};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::thread;

/// The word by which a program knows that it is to try its locks. Not a command for people.
const WORD: &str = "try-locks-in-child";
/// The most that is read of what the process says, in bytes.
const ANSWER_BYTES: u64 = 64 << 10;
/// How long the process may say nothing.
const PATIENCE: Timespec = Timespec { tv_sec: 10, tv_nsec: 0 };
/// What the process may use. It does nothing but try.
const MEMORY_BYTES: u64 = 64 << 20;
const DESCRIPTORS: u64 = 16;

/// Something that must fail in a locked process, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The lock that should keep it from happening.
    pub lock: Lock,
    /// What was tried, in words.
    pub what: String,
    /// Whether it failed as it should.
    pub refused: bool,
    /// What the system answered.
    pub answer: String,
}

/// What came of trying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialReport {
    /// What the process says of its locks.
    pub locks: Vec<LockState>,
    /// What it tried.
    pub attempts: Vec<Attempt>,
}

impl TrialReport {
    /// What succeeded although it should not.
    pub fn broken(&self, lock: Lock) -> impl Iterator<Item = &Attempt> {
        self.attempts
            .iter()
            .filter(move |attempt| attempt.lock == lock && !attempt.refused)
    }
}

/// Why nothing could be tried.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrialError {
    /// The process cannot be started, or its answer cannot be read.
    #[error("cannot start a process that tries its locks")]
    Process(#[source] io::Error),
    /// The process answered with something else, as it does if it was ended by a lock.
    #[error("the process that tries its locks ended without an answer")]
    NoAnswer,
}

/// Has a process try its locks. `program` is one that calls [`serve_if_asked`] in `main` before anything else;
/// `/proc/self/exe` is the one that is running.
///
/// # Errors
///
/// See [`TrialError`].
pub fn try_locks(program: &Path) -> Result<TrialReport, TrialError> {
    let mut child = child_process::command(program, [WORD.into()])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(TrialError::Process)?;
    let report = ask(&mut child);
    drop(child.stdin.take());
    if report.is_err() {
        // It may have crashed, or hang.
        let _ = child.kill();
    }
    // It ends by itself when its stdin is closed.
    let _ = child.wait();
    report
}

fn ask(child: &mut Child) -> Result<TrialReport, TrialError> {
    let mut answer = Vec::new();
    let mut stdout = child.stdout.take().ok_or(TrialError::NoAnswer)?.take(ANSWER_BYTES);
    let mut byte = [0];
    while says_more(stdout.get_ref())? && matches!(stdout.read(&mut byte), Ok(1)) {
        if byte == *b"\n" {
            break;
        }
        answer.extend(byte);
    }
    let mut report: TrialReport = serde_json::from_slice(&answer).map_err(|_| TrialError::NoAnswer)?;
    // While it waits, it can be looked at from outside.
    report
        .attempts
        .extend(seen_from_outside(child.id()).unwrap_or_default());
    Ok(report)
}

/// Waits until there is something to read, or the end of it. One that says nothing for too long has given no answer.
fn says_more(stdout: &ChildStdout) -> Result<bool, TrialError> {
    let mut descriptors = [PollFd::new(stdout, PollFlags::IN)];
    match poll(&mut descriptors, Some(&PATIENCE)) {
        Ok(ready) => Ok(ready > 0),
        Err(errno) => Err(TrialError::Process(errno.into())),
    }
}

fn seen_from_outside(process: u32) -> io::Result<Vec<Attempt>> {
    let mut seen = Vec::new();
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        let status = fs::read_to_string(task?.path().join("status"))?;
        for (lock, key, wanted) in [
            (Lock::Privileges, "NoNewPrivs:", "1"),
            (Lock::SystemCalls, "Seccomp:", "2"),
        ] {
            let value = status
                .lines()
                .find_map(|line| line.strip_prefix(key))
                .map_or("", str::trim);
            seen.push(Attempt {
                lock,
                what: format!("the kernel says {}", key.trim_end_matches(':')),
                refused: value == wanted,
                answer: value.to_owned(),
            });
        }
    }
    let limits = fs::read_to_string(format!("/proc/{process}/limits"))?;
    for (lock, name) in [
        (Lock::Processes, "Max processes"),
        (Lock::FileSize, "Max file size"),
        (Lock::Dumps, "Max core file size"),
    ] {
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("");
        let value = line.split_whitespace().next().unwrap_or("");
        seen.push(Attempt {
            lock,
            what: format!("the kernel says {}", name.to_lowercase()),
            refused: value == "0",
            answer: value.to_owned(),
        });
    }
    Ok(seen)
}

/// Locks this process and tries what it must not be able to do, if it was started for that by [`try_locks`]; then the
/// program must end with the status that is returned. Does nothing else.
pub fn serve_if_asked() -> Option<ExitCode> {
    drop(child_process::asked(WORD)?);
    Some(match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    })
}

fn serve() -> io::Result<()> {
    declare();
    let (locked, when_locked) = mpsc::channel::<()>();
    let (said, answers) = mpsc::channel();
    let earlier = thread::Builder::new().name("earlier".to_owned()).spawn(move || {
        // What the kernel cannot do is reported when the process is locked.
        let _ = renounce_files();
        if when_locked.recv().is_ok() {
            // The other end is there until this thread has ended.
            let _ = said.send(attempts("a thread that was there before"));
        }
    })?;
    let lockdown = Lockdown {
        readable: Vec::new(),
        memory_bytes: MEMORY_BYTES,
        descriptors: DESCRIPTORS,
        requirement: Requirement::BestEffort,
    };
    let report = lockdown.apply().map_err(io::Error::other)?;
    // If the thread is gone there is no answer, which is an error below.
    let _ = locked.send(());
    let earlier_attempts = answers.recv().map_err(io::Error::other)?;
    let mut attempts = attempts("the first thread");
    attempts.extend(earlier_attempts);
    let report = TrialReport {
        locks: report.locks().to_vec(),
        attempts,
    };
    let mut text = serde_json::to_vec(&report)?;
    text.push(b'\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(&text)?;
    stdout.flush()?;
    // Until it has been looked at.
    io::stdin().read_to_end(&mut Vec::new())?;
    drop(earlier);
    Ok(())
}

/// Tries everything on the calling thread.
fn attempts(on: &str) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    let mut attempt = |lock, what: &str, result: io::Result<()>| {
        let refused = result.is_err();
        let answer = match result {
            Ok(()) => "done".to_owned(),
            Err(error) => error.to_string(),
        };
        let what = format!("{what}, on {on}");
        attempts.push(Attempt {
            lock,
            what,
            refused,
            answer,
        });
    };
    attempt(
        Lock::Files,
        "open a file to read it",
        File::open("/proc/self/status").map(drop),
    );
    attempt(Lock::Files, "open a folder", File::open("/").map(drop));
    attempt(
        Lock::Files,
        "open a file to write it",
        File::options().write(true).open("/proc/self/comm").map(drop),
    );
    attempt(Lock::Tcp, "make a socket", socket(AddressFamily::INET));
    attempt(Lock::AbstractSockets, "make a Unix socket", socket(AddressFamily::UNIX));
    let parent = getppid().map_or(Ok(()), |parent: Pid| test_kill_process(parent));
    attempt(Lock::Signals, "signal the parent process", parent.map_err(Into::into));
    attempt(Lock::SystemCalls, "make memory executable", executable_memory());
    attempt(Lock::Memory, "take more memory than allowed", too_much_memory());
    attempt(
        Lock::Descriptors,
        "open more descriptors than allowed",
        too_many_descriptors(),
    );
    attempt(Lock::Processes, "start a program", start_program());
    attempt(
        Lock::Processes,
        "start a thread",
        thread::Builder::new().spawn(|| {}).map(drop),
    );
    attempts
}

fn socket(family: AddressFamily) -> io::Result<()> {
    Ok(rustix::net::socket(family, SocketType::STREAM, None).map(drop)?)
}

fn executable_memory() -> io::Result<()> {
    let protection = ProtFlags::READ | ProtFlags::EXEC;
    // SAFETY: a new mapping at an address that the kernel chooses replaces nothing, and is given back unused.
    unsafe {
        let start = mmap_anonymous(std::ptr::null_mut(), 4096, protection, MapFlags::PRIVATE)?;
        munmap(start, 4096)?;
    }
    Ok(())
}

fn too_much_memory() -> io::Result<()> {
    let bytes = usize::try_from(2 * MEMORY_BYTES).unwrap_or(usize::MAX);
    Vec::<u8>::new().try_reserve_exact(bytes).map_err(io::Error::other)
}

fn too_many_descriptors() -> io::Result<()> {
    let mut kept = Vec::new();
    for _ in 0..=DESCRIPTORS {
        kept.push(rustix::io::fcntl_dupfd_cloexec(io::stdin(), 0)?);
    }
    Ok(())
}

fn start_program() -> io::Result<()> {
    let mut child = Command::new("/proc/self/exe")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()?;
    child.wait().map(drop)
}
