//! Passwords and secret keys on the command line: asked for without showing them, and kept out of memory dumps.

use super::error::CommandError;
use procvision_host::signing::{KeyError, LockedKey, Password, PasswordError, SecretKey};
use rustix::fd::AsFd;
use rustix::io::Errno;
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use std::fs::File;
use std::hint::black_box;
use std::io::{self, Write};
use std::path::Path;

/// Room for one line of a terminal, whose longest the kernel gives is shorter, so that no password is moved about.
const LINE_BYTES: usize = 8 << 10;

/// Keeps the memory of this process from other processes of the user and from core dumps, for as long as it runs.
pub fn keep_memory_private() -> Result<(), CommandError> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|errno| {
        let why = io::Error::from(errno);
        CommandError::could_not_run("unsafe", format!("cannot keep secrets out of memory dumps: {why}"))
    })
}

/// Unlocks the secret key in this file, with the password in `password_file` or else the one that is typed.
pub fn unlock(path: &Path, password_file: Option<&Path>) -> Result<SecretKey, CommandError> {
    keep_memory_private()?;
    let locked = LockedKey::read(path)?;
    let password = match password_file {
        Some(file) => Some(Password::read(file)?),
        None if locked.is_encrypted() => {
            let terminal = Terminal::open().ok_or_else(|| KeyError::PasswordNeeded(path.to_owned()))?;
            Some(terminal.ask(&format!("Password of {}: ", path.display()))?)
        }
        None => None,
    };
    Ok(locked.unlock(password.as_ref())?)
}

/// A password for a new key: the one in `password_file`, or the one that is typed twice.
pub fn new_password(password_file: Option<&Path>) -> Result<Password, CommandError> {
    let password = match password_file {
        Some(file) => Password::read(file)?,
        None => {
            let terminal = Terminal::open().ok_or_else(|| {
                CommandError::could_not_run("password", "there is no terminal to ask for a password on")
                    .help("give --password-file, or --no-password for a key that anybody can use who gets the file")
            })?;
            let password = terminal.ask("New password: ")?;
            // Not to be typed twice in vain.
            if !password.is_empty() && password != terminal.ask("The same again: ")? {
                return Err(CommandError::could_not_run("password", "the two passwords differ"));
            }
            password
        }
    };
    match password.is_empty() {
        true => Err(PasswordError::Empty.into()),
        false => Ok(password),
    }
}

/// The terminal that this process belongs to, wherever its streams lead.
struct Terminal(File);

impl Terminal {
    fn open() -> Option<Self> {
        File::options().read(true).write(true).open("/dev/tty").ok().map(Self)
    }

    /// One line, not shown while it is typed.
    fn ask(&self, prompt: &str) -> Result<Password, CommandError> {
        let failed =
            |error: io::Error| CommandError::could_not_run("password", format!("cannot ask for a password: {error}"));
        let hidden = Hidden::begin(&self.0).map_err(|errno| failed(errno.into()))?;
        (&self.0).write_all(prompt.as_bytes()).map_err(failed)?;
        let line = Line::read(&self.0, hidden.interrupt);
        drop(hidden);
        let line = line.map_err(failed)?;
        let Some(bytes) = line.0.strip_suffix(b"\n") else {
            return Err(CommandError::could_not_run("password", "no password was given"));
        };
        let text = String::from_utf8(bytes.to_vec()).map_err(|error| {
            drop(Line(error.into_bytes()));
            CommandError::could_not_run("password", "the password is not text")
        })?;
        Ok(Password::new(text)?)
    }
}

/// A terminal that does not show what is typed, until this is dropped.
struct Hidden<'a> {
    terminal: &'a File,
    before: Termios,
    /// The key that would end the program. The terminal must be mended first, so it only ends the line.
    interrupt: u8,
}

impl<'a> Hidden<'a> {
    fn begin(terminal: &'a File) -> Result<Self, Errno> {
        let before = tcgetattr(terminal)?;
        let interrupt = before.special_codes[SpecialCodeIndex::VINTR];
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ISIG;
        quiet.local_modes |= LocalModes::ICANON;
        quiet.special_codes[SpecialCodeIndex::VEOL] = interrupt;
        tcsetattr(terminal, OptionalActions::Flush, &quiet)?;
        Ok(Self {
            terminal,
            before,
            interrupt,
        })
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        // Nothing can be done about a terminal that has gone away.
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
        let mut terminal = self.terminal;
        let _ = terminal.write_all(b"\n");
    }
}

/// What was typed. Overwritten when it is dropped.
struct Line(Vec<u8>);

impl Line {
    /// Up to the end of the line or of the input, or to the key that interrupts.
    fn read(terminal: impl AsFd, interrupt: u8) -> io::Result<Self> {
        let mut line = Self(vec![0; LINE_BYTES]);
        let mut length = 0;
        loop {
            let room = &mut line.0[length..];
            match rustix::io::read(&terminal, room) {
                Ok(0) => break,
                Ok(count) => length += count,
                Err(Errno::INTR) => continue,
                Err(errno) => return Err(errno.into()),
            }
            let last = line.0[..length].last();
            if last.is_some_and(|last| *last == b'\n' || *last == interrupt) {
                break;
            }
        }
        line.0.truncate(length);
        Ok(line)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.0.fill(0);
        black_box(&mut self.0);
    }
}
