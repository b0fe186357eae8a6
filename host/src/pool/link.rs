//! A connection to the broker, at either end: whole packets of JSON over a Unix socket, with descriptors beside them.

use crate::explain::Explain;
use crate::pool::memory::PoolMemoryError;
use crate::pool::message::{Hello, PACKET_BYTES, Refusal, Reply, Request, Role};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, Shutdown, SocketAddrUnix, SocketFlags, SocketType,
};
use serde::Serialize;
use std::borrow::Cow;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the broker may take to answer. It answers from memory.
pub(super) const ANSWER_TIME: Duration = Duration::from_secs(10);
/// How long it may take to make a pool: the system clears every page of it.
const POOL_TIME: Duration = Duration::from_secs(120);
/// Most descriptors beside a packet.
const MOST_FDS: usize = 2;

/// Why nothing came of talking to the broker.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// Nobody listens.
    #[error("no frame broker answers at {}", path.display())]
    NoBroker {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The connection is gone: the broker has ended or hung up.
    #[error("the frame broker has hung up")]
    HungUp,
    /// The broker does not answer.
    #[error("the frame broker does not answer")]
    Silent,
    /// The broker refused.
    #[error("{message}")]
    Refused {
        /// Why.
        code: Refusal,
        /// The broker's sentence.
        message: String,
    },
    /// What came is no answer to what was asked.
    #[error("what answers at the socket is no frame broker that this version knows")]
    Unexpected,
    /// The memory that the broker handed over cannot be used.
    #[error(transparent)]
    Memory(#[from] PoolMemoryError),
    /// The process that connects to the broker is gone, or does not answer.
    #[error("the process that connects to the frame broker does not answer")]
    Connector(#[source] io::Error),
    /// The system refused.
    #[error("cannot talk to the frame broker")]
    System(#[source] io::Error),
}

impl Explain for LinkError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::NoBroker { .. } => "no-broker",
            Self::HungUp => "broker-hung-up",
            Self::Silent => "broker-silent",
            Self::Refused { code, .. } => return code.as_str().replace('_', "-").into(),
            Self::Unexpected => "no-frame-broker",
            Self::Memory(_) => "pool-memory",
            Self::Connector(_) => "no-connector",
            Self::System(_) => "unreachable",
        }
        .into()
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::NoBroker { .. } => {
                "start one with `procvision frames broker`, or name its socket (--socket, PROCVISION_FRAMES_SOCKET)"
            }
            Self::HungUp | Self::Silent => "look whether `procvision frames broker` still runs",
            Self::Refused { code, .. } => match code {
                Refusal::Taken => "end the other producer, or take another name for the pool",
                Refusal::Geometry => "end what is connected to the pool, or take another name for it",
                Refusal::User => "start the broker with --allow-uid, or run as the broker's user",
                Refusal::UnknownPool => "connect a producer first; `procvision frames list` shows the pools",
                _ => return None,
            },
            Self::Connector(_) => "start the program anew that uses the pictures",
            Self::Unexpected => "use a broker and clients of the same version",
            Self::Memory(_) | Self::System(_) => return None,
        };
        Some(remedy.into())
    }
}

/// One end of a connection.
#[derive(Debug)]
pub(crate) struct Link {
    socket: OwnedFd,
}

/// What came in.
#[derive(Debug)]
pub(crate) enum Packet {
    /// A packet of so many bytes at the start of the buffer.
    Bytes(usize),
    /// A packet longer than the buffer; its rest is lost.
    TooLong,
    /// The other side is gone.
    End,
}

impl Link {
    /// One end of a connection that the broker has accepted.
    pub(crate) fn accepted(socket: OwnedFd) -> Self {
        Self { socket }
    }

    /// Connects to the broker and says hello; gives its answer and the descriptors that came with it.
    pub(crate) fn connect(path: &Path, role: Role) -> Result<(Self, Reply, Vec<OwnedFd>), LinkError> {
        let socket = connect(path, Some(ANSWER_TIME)).map_err(|source| no_connection(path, source))?;
        Self::hello(socket, role)
    }

    /// Says hello on a connection to the broker; gives its answer and the descriptors that came with it.
    pub(super) fn hello(socket: OwnedFd, role: Role) -> Result<(Self, Reply, Vec<OwnedFd>), LinkError> {
        let link = Self { socket };
        let wait = |time| set_socket_timeout(&link.socket, Timeout::Recv, Some(time)).map_err(system);
        wait(match role {
            Role::Producer { .. } => POOL_TIME,
            Role::Consumer { .. } | Role::Observer => ANSWER_TIME,
        })?;
        let (reply, fds) = link.ask_with_fds(&Request::Hello(Hello::of(role)))?;
        wait(ANSWER_TIME)?;
        Ok((link, reply, fds))
    }

    /// Asks and waits for the answer. A refusal is an error.
    pub(crate) fn ask(&self, request: &Request) -> Result<Reply, LinkError> {
        let answer = self.ask_with_fds(request).map(|(reply, _)| reply);
        if matches!(answer, Err(LinkError::Silent | LinkError::Unexpected)) {
            // An answer that comes later must not be taken for that to another question.
            self.hang_up();
        }
        answer
    }

