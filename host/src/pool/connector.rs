//! Connecting to a broker from a process that can make no socket any more: before it gives that up, it starts a tiny
//! process of the same program (`connector/child.rs`), whose one job is to connect to one broker and to pass the connected
//! descriptor back. The two speak as `connector/message.rs` says.

mod child;
mod message;

pub use child::serve_if_asked;

use super::link::{ANSWER_TIME, Link, LinkError, Packet, no_connection};
use crate::child_process;
use message::{Arguments, PACKET_BYTES, Reply, Request, WORD};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, socketpair};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long an answer may take: the process itself gives up after [`ANSWER_TIME`].
const PATIENCE: Duration = ANSWER_TIME.saturating_add(Duration::from_secs(2));

/// The process that connects to one broker. It ends with this value, and with the thread that started it: start it on one
/// that lives as long as it is needed.
#[derive(Debug)]
pub struct Connector {
    socket: PathBuf,
    process: Mutex<Process>,
}

#[derive(Debug)]
struct Process {
    child: Child,
    link: Link,
    /// How often it was asked, so that a late answer is not taken for that to another question.
    asked: u64,
}

impl Connector {
    /// Starts the process with the program that is running, even if another one lies in its place by now. It must call
    /// [`serve_if_asked`] before it does anything else. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// If the process cannot be started.
    pub fn start(socket: impl Into<PathBuf>) -> io::Result<Self> {
        Self::start_program(Path::new("/proc/self/exe"), socket)
    }

    /// The same with another program that is built from this version of the library.
    ///
    /// # Errors
    ///
    /// If the process cannot be started.
    pub fn start_program(program: &Path, socket: impl Into<PathBuf>) -> io::Result<Self> {
        child_process::refuse_if_asked(WORD)?;
        let socket = socket.into();
        let kind = (AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC);
        let (ours, theirs) = socketpair(kind.0, kind.1, kind.2, None)?;
        set_socket_timeout(&ours, Timeout::Recv, Some(PATIENCE))?;
        set_socket_timeout(&ours, Timeout::Send, Some(PATIENCE))?;
        let arguments = Arguments {
            host: rustix::process::getpid().as_raw_pid(),
            socket: socket.clone(),
        };
        let child = child_process::command(program, arguments.into_words())
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let link = Link::accepted(ours);
        Ok(Self {
            socket,
            process: Mutex::new(Process { child, link, asked: 0 }),
        })
    }

    /// The broker's socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.process().child.id()
    }

    /// A new connection to the broker.
    pub(super) fn connect(&self) -> Result<OwnedFd, LinkError> {
        let mut process = self.process();
        process.asked += 1;
        let number = process.asked;
        let link = &process.link;
        let request = Request { number };
        link.send(&request, &[], SendFlags::NOSIGNAL).map_err(gone)?;
        loop {
            let (mut buffer, mut fds) = ([0; PACKET_BYTES], Vec::new());
            let reply: Reply = match link.receive(&mut buffer, &mut fds).map_err(gone)? {
                Packet::Bytes(len) => serde_json::from_slice(&buffer[..len]).map_err(|_| gone(Errno::BADMSG))?,
                Packet::TooLong => return Err(gone(Errno::BADMSG)),
                Packet::End => return Err(gone(Errno::PIPE)),
            };
            if reply.number != number {
                continue;
            }
            return match (reply.errno, fds.pop()) {
                (None, Some(fd)) => Ok(fd),
                (None, None) => Err(gone(Errno::BADMSG)),
                (Some(errno), _) => Err(no_connection(&self.socket, io::Error::from_raw_os_error(errno))),
            };
        }
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        // Numbers are counted before anything could panic.
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The process does not answer as it should.
fn gone(errno: Errno) -> LinkError {
    LinkError::Connector(errno.into())
}

impl Drop for Process {
    fn drop(&mut self) {
        self.link.hang_up();
        // It ends by itself now, unless it is connecting. It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
