//! A runner, as far as tests need one: it starts an algorithm's process, sends frames, and keeps everything that comes
//! back.

use crate::binary::procvision;
use crate::probe_component;
use procvision_conformance::wire::{self, Garbage};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;
use std::time::Duration;
use tempfile::TempDir;

/// Long enough for anything that happens at all, however busy the machine is.
const WATCHDOG: Duration = Duration::from_secs(120);

/// A line with the package of the guest `probe`, and a development store with pictures. Its folder stays for as long as one
/// of its runners does.
pub struct Line {
    folder: Arc<TempDir>,
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}

impl Line {
    /// Makes one. In its store is the picture `dev-shm:s-1:cur`, gray, 4 x 2, and `dev-shm:s-1:guide`, 2 x 2.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn new() -> Self {
        let line = Self {
            folder: Arc::new(tempfile::tempdir().expect("a temporary folder can be made")),
        };
        for folder in ["probe", "pictures"] {
            std::fs::create_dir(line.path(folder)).expect("it can be made");
        }
        let component = std::fs::read(probe_component()).expect("the guest was built");
        std::fs::write(line.path("probe/component.wasm"), component).expect("it can be written");
        line.write("probe/manifest.json", &line.manifest());
        line.picture("dev-shm_s-1_cur", 4, 2);
        line.picture("dev-shm_s-1_guide", 2, 2);
        line
    }

    /// The manifest of the package.
    pub fn manifest(&self) -> Value {
        json!({
            "manifest_version": 1,
            "name": "probe",
            "version": "0.1.0",
            "description": "Does what a test asks for",
            "component": "component.wasm",
            "supported_pids": ["A01", "A02"],
        })
    }

    /// Writes a JSON file.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn write(&self, name: &str, value: &Value) {
        std::fs::write(self.path(name), value.to_string()).expect("it can be written");
    }

    /// Writes a gray picture of the development store.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn picture(&self, name: &str, width: usize, height: usize) {
        let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({height}, {width}), }}");
        let mut file = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        file.extend(format!("{header:<117}\n").bytes());
        file.resize(file.len() + width * height, 128);
        std::fs::write(self.path(format!("pictures/{name}.npy")), file).expect("it can be written");
    }

    /// The path of a file in it.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `procvision adapter`, without a package yet.
    pub fn bare_command(&self) -> Command {
        let mut command = procvision();
        command.arg("adapter").env("PROC_SHM_DIR", self.path("pictures"));
        for variable in [
            "PROC_ALGO_ROOT",
            "PROC_LOG_LEVEL",
            "PROC_ENTRY_POINT",
            "PROC_STRICT_STDIO",
        ] {
            command.env_remove(variable);
        }
        command
    }

    /// `procvision adapter` for the package.
    pub fn command(&self) -> Command {
        let mut command = self.bare_command();
        command.arg(self.path("probe"));
        command
    }

    /// A runner whose algorithm is the probe, after the hello.
    pub fn start(&self) -> Runner {
        self.start_with(&[])
    }

    /// The same with more arguments.
    pub fn start_with(&self, arguments: &[&str]) -> Runner {
        let mut runner = Runner::start(self.command().args(arguments));
        runner.folder = Some(self.folder.clone());
        runner
    }
}

/// A call of version 0.2 for the probe: `execute` with the picture `dev-shm:s-1:cur`.
pub fn call(request_id: &str, task: &str) -> Value {
    json!({
        "type": "call",
        "request_id": request_id,
        "phase": "execute",
        "step_index": 1,
        "pid": "A01",
        "session": {"id": "s-1", "context": {"operator": "Kim"}},
        "user_params": {"task": task},
        "shared_mem_id": "dev-shm:s-1:cur",
        "image_meta": {"width": 4, "height": 2, "timestamp_ms": 1_700_000_000_000_u64, "camera_id": "cam-01"},
    })
}

/// The process of an algorithm in the hands of its runner.
pub struct Runner {
    child: Child,
    input: Option<ChildStdin>,
    frames: Receiver<Value>,
    log: Option<JoinHandle<Vec<Value>>>,
    lines: Receiver<Value>,
    /// Kept for the process.
    folder: Option<Arc<TempDir>>,
}

