//! The memory of a pool: a sealed memfd, and the host's own view of it.
//!
//! Other processes hold the same memory and may write to it at any time. It is therefore never lent as a slice: bytes
//! are copied in and out, and nothing that is read here decides anything.

use crate::address_space::{AddressRange, HUGE_PAGE, Sharing};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{FallocateFlags, MemfdFlags, Mode, OFlags, SealFlags};
use std::fmt;
use std::io;

/// Slots are a multiple of this, so that each can lie on huge pages of its own. In bytes.
pub const SLOT_GRANULE: usize = HUGE_PAGE;

/// The memory cannot change its size any more, and no seal can be added that would take writing away.
const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

/// `slots` pieces of `slot_bytes` each, one after the other, without a name in any file system. Gone when the last
/// process that holds it has let go.
#[derive(Debug)]
pub struct PoolMemory {
    fd: OwnedFd,
    view: AddressRange,
    slots: u32,
    slot_bytes: usize,
    huge_pages: HugePages,
    access: Access,
}

/// What a process may do with the memory of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read only: what a consumer gets. Copies that are laid over an algorithm's memory can be written; they stay
    /// private.
    ReadOnly,
    /// Read and write: what the broker and producers have.
    ReadWrite,
}

/// Whether the kernel put the memory on huge pages. Mapping a picture is faster by an order of magnitude if it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HugePages {
    /// It did.
    Collapsed,
    /// It did not; everything works, and mapping costs a fault for each small page that is touched.
    Unavailable {
        /// What the kernel said.
        reason: String,
    },
}

impl fmt::Display for HugePages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Collapsed => f.write_str("huge pages"),
            Self::Unavailable { reason } => write!(f, "small pages ({reason})"),
        }
    }
}

/// Why there is no memory for a pool.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PoolMemoryError {
    /// No slots, or slots that are not a multiple of [`SLOT_GRANULE`], or more bytes than can be addressed.
    #[error(
        "a pool of {slots} slots of {slot_bytes} bytes cannot be made: there must be at least one slot, and a slot must be a \
         multiple of {SLOT_GRANULE} bytes"
    )]
    Geometry {
        /// How many.
        slots: u32,
        /// Bytes of each.
        slot_bytes: usize,
    },
    /// The system refused.
    #[error("cannot {doing} the memory of a pool")]
    System {
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A descriptor that was handed over is not the memory of a pool: it could change its size later.
    #[error("the memory that was handed over is not sealed against shrinking and growing")]
    NotSealed,
    /// The states of a pool that were handed over have another layout.
    #[error("the states of the pool that were handed over have another layout than this version knows")]
    Layout,
    /// A descriptor that was handed over has another size than was said.
    #[error("the memory that was handed over has {actual} bytes in place of {expected}")]
    WrongSize {
        /// What the geometry needs.
        expected: u64,
        /// What the file has.
        actual: u64,
    },
}

/// Why bytes were not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// They are not all inside one slot.
    #[error(transparent)]
    OutOfSlot(#[from] OutOfSlot),
    /// This process may only read.
    #[error("this process may only read the memory of the pool")]
    ReadOnly,
}

/// The bytes are not all inside one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{len} bytes at {offset} of slot {slot} do not lie inside one of {slots} slots of {slot_bytes} bytes")]
pub struct OutOfSlot {
    /// Which slot.
    pub slot: u32,
    /// Where the bytes begin, from the start of the slot.
    pub offset: usize,
    /// How many there are.
    pub len: usize,
    /// Slots of the pool.
    pub slots: u32,
    /// Bytes of a slot.
    pub slot_bytes: usize,
}

