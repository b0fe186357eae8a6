//! Processes that this program starts of itself for one job each: compiling, connecting to a broker, trying its locks. How
//! they are started, how they know what for, and what they give up before they read anything.
//!
//! Such a process dies with its host, keeps no descriptor but the three it was given and gets only so many others; it gains no
//! privileges by starting programs, and nobody looks into it while it runs or after it has crashed.

use crate::lockdown::limits::limit;
use crate::lockdown::process;
use rustix::process::{Pid, Resource, Signal, getppid, set_parent_process_death_signal};
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// Descriptors that such a process is given: stdin, stdout, stderr.
pub(crate) const DESCRIPTORS: u64 = 3;

/// The program, ready to be started for the job that the words name. It gets nothing of this process's environment.
pub(crate) fn command(program: &Path, words: impl IntoIterator<Item = OsString>) -> Command {
    let mut command = Command::new(program);
    // The name that lists of processes show.
    command.arg0("procvision").args(words).env_clear();
    command
}

/// What stands behind `word`, if this process was started for that job.
pub(crate) fn asked(word: &str) -> Option<impl Iterator<Item = OsString>> {
    let mut words = std::env::args_os().skip(1);
    (words.next()? == word).then_some(words)
}

/// Refuses to start a process for a job that this one was started for: it has not asked whether it was, and so it would start
/// itself without end.
pub(crate) fn refuse_if_asked(word: &str) -> io::Result<()> {
    match asked(word) {
        Some(_) => Err(io::Error::other(format!(
            "it was started to `{word}`, but does not call `serve_if_asked` first"
        ))),
        None => Ok(()),
    }
}

/// Why the process cannot be what it should be.
#[derive(Debug)]
pub(crate) enum Objection {
    /// The host has died, or never was: somebody else has started this process.
    NoHost,
    /// What the system said.
    System(io::Error),
}

impl From<rustix::io::Errno> for Objection {
    fn from(errno: rustix::io::Errno) -> Self {
        Self::System(errno.into())
    }
}

impl From<io::Error> for Objection {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

/// Gives up what every such process does, for the host with that process number. `descriptors` is how many it may have,
/// the three included. Must come before any other thread and any descriptor of the process.
pub(crate) fn give_up(host: i32, descriptors: u64) -> Result<(), Objection> {
    // The signal comes when the thread ends that started this process. A host that ended before this line is not the
    // parent any more.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if getppid() != Pid::from_raw(host) {
        return Err(Objection::NoHost);
    }
    close_others()?;
    process::forgo_privileges()?;
    process::refuse_dumps()?;
    limit(Resource::Core, 0)?;
    limit(Resource::Nofile, descriptors)?;
    Ok(())
}

/// Closes the descriptors behind the first three, which whoever started this process has left open. Must come before the
/// process has opened any of its own.
pub(crate) fn close_others() -> io::Result<()> {
    // SAFETY: the process has just begun; nothing of it has opened a descriptor that could be closed under it.
    let closed = unsafe { libc::close_range(DESCRIPTORS as libc::c_uint, libc::c_uint::MAX, 0) };
    match closed {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Runs `inside`, which changes its process for good, in a process of its own: that of `test`, which calls this and nothing
/// else, started once more. It is given an empty folder.
#[cfg(test)]
pub(crate) fn alone(test: &str, inside: fn(&Path)) {
    const INSIDE: &str = "PROCVISION_TEST_INSIDE";
    const DONE: &str = "everything was tried";
    if let Some(folder) = std::env::var_os(INSIDE) {
        inside(Path::new(&folder));
        println!("{DONE}");
        return;
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", test, "--nocapture", "--test-threads", "1"]);
    let folder = tempfile::tempdir().unwrap();
    let ended = again.env(INSIDE, folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && said.contains(DONE), "{said}");
}
