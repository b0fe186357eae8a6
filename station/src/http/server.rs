//! Listening: over TCP on this machine's loopback unless something else is asked for and tokens are there, and on a socket
//! in the file system that only the station's user can open.

use super::router;
use crate::station::Station;
use axum::extract::Request;
use axum::serve::ListenerExt;
use axum::{Extension, Router};
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use procvision_host::explain::Explain;
use rustix::fs::Mode;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use std::borrow::Cow;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio_io_timeout::TimeoutStream;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// How long the head of a request may take to come.
const HEAD: Duration = Duration::from_secs(10);
/// How long whoever has asked may take nothing of the answer.
const READ: Duration = Duration::from_secs(30);
/// Connections to the socket that may wait to be taken.
const BACKLOG: i32 = 128;
/// The most connections at the same time, each way.
const MOST_CONNECTIONS: usize = 512;

/// The way by which a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Over TCP.
    Tcp,
    /// Through the station's socket.
    Socket,
}

/// Where a station listens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WhereToListen {
    /// An address and a port; port 0 is any that is free.
    pub tcp: Option<SocketAddr>,
    /// A socket in the file system.
    pub socket: Option<PathBuf>,
}

/// Why a station cannot listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// Others could reach it, and nobody would have to say who they are.
    #[error("{0} can be reached from other machines, and there are no tokens")]
    NoTokens(SocketAddr),
    /// The address is not free, or not one of this machine.
    #[error("cannot listen at {address}")]
    Tcp {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The socket cannot be made.
    #[error("cannot listen at {}", path.display())]
    Socket {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another station listens there.
    #[error("somebody listens at {} already", .0.display())]
    Taken(PathBuf),
}

impl Explain for ServerError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::NoTokens(_) => "no-tokens".into(),
            Self::Tcp { .. } | Self::Socket { .. } | Self::Taken(_) => "cannot-listen".into(),
        }
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::NoTokens(_) => {
                "make tokens with `procvision serve token` and put them into the configuration, or listen at 127.0.0.1"
            }
            Self::Tcp { .. } => "give another address with --listen",
            Self::Socket { .. } => "give another path with --socket, in a folder that you can write",
            Self::Taken(_) => "end that one, or give another path with --socket",
        };
        Some(remedy.into())
    }
}

/// A station that listens.
pub struct Server {
    tcp: Option<TcpListener>,
    socket: Option<(UnixListener, PathBuf)>,
    router: Router,
}

/// Where it listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listening {
    /// The address, with the port that it has got.
    pub tcp: Option<SocketAddr>,
    /// The socket.
    pub socket: Option<PathBuf>,
}

impl Server {
    /// Begins to listen; nothing is answered yet.
    ///
    /// # Errors
    ///
    /// See [`ServerError`].
    pub async fn bind(station: Arc<Station>, place: &WhereToListen) -> Result<Self, ServerError> {
        let tcp = match place.tcp {
            Some(address) if !address.ip().is_loopback() && station.config().station.tokens.is_empty() => {
                return Err(ServerError::NoTokens(address));
            }
            Some(address) => {
                if !address.ip().is_loopback() {
                    station.is_reachable();
                }
                let failed = |source| ServerError::Tcp { address, source };
                Some(TcpListener::bind(address).await.map_err(failed)?)
            }
            None => None,
        };
        let socket = match &place.socket {
            Some(path) => Some((bind(path).await?, path.clone())),
            None => None,
        };
        Ok(Self {
            tcp,
            socket,
            router: router(station),
        })
    }

    /// Where it listens.
    pub fn listening(&self) -> Listening {
        Listening {
            tcp: self.tcp.as_ref().and_then(|tcp| tcp.local_addr().ok()),
            socket: self.socket.as_ref().map(|(_, path)| path.clone()),
        }
    }

