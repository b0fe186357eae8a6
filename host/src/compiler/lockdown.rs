//! What the compiling process gives up before it reads anything.
//!
//! It gives up what [`child_process`](crate::child_process) says and gets no descriptor but the three it was given; its
//! memory, processor time and files are bounded; and of the kernel it can ask for memory, threads and time, and nothing else.

use super::message::{Arguments, Ending};
use crate::child_process::{self, DESCRIPTORS, Objection};
use crate::lockdown::calls::{CallList, is_but_for};
use crate::lockdown::limits::{limit, limit_to};
use crate::lockdown::{process, renounce_files};
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
    // A second time, for kernels that can: the list below has no call that opens anything.
    let _ = renounce_files();
    let limits = &arguments.limits;
    // The answer is made in memory before it is written, so that it cannot be larger.
    limit(Resource::Fsize, limits.memory_bytes)?;
    // At the lower bound comes the signal by which the host knows it, and at the higher one the end.
    limit_to(Resource::Cpu, limits.cpu_seconds, limits.cpu_seconds.saturating_add(1))?;
    process::separate_code_from_data()?;
    BOUNDED.store(true, Ordering::Relaxed);
    limit(Resource::As, limits.memory_bytes)?;
    calls().install()?;
    Ok(())
}

/// What the compiler asks of the kernel: the basics, and threads that share everything with it.
fn calls() -> CallList {
    /// What a thread shares with the others, and where its number is written to: what every C library asks for.
    const THREAD: libc::c_int = libc::CLONE_VM
        | libc::CLONE_FS
        | libc::CLONE_FILES
        | libc::CLONE_SIGHAND
        | libc::CLONE_THREAD
        | libc::CLONE_SYSVSEM
        | libc::CLONE_SETTLS
        | libc::CLONE_PARENT_SETTID
        | libc::CLONE_CHILD_CLEARTID;
    let mut list = CallList::default();
    list.allow_basics();
    let asked = |flags: libc::c_int| u64::from(flags.cast_unsigned());
    // Some libraries set this flag, too, which the kernel does not look at.
    list.allow_if(
        libc::SYS_clone,
        [is_but_for(0, asked(THREAD), asked(libc::CLONE_DETACHED))],
    );
    list.allow(&[libc::SYS_rseq, libc::SYS_set_robust_list]);
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::getppid;
    use std::fs::File;
    use std::os::unix::net::UnixStream;
    use std::path::Path;
    use std::process::Command;
    use std::thread;

    #[test]
    fn nothing_is_opened_or_started_under_the_list() {
        child_process::alone(
            "compiler::lockdown::tests::nothing_is_opened_or_started_under_the_list",
            inside,
        );
    }

    fn inside(_: &Path) {
        calls().install().unwrap();
        let refused = [
            ("open", File::open("/etc/passwd").map(drop)),
            ("connect", UnixStream::connect("/nonexistent").map(drop)),
            ("start a program", Command::new("/bin/true").status().map(drop)),
            (
                "signal",
                rustix::process::test_kill_process(getppid().unwrap()).map_err(Into::into),
            ),
            ("raise a limit", limit(Resource::Core, 0)),
            ("forgo", process::forgo_privileges()),
        ];
        for (what, result) in refused {
            let error = result.expect_err(what);
            assert_eq!(error.raw_os_error(), Some(libc::EPERM), "{what}: {error}");
        }
        let sum = thread::spawn(|| (0..10_000_u64).collect::<Vec<_>>().iter().sum::<u64>());
        assert_eq!(sum.join().unwrap(), 49_995_000);
    }
}
