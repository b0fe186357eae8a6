//! Fetching the picture of a call in the way that is asked for, looking at it, and giving it back.

use crate::bindings::{Failure, ImageError, ImageSet, MemoryRange, PixelFormat, Rect};
use crate::failure;
use procvision_bench_tasks::task::Way;
use procvision_bench_tasks::touch::{self, Size, Touch};
use std::cell::RefCell;

thread_local! {
    /// Where pictures are laid over. Holds zeros between calls.
    static WINDOW: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    /// Where pictures are written to. Keeps the last one, so that its pages are there.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Delivers the primary picture and looks at it.
pub(super) fn deliver(way: Way, touch: Touch, images: &ImageSet) -> Result<u64, Failure> {
    let info = images.list();
    let info = info.first().ok_or_else(|| failure("there is no picture"))?;
    if info.format != PixelFormat::Rgb8 {
        return Err(failure("the picture is not RGB8"));
    }
    let size = Size {
        width: info.width,
        height: info.height,
    };
    match way {
        Way::Map => WINDOW.with_borrow_mut(|window| map(images, window, touch, size)),
        Way::Fill => BUFFER.with_borrow_mut(|buffer| fill(images, buffer, touch, size)),
        Way::Read => read(images, touch, size),
    }
}

fn map(images: &ImageSet, memory: &mut Vec<u8>, touch: Touch, size: Size) -> Result<u64, Failure> {
    let layout = images
        .mapping(0)
        .ok_or_else(|| failure("the picture cannot be mapped"))?;
    let (length, alignment) = (layout.window_length as usize, layout.window_alignment as usize);
    if layout.stride as usize != size.stride() {
        return Err(failure("the picture has rows with padding"));
    }
    if memory.len() < length + alignment {
        *memory = vec![0; length + alignment];
    }
    // The host changes bytes that it is told the address of, as it does for every buffer that is handed to it.
    let address = (memory.as_mut_ptr() as usize).next_multiple_of(alignment);
    let start = address - memory.as_ptr() as usize;
    let range = MemoryRange {
        address: address as u32,
        length: layout.window_length,
    };
    images.map(0, range).map_err(refused)?;
    let first = start + layout.offset as usize;
    let sum = memory
        .get(first..first + size.bytes())
        .map(|picture| touch.whole(picture, size));
    images.unmap(0);
    sum.ok_or_else(|| failure("the window is too small for the picture"))
}

fn fill(images: &ImageSet, memory: &mut Vec<u8>, touch: Touch, size: Size) -> Result<u64, Failure> {
    let area = area(touch, size);
    let bytes = area.width as usize * area.height as usize * 3;
    if memory.len() < bytes {
        *memory = vec![1; bytes];
    }
    let target = MemoryRange {
        address: memory.as_mut_ptr() as u32,
        length: bytes as u32,
    };
    images.fill(0, area, PixelFormat::Rgb8, target).map_err(refused)?;
    Ok(look(&memory[..bytes], touch, size))
}

fn read(images: &ImageSet, touch: Touch, size: Size) -> Result<u64, Failure> {
    let pixels = images.read(0, area(touch, size), PixelFormat::Rgb8).map_err(refused)?;
    Ok(look(&pixels, touch, size))
}

/// What has to be copied to look at it so.
fn area(touch: Touch, size: Size) -> Rect {
    match touch {
        Touch::Region => {
            let area = size.region();
            Rect {
                x: area.x,
                y: area.y,
                width: area.width,
                height: area.height,
            }
        }
        Touch::Nothing | Touch::Pages | Touch::All => Rect {
            x: 0,
            y: 0,
            width: size.width,
            height: size.height,
        },
    }
}

/// Looks at what was copied: the picture, or only the region.
fn look(copied: &[u8], touch: Touch, size: Size) -> u64 {
    match touch {
        Touch::Region => touch::sum(copied),
        Touch::Nothing | Touch::Pages | Touch::All => touch.whole(copied, size),
    }
}

fn refused(error: ImageError) -> Failure {
    failure(match error {
        ImageError::NoSuchImage => "there is no such picture",
        ImageError::OutsidePicture => "the area lies outside the picture",
        ImageError::TooLarge(_) => "the picture is larger than what the host delivers in one call",
        ImageError::BadTarget => "the host does not take the memory",
        ImageError::NotAvailable => "the host does not deliver pictures so",
    })
}