impl PoolMemory {
    /// New memory, all zeros, sealed against shrinking and growing, on huge pages if the kernel has them.
    ///
    /// All pages are there when this returns: a system that is short of memory says so here, and not in the middle of a
    /// picture.
    ///
    /// # Errors
    ///
    /// A geometry that cannot be, or what the system refuses.
    pub fn create(slots: u32, slot_bytes: usize) -> Result<Self, PoolMemoryError> {
        let len = total(slots, slot_bytes)?;
        let fd = rustix::fs::memfd_create("procvision-pool", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)
            .map_err(system("create"))?;
        rustix::fs::ftruncate(&fd, len as u64).map_err(system("size"))?;
        // Whoever is handed a read-only descriptor cannot simply open the same memory once more for writing.
        rustix::fs::fchmod(&fd, Mode::RUSR).map_err(system("protect"))?;
        // Before huge pages are asked for: the kernel makes them of pages that are there.
        rustix::fs::fallocate(&fd, FallocateFlags::empty(), 0, len as u64).map_err(system("allocate"))?;
        let view = view(&fd, len, Access::ReadWrite)?;
        let huge_pages = collapse(&view, len);
        rustix::fs::fcntl_add_seals(&fd, SEALS).map_err(system("seal"))?;
        Ok(Self {
            fd,
            view,
            slots,
            slot_bytes,
            huge_pages,
            access: Access::ReadWrite,
        })
    }

    /// Memory that a broker handed over. What this process may do with it is what the descriptor allows.
    ///
    /// # Errors
    ///
    /// If it is not sealed, has another size than the geometry says, or cannot be mapped.
    pub fn from_fd(fd: OwnedFd, slots: u32, slot_bytes: usize) -> Result<Self, PoolMemoryError> {
        let len = total(slots, slot_bytes)?;
        // A file that cannot be sealed answers with an error; it is not what was expected either.
        let seals = rustix::fs::fcntl_get_seals(&fd).unwrap_or(SealFlags::empty());
        if !seals.contains(SealFlags::SHRINK | SealFlags::GROW) {
            return Err(PoolMemoryError::NotSealed);
        }
        let stat = rustix::fs::fstat(&fd).map_err(system("inspect"))?;
        let actual = u64::try_from(stat.st_size).unwrap_or(0);
        if actual != len as u64 {
            return Err(PoolMemoryError::WrongSize {
                expected: len as u64,
                actual,
            });
        }
        let flags = rustix::fs::fcntl_getfl(&fd).map_err(system("inspect"))?;
        let access = match flags.contains(OFlags::RDWR) {
            true => Access::ReadWrite,
            false => Access::ReadOnly,
        };
        let view = view(&fd, len, access)?;
        // The creator has asked already; asking again costs little and tells what this process gets.
        let huge_pages = collapse(&view, len);
        Ok(Self {
            fd,
            view,
            slots,
            slot_bytes,
            huge_pages,
            access,
        })
    }

