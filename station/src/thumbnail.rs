//! Small pictures that are kept with results.

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};
use procvision_host::frame::{Frame, PixelFormat, Rect};
use procvision_results::THUMBNAIL_BYTES;

/// The longer side is at most this, in pixels.
const SIDE: u32 = 480;
/// Of JPEG, 1 to 100: the first with which the file is not too large.
const QUALITIES: [u8; 3] = [80, 50, 20];

/// The picture, small, as a JPEG file: each of its pixels is one of the picture. `None` if it cannot be made small enough.
pub fn of(frame: &Frame) -> Option<Vec<u8>> {
    let longer = frame.width().max(frame.height());
    let step = longer.div_ceil(SIDE).max(1);
    let (width, height) = (frame.width().div_ceil(step), frame.height().div_ceil(step));
    let mut pixels = Vec::with_capacity(usize::try_from(u64::from(width) * u64::from(height) * 3).ok()?);
    for y in (0..frame.height()).step_by(step as usize) {
        let row = frame.read(
            Rect {
                x: 0,
                y,
                width: frame.width(),
                height: 1,
            },
            PixelFormat::RGB8,
        )?;
        pixels.extend(row.chunks_exact(3).step_by(step as usize).flatten());
    }
    QUALITIES.into_iter().find_map(|quality| {
        let mut file = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut file, quality);
        encoder
            .write_image(&pixels, width, height, ExtendedColorType::Rgb8)
            .ok()?;
        (file.len() <= THUMBNAIL_BYTES).then_some(file)
    })
}
