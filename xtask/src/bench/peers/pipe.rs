//! An adapter's process as a runner has it: frames into its stdin, frames out of its stdout, one after the other.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use procvision_conformance::wire::{self, Garbage};
use serde_json::{Value, json};

/// A process that lives longer hangs, and is killed so that the measurement ends with an error.
const LIFE: Duration = Duration::from_secs(300);

/// How an adapter is started.
#[derive(Debug, Clone)]
pub struct Launch {
    /// What it is called in the table.
    pub name: &'static str,
    pub program: PathBuf,
    pub args: Vec<String>,
    pub dir: PathBuf,
    pub env: Vec<(&'static str, PathBuf)>,
}

/// One that runs.
pub struct Adapter {
    name: &'static str,
    child: Arc<Mutex<Child>>,
    stdin: ChildStdin,
    stdout: ChildStdout,
    complaints: PathBuf,
    /// Ends the watch when it goes.
    _watch: Sender<()>,
}

impl Launch {
    /// Starts it. What it says on stderr goes to a file in `folder`.
    pub fn start(&self, folder: &Path) -> Result<Adapter> {
        let complaints = folder.join(format!("{}.log", self.name.replace(' ', "-")));
        let log = File::create(&complaints).with_context(|| format!("cannot write {}", complaints.display()))?;
        let mut child = Command::new(&self.program)
            .args(&self.args)
            .current_dir(&self.dir)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            bail!("{} has no pipes", self.name);
        };
        let child = Arc::new(Mutex::new(child));
        let (watch, over) = mpsc::channel();
        let watched = Arc::clone(&child);
        thread::spawn(move || {
            if let Err(RecvTimeoutError::Timeout) = over.recv_timeout(LIFE) {
                kill(&watched);
            }
        });
        Ok(Adapter {
            name: self.name,
            child,
            stdin,
            stdout,
            complaints,
            _watch: watch,
        })
    }
}

impl Adapter {
    /// Sends a frame, which must fit into the pipe.
    pub fn send(&mut self, message: &Value) -> Result<()> {
        self.send_bytes(&wire::frame(message))
    }

    /// Sends bytes in one write.
    pub fn send_bytes(&mut self, frame: &[u8]) -> Result<()> {
        let sent = self.stdin.write_all(frame).and_then(|()| self.stdin.flush());
        sent.with_context(|| self.trouble("does not take what is sent to it"))
    }

    /// The body of the next frame, not looked at yet.
    pub fn receive_bytes(&mut self) -> Result<Vec<u8>> {
        let what = match wire::read_body(&mut self.stdout) {
            Ok(Some(body)) => return Ok(body),
            Ok(None) => "ends without an answer".to_owned(),
            Err(Garbage::CutOff) => "ends in the middle of a frame".to_owned(),
            Err(Garbage::Io(error)) => format!("cannot be heard: {error}"),
            Err(garbage) => format!("writes something else than frames to its stdout: {garbage}"),
        };
        bail!("{}", self.trouble(&what))
    }

    /// The next frame.
    pub fn receive(&mut self) -> Result<Value> {
        let body = self.receive_bytes()?;
        serde_json::from_slice(&body).with_context(|| self.trouble("answers with something else than JSON"))
    }

    /// The next frame, which must be of this type.
    pub fn expect(&mut self, kind: &str) -> Result<Value> {
        let message = self.receive()?;
        self.checked(message, kind)
    }

    /// The message, if it is of this type.
    pub fn checked(&self, message: Value, kind: &str) -> Result<Value> {
        if message["type"] != kind {
            bail!(
                "{}",
                self.trouble(&format!("answers with {message} in place of a {kind}"))
            );
        }
        Ok(message)
    }

    /// Sends a frame and waits for the next one: how long that took, and what came.
    pub fn round_trip(&mut self, frame: &[u8]) -> Result<(Duration, Vec<u8>)> {
        let begun = Instant::now();
        self.send_bytes(frame)?;
        let body = self.receive_bytes()?;
        Ok((begun.elapsed(), body))
    }

    /// Tells it to end, and waits until it has.
    pub fn end(mut self) -> Result<()> {
        self.send(&json!({ "type": "shutdown" }))?;
        self.expect("shutdown")?;
        let ended = self.child.lock().unwrap_or_else(PoisonError::into_inner).wait();
        let status = ended.context("cannot wait for it")?;
        if !status.success() {
            bail!("{}", self.trouble(&format!("ends with {status}")));
        }
        Ok(())
    }

    /// What it does wrong, and what it said last.
    fn trouble(&self, what: &str) -> String {
        let said = fs::read_to_string(&self.complaints).unwrap_or_default();
        let last = said.lines().rev().find(|line| !line.trim().is_empty());
        match last {
            Some(last) => format!("{} {what}; it said last: {}", self.name, last.trim()),
            None => format!("{} {what}", self.name),
        }
    }
}

impl Drop for Adapter {
    fn drop(&mut self) {
        kill(&self.child);
    }
}

fn kill(child: &Mutex<Child>) {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cat(folder: &Path) -> Adapter {
        let launch = Launch {
            name: "an echo",
            program: "cat".into(),
            args: Vec::new(),
            dir: folder.to_owned(),
            env: Vec::new(),
        };
        launch.start(folder).unwrap()
    }

    #[test]
    fn what_is_sent_comes_back_from_an_echo() {
        let folder = tempfile::tempdir().unwrap();
        let mut echo = cat(folder.path());
        let ping = json!({ "type": "ping", "request_id": "1" });
        let (_, body) = echo.round_trip(&wire::frame(&ping)).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), ping);
        echo.send(&ping).unwrap();
        let error = echo.expect("pong").unwrap_err().to_string();
        assert!(
            error.contains("an echo answers with") && error.contains("in place of a pong"),
            "{error}"
        );
    }

    #[test]
    fn what_is_no_frame_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let mut echo = cat(folder.path());
        echo.send_bytes(b"Hello there").unwrap();
        let error = echo.receive().unwrap_err().to_string();
        assert!(error.contains("something else than frames"), "{error}");
    }
}