    fn ask_with_fds(&self, request: &Request) -> Result<(Reply, Vec<OwnedFd>), LinkError> {
        // A refusal may be there already: the broker tells whoever it does not want before it is asked anything.
        match self.send(request, &[], SendFlags::NOSIGNAL) {
            Ok(()) | Err(Errno::PIPE | Errno::CONNRESET) => {}
            Err(error) => return Err(trouble(error)),
        }
        let mut buffer = [0; PACKET_BYTES];
        let mut fds = Vec::new();
        // If the broker has closed without reading what was sent, that is said first, and then what it had answered.
        let received = match self.receive(&mut buffer, &mut fds) {
            Err(Errno::CONNRESET) => self.receive(&mut buffer, &mut fds),
            received => received,
        };
        let reply = match received.map_err(trouble)? {
            Packet::Bytes(len) => serde_json::from_slice(&buffer[..len]).map_err(|_| LinkError::Unexpected)?,
            Packet::TooLong => return Err(LinkError::Unexpected),
            Packet::End => return Err(LinkError::HungUp),
        };
        match reply {
            Reply::Error { code, message } => Err(LinkError::Refused { code, message }),
            reply => Ok((reply, fds)),
        }
    }

    /// Sends one packet.
    pub(crate) fn send(&self, message: &impl Serialize, fds: &[BorrowedFd<'_>], flags: SendFlags) -> Result<(), Errno> {
        let text = serde_json::to_vec(message).map_err(|_| Errno::INVAL)?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FDS))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
            return Err(Errno::MSGSIZE);
        }
        rustix::io::retry_on_intr(|| rustix::net::sendmsg(&self.socket, &[IoSlice::new(&text)], &mut control, flags))?;
        Ok(())
    }

    /// Waits for one packet, and puts descriptors that come with it into `fds`.
    pub(crate) fn receive(&self, buffer: &mut [u8], fds: &mut Vec<OwnedFd>) -> Result<Packet, Errno> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FDS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let received = rustix::io::retry_on_intr(|| {
            rustix::net::recvmsg(
                &self.socket,
                &mut [IoSliceMut::new(buffer)],
                &mut control,
                RecvFlags::CMSG_CLOEXEC,
            )
        })?;
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(sent) = message {
                fds.extend(sent);
            }
        }
        Ok(if received.flags.contains(ReturnFlags::TRUNC) {
            Packet::TooLong
        } else if received.bytes == 0 {
            Packet::End
        } else {
            Packet::Bytes(received.bytes)
        })
    }

    /// Waits for one packet and drops descriptors that come with it.
    pub(crate) fn receive_bytes(&self, buffer: &mut [u8]) -> Result<Packet, Errno> {
        // Without room for descriptors the kernel closes them.
        let (_, len) = rustix::io::retry_on_intr(|| rustix::net::recv(&self.socket, &mut *buffer, RecvFlags::TRUNC))?;
        Ok(match len {
            0 => Packet::End,
            len if len > buffer.len() => Packet::TooLong,
            len => Packet::Bytes(len),
        })
    }

    /// Whether the other side is gone, without waiting.
    pub(crate) fn is_hung_up(&self) -> bool {
        let mut fds = [PollFd::new(&self.socket, PollFlags::RDHUP)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let polled = rustix::io::retry_on_intr(|| poll(&mut fds, Some(&now)));
        polled.is_ok_and(|ready| ready > 0)
    }

    /// Ends the conversation for both sides, whoever else has a copy of the descriptor.
    pub(crate) fn hang_up(&self) {
        // It fails only if the other side has hung up already.
        let _ = rustix::net::shutdown(&self.socket, Shutdown::Both);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // Closing is not enough: a process that is being started at this moment has a copy of the descriptor, until it
        // runs its own program.
        self.hang_up();
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Connects to a socket of the broker's kind. If as many wait to be accepted as can, this waits for `patience` (`None`:
/// not at all) and ends with EAGAIN. What is sent later waits as long.
pub(crate) fn connect(path: &Path, patience: Option<Duration>) -> io::Result<OwnedFd> {
    let flags = match patience {
        Some(_) => SocketFlags::CLOEXEC,
        None => SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
    };
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
    if patience.is_some() {
        // Before connecting: that waits too, and without bound if nothing is said.
        set_socket_timeout(&socket, Timeout::Send, patience)?;
    }
    let address = SocketAddrUnix::new(path)?;
    rustix::io::retry_on_intr(|| rustix::net::connect(&socket, &address))?;
    Ok(socket)
}

pub(super) fn no_connection(path: &Path, source: io::Error) -> LinkError {
    match Errno::from_io_error(&source) {
        // Somebody listens, and accepts nobody.
        Some(Errno::AGAIN) => LinkError::Silent,
        _ => LinkError::NoBroker {
            path: path.to_owned(),
            source,
        },
    }
}

fn trouble(error: Errno) -> LinkError {
    match error {
        Errno::PIPE | Errno::CONNRESET => LinkError::HungUp,
        Errno::AGAIN => LinkError::Silent,
        error => system(error),
    }
}

fn system(error: Errno) -> LinkError {
    LinkError::System(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_accepts_nobody_is_silent_and_keeps_nobody_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let kind = SocketType::SEQPACKET;
        let stuck = rustix::net::socket_with(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None).unwrap();
        rustix::net::bind(&stuck, &SocketAddrUnix::new(&path).unwrap()).unwrap();
        rustix::net::listen(&stuck, 0).unwrap();
        // One more than none may wait.
        let _first = connect(&path, None).unwrap();
        for patience in [None, Some(Duration::from_millis(20))] {
            let error = connect(&path, patience).unwrap_err();
            assert_eq!(Errno::from_io_error(&error), Some(Errno::AGAIN), "{patience:?}");
            assert!(matches!(no_connection(&path, error), LinkError::Silent));
        }
    }
}
