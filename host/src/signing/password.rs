//! Passwords of secret keys: checked, never shown, wiped from memory when they are no longer needed.

use crate::opening::{self, Links};
use rustix::fs::{CWD, FileType};
use std::fmt;
use std::hint::black_box;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes of a password; the minisign tool allows no more.
const BYTES: usize = 1024;
/// Bytes that are read of a password file.
const FILE_BYTES: u64 = 4 << 10;

/// The password of a secret key.
pub struct Password(Vec<u8>);

/// Why something cannot be a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// It is empty.
    #[error("the password is empty")]
    Empty,
    /// It is longer than minisign's own tools accept.
    #[error("the password is longer than {BYTES} bytes")]
    TooLong,
    /// It contains a line break or another control character, which nobody can type again.
    #[error("the password contains a control character")]
    Control,
    /// The file cannot be read.
    #[error("cannot read the password file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others than its owner can read the file.
    #[error("the password file {} has mode {mode:04o}: others than its owner can get at it", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The file holds something else than one line of text.
    #[error("the password file {} does not hold one line of text", path.display())]
    Form {
        /// The file.
        path: PathBuf,
    },
}

impl Password {
    /// Takes a password that somebody has typed. An empty one can unlock a key of another tool; see
    /// [`is_empty`](Self::is_empty).
    ///
    /// # Errors
    ///
    /// [`PasswordError::TooLong`], [`PasswordError::Control`].
    pub fn new(text: String) -> Result<Self, PasswordError> {
        let password = Self(text.into_bytes());
        if password.0.len() > BYTES {
            Err(PasswordError::TooLong)
        } else if password.0.iter().any(u8::is_ascii_control) {
            Err(PasswordError::Control)
        } else {
            Ok(password)
        }
    }

    /// Reads a password from a file that only its owner can read, or from a pipe: one line, with or without its end.
    ///
    /// # Errors
    ///
    /// See [`PasswordError`].
    pub fn read(path: &Path) -> Result<Self, PasswordError> {
        let failed = |source: io::Error| PasswordError::Read {
            path: path.to_owned(),
            source,
        };
        let (file, stat) = opening::open_at(CWD, path, Links::Follow).map_err(|errno| failed(errno.into()))?;
        let mode = stat.st_mode & 0o7777;
        match opening::kind(&stat) {
            FileType::RegularFile if mode & 0o077 != 0 => {
                return Err(PasswordError::OpenToOthers {
                    path: path.to_owned(),
                    mode,
                });
            }
            FileType::RegularFile => {}
            // Whoever writes to the pipe may need its time.
            FileType::Fifo => {
                let flags = rustix::fs::fcntl_getfl(&file).map_err(|errno| failed(errno.into()))?;
                let waiting = flags - rustix::fs::OFlags::NONBLOCK;
                rustix::fs::fcntl_setfl(&file, waiting).map_err(|errno| failed(errno.into()))?;
            }
            _ => return Err(PasswordError::Form { path: path.to_owned() }),
        }
        let mut bytes = Wiped(Vec::with_capacity(2 * FILE_BYTES as usize));
        file.take(FILE_BYTES).read_to_end(&mut bytes.0).map_err(failed)?;
        let line = bytes.0.strip_suffix(b"\n").unwrap_or(&bytes.0);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = String::from_utf8(line.to_vec()).map_err(|error| {
            drop(Wiped(error.into_bytes()));
            PasswordError::Form { path: path.to_owned() }
        })?;
        match Self::new(text) {
            Err(PasswordError::Control) => Err(PasswordError::Form { path: path.to_owned() }),
            password => password,
        }
    }

    /// Whether it has no character.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A copy for minisign's library, which takes it away and does not wipe it.
    pub(super) fn copy(&self) -> String {
        // It was made from text.
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

impl PartialEq for Password {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

impl Drop for Password {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Bytes that are overwritten when they are dropped.
pub(super) struct Wiped(pub Vec<u8>);

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Overwrites bytes. The compiler is told that somebody looks at them afterwards, so that it does not leave it out.
fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    black_box(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_password_file_holds_one_line_and_is_its_owners() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        let read = |bytes: &[u8], mode: u32| {
            std::fs::write(&path, bytes).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            Password::read(&path)
        };
        for bytes in [&b"a b"[..], b"a b\n", b"a b\r\n"] {
            assert_eq!(read(bytes, 0o600).unwrap().copy(), "a b");
        }
        assert!(read(b"\n", 0o400).unwrap().is_empty());
        for bytes in [&b"a\nb\n"[..], b"a\n\n", b"\0", b"\xff"] {
            assert!(
                matches!(read(bytes, 0o600), Err(PasswordError::Form { .. })),
                "{bytes:?}"
            );
        }
        assert!(matches!(read(&[b'a'; 1025], 0o600), Err(PasswordError::TooLong)));
        assert!(matches!(
            read(b"a", 0o644),
            Err(PasswordError::OpenToOthers { mode: 0o644, .. })
        ));
        assert!(matches!(Password::read(folder.path()), Err(PasswordError::Form { .. })));
    }
}
