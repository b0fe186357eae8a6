//! Windows: the parts of an instance's memory that pictures are laid over, from `map` to `unmap` or the end of the call.
//!
//! This is the only place that touches an algorithm's memory outside the engine.

use crate::engine::memory::{GuestMemory, LayError, WINDOW_ALIGNMENT};
use crate::frame::{Frame, PixelFormat, PooledPicture, Rect};
use std::ops::Range;
use std::sync::Arc;

/// The memory of an instance and what is laid over it at the moment.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    memory: Option<Arc<GuestMemory>>,
    mapped: Vec<Window>,
}

#[derive(Debug)]
struct Window {
    /// Index of the picture.
    image: u32,
    bytes: Range<usize>,
    /// Its lease ends after the window is taken back, whoever else lets go of the picture before.
    _picture: PooledPicture,
}

/// How a picture lies in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WindowLayout {
    /// How the pixels are held.
    pub(crate) format: PixelFormat,
    /// Bytes from one row to the next.
    pub(crate) stride: u32,
    /// Where the first pixel lies.
    pub(crate) offset: u32,
    /// Bytes of the window.
    pub(crate) length: u32,
    /// What the window's address must be a multiple of.
    pub(crate) alignment: u32,
}

/// Why pixels were not delivered in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WindowError {
    /// The bytes that were named cannot take them.
    BadTarget,
    /// This picture cannot be delivered so, or not now.
    NotAvailable,
}

impl Windows {
    pub(super) fn new(memory: Option<Arc<GuestMemory>>) -> Self {
        Self {
            memory,
            mapped: Vec::new(),
        }
    }

    /// How a picture can be mapped; `None` if it cannot.
    pub(crate) fn layout(&self, frame: &Frame) -> Option<WindowLayout> {
        self.memory.as_ref()?;
        // A mosaic must be interpolated, so that an algorithm never sees one.
        let pooled = frame.pooled().filter(|_| !frame.format().is_mosaic())?;
        let layout = frame.layout();
        // Whole huge pages, of which a slot is made: mapping anything less would cost a fault for each small page.
        let length = layout.end()?.checked_next_multiple_of(WINDOW_ALIGNMENT)?;
        debug_assert!(length <= pooled.memory.slot_bytes());
        Some(WindowLayout {
            format: layout.format,
            stride: u32::try_from(layout.stride).ok()?,
            offset: u32::try_from(layout.offset).ok()?,
            length: u32::try_from(length).ok()?,
            alignment: WINDOW_ALIGNMENT as u32,
        })
    }

    /// Lays a picture over `length` bytes from `address` on.
    pub(crate) fn map(&mut self, image: u32, frame: &Frame, address: u32, length: u32) -> Result<(), WindowError> {
        let (Some(layout), Some(memory), Some(pooled)) = (self.layout(frame), &self.memory, frame.pooled()) else {
            return Err(WindowError::NotAvailable);
        };
        if self.mapped.iter().any(|window| window.image == image) {
            return Err(WindowError::NotAvailable);
        }
        let bytes = range(address, length);
        if length != layout.length || self.overlaps(&bytes) {
            return Err(WindowError::BadTarget);
        }
        // SAFETY: the algorithm is inside a call of the host's function on this thread, so that it does not run, and the
        // store, which owns `self`, is borrowed for that call. The engine has lifted the function's arguments, which are
        // plain numbers, and keeps no reference to the memory meanwhile.
        unsafe { memory.lay_slot(bytes.clone(), &pooled.memory, pooled.slot) }.map_err(|error| match error {
            LayError::BadWindow => WindowError::BadTarget,
            LayError::System => WindowError::NotAvailable,
        })?;
        let picture = pooled.clone();
        self.mapped.push(Window {
            image,
            bytes,
            _picture: picture,
        });
        Ok(())
    }

    /// Takes the window of a picture back, if it has one.
    pub(crate) fn unmap(&mut self, image: u32) {
        if let Some(place) = self.mapped.iter().position(|window| window.image == image) {
            let window = self.mapped.swap_remove(place);
            self.take_back(&window);
        }
    }

    /// Takes all windows back. What the algorithm returned was lifted before.
    pub(crate) fn unmap_all(&mut self) {
        while let Some(window) = self.mapped.pop() {
            self.take_back(&window);
        }
    }

    fn take_back(&self, window: &Window) {
        if let Some(memory) = &self.memory {
            // SAFETY: as in `map`; at the end of a call the algorithm does not run either. The window lies inside the
            // memory, because it did when it was mapped, and memory never shrinks.
            unsafe { memory.take_back(window.bytes.clone()) };
        }
    }

    /// Writes an area of a picture to exactly `length` bytes from `address` on.
    pub(crate) fn fill(
        &mut self,
        frame: &Frame,
        area: Rect,
        format: PixelFormat,
        address: u32,
        length: u32,
    ) -> Result<(), WindowError> {
        let memory = self.memory.as_ref().ok_or(WindowError::NotAvailable)?;
        let bytes = range(address, length);
        if self.overlaps(&bytes) {
            return Err(WindowError::BadTarget);
        }
        // SAFETY: as in `map`, nobody else uses the memory meanwhile; no window lies over the bytes.
        let filled = unsafe { memory.write(bytes, |target| frame.read_into(area, format, target)) };
        filled.ok().flatten().ok_or(WindowError::BadTarget)
    }

    fn overlaps(&self, bytes: &Range<usize>) -> bool {
        let overlap = |window: &Window| window.bytes.start < bytes.end && bytes.start < window.bytes.end;
        self.mapped.iter().any(overlap)
    }
}

/// An instance that goes takes its memory with it, but not while a picture lies over it: its lease would end before.
impl Drop for Windows {
    fn drop(&mut self) {
        self.unmap_all();
    }
}

fn range(address: u32, length: u32) -> Range<usize> {
    let start = address as usize;
    start..start + length as usize
}
