//! The broker: keeps the pools, hands out their memory, and takes back what the dead have held.
//!
//! It listens on a Unix socket. One thread accepts, and each connection has a thread of its own. A peer that hangs up,
//! for whatever reason, is dead: that is the whole of the bookkeeping, with no process numbers, no time-outs and no
//! locks.

mod connection;
mod pool;
mod registry;
mod remains;

pub use registry::MAX_SLOTS;

use super::link::Link;
use super::message::Refusal;
use super::socket::{Listener, SocketError, user};
use crate::explain::Explain;
use registry::Registry;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::Mode;
use rustix::net::SocketFlags;
use rustix::net::sockopt::socket_peercred;
use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};

/// After the system has refused a connection for want of descriptors or threads, the broker waits so long, in
/// nanoseconds.
const PAUSE_NS: i64 = 50_000_000;

/// How a broker is set up.
#[derive(Clone, Debug)]
pub struct BrokerConfig {
    /// Where it listens; the folder must exist. The file gets mode 0600, or 0666 if other users are allowed: then their
    /// identity is what counts.
    pub socket: PathBuf,
    /// Users besides the broker's own who may connect.
    pub allowed_uids: Vec<u32>,
    /// Most connections at a time.
    pub max_connections: usize,
    /// Most pools.
    pub max_pools: usize,
    /// Most bytes of all pools together.
    pub max_bytes: u64,
}

impl BrokerConfig {
    /// The defaults: nobody but the broker's own user, 64 connections, 32 pools, 4 GiB.
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self {
            socket: socket.into(),
            allowed_uids: Vec::new(),
            max_connections: 64,
            max_pools: 32,
            max_bytes: 4 << 30,
        }
    }
}

/// Why a broker cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// There is no socket.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The system has no thread or no descriptor for it.
    #[error("cannot start the frame broker")]
    System(#[source] io::Error),
}

impl Explain for BrokerError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Socket(error) => error.code(),
            Self::System(_) => "unavailable".into(),
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Socket(error) => error.remedy(),
            Self::System(_) => None,
        }
    }
}

/// A broker that runs. Dropping it ends all its connections and threads and removes the socket.
#[derive(Debug)]
pub struct Broker {
    socket: PathBuf,
    stop: Arc<OwnedFd>,
    accepting: Option<JoinHandle<()>>,
}

impl Broker {
    /// Starts listening.
    ///
    /// # Errors
    ///
    /// If another broker listens there, or the socket cannot be made.
    pub fn start(config: BrokerConfig) -> Result<Self, BrokerError> {
        let mode = match config.allowed_uids.is_empty() {
            true => 0o600,
            false => 0o666,
        };
        let listener = Listener::bind(&config.socket, Mode::from_raw_mode(mode))?;
        let socket = listener.path().to_owned();
        let stop = eventfd(0, EventfdFlags::CLOEXEC).map_err(|error| BrokerError::System(error.into()))?;
        let stop = Arc::new(stop);
        let door = Door {
            listener,
            registry: Arc::new(Registry::new(&config)),
            config,
            stop: Arc::clone(&stop),
            connections: Vec::new(),
        };
        let accepting = thread::Builder::new()
            .name("frame-broker".into())
            .spawn(move || door.accept_until_stopped())
            .map_err(BrokerError::System)?;
        Ok(Self {
            socket,
            stop,
            accepting: Some(accepting),
        })
    }

    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.socket
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // The threads look at the same descriptor; nobody ever reads it, so that all of them see it.
        if let Err(error) = rustix::io::write(&*self.stop, &1_u64.to_ne_bytes()) {
            tracing::error!(%error, "cannot stop the frame broker");
            return;
        }
        if let Some(accepting) = self.accepting.take()
            && accepting.join().is_err()
        {
            tracing::error!("the frame broker's thread has panicked");
        }
    }
}

/// The thread that accepts connections, and what it needs.
struct Door {
    listener: Listener,
    registry: Arc<Registry>,
    config: BrokerConfig,
    stop: Arc<OwnedFd>,
    connections: Vec<Connected>,
}

/// A connection and its thread, which alone keeps it open.
struct Connected {
    link: Weak<Link>,
    thread: JoinHandle<()>,
}

impl Door {
    fn accept_until_stopped(mut self) {
        loop {
            let (door, stop) = (self.listener.socket().as_fd(), self.stop.as_fd());
            let mut fds = [PollFd::new(&door, PollFlags::IN), PollFd::new(&stop, PollFlags::IN)];
            if let Err(error) = rustix::io::retry_on_intr(|| poll(&mut fds, None)) {
                tracing::error!(%error, "the frame broker cannot wait for connections");
                break;
            }
            if !fds[1].revents().is_empty() {
                break;
            }
            match rustix::net::accept_with(self.listener.socket(), SocketFlags::CLOEXEC) {
                Ok(socket) => self.admit(Arc::new(Link::accepted(socket))),
                Err(error) if error == rustix::io::Errno::AGAIN => {}
                Err(error) => {
                    tracing::warn!(%error, "the frame broker cannot accept a connection");
                    self.pause();
                }
            }
        }
        for connection in self.connections.drain(..) {
            if connection.thread.join().is_err() {
                tracing::error!("a connection of the frame broker has panicked");
            }
        }
    }

    /// Gives a connection a thread, if its user and the number of connections allow.
    fn admit(&mut self, link: Arc<Link>) {
        match socket_peercred(&*link) {
            Ok(peer) if is_allowed(peer.uid.as_raw(), user(), &self.config.allowed_uids) => {}
            Ok(peer) => {
                let message = format!("the user {} may not use this frame broker", peer.uid.as_raw());
                return connection::turn_away(&link, (Refusal::User, message));
            }
            Err(error) => return tracing::warn!(%error, "the frame broker cannot tell who connects"),
        }
        self.connections.retain(|connection| !connection.thread.is_finished());
        // The thread of one that has hung up may not have run since.
        let links = self
            .connections
            .iter()
            .filter_map(|connection| connection.link.upgrade());
        if links.filter(|link| !link.is_hung_up()).count() >= self.config.max_connections {
            let message = format!(
                "there are {} connections, and cannot be more",
                self.config.max_connections
            );
            return connection::turn_away(&link, (Refusal::Limit, message));
        }
        let (registry, stop) = (Arc::clone(&self.registry), Arc::clone(&self.stop));
        let connected = Arc::downgrade(&link);
        let thread = thread::Builder::new()
            .name("frame-peer".into())
            .spawn(move || connection::serve(&link, &registry, stop.as_fd()));
        match thread {
            Ok(thread) => self.connections.push(Connected {
                link: connected,
                thread,
            }),
            Err(error) => {
                tracing::warn!(%error, "the frame broker has no thread for a connection");
                self.pause();
            }
        }
    }

    /// Waits a moment, because the same would fail again at once.
    fn pause(&self) {
        let stop = self.stop.as_fd();
        let mut fds = [PollFd::new(&stop, PollFlags::IN)];
        let moment = Timespec {
            tv_sec: 0,
            tv_nsec: PAUSE_NS,
        };
        // Whatever comes of it, the next turn of the loop looks at the same descriptor.
        let _ = poll(&mut fds, Some(&moment));
    }
}

/// Whether a user may connect to the broker of the user `own`.
fn is_allowed(uid: u32, own: u32, allowed: &[u32]) -> bool {
    uid == own || allowed.contains(&uid)
}

#[cfg(test)]
mod tests;