    /// Another descriptor of the same memory, through which it can only be read.
    ///
    /// # Errors
    ///
    /// What the system refuses; without a mounted `/proc` it does.
    pub(crate) fn read_only_fd(&self) -> Result<OwnedFd, PoolMemoryError> {
        // A copy of the descriptor would share the right to write; opening the file once more does not.
        let path = format!("/proc/self/fd/{}", self.fd.as_raw_fd());
        rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).map_err(system("open for reading"))
    }

    /// Gives all pages back to the system, whoever still has a descriptor or a view. They read as zeros, and whoever
    /// writes to one gets it anew.
    ///
    /// # Errors
    ///
    /// What the system refuses.
    pub(crate) fn discard(&self) -> Result<(), PoolMemoryError> {
        let len = self.slots as usize * self.slot_bytes;
        let holes = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        rustix::fs::fallocate(&self.fd, holes, 0, len as u64).map_err(system("give back"))
    }

    /// The memory itself, to hand it to another process or to map it.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// How many slots there are, at least 1.
    pub fn slots(&self) -> u32 {
        self.slots
    }

    /// Bytes of a slot, a multiple of [`SLOT_GRANULE`].
    pub fn slot_bytes(&self) -> usize {
        self.slot_bytes
    }

    /// What this process may do with the memory.
    pub fn access(&self) -> Access {
        self.access
    }

    /// What the kernel said about huge pages.
    pub fn huge_pages(&self) -> &HugePages {
        &self.huge_pages
    }

    /// Copies out of a slot, from `offset` on, as many bytes as `target` holds. If somebody writes meanwhile, the copy
    /// is a mixture of old and new bytes.
    ///
    /// # Errors
    ///
    /// If the bytes are not all inside the slot; then nothing is copied.
    pub fn read(&self, slot: u32, offset: usize, target: &mut [u8]) -> Result<(), OutOfSlot> {
        let from = self.pointer(slot, offset, target.len())?;
        // SAFETY: `pointer` has checked that the bytes lie in the view, which `view` made accessible and which lives as
        // long as `self`; the file behind it cannot shrink, because it is sealed. `target` is this process's own memory
        // and cannot overlap. The bytes are copied and never looked at in place, so that it does not matter for this
        // process's memory whether another process writes at the same time.
        unsafe { std::ptr::copy_nonoverlapping(from, target.as_mut_ptr(), target.len()) };
        Ok(())
    }

    /// Copies `source` into a slot, from `offset` on.
    ///
    /// # Errors
    ///
    /// If the bytes are not all inside the slot, or this process may only read; then nothing is copied.
    pub fn write(&self, slot: u32, offset: usize, source: &[u8]) -> Result<(), WriteError> {
        let to = self.pointer(slot, offset, source.len())?;
        if self.access != Access::ReadWrite {
            return Err(WriteError::ReadOnly);
        }
        // SAFETY: as in `read`, with the directions exchanged; `view` made the bytes writable, as `access` says.
        unsafe { std::ptr::copy_nonoverlapping(source.as_ptr(), to, source.len()) };
        Ok(())
    }

    /// Where the slot begins in the file; `None` if there is no such slot.
    pub(crate) fn file_offset(&self, slot: u32) -> Option<u64> {
        (slot < self.slots).then(|| u64::from(slot) * self.slot_bytes as u64)
    }

    fn pointer(&self, slot: u32, offset: usize, len: usize) -> Result<*mut u8, OutOfSlot> {
        let inside = offset.checked_add(len).is_some_and(|end| end <= self.slot_bytes);
        if slot >= self.slots || !inside {
            return Err(OutOfSlot {
                slot,
                offset,
                len,
                slots: self.slots,
                slot_bytes: self.slot_bytes,
            });
        }
        // SAFETY: the slot lies inside the view, which has `slots * slot_bytes` bytes, and `offset` inside the slot.
        Ok(unsafe { self.view.base().add(slot as usize * self.slot_bytes + offset) }.as_ptr())
    }
}

fn total(slots: u32, slot_bytes: usize) -> Result<usize, PoolMemoryError> {
    let sound = slots > 0 && slot_bytes > 0 && slot_bytes.is_multiple_of(SLOT_GRANULE);
    sound
        .then(|| slot_bytes.checked_mul(slots as usize))
        .flatten()
        .filter(|&total| i64::try_from(total).is_ok())
        .ok_or(PoolMemoryError::Geometry { slots, slot_bytes })
}

/// The host's own view of the memory.
fn view(fd: &OwnedFd, len: usize, access: Access) -> Result<AddressRange, PoolMemoryError> {
    let view = AddressRange::reserve(len).map_err(system("reserve address space for"))?;
    let sharing = match access {
        Access::ReadOnly => Sharing::ReadOnly,
        Access::ReadWrite => Sharing::Shared,
    };
    // SAFETY: nobody knows the range yet. The file is `len` bytes long; it is this process's own, or sealed against
    // shrinking, and `create` seals it before anybody else gets it. All accesses go through the pointers of `read` and
    // `write`.
    unsafe { view.lay_file(0, len, fd.as_fd(), 0, sharing) }.map_err(system("map"))?;
    Ok(view)
}

fn collapse(view: &AddressRange, len: usize) -> HugePages {
    match view.collapse(0, len) {
        Ok(()) => HugePages::Collapsed,
        Err(error) => HugePages::Unavailable {
            reason: error.to_string(),
        },
    }
}

