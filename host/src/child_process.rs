//! What a process gives up, before it reads anything, that this program has started of itself for one job: compiling, or
//! connecting to a broker.
//!
//! It dies with its host, keeps no descriptor but the three it was given and gets only so many others; it gains no
//! privileges by starting programs, and nobody looks into it while it runs or after it has crashed.

use crate::lockdown::limits::limit;
use crate::lockdown::process;
use rustix::process::{Pid, Resource, Signal, getppid, set_parent_process_death_signal};
use std::io;

/// Descriptors that such a process is given: stdin, stdout, stderr.
pub(crate) const DESCRIPTORS: u64 = 3;

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
