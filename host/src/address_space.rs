//! Ranges of address space that the host lays out itself: reserved once, then backed page by page by zeros or by a file.
//!
//! This is the one file of the host that maps and unmaps memory; linear memories of algorithms and frame pools are
//! built on it.

use rustix::fd::BorrowedFd;
use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mmap, mmap_anonymous, mprotect, munmap};
use std::ffi::c_void;
use std::io;
use std::ptr::NonNull;

/// Pages the processor can map in one piece, in bytes.
pub(crate) const HUGE_PAGE: usize = 2 << 20;
/// The smallest page of any machine the host runs on, in bytes.
const PAGE: usize = 4096;

/// A range of address space that belongs to this value alone. Its start is a multiple of [`HUGE_PAGE`] and never moves;
/// nothing of it can be accessed until it is backed. Given back when dropped.
#[derive(Debug)]
pub(crate) struct AddressRange {
    base: NonNull<u8>,
    len: usize,
    /// What was reserved to find an aligned start in.
    reserved: (NonNull<u8>, usize),
}

// SAFETY: the value owns its address range as a box owns its memory; every function that changes what the range is
// backed by is unsafe and leaves it to the caller that nobody uses the bytes meanwhile.
unsafe impl Send for AddressRange {}
// SAFETY: as above; through a shared reference alone nothing can be read, written or changed without unsafe code.
unsafe impl Sync for AddressRange {}

impl AddressRange {
    /// Reserves `len` bytes of address space, rounded up to pages, without any memory behind them.
    pub(crate) fn reserve(len: usize) -> io::Result<Self> {
        let too_large = || io::Error::from(io::ErrorKind::OutOfMemory);
        let len = len.max(1).checked_next_multiple_of(PAGE).ok_or_else(too_large)?;
        let reserved_len = len.checked_add(HUGE_PAGE).ok_or_else(too_large)?;
        // SAFETY: a new mapping at an address that the kernel chooses replaces nothing.
        let start = unsafe {
            mmap_anonymous(
                std::ptr::null_mut(),
                reserved_len,
                ProtFlags::empty(),
                MapFlags::PRIVATE | MapFlags::NORESERVE,
            )
        }?;
        let start = NonNull::new(start.cast::<u8>()).ok_or_else(too_large)?;
        let skip = start.as_ptr().align_offset(HUGE_PAGE);
        // SAFETY: `skip` is less than `HUGE_PAGE`, so that `skip + len` bytes lie inside what was just reserved.
        let base = unsafe { start.add(skip) };
        Ok(Self {
            base,
            len,
            reserved: (start, reserved_len),
        })
    }

    /// Where the range begins.
    pub(crate) fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// Backs a part that was never backed by private zeros, readable and writable.
    ///
    /// # Errors
    ///
    /// If the part is not made of whole pages of the range, or the system has no room; then nothing has changed.
    pub(crate) fn allow_access(&self, offset: usize, len: usize) -> io::Result<()> {
        let start = self.part(offset, len)?;
        if len == 0 {
            return Ok(());
        }
        // SAFETY: the part lies in this value's own reservation. Allowing more access invalidates nothing.
        unsafe { mprotect(start, len, MprotectFlags::READ | MprotectFlags::WRITE) }.map_err(io::Error::from)
    }

    /// Replaces what a part is backed by with private zeros, readable and writable.
    ///
    /// # Safety
    ///
    /// Nobody holds a reference to the bytes of the part or uses them while this runs.
    ///
    /// # Errors
    ///
    /// As for [`allow_access`](Self::allow_access). After an error of the system it is unknown whether the part can be
    /// accessed.
    pub(crate) unsafe fn lay_zeros(&self, offset: usize, len: usize) -> io::Result<()> {
        let start = self.part(offset, len)?;
        // SAFETY: the part lies in this value's own reservation, and the caller promises that nobody uses its bytes.
        unsafe {
            mmap_anonymous(
                start,
                len,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED,
            )
        }?;
        Ok(())
    }

    /// Fills a part with zeros without changing what it is backed by.
    ///
    /// # Safety
    ///
    /// Nobody holds a reference to the bytes of the part or uses them while this runs, and nothing backs it that others
    /// must not see change.
    ///
    /// # Errors
    ///
    /// If the part is not made of whole pages of the range, or is not all there and writable; then nothing was written.
    pub(crate) unsafe fn overwrite_with_zeros(&self, offset: usize, len: usize) -> io::Result<()> {
        let start = self.part(offset, len)?;
        // SAFETY: the part lies in this value's own reservation. Unlike a write, the advice fails and does not fault if
        // there is nothing to write to; otherwise it makes the pages writable as the write below would.
        unsafe { madvise(start, len, Advice::LinuxPopulateWrite) }?;
        // SAFETY: all pages of the part are there and can be written, and the caller promises that nobody uses them.
        unsafe { std::ptr::write_bytes(start.cast::<u8>(), 0, len) };
        Ok(())
    }