    /// Answers until `ending` says true; then requests that are being answered have until `patience` has passed.
    pub async fn serve(self, ending: watch::Receiver<bool>, patience: Duration) {
        let connections = TaskTracker::new();
        // Whoever holds all places over TCP does not keep the station's own user out.
        let (tcp_room, socket_room) = (room(), room());
        let tcp = async {
            let Some(listener) = self.tcp else { return };
            // Small answers go out at once.
            let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
            let router = self.router.clone().layer(Extension(Way::Tcp));
            accept(listener, router, &connections, &tcp_room, &ending).await;
        };
        let socket = async {
            let Some((listener, path)) = self.socket else { return };
            let router = self.router.clone().layer(Extension(Way::Socket));
            accept(listener, router, &connections, &socket_room, &ending).await;
            // Somebody else may have taken it away.
            let _ = std::fs::remove_file(path);
        };
        tokio::join!(tcp, socket);
        connections.close();
        // Whoever is not done by then is cut off by the end of the process.
        let _ = tokio::time::timeout(patience, connections.wait()).await;
    }
}

fn room() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(MOST_CONNECTIONS))
}

/// Takes connections, each of which is answered by a task of its own; while there are too many, others wait.
async fn accept<L>(
    mut listener: L,
    router: Router,
    connections: &TaskTracker,
    room: &Arc<Semaphore>,
    ending: &watch::Receiver<bool>,
) where
    L: axum::serve::Listener,
    L::Io: 'static,
{
    let next = async |listener: &mut L| {
        let place = Arc::clone(room).acquire_owned().await;
        let (connection, _) = listener.accept().await;
        (connection, place)
    };
    while let Some((connection, place)) = unless_ending(ending, next(&mut listener)).await {
        let (router, ending) = (router.clone(), ending.clone());
        connections.spawn(async move {
            answer(connection, router, ending).await;
            drop(place);
        });
    }
}

async fn unless_ending<T>(ending: &watch::Receiver<bool>, work: impl Future<Output = T>) -> Option<T> {
    let mut ending = ending.clone();
    tokio::select! {
        () = until_ending(&mut ending) => None,
        done = work => Some(done),
    }
}

async fn until_ending(ending: &mut watch::Receiver<bool>) {
    // A sender that is gone has ended, too.
    let _ = ending.wait_for(|ending| *ending).await;
}

/// Answers what comes on one connection.
async fn answer(
    connection: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    mut ending: watch::Receiver<bool>,
) {
    let service = TowerToHyperService::new(
        router.map_request(|request: Request<hyper::body::Incoming>| request.map(axum::body::Body::new)),
    );
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let mut connection = TimeoutStream::new(connection);
    connection.set_write_timeout(Some(READ));
    let connection = builder.serve_connection(TokioIo::new(Box::pin(connection)), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = until_ending(&mut ending) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("a connection has ended early: {error}");
    }
}

/// Makes the socket, in the place of one that nobody listens at any more.
async fn bind(path: &Path) -> Result<UnixListener, ServerError> {
    let failed = |source| ServerError::Socket {
        path: path.to_owned(),
        source,
    };
    if UnixStream::connect(path).await.is_ok() {
        return Err(ServerError::Taken(path.to_owned()));
    }
    match std::fs::symlink_metadata(path) {
        Ok(there) if std::os::unix::fs::FileTypeExt::is_socket(&there.file_type()) => {
            std::fs::remove_file(path).map_err(failed)?;
        }
        _ => {}
    }
    // The mode of a socket in the file system is that of its descriptor: nobody can connect in between.
    let socket = closed_socket(path).map_err(failed)?;
    let listener = std::os::unix::net::UnixListener::from(socket);
    listener.set_nonblocking(true).map_err(failed)?;
    UnixListener::from_std(listener).map_err(failed)
}

fn closed_socket(path: &Path) -> io::Result<OwnedFd> {
    let (family, kind) = (AddressFamily::UNIX, SocketType::STREAM);
    let socket = rustix::net::socket_with(family, kind, SocketFlags::CLOEXEC, None)?;
    rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    rustix::net::bind(&socket, &SocketAddrUnix::new(path)?)?;
    rustix::net::listen(&socket, BACKLOG)?;
    Ok(socket)
}
