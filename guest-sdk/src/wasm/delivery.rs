//! Pixels from the host into this module's own memory: written to a buffer, or laid over a window without a copy.
//!
//! This is the one file of the SDK, beside the generated bindings, with unsafe code.

#![allow(unsafe_code)]

use std::alloc::{Layout, alloc, dealloc};
use std::cell::{Cell, RefCell};
use std::ptr::NonNull;

use super::bindings::procvision::algorithm::imaging::{ImageError, ImageSet, MemoryRange};
use super::imports::IMAGES;
use crate::frame::PixelFormat;
use crate::geometry::Rect;

/// Windows that are kept for the next call; a call rarely has more pictures.
const KEPT_WINDOWS: usize = 4;

thread_local! {
    /// Counts the calls that lent pictures, so that what was mapped in one is not taken for mapped in another.
    static CALL: Cell<u64> = const { Cell::new(0) };
    /// Memory that once was a window and holds nothing now.
    static WINDOWS: RefCell<Vec<Window>> = const { RefCell::new(Vec::new()) };
}

/// Lends pictures for the length of `work`.
pub(super) fn lend<R>(images: &ImageSet, work: impl FnOnce() -> R) -> R {
    CALL.set(CALL.get() + 1);
    IMAGES.set(images, work)
}

/// An area of a picture, written by the host into `length` new bytes, which is what the area needs.
pub(super) fn fill(
    images: &ImageSet,
    index: u32,
    area: Rect,
    format: PixelFormat,
    length: usize,
) -> Result<Vec<u8>, ImageError> {
    let mut pixels: Vec<u8> = Vec::new();
    let narrow = u32::try_from(length).map_err(|_| ImageError::TooLarge(u32::MAX.into()))?;
    pixels.try_reserve_exact(length).map_err(|_| ImageError::NotAvailable)?;
    let target = MemoryRange {
        address: pixels.as_mut_ptr() as u32,
        length: narrow,
    };
    images.fill(index, area.into(), format.into(), target)?;
    // SAFETY: the capacity is at least `length`, and the host has written all of these bytes: it fills the whole target or
    // returns an error.
    unsafe { pixels.set_len(length) };
    Ok(pixels)
}

/// Lays a picture over a window, if the host maps it as `length` packed bytes with rows of `stride` bytes.
pub(crate) fn map_picture(index: u32, format: PixelFormat, stride: usize, length: usize) -> Option<Mapped> {
    if !IMAGES.is_set() {
        return None;
    }
    IMAGES.with(|images| {
        let layout = images.mapping(index)?;
        let offset = layout.offset as usize;
        let fits = layout.stride as usize == stride
            && layout.format == format.into()
            && offset.checked_add(length)? <= layout.window_length as usize;
        if !fits {
            return None;
        }
        let window = Window::take(layout.window_length as usize, layout.window_alignment as usize)?;
        match images.map(index, window.range()) {
            Ok(()) => Some(Mapped {
                window: Some(window),
                offset,
                length,
                image: index,
                call: CALL.get(),
            }),
            Err(_) => {
                window.keep();
                None
            }
        }
    })
}

/// A picture that lies over a window until this is dropped or the call ends.
#[derive(Debug)]
pub(crate) struct Mapped {
    /// Taken only by `drop`.
    window: Option<Window>,
    /// Where the pixels begin in the window.
    offset: usize,
    /// Bytes of the pixels; `offset + length` lies inside the window.
    length: usize,
    image: u32,
    call: u64,
}

impl Mapped {
    /// The pixels, unless the call has ended.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        let window = self.window.as_ref().filter(|_| self.is_lent())?;
        // SAFETY: the bytes lie inside the window, which is this value's own; while the call lasts the host leaves it as
        // it is, and every byte of it is initialised because the picture lies over it. A borrow that somebody makes
        // outlive the call by leaking this value sees zeros from then on: the window is never given back, so that it
        // stays memory that can be read.
        Some(unsafe { std::slice::from_raw_parts(window.start.add(self.offset).as_ptr(), self.length) })
    }

    /// The pixels, to change them in this module's memory, unless the call has ended.
    pub(crate) fn bytes_mut(&mut self) -> Option<&mut [u8]> {
        let lent = self.is_lent();
        let window = self.window.as_mut().filter(|_| lent)?;
        // SAFETY: as in `bytes`; the exclusive reference to this value makes this the only one to the bytes.
        Some(unsafe { std::slice::from_raw_parts_mut(window.start.add(self.offset).as_ptr(), self.length) })
    }

    fn is_lent(&self) -> bool {
        IMAGES.is_set() && CALL.get() == self.call
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        if self.is_lent() {
            IMAGES.with(|images| images.unmap(self.image));
        }
        if let Some(window) = self.window.take() {
            window.keep();
        }
    }
}

/// Memory of this module that pictures can be laid over. Its content is unknown.
#[derive(Debug)]
struct Window {
    start: NonNull<u8>,
    layout: Layout,
}

impl Window {
    /// A window that was used before, or new memory.
    fn take(length: usize, alignment: usize) -> Option<Self> {
        let layout = Layout::from_size_align(length, alignment).ok().filter(|_| length > 0)?;
        let kept = WINDOWS.with_borrow_mut(|windows| {
            let place = windows.iter().position(|window| window.layout == layout)?;
            Some(windows.swap_remove(place))
        });
        kept.or_else(|| {
            // SAFETY: the layout has a size that is not zero.
            let start = NonNull::new(unsafe { alloc(layout) })?;
            Some(Self { start, layout })
        })
    }

    fn range(&self) -> MemoryRange {
        MemoryRange {
            address: self.start.as_ptr() as u32,
            length: self.layout.size() as u32,
        }
    }

    /// Keeps the memory for the next picture, or gives it back if there is enough.
    fn keep(self) {
        let surplus = WINDOWS.with_borrow_mut(|windows| {
            windows.push(self);
            (windows.len() > KEPT_WINDOWS).then(|| windows.remove(0))
        });
        drop(surplus);
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // SAFETY: `start` came from `alloc` with this layout, and no `Mapped` uses it any more: it owned this value.
        unsafe { dealloc(self.start.as_ptr(), self.layout) };
    }
}

// SAFETY: the module has one thread. (`Pixels` are `Send` and `Sync` natively as well, so that authors can test with
// threads.)
unsafe impl Send for Mapped {}
// SAFETY: as above.
unsafe impl Sync for Mapped {}
