//! The broker's socket in the file system: where it is, and how it is made so that at no moment anybody else can
//! connect.

use crate::explain::Explain;
use crate::pool::link;
use rustix::fd::OwnedFd;
use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use std::borrow::Cow;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The environment variable that names the broker's socket.
pub const SOCKET_VARIABLE: &str = "PROCVISION_FRAMES_SOCKET";
const FILE: &str = "frames.sock";
/// Connections that may wait to be accepted.
const BACKLOG: i32 = 64;

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SocketError {
    /// A broker listens there already.
    #[error("a broker listens at {} already", .0.display())]
    InUse(PathBuf),
    /// Another broker is being started in the same folder at this moment.
    #[error("another broker is being started in {}", .0.display())]
    Starting(PathBuf),
    /// Something that is not a socket has that name.
    #[error("{} is not a socket", .0.display())]
    NotASocket(PathBuf),
    /// The folder of the socket is open to others.
    #[error("the folder {} must belong to the user who uses it and be closed to others (mode 0700)", .0.display())]
    NotPrivate(PathBuf),
    /// The system refused.
    #[error("cannot make the socket {}", path.display())]
    Io {
        /// The socket or its folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Explain for SocketError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::InUse(_) | Self::Starting(_) => "in-use",
            Self::NotASocket(_) => "not-a-socket",
            Self::NotPrivate(_) => "not-private",
            Self::Io { .. } => "no-socket",
        }
        .into()
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::InUse(_) | Self::Starting(_) => "use the broker that runs, or name another socket with --socket",
            Self::NotASocket(_) => "name another socket with --socket",
            Self::NotPrivate(_) => "remove the folder or close it with `chmod 700`, or name a socket with --socket",
            Self::Io { .. } => "name a socket with --socket in a folder that exists, by a path of at most 107 bytes",
        };
        Some(remedy.into())
    }
}

/// A socket that listens, with its file; the file is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: OwnedFd,
    path: PathBuf,
    /// Device and inode, to know the file again.
    identity: (u64, u64),
}

/// The socket that is used if none is named: `PROCVISION_FRAMES_SOCKET`, else `procvision/frames.sock` in
/// `XDG_RUNTIME_DIR`, else `procvision-<user id>/frames.sock` in the folder for temporary files. A folder that is not
/// named by the variable is made with mode 0700 if it is missing.
///
/// # Errors
///
/// If the folder cannot be made or is not private to the user: somebody else could listen there.
pub fn default_path() -> Result<PathBuf, SocketError> {
    if let Some(path) = std::env::var_os(SOCKET_VARIABLE).filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    let folder = match std::env::var_os("XDG_RUNTIME_DIR").filter(|path| Path::new(path).is_absolute()) {
        Some(runtime) => Path::new(&runtime).join("procvision"),
        None => std::env::temp_dir().join(format!("procvision-{}", user())),
    };
    private_folder(&folder)?;
    Ok(folder.join(FILE))
}

/// Makes sure that the folder is there, is no link, and belongs to this user alone.
fn private_folder(folder: &Path) -> Result<(), SocketError> {
    let io_error = |source| SocketError::Io {
        path: folder.to_owned(),
        source,
    };
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(io_error(error)),
        _ => {}
    }
    let metadata = fs::symlink_metadata(folder).map_err(io_error)?;
    if metadata.is_dir() && metadata.uid() == user() && metadata.mode() & 0o077 == 0 {
        Ok(())
    } else {
        Err(SocketError::NotPrivate(folder.to_owned()))
    }
}

/// The user whose rights this process has.
pub(crate) fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

impl Listener {
    /// Listens at `path` with mode `mode`. A socket that a dead broker left behind is replaced.
    pub(crate) fn bind(path: &Path, mode: Mode) -> Result<Self, SocketError> {
        let io_error = |source| SocketError::Io {
            path: path.to_owned(),
            source,
        };
        let system = |error: Errno| io_error(error.into());
        let address = SocketAddrUnix::new(path).map_err(system)?;
        // Two brokers that start at the same time must not take each other's socket for one that was left behind. The
        // lock leaves nothing behind: it is on the folder, and gone with the descriptor.
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let lock = rustix::fs::open(
            folder,
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        );
        let lock = lock.map_err(system)?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(SocketError::Starting(folder.to_owned())),
            Err(error) => return Err(system(error)),
        }
        remove_left_behind(path)?;

