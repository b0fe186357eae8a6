//! What the compiling process gives up before it reads anything.
//!
//! It gives up what [`child_process`](crate::child_process) says and gets no descriptor but the three it was given, so that
//! it cannot open files or connections; and its memory, processor time and files are bounded.

use super::message::{Arguments, Ending};
use crate::child_process::{self, DESCRIPTORS, Objection, limit};
use rustix::process::Resource;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, Ordering};

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

/// Gives everything up. Must come before any other thread and any descriptor of the process.
pub(super) fn give_up(arguments: &Arguments) -> Result<(), Objection> {
    child_process::give_up(arguments.host, DESCRIPTORS)?;
    let limits = &arguments.limits;
    // The answer is made in memory before it is written, so that it cannot be larger.
    limit(Resource::Fsize, limits.memory_bytes, limits.memory_bytes)?;
    // At the lower bound comes the signal by which the host knows it, and at the higher one the end.
    limit(Resource::Cpu, limits.cpu_seconds, limits.cpu_seconds.saturating_add(1))?;
    BOUNDED.store(true, Ordering::Relaxed);
    limit(Resource::As, limits.memory_bytes, limits.memory_bytes)?;
    Ok(())
}