    /// Replaces what a part is backed by with `len` bytes of a file from `file_offset`, readable and, unless `sharing`
    /// says otherwise, writable.
    ///
    /// # Safety
    ///
    /// Nobody holds a reference to the bytes of the part or uses them while this runs; nobody can make the file shorter
    /// than `file_offset + len` as long as it is mapped; and as others may write to the file at any time, the bytes are
    /// only ever accessed through raw pointers or by an algorithm.
    ///
    /// # Errors
    ///
    /// As for [`lay_zeros`](Self::lay_zeros).
    pub(crate) unsafe fn lay_file(
        &self,
        offset: usize,
        len: usize,
        file: BorrowedFd<'_>,
        file_offset: u64,
        sharing: Sharing,
    ) -> io::Result<()> {
        let start = self.part(offset, len)?;
        let writable = ProtFlags::READ | ProtFlags::WRITE;
        let (protection, flags) = match sharing {
            Sharing::Shared => (writable, MapFlags::SHARED),
            Sharing::ReadOnly => (ProtFlags::READ, MapFlags::SHARED),
            Sharing::CopyOnWrite => (writable, MapFlags::PRIVATE),
        };
        // SAFETY: the part lies in this value's own reservation, and the caller promises that nobody uses its bytes.
        unsafe {
            mmap(
                start,
                len,
                protection,
                flags | MapFlags::NORESERVE | MapFlags::FIXED,
                file,
                file_offset,
            )
        }?;
        Ok(())
    }

    /// Asks the kernel to put a part on huge pages now (Linux 6.1 and later).
    ///
    /// # Errors
    ///
    /// What the kernel says if it does not; the part is usable as before.
    pub(crate) fn collapse(&self, offset: usize, len: usize) -> io::Result<()> {
        let start = self.part(offset, len)?;
        // SAFETY: the part lies in this value's own reservation; the advice changes how its bytes are held and not what
        // they are.
        match unsafe { libc::madvise(start, len, libc::MADV_COLLAPSE) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Where a part begins, if it is made of whole pages of the range.
    fn part(&self, offset: usize, len: usize) -> io::Result<*mut c_void> {
        let inside = offset.checked_add(len).is_some_and(|end| end <= self.len);
        if !inside || !offset.is_multiple_of(PAGE) || !len.is_multiple_of(PAGE) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // SAFETY: `offset` lies inside the range or at its end.
        Ok(unsafe { self.base.add(offset) }.as_ptr().cast())
    }
}

impl Drop for AddressRange {
    fn drop(&mut self) {
        let (start, len) = self.reserved;
        // SAFETY: the reservation belongs to this value, which nobody can use any more.
        if let Err(error) = unsafe { munmap(start.as_ptr().cast(), len) } {
            tracing::error!(%error, "cannot give address space back");
        }
    }
}

/// What becomes of bytes that are written to a part that is backed by a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// They go to the file, where others see them.
    Shared,
    /// There are none: the part can only be read.
    ReadOnly,
    /// They stay in this mapping; the file is not touched.
    CopyOnWrite,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn a_range_is_aligned_and_parts_outside_are_refused() {
        let range = AddressRange::reserve(3 * PAGE).unwrap();
        assert_eq!(range.base().as_ptr().align_offset(HUGE_PAGE), 0);
        assert!(range.allow_access(0, PAGE).is_ok());
        for (offset, len) in [(0, 4 * PAGE), (3 * PAGE, PAGE), (usize::MAX, PAGE), (1, PAGE), (0, 100)] {
            let refused = range.allow_access(offset, len).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::InvalidInput, "{offset} {len}");
        }
        assert!(AddressRange::reserve(usize::MAX).is_err());
    }

    #[test]
    fn overwriting_needs_something_to_write_to_and_leaves_the_file_alone() {
        let file = tempfile::tempfile().unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, &[7; 2 * PAGE], 0).unwrap();
        let range = AddressRange::reserve(3 * PAGE).unwrap();
        // SAFETY: nobody else knows the range, and nobody cuts the file.
        unsafe { range.lay_file(0, 2 * PAGE, file.as_fd(), 0, Sharing::CopyOnWrite) }.unwrap();
        // SAFETY: as above.
        unsafe { range.overwrite_with_zeros(0, 2 * PAGE) }.unwrap();
        // SAFETY: the page is accessible and nobody writes to it.
        let page = unsafe { std::slice::from_raw_parts(range.base().as_ptr(), 2 * PAGE) };
        assert!(page.iter().all(|&byte| byte == 0));
        let mut bytes = [0; 2 * PAGE];
        std::os::unix::fs::FileExt::read_exact_at(&file, &mut bytes, 0).unwrap();
        assert_eq!(bytes, [7; 2 * PAGE]);
        // The last page was never backed.
        // SAFETY: as above.
        assert!(unsafe { range.overwrite_with_zeros(PAGE, 2 * PAGE) }.is_err());
    }
}
