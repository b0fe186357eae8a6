//! Pictures inside a page: encoded anew, so that nothing of the original file but its pixels gets there.

use super::html::ReportError;
use crate::frame::{Frame, PixelFormat};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, resize};
use image::{ImageFormat, RgbImage};
use std::io::Cursor;

/// Pictures up to this many pixels are embedded without loss.
const LOSSLESS_PIXELS: u64 = 1_000_000;
/// Longer side of an embedded picture. More is not seen on a screen and makes the page heavy.
const LONGEST_SIDE: u32 = 4_096;
const QUALITY: u8 = 88;

/// The picture as a `data:` address, at most `longest` pixels wide or high.
pub(super) fn data_uri(frame: &Frame, longest: u32) -> Result<String, ReportError> {
    let picture = shrink(rgb(frame), longest.min(LONGEST_SIDE));
    let mut bytes = Cursor::new(Vec::new());
    let small = u64::from(picture.width()) * u64::from(picture.height()) <= LOSSLESS_PIXELS;
    let kind = if small {
        picture.write_to(&mut bytes, ImageFormat::Png)?;
        "png"
    } else {
        picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY))?;
        "jpeg"
    };
    Ok(format!(
        "data:image/{kind};base64,{}",
        STANDARD.encode(bytes.into_inner())
    ))
}

fn rgb(frame: &Frame) -> RgbImage {
    let pixels = frame.read(frame.bounds(), PixelFormat::RGB8).unwrap_or_default();
    // Always fits: the frame has exactly the pixels of its bounds.
    RgbImage::from_raw(frame.width(), frame.height(), pixels.to_vec()).unwrap_or_default()
}

fn shrink(picture: RgbImage, longest: u32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let side = width.max(height);
    if side <= longest {
        return picture;
    }
    let scaled = |length: u32| (u64::from(length) * u64::from(longest) / u64::from(side)).max(1) as u32;
    resize(&picture, scaled(width), scaled(height), FilterType::Triangle)
}
