//! What the tests of the frame pool share: a broker that is a process, and a peer that says whatever it likes.

use crate::binary::procvision;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketAddrUnix, SocketFlags, SocketType,
};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Long enough for anything that happens at all, however busy the machine is.
const WATCHDOG: Duration = Duration::from_secs(60);

/// Waits until `holds`, by looking again and again.
///
/// # Panics
///
/// If it still does not after a minute.
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < WATCHDOG, "{what}: not after {} s", WATCHDOG.as_secs());
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A process that is killed when the value goes, and whose lines can be read one by one.
pub struct Process {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Process {
    /// Starts the command with its stdout in our hands.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    #[track_caller]
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it can be started");
        let lines = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
        Self { child, lines }
    }

    /// The next line that it prints.
    ///
    /// # Panics
    ///
    /// If it prints no more.
    #[track_caller]
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.lines.read_line(&mut line).expect("a pipe can be read");
        assert!(read > 0, "the process has ended: {:?}", self.child.wait());
        line.trim_end().to_owned()
    }

    /// SIGKILL, and waits until nothing of it is left.
    ///
    /// # Panics
    ///
    /// If it cannot be waited for.
    pub fn kill(mut self) {
        self.die();
    }

    /// The same, for somebody who keeps the value.
    ///
    /// # Panics
    ///
    /// If it cannot be waited for.
    pub fn die(&mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it is ours");
    }

    /// SIGTERM, and waits for its exit status.
    ///
    /// # Panics
    ///
    /// If it has ended already.
    pub fn terminate(mut self) -> i32 {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).expect("it is there");
        self.child.wait().expect("it is ours").code().unwrap_or(-1)
    }

    /// Waits for its exit status.
    ///
    /// # Panics
    ///
    /// If it cannot be waited for.
    pub fn ended(mut self) -> i32 {
        self.child.wait().expect("it is ours").code().unwrap_or(-1)
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `procvision frames broker`, listening.
///
/// # Panics
///
/// If it does not.
#[track_caller]
pub fn broker_process(socket: &Path) -> Process {
    let mut command = procvision();
    command.args(["frames", "broker", "--json", "--socket"]).arg(socket);
    let mut process = Process::start(&mut command);
    let said: Value = serde_json::from_str(&process.line()).expect("it answers in JSON");
    assert_eq!(said, json!({ "socket": socket, "process": process.id() }));
    process
}

/// A folder for a socket, and the path of the socket.
///
/// # Panics
///
/// If it cannot be made.
pub fn socket() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("frames.sock");
    (folder, path)
}

/// Somebody who is connected to a broker and keeps to no protocol.
pub struct RawPeer {
    socket: OwnedFd,
}

/// What a broker said.
#[derive(Debug)]
pub struct Heard {
    /// The message; nothing if the broker has hung up.
    pub message: Option<Value>,
    /// The descriptors that came with it.
    pub fds: Vec<OwnedFd>,
}

impl Heard {
    /// The message.
    ///
    /// # Panics
    ///
    /// If the broker has hung up.
    #[track_caller]
    pub fn message(&self) -> &Value {
        self.message.as_ref().expect("the broker answers")
    }

    /// The code of the error that the message is.
    ///
    /// # Panics
    ///
    /// If it is none.
    #[track_caller]
    pub fn error(&self) -> &str {
        assert_eq!(self.message()["type"], "error", "{self:?}");
        let message = self.message()["message"].as_str().expect("it has a sentence");
        assert!(!message.is_empty());
        self.message()["code"].as_str().expect("it has a code")
    }
}

impl RawPeer {
    /// Connects and says nothing.
    ///
    /// # Panics
    ///
    /// If nobody listens.
    #[track_caller]
    pub fn connect(path: &Path) -> Self {
        let kind = SocketType::SEQPACKET;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None).expect("a socket");
        let address = SocketAddrUnix::new(path).expect("a short path");
        rustix::net::connect(&socket, &address).expect("a broker listens");
        Self { socket }
    }

    /// One that has been connected by somebody else.
    pub fn connected(socket: OwnedFd) -> Self {
        Self { socket }
    }

    /// Connects and says who it is; the broker's answer must be `welcome`.
    ///
    /// # Panics
    ///
    /// If it is something else.
    #[track_caller]
    pub fn greet(path: &Path, hello: Value, welcome: &str) -> (Self, Heard) {
        let peer = Self::connect(path);
        let heard = peer.ask(&hello);
        assert_eq!(heard.message()["type"], welcome, "{heard:?}");
        (peer, heard)
    }

    /// A producer of one pool.
    ///
    /// # Panics
    ///
    /// If the broker does not want it.
    #[track_caller]
    pub fn producer(path: &Path, pool: &str, slots: u32, slot_bytes: u64) -> (Self, Heard) {
        let hello = json!({
            "type": "hello", "protocol": 1, "role": "producer", "pool": pool, "slots": slots, "slot_bytes": slot_bytes,
        });
        Self::greet(path, hello, "producer")
    }

    /// Sends a packet; `false` if the broker has hung up.
    pub fn say(&self, packet: &[u8]) -> bool {
        rustix::net::send(&self.socket, packet, SendFlags::NOSIGNAL).is_ok()
    }

    /// Sends a packet without waiting; `false` if there is no room for it or the broker has hung up.
    pub fn say_at_once(&self, packet: &[u8]) -> bool {
        rustix::net::send(&self.socket, packet, SendFlags::NOSIGNAL | SendFlags::DONTWAIT).is_ok()
    }

    /// Sends a packet with descriptors beside it.
    ///
    /// # Panics
    ///
    /// If the broker has hung up.
    #[track_caller]
    pub fn say_with(&self, packet: &[u8], fds: &[BorrowedFd<'_>]) {
        let mut space = [MaybeUninit::uninit(); 512];
        let mut control = SendAncillaryBuffer::new(&mut space);
        assert!(control.push(SendAncillaryMessage::ScmRights(fds)), "there is room");
        rustix::net::sendmsg(&self.socket, &[IoSlice::new(packet)], &mut control, SendFlags::NOSIGNAL)
            .expect("the broker is there");
    }

    /// Waits for a packet.
    pub fn hear(&self) -> Heard {
        // What the broker said before it hung up is still to be heard.
        let mut heard = self.receive();
        if heard.is_err() {
            heard = self.receive();
        }
        heard.unwrap_or(Heard {
            message: None,
            fds: Vec::new(),
        })
    }

    fn receive(&self) -> rustix::io::Result<Heard> {
        let mut buffer = [0; 8192];
        let mut space = [MaybeUninit::uninit(); 512];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [IoSliceMut::new(&mut buffer)];
        let received = rustix::net::recvmsg(&self.socket, &mut parts, &mut control, RecvFlags::CMSG_CLOEXEC)?;
        let messages = control.drain();
        let fds = messages.filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(fds) => Some(fds),
            _ => None,
        });
        let fds = fds.flatten().collect();
        let message = (received.bytes > 0).then(|| {
            let packet = &buffer[..received.bytes];
            assert!(packet.len() <= 4096, "the broker keeps to its own limit");
            serde_json::from_slice(packet).expect("the broker speaks JSON")
        });
        Ok(Heard { message, fds })
    }

    /// Says and hears.
    pub fn ask(&self, message: &Value) -> Heard {
        self.say(message.to_string().as_bytes());
        self.hear()
    }
}

impl Drop for RawPeer {
    fn drop(&mut self) {
        // A process that is being started by another test at this moment has a copy of the descriptor.
        let _ = rustix::net::shutdown(&self.socket, rustix::net::Shutdown::Both);
    }
}

impl AsFd for RawPeer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
