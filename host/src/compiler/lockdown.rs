//! What the compiling process gives up before it reads anything.
//!
//! It dies with its host, keeps no descriptor but the three it was given and gets no other, so that it cannot open files
//! or connections; it gains no privileges by starting programs; and its memory, processor time and files are bounded.

use super::message::{Arguments, Ending};
use rustix::process::{Pid, Resource, Rlimit, Signal, getppid, getrlimit, set_parent_process_death_signal, setrlimit};
use std::alloc::{GlobalAlloc, Layout, System};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// Descriptors of the process: stdin, stdout, stderr.
const DESCRIPTORS: u64 = 3;

/// Whether this process compiles for another one, under a limit of memory.
static BOUNDED: AtomicBool = AtomicBool::new(false);

/// The system's allocator. In a process that compiles for another one it ends the process with a status that says so when
/// there is no memory left; Rust's own way is to abort, which looks like a crash.
///
/// A program that calls [`serve_if_asked`](super::serve_if_asked) should have it as its `#[global_allocator]`. Without it
/// a component that needs too much memory is refused all the same, but as one that crashed the compiler.
#[derive(Clone, Copy, Debug, Default)]
pub struct BoundedAllocator;

// SAFETY: every call is passed on to the system's allocator as it came, and what that returns is returned. The process may
// end instead, without running any more of its code.
unsafe impl GlobalAlloc for BoundedAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract, which is the same.
        or_end(unsafe { System.alloc(layout) })
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract, which is the same.
        or_end(unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller keeps the contract, which is the same.
        or_end(unsafe { System.realloc(pointer, layout, size) })
    }
}

#[inline]
fn or_end(pointer: *mut u8) -> *mut u8 {
    if pointer.is_null() && BOUNDED.load(Ordering::Relaxed) {
        // SAFETY: ends the process at once and does nothing before it; in particular it needs no memory.
        unsafe { libc::_exit(Ending::OutOfMemory as libc::c_int) }
    }
    pointer
}

/// Why the process cannot be what it should be.
#[derive(Debug)]
pub(super) enum Objection {
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

/// Gives everything up. Must come before any other thread and any descriptor of the process.
pub(super) fn give_up(arguments: &Arguments) -> Result<(), Objection> {
    // The signal comes when the thread ends that started this process; it waits for the answer, so that this is when the
    // host ends. A host that ended before this line is not the parent any more.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if getppid() != Pid::from_raw(arguments.host) {
        return Err(Objection::NoHost);
    }
    close_others()?;
    forgo_privileges()?;
    let limits = &arguments.limits;
    limit(Resource::Core, 0, 0)?;
    limit(Resource::Nofile, DESCRIPTORS, DESCRIPTORS)?;
    // The answer is made in memory before it is written, so that it cannot be larger.
    limit(Resource::Fsize, limits.memory_bytes, limits.memory_bytes)?;
    // At the lower bound comes the signal by which the host knows it, and at the higher one the end.
    limit(Resource::Cpu, limits.cpu_seconds, limits.cpu_seconds.saturating_add(1))?;
    BOUNDED.store(true, Ordering::Relaxed);
    limit(Resource::As, limits.memory_bytes, limits.memory_bytes)?;
    Ok(())
}

/// Lowers a limit. Where the host itself may use less, that stays.
fn limit(resource: Resource, current: u64, maximum: u64) -> rustix::io::Result<()> {
    let before = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let new = Rlimit {
        current: Some(current.min(before)),
        maximum: Some(maximum.min(before)),
    };
    setrlimit(resource, new)
}

/// Descriptors that a host has left open for the programs it starts.
fn close_others() -> io::Result<()> {
    // SAFETY: the process has just begun; nothing of it has opened a descriptor that could be closed under it.
    let closed = unsafe { libc::close_range(DESCRIPTORS as libc::c_uint, libc::c_uint::MAX, 0) };
    match closed {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Programs started from here would not be set-user-ID, and the system may be asked for stricter rules.
fn forgo_privileges() -> io::Result<()> {
    // SAFETY: takes numbers only, and changes nothing but a flag of this process.
    let set = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    match set {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

impl From<io::Error> for Objection {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}