        let socket = rustix::net::socket_with(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
            None,
        )
        .map_err(system)?;
        // On Linux the file gets the mode of the socket when it is bound (less the umask), so that there is no moment
        // at which it has a wider one.
        rustix::fs::fchmod(&socket, mode).map_err(system)?;
        rustix::net::bind(&socket, &address).map_err(system)?;
        let made = fs::symlink_metadata(path).map_err(io_error)?;
        let listener = Self {
            socket,
            path: path.to_owned(),
            identity: (made.dev(), made.ino()),
        };
        if made.mode() & 0o777 & !mode.as_raw_mode() != 0 {
            return Err(io_error(io::Error::other("its file system gives it another mode")));
        }
        if made.mode() & 0o777 != mode.as_raw_mode() {
            // The umask took away what other users need.
            fs::set_permissions(path, fs::Permissions::from_mode(mode.as_raw_mode())).map_err(io_error)?;
        }
        rustix::net::listen(&listener.socket, BACKLOG).map_err(system)?;
        Ok(listener)
    }

    pub(crate) fn socket(&self) -> &OwnedFd {
        &self.socket
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let own = fs::symlink_metadata(&self.path).is_ok_and(|found| (found.dev(), found.ino()) == self.identity);
        if own && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "cannot remove the broker's socket");
        }
    }
}

/// Removes a socket at which nobody listens any more.
fn remove_left_behind(path: &Path) -> Result<(), SocketError> {
    let io_error = |source| SocketError::Io {
        path: path.to_owned(),
        source,
    };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io_error(error)),
        Ok(found) if !found.file_type().is_socket() => return Err(SocketError::NotASocket(path.to_owned())),
        Ok(_) => {}
    }
    // Without waiting: the folder is locked.
    match link::connect(path, None) {
        Ok(_) => Err(SocketError::InUse(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path).map_err(io_error),
        // Somebody listens: one that does not come to accepting, or no broker but a socket of another kind.
        Err(error) if matches!(Errno::from_io_error(&error), Some(Errno::AGAIN | Errno::PROTOTYPE)) => {
            Err(SocketError::InUse(path.to_owned()))
        }
        Err(error) => Err(io_error(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODE: Mode = Mode::from_raw_mode(0o600);

    #[test]
    fn a_socket_that_was_left_behind_is_replaced_and_a_live_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = Listener::bind(&path, MODE).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(matches!(Listener::bind(&path, MODE), Err(SocketError::InUse(_))));

        // As a process leaves it that is killed: the file is there, and nobody listens.
        rustix::net::shutdown(listener.socket(), rustix::net::Shutdown::Both).unwrap();
        let dead = std::mem::ManuallyDrop::new(listener);
        assert!(link::connect(&path, None).is_err());
        let replaced = Listener::bind(&path, MODE).unwrap();
        assert_ne!(replaced.identity, dead.identity);
        drop(replaced);
        assert!(!path.exists());
    }

    #[test]
    fn what_is_not_a_socket_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "mine").unwrap();
        assert!(matches!(Listener::bind(&path, MODE), Err(SocketError::NotASocket(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");

        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(Listener::bind(&link, MODE), Err(SocketError::NotASocket(_))));
        let nowhere = folder.path().join("no/such/folder");
        assert!(matches!(Listener::bind(&nowhere, MODE), Err(SocketError::Io { .. })));
        let long = folder.path().join("x".repeat(200));
        assert!(matches!(Listener::bind(&long, MODE), Err(SocketError::Io { .. })));
    }

    #[test]
    fn a_socket_of_another_kind_is_somebody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stream");
        let _other = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert!(matches!(Listener::bind(&path, MODE), Err(SocketError::InUse(_))));
    }

    #[test]
    fn brokers_that_start_at_once_wait_for_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let lock = fs::File::open(folder.path()).unwrap();
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).unwrap();
        let refused = Listener::bind(&folder.path().join("s"), MODE);
        assert!(matches!(refused, Err(SocketError::Starting(_))));
    }

    #[test]
    fn a_folder_that_others_can_enter_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("procvision");
        private_folder(&inner).unwrap();
        private_folder(&inner).unwrap();
        fs::set_permissions(&inner, fs::Permissions::from_mode(0o750)).unwrap();
        assert!(matches!(private_folder(&inner), Err(SocketError::NotPrivate(_))));
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path(), &link).unwrap();
        assert!(matches!(private_folder(&link), Err(SocketError::NotPrivate(_))));
    }
}
