//! The processes around a station: its server, its cameras. Each is killed when its value goes.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How often it is looked whether a process has ended.
const GLANCE: Duration = Duration::from_millis(5);

/// A process that is killed when the value goes.
#[derive(Debug)]
pub struct Spawned(Child);

/// How a process has ended that was told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself.
    With(ExitStatus),
    /// Not in time, so that it was killed.
    Killed,
}

impl Spawned {
    /// Starts the command. It leads a group of its own, so that Ctrl-C at a terminal reaches it through its owner only.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        Ok(Self(command.stdin(Stdio::null()).process_group(0).spawn()?))
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Whether it runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }

    /// SIGKILL, and waits until nothing of it is left.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// SIGTERM, and after `patience` SIGKILL.
    ///
    /// # Errors
    ///
    /// If it cannot be waited for.
    pub fn end(mut self, patience: Duration) -> io::Result<Ended> {
        if let Some(status) = self.0.try_wait()? {
            return Ok(Ended::With(status));
        }
        kill_process(Pid::from_child(&self.0), Signal::TERM)?;
        let begun = Instant::now();
        while begun.elapsed() < patience {
            if let Some(status) = self.0.try_wait()? {
                return Ok(Ended::With(status));
            }
            thread::sleep(GLANCE);
        }
        self.kill();
        Ok(Ended::Killed)
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        self.kill();
    }
}

/// `procvision serve`, listening.
#[derive(Debug)]
pub struct Server {
    process: Spawned,
    page: String,
    /// Whoever prints into a pipe that nobody holds is killed.
    _stdout: ChildStdout,
}

impl Server {
    /// Starts the command, which must say with `--json` where it listens.
    ///
    /// # Errors
    ///
    /// If it cannot be started, or ends without listening.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let mut process = Spawned::start(command.stdout(Stdio::piped()))?;
        let stdout = process.0.stdout.take();
        let mut stdout = BufReader::new(stdout.ok_or_else(|| io::Error::other("it has no stdout"))?);
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        let said: Value = serde_json::from_str(&line).unwrap_or_default();
        let Some(page) = said["page"].as_str() else {
            let why = said["error"]["message"].as_str().unwrap_or("it does not say why");
            return Err(io::Error::other(format!("the station does not listen: {why}")));
        };
        Ok(Self {
            page: page.trim_end_matches('/').to_owned(),
            process,
            _stdout: stdout.into_inner(),
        })
    }

    /// Where it listens, such as `http://127.0.0.1:8787`.
    pub fn page(&self) -> &str {
        &self.page
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Spawned {
        &mut self.process
    }

    /// SIGTERM, and after `patience` SIGKILL.
    ///
    /// # Errors
    ///
    /// If it cannot be waited for.
    pub fn end(self, patience: Duration) -> io::Result<Ended> {
        self.process.end(patience)
    }
}