/// What a process left behind.
#[derive(Debug)]
pub struct Ended {
    /// The exit status.
    pub status: i32,
    /// The frames that nobody had read yet.
    pub frames: Vec<Value>,
    /// The whole log.
    pub log: Vec<Value>,
}

impl Ended {
    /// The first line of the log whose message contains `text`.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[track_caller]
    pub fn line(&self, text: &str) -> &Value {
        let said = |line: &&Value| line["message"].as_str().is_some_and(|message| message.contains(text));
        self.log
            .iter()
            .find(said)
            .unwrap_or_else(|| panic!("no line says `{text}`: {self:#?}"))
    }
}

impl Runner {
    /// Starts a process and reads its hello.
    ///
    /// # Panics
    ///
    /// If it does not say hello.
    #[track_caller]
    pub fn start(command: &mut Command) -> Self {
        let mut runner = Self::start_silently(command);
        let hello = runner.frame();
        assert_eq!(hello["type"], "hello", "{hello}");
        runner
    }

    /// Starts a process.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    #[track_caller]
    pub fn start_silently(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it can be started");
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let mut output = output.expect("it is a pipe");
        let (sender, frames) = mpsc::channel();
        std::thread::spawn(move || {
            loop {
                let frame = match wire::read(&mut output) {
                    Ok(Some(frame)) => frame,
                    // A process that is killed may leave half a frame behind.
                    Ok(None) | Err(Garbage::CutOff) => break,
                    Err(garbage) => panic!("stdout carries {garbage}"),
                };
                if sender.send(frame).is_err() {
                    break;
                }
            }
        });
        let (sender, lines) = mpsc::channel();
        let log = std::thread::spawn(move || {
            let lines = BufReader::new(errors.expect("it is a pipe")).lines();
            let parsed = lines.map(|line| {
                let line = line.expect("the log is text");
                let value: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
                // The test may not look at the lines one by one.
                let _ = sender.send(value.clone());
                value
            });
            parsed.collect()
        });
        Self {
            input: child.stdin.take(),
            child,
            frames,
            log: Some(log),
            lines,
            folder: None,
        }
    }

    /// Sends a frame.
    ///
    /// # Panics
    ///
    /// If nobody listens.
    #[track_caller]
    pub fn send(&mut self, value: &Value) {
        self.send_bytes(&wire::frame(value));
    }

    /// Sends bytes as they are.
    ///
    /// # Panics
    ///
    /// If nobody listens.
    #[track_caller]
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("it is open");
        input.write_all(bytes).expect("somebody listens");
    }

    /// The next frame, without its time.
    ///
    /// # Panics
    ///
    /// If there is none for a long time.
    #[track_caller]
    pub fn frame(&mut self) -> Value {
        let mut frame = match self.frames.recv_timeout(WATCHDOG) {
            Ok(frame) => frame,
            Err(error) => panic!("no frame ({error}); the process: {:?}", self.child.try_wait()),
        };
        let time = frame["timestamp_ms"].take();
        assert!(time.as_u64().is_some_and(|time| time > 1_700_000_000_000), "{time}");
        frame
            .as_object_mut()
            .expect("frames are objects")
            .remove("timestamp_ms");
        frame
    }

    /// The next line of the log.
    ///
    /// # Panics
    ///
    /// If there is none for a long time.
    #[track_caller]
    pub fn line(&mut self) -> Value {
        self.lines.recv_timeout(WATCHDOG).expect("there is a line")
    }

    /// The answer to a request.
    #[track_caller]
    pub fn ask(&mut self, value: &Value) -> Value {
        self.send(value);
        self.frame()
    }

    /// Closes the pipe to the process.
    pub fn close(&mut self) {
        self.input = None;
    }

    /// Sends a signal.
    ///
    /// # Panics
    ///
    /// If the process has ended already.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, signal).expect("it is there");
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end of the process.
    ///
    /// # Panics
    ///
    /// If it does not end for a long time.
    #[track_caller]
    pub fn end(mut self) -> Ended {
        let mut frames = Vec::new();
        loop {
            match self.frames.recv_timeout(WATCHDOG) {
                Ok(frame) => frames.push(frame),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("the process does not end"),
            }
        }
        let log = self
            .log
            .take()
            .expect("it is taken once")
            .join()
            .expect("the log is JSON");
        let status = self.child.wait().expect("it is ours");
        Ended {
            status: status.code().unwrap_or(-1),
            frames,
            log,
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
