//! Waiting for the end: the signals that ask a program to finish.

use std::io;
use std::mem::MaybeUninit;
use std::ptr::null_mut;

/// The signals SIGINT, SIGTERM and SIGHUP, held back from the moment this is made, so that none is lost.
pub struct EndSignals(libc::sigset_t);

impl EndSignals {
    /// Holds the signals back in this thread and in all that it starts later.
    pub fn hold_back() -> io::Result<Self> {
        let mut set = MaybeUninit::uninit();
        // SAFETY: `sigemptyset` makes a set of what it is given, which is large enough for one.
        let mut set: libc::sigset_t = unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            set.assume_init()
        };
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
            // SAFETY: the set is one, and the signals exist.
            unsafe { libc::sigaddset(&mut set, signal) };
        }
        // SAFETY: the set is one, and nobody wants to know the mask that was there before.
        match unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &set, null_mut()) } {
            0 => Ok(Self(set)),
            error => Err(io::Error::from_raw_os_error(error)),
        }
    }

    /// Waits for one of them.
    pub fn wait(&self) -> io::Result<()> {
        let mut signal = 0;
        // SAFETY: the set is one, and `signal` is there to be written.
        match unsafe { libc::sigwait(&self.0, &mut signal) } {
            0 => Ok(()),
            error => Err(io::Error::from_raw_os_error(error)),
        }
    }
}
