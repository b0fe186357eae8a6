//! Linear memories that the host lays out itself, so that a picture can be laid over a part of one.
//!
//! The engine is not told by its interface which instance a memory is for, and the creator is not told either. Memory
//! and instance are therefore tied by construction: an instance is started inside [`GuestMemory::claim`], on one thread,
//! and the one memory that is made meanwhile is its memory. Outside a claim no memory is made.

use crate::address_space::{AddressRange, HUGE_PAGE, Sharing};
use crate::pool::memory::PoolMemory;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

/// What the address of a window must be a multiple of, in bytes: memory begins on such a border.
pub(crate) const WINDOW_ALIGNMENT: usize = HUGE_PAGE;

/// The linear memory of one instance. Its start never moves, and every byte below [`size`](Self::size) can be read and
/// written at any time.
#[derive(Debug)]
pub(crate) struct GuestMemory {
    range: AddressRange,
    /// Bytes that it can grow to; the guard follows.
    room: usize,
    /// Bytes that the algorithm has, from the start.
    size: AtomicUsize,
}

thread_local! {
    /// What the engine made for the instance that this thread is starting.
    static CLAIM: RefCell<Option<Claim>> = const { RefCell::new(None) };
}

#[derive(Default)]
struct Claim {
    memory: Option<Arc<GuestMemory>>,
}

/// A part of linear memory cannot be what the algorithm wants it to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutsideMemory;

impl GuestMemory {
    /// Runs `start`, which starts one instance on this thread, and returns the memory that the engine made for it, if
    /// it has one.
    pub(crate) fn claim<T>(start: impl FnOnce() -> T) -> (T, Option<Arc<Self>>) {
        /// Also if `start` panics, what comes later finds no claim.
        struct End;
        impl Drop for End {
            fn drop(&mut self) {
                CLAIM.with_borrow_mut(Option::take);
            }
        }
        CLAIM.set(Some(Claim::default()));
        let _end = End;
        let result = start();
        let memory = CLAIM.with_borrow_mut(Option::take).and_then(|claim| claim.memory);
        (result, memory)
    }

    /// Bytes that the algorithm has.
    pub(crate) fn size(&self) -> usize {
        self.size.load(Ordering::Relaxed)
    }

    /// Lets `write` write to the bytes of `range`.
    ///
    /// # Safety
    ///
    /// The algorithm does not run meanwhile, nobody else holds a reference to these bytes, and no file is laid over any
    /// of them.
    pub(crate) unsafe fn write<T>(
        &self,
        range: Range<usize>,
        write: impl FnOnce(&mut [u8]) -> T,
    ) -> Result<T, OutsideMemory> {
        if range.start > range.end || range.end > self.size() {
            return Err(OutsideMemory);
        }
        // SAFETY: the bytes lie below `size`, so that they are inside the range and accessible; the caller promises that
        // this is the only reference to them, and `write` cannot keep it.
        let bytes = unsafe { std::slice::from_raw_parts_mut(self.range.base().add(range.start).as_ptr(), range.len()) };
        Ok(write(bytes))
    }

    /// Lays the beginning of slot `slot` of a pool over the bytes of `window`. What the algorithm writes there stays in
    /// its own memory.
    ///
    /// # Safety
    ///
    /// The algorithm does not run meanwhile and nobody holds a reference to the bytes of the window.
    ///
    /// # Errors
    ///
    /// If the window is not made of whole huge pages, is longer than a slot or not inside the memory, or the pool has no
    /// such slot; also if the system cannot do it. Then the window holds zeros or what it held before.
    pub(crate) unsafe fn lay_slot(&self, window: Range<usize>, pool: &PoolMemory, slot: u32) -> Result<(), LayError> {
        let file_offset = pool.file_offset(slot).ok_or(LayError::BadWindow)?;
        let aligned = window.start.is_multiple_of(WINDOW_ALIGNMENT) && window.end.is_multiple_of(WINDOW_ALIGNMENT);
        let inside = window.start < window.end && window.end <= self.size();
        if !aligned || !inside || window.len() > pool.slot_bytes() {
            return Err(LayError::BadWindow);
        }
        // SAFETY: the caller promises that nobody uses the bytes. The slot lies inside the file, which is sealed against
        // shrinking. The bytes belong to linear memory, of which no reference is held across a call into the engine. The
        // engine itself makes short-lived slices of linear memory where it copies an algorithm's text and lists; that a
        // producer may write to a page of the file meanwhile, unless the algorithm has written to it before, is why
        // producers are trusted like the host's own user (`docs/security.md`).
        let laid = unsafe {
            let file = pool.fd();
            self.range
                .lay_file(window.start, window.len(), file, file_offset, Sharing::CopyOnWrite)
        };
        laid.map_err(|error| {
            tracing::warn!(%error, "cannot map a picture into the memory of an algorithm; it is copied");
            // SAFETY: as above.
            unsafe { self.take_back(window) };
            LayError::System
        })
    }

