//! What earlier pictures left in a slot. Whoever looks at a picture sees whole pages, and must not see another product in
//! what lies around it.

use crate::frame::PictureLayout;
use crate::pool::memory::{PoolMemory, WriteError};
use std::ops::Range;

/// How many zeros are written at once.
const ZEROS: &[u8] = &[0; 64 << 10];

/// Fills with zeros whatever lies before, behind and between the rows of a picture, up to `used`, which is where the
/// pixels of earlier pictures end.
pub(super) fn erase_around(
    memory: &PoolMemory,
    slot: u32,
    layout: &PictureLayout,
    used: usize,
) -> Result<(), WriteError> {
    for range in around(layout, used) {
        for start in range.clone().step_by(ZEROS.len()) {
            let len = (range.end - start).min(ZEROS.len());
            memory.write(slot, start, &ZEROS[..len])?;
        }
    }
    Ok(())
}

/// The bytes below `used` that are no pixels of a picture whose layout was checked.
fn around(layout: &PictureLayout, used: usize) -> impl Iterator<Item = Range<usize>> {
    let &PictureLayout { stride, offset, .. } = layout;
    let row = layout.row_bytes();
    // A checked layout lies in a slot, so that nothing here overflows.
    let row_start = move |y: usize| offset + y * stride;
    let gaps = match layout.is_packed() {
        true => 0,
        false => layout.height as usize - 1,
    };
    let between = (0..gaps).map(move |y| row_start(y) + row..row_start(y + 1));
    let end = row_start(layout.height as usize - 1) + row;
    std::iter::once(0..offset)
        .chain(between)
        .chain(std::iter::once(end..used))
        .map(move |range| range.start..range.end.min(used))
        .filter(|range| !range.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::PixelFormat;

    const SLOT_BYTES: usize = 2 << 20;

    #[test]
    fn nothing_but_the_pixels_is_left_of_what_was_there() {
        for (width, height, padding, offset, used) in [
            (7, 5, 0, 0, SLOT_BYTES),
            (7, 5, 3, 11, SLOT_BYTES),
            (1, 1, 0, 0, 100),
            (640, 480, 128, 4096, 700_000),
            (640, 480, 0, 0, 10),
            (640, 480, 5, 0, 320_000),
            (640, 480, 0, 4096, 0),
        ] {
            let packed = PictureLayout::packed(PixelFormat::Mono8, width, height);
            let layout = PictureLayout {
                stride: packed.stride + padding,
                offset,
                ..packed
            };
            let memory = PoolMemory::create(1, SLOT_BYTES).unwrap();
            memory.write(0, 0, &vec![0xaa; SLOT_BYTES]).unwrap();
            erase_around(&memory, 0, &layout, used).unwrap();
            let mut bytes = vec![0; SLOT_BYTES];
            memory.read(0, 0, &mut bytes).unwrap();
            let is_pixel = |at: usize| {
                let inside = at
                    .checked_sub(offset)
                    .map(|at| (at / layout.stride, at % layout.stride));
                inside.is_some_and(|(y, x)| y < height as usize && x < width as usize)
            };
            for (at, &byte) in bytes.iter().enumerate() {
                let kept = is_pixel(at) || at >= used;
                assert_eq!(byte, if kept { 0xaa } else { 0 }, "byte {at} of {layout:?}");
            }
        }
    }
}
