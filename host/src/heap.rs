//! Memory that a program keeps for the next picture.
//!
//! The system's allocator gives what is freed at the end of its heap back to the kernel, and takes large blocks from it each
//! time. For pictures of some megabytes that means that the kernel clears thousands of pages in every call, which costs more
//! than reading the picture.

/// From so many free bytes at the end of the heap on memory is given back.
#[cfg(target_env = "gnu")]
const KEPT_BYTES: libc::c_int = 256 << 20;
/// Blocks from so many bytes on are mapped each time: the most that the allocator takes for this.
#[cfg(target_env = "gnu")]
const MAPPED_BYTES: libc::c_int = 32 << 20;

/// Keeps freed memory for what comes next, up to 256 MiB. For programs that do the same again and again; does nothing where
/// the system's allocator is another one than that of glibc.
pub fn keep_freed_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: the allocator takes two numbers, under its own lock. One that it does not like it refuses, and all stays as it
    // is.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED_BYTES);
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT_BYTES);
    }
}