    /// Replaces the bytes of `window` by zeros of the algorithm's own.
    ///
    /// If the system has no room for that change of the address space (a process may have only so many mappings), the
    /// picture is overwritten where it lies, which leaves the file as it is. Ends the process if the window is not there
    /// any more: the engine counts on every byte of linear memory being accessible, and an algorithm must not keep a
    /// picture.
    ///
    /// # Safety
    ///
    /// The algorithm does not run meanwhile and nobody holds a reference to the bytes of the window, which lies inside
    /// the memory, and over which nothing lies but zeros or a file copy-on-write.
    pub(crate) unsafe fn take_back(&self, window: Range<usize>) {
        // SAFETY: the caller promises that nobody uses the bytes.
        let Err(error) = (unsafe { self.range.lay_zeros(window.start, window.len()) }) else {
            return;
        };
        tracing::warn!(%error, "cannot unmap a picture from the memory of an algorithm; it is overwritten");
        // SAFETY: as above; writing there changes private pages only.
        if let Err(error) = unsafe { self.range.overwrite_with_zeros(window.start, window.len()) } {
            tracing::error!(%error, "cannot take a picture back from an algorithm; the process ends");
            std::process::abort();
        }
    }
}

/// Why a slot was not laid over a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LayError {
    /// The window cannot be one.
    BadWindow,
    /// The system has no room for another mapping.
    System,
}

/// The engine's side of a [`GuestMemory`].
struct Grown(Arc<GuestMemory>);

// SAFETY: `as_ptr` points to `byte_size` readable and writable bytes that belong to this memory alone: `grow_to` allows
// access to them, and nothing takes it away before the memory is dropped; laying a file or zeros over a part replaces
// the mapping while the algorithm does not run, and a part that was lost on the way ends the process. The pointer never changes. `reserve` in `new_memory` keeps the reserved bytes
// and the guard after them free of anything else.
unsafe impl LinearMemory for Grown {
    fn byte_size(&self) -> usize {
        self.0.size()
    }

    fn byte_capacity(&self) -> usize {
        self.0.room
    }

    fn grow_to(&mut self, new_size: usize) -> wasmtime::Result<()> {
        let old = self.0.size();
        // Memory grows by WebAssembly's pages, which are whole pages of the machine.
        if let Some(more) = new_size.checked_sub(old).filter(|more| *more > 0) {
            if new_size > self.0.room {
                return Err(std::io::Error::from(std::io::ErrorKind::OutOfMemory).into());
            }
            self.0.range.allow_access(old, more)?;
            self.0.size.store(new_size, Ordering::Relaxed);
        }
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.0.range.base().as_ptr()
    }
}

/// Makes linear memories for instances that are started inside a claim.
#[derive(Debug)]
pub(crate) struct HostMemory;

// SAFETY: `new_memory` returns fresh zeros of `minimum` bytes at an address that no other memory has, with
// `reserved_size_in_bytes` of address space behind it that it can grow into without moving, and after those at least
// `guard_size_in_bytes` that cannot be accessed.
unsafe impl MemoryCreator for HostMemory {
    fn new_memory(
        &self,
        _: MemoryType,
        minimum: usize,
        maximum: Option<usize>,
        reserved_size_in_bytes: Option<usize>,
        guard_size_in_bytes: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        CLAIM.with_borrow_mut(|claim| {
            let claim = claim
                .as_mut()
                .ok_or("a linear memory was asked for outside the start of an instance")?;
            if claim.memory.is_some() {
                return Err("an instance asked for a second linear memory".to_owned());
            }
            // Without a reservation the memory could have to move when it grows; room for all it may have avoids that.
            let room = reserved_size_in_bytes
                .or(maximum)
                .ok_or("a linear memory without a bound")?
                .max(minimum);
            let len = room
                .checked_add(guard_size_in_bytes)
                .ok_or("a linear memory is too large")?;
            let range = AddressRange::reserve(len)
                .map_err(|error| format!("no address space for a linear memory of {room} bytes: {error}"))?;
            range
                .allow_access(0, minimum)
                .map_err(|error| format!("no memory of {minimum} bytes for an algorithm: {error}"))?;
            let memory = Arc::new(GuestMemory {
                range,
                room,
                size: AtomicUsize::new(minimum),
            });
            claim.memory = Some(memory.clone());
            Ok(Box::new(Grown(memory)) as Box<dyn LinearMemory>)
        })
    }
}