fn system<E: Into<io::Error>>(doing: &'static str) -> impl FnOnce(E) -> PoolMemoryError {
    move |error| PoolMemoryError::System {
        doing,
        source: error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_views_show_the_same_bytes_and_neither_can_change_the_size() {
        let memory = PoolMemory::create(2, SLOT_GRANULE).unwrap();
        let other = PoolMemory::from_fd(memory.fd().try_clone_to_owned().unwrap(), 2, SLOT_GRANULE).unwrap();
        other.write(1, 5, &[1, 2, 3]).unwrap();
        let mut bytes = [9; 5];
        memory.read(1, 4, &mut bytes).unwrap();
        assert_eq!(bytes, [0, 1, 2, 3, 0]);
        for len in [0, SLOT_GRANULE as u64, 3 * SLOT_GRANULE as u64] {
            assert!(rustix::fs::ftruncate(other.fd(), len).is_err());
        }
        assert!(rustix::fs::fcntl_add_seals(other.fd(), SealFlags::WRITE).is_err());
    }

    /// Asking too early is refused, and would look like a kernel without huge pages.
    #[test]
    fn huge_pages_are_asked_for_when_the_kernel_can_make_them() {
        let memory = PoolMemory::create(2, SLOT_GRANULE).unwrap();
        let again = memory.view.collapse(0, 2 * SLOT_GRANULE);
        assert_eq!(
            again.is_ok(),
            memory.huge_pages == HugePages::Collapsed,
            "{} and {again:?}",
            memory.huge_pages
        );
    }

    #[test]
    fn a_read_only_view_follows_the_bytes_and_cannot_write_them() {
        let memory = PoolMemory::create(1, SLOT_GRANULE).unwrap();
        let reader = PoolMemory::from_fd(memory.read_only_fd().unwrap(), 1, SLOT_GRANULE).unwrap();
        assert_eq!(
            (memory.access(), reader.access()),
            (Access::ReadWrite, Access::ReadOnly)
        );
        memory.write(0, 7, &[1, 2, 3]).unwrap();
        let mut bytes = [0; 3];
        reader.read(0, 7, &mut bytes).unwrap();
        assert_eq!(bytes, [1, 2, 3]);
        assert_eq!(reader.write(0, 7, &[4]), Err(WriteError::ReadOnly));
        assert!(rustix::io::pwrite(reader.fd(), &[4], 7).is_err());
    }

    #[test]
    fn bytes_outside_a_slot_are_refused() {
        let memory = PoolMemory::create(2, SLOT_GRANULE).unwrap();
        let mut two = [0; 2];
        for (slot, offset) in [(0, SLOT_GRANULE - 1), (2, 0), (u32::MAX, 0), (0, usize::MAX)] {
            assert!(memory.read(slot, offset, &mut two).is_err(), "{slot} {offset}");
            assert!(memory.write(slot, offset, &two).is_err(), "{slot} {offset}");
        }
        assert!(memory.read(1, SLOT_GRANULE - 2, &mut two).is_ok());
    }

    #[test]
    fn what_is_not_a_pool_is_refused() {
        for (slots, bytes) in [(0, SLOT_GRANULE), (1, 0), (1, SLOT_GRANULE + 4096), (u32::MAX, 1 << 62)] {
            let refused = PoolMemory::create(slots, bytes);
            assert!(
                matches!(refused, Err(PoolMemoryError::Geometry { .. })),
                "{slots} {bytes}"
            );
        }
        let file = OwnedFd::from(tempfile::tempfile().unwrap());
        rustix::fs::ftruncate(&file, SLOT_GRANULE as u64).unwrap();
        assert!(matches!(
            PoolMemory::from_fd(file, 1, SLOT_GRANULE),
            Err(PoolMemoryError::NotSealed)
        ));
        let other = PoolMemory::create(1, SLOT_GRANULE)
            .unwrap()
            .fd()
            .try_clone_to_owned()
            .unwrap();
        let refused = PoolMemory::from_fd(other, 2, SLOT_GRANULE);
        assert!(matches!(refused, Err(PoolMemoryError::WrongSize { .. })));
    }
}
