//! What bytes without a name for their kind are: an encoded picture, or raw pixels of the size that was said.

use super::error::Why;
use super::meta::ImageMeta;
use super::recent::Recent;
use crate::frame::{Frame, PictureLayout, PixelFormat};
use crate::limits::PICTURE_FILE_BYTES;
use bytes::Bytes;

/// Bytes at the beginning that tell what the rest is.
pub(super) const HEAD: usize = 8;
/// What the memory of an object may be rounded up to.
const PAGE: u64 = 4096;

/// What some bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A PNG or JPEG file, and perhaps something after its end.
    Encoded,
    /// Pixels.
    Raw(PictureLayout),
}

impl Content {
    /// Tells by the first [`HEAD`] bytes, or as many as there are, and by the length of all of them.
    ///
    /// What begins like a PNG or JPEG file is one: were a damaged one taken for pixels because it happens to have the
    /// right length, a product would be judged by noise.
    pub(super) fn of(head: &[u8], length: u64, meta: &ImageMeta) -> Result<Self, Why> {
        if length == 0 {
            return Err(Why::Empty);
        }
        // The fourth byte of a JPEG file is a marker that begins a segment.
        let jpeg = matches!(head, [0xff, 0xd8, 0xff, 0xc0..=0xfe, ..]);
        if jpeg || head.starts_with(b"\x89PNG\r\n\x1a\n") {
            within(length, PICTURE_FILE_BYTES)?;
            return Ok(Self::Encoded);
        }
        let (width, height) = meta.size().ok_or(Why::NeedsSize)?;
        let format = raw_format(length, width, height, meta)?;
        Ok(Self::Raw(PictureLayout::packed(format, width, height)))
    }

    /// How many of `length` bytes have to be read.
    pub(super) fn needed(self, length: u64) -> u64 {
        match self {
            Self::Encoded => length,
            Self::Raw(layout) => layout.stride as u64 * u64::from(layout.height),
        }
    }

    /// The picture in the [`needed`](Self::needed) bytes.
    pub(super) fn picture(self, bytes: impl Into<Bytes>, meta: &ImageMeta, recent: &Recent) -> Result<Frame, Why> {
        match self {
            Self::Encoded => encoded(bytes.into(), meta, recent),
            Self::Raw(layout) => Ok(raw(layout, bytes)?),
        }
    }
}

/// Refuses more bytes than are accepted.
pub(super) fn within(actual: u64, limit: u64) -> Result<(), Why> {
    match actual <= limit {
        true => Ok(()),
        false => Err(Why::TooLarge { actual, limit }),
    }
}

/// Decodes a picture, which must have the size that was said, if one was said.
pub(super) fn encoded(bytes: Bytes, meta: &ImageMeta, recent: &Recent) -> Result<Frame, Why> {
    let frame = recent.decode(bytes)?;
    agree(meta, (frame.width(), frame.height()))?;
    Ok(frame)
}

pub(super) fn raw(layout: PictureLayout, bytes: impl Into<Bytes>) -> Result<Frame, crate::frame::FrameError> {
    Frame::from_pixels(layout.format, layout.width, layout.height, layout.stride, bytes)
}

/// Makes sure that a picture has the size that was said, if one was said.
pub(super) fn agree(meta: &ImageMeta, found: (u32, u32)) -> Result<(), Why> {
    match meta.size() {
        Some(said) if said != found => Err(Why::OtherSize { said, found }),
        _ => Ok(()),
    }
}

/// The one format of which a picture of this size has so many bytes, exactly or rounded up to whole pages. Lengths
/// between those are refused: they are those of a picture of another size, whose rows would be read askew.
fn raw_format(length: u64, width: u32, height: u32, meta: &ImageMeta) -> Result<PixelFormat, Why> {
    // At most 100 million pixels.
    let gray = u64::from(width) * u64::from(height);
    let colour = gray * 3;
    let rounded = |bytes: u64| bytes.next_multiple_of(PAGE) == length;
    let (is_gray, is_colour) = match length == gray || length == colour {
        true => (length == gray, length == colour),
        false => (rounded(gray), rounded(colour)),
    };
    match (is_gray, is_colour) {
        (true, false) => Ok(PixelFormat::Mono8),
        (false, true) => Ok(meta.color_space().format()),
        (true, true) => Err(Why::Ambiguous(length)),
        (false, false) => Err(Why::OtherLength {
            bytes: length,
            width,
            height,
            gray,
            colour,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::meta::ColorSpace;
    use super::*;

    fn sized(width: i64, height: i64) -> ImageMeta {
        ImageMeta::default().with_size(width, height).unwrap()
    }

    fn format(length: u64, meta: &ImageMeta) -> Result<PixelFormat, Why> {
        match Content::of(&[0; HEAD], length, meta)? {
            Content::Raw(layout) => Ok(layout.format),
            Content::Encoded => panic!("zeros are no picture file"),
        }
    }

    #[test]
    fn the_length_tells_the_format() {
        let meta = sized(640, 480);
        assert_eq!(format(640 * 480, &meta).unwrap(), PixelFormat::Mono8);
        assert_eq!(format(640 * 480 * 3, &meta).unwrap(), PixelFormat::RGB8);
        let bgr = meta.with_color_space(ColorSpace::BGR);
        assert_eq!(format(640 * 480 * 3, &bgr).unwrap(), PixelFormat::BGR8);
        for other in [1, 640 * 480 - 1, 640 * 480 * 2, 640 * 480 * 4, u64::MAX] {
            assert!(matches!(format(other, &bgr), Err(Why::OtherLength { .. })), "{other}");
        }
    }

    #[test]
    fn memory_may_be_rounded_up_to_a_page_unless_that_is_ambiguous() {
        let meta = sized(100, 100);
        assert_eq!(format(12_288, &meta).unwrap(), PixelFormat::Mono8);
        assert_eq!(format(32_768, &meta).unwrap(), PixelFormat::RGB8);
        for other in [10_001, 12_287, 12_289, 16_384] {
            assert!(matches!(format(other, &meta), Err(Why::OtherLength { .. })), "{other}");
        }
        let tiny = sized(10, 10);
        assert_eq!(format(100, &tiny).unwrap(), PixelFormat::Mono8);
        assert!(matches!(format(299, &tiny), Err(Why::OtherLength { .. })));
        assert_eq!(format(300, &tiny).unwrap(), PixelFormat::RGB8);
        assert!(matches!(format(4096, &tiny), Err(Why::Ambiguous(4096))));
    }

    #[test]
    fn what_begins_like_a_picture_file_is_never_taken_for_pixels() {
        let meta = sized(4, 2);
        for head in [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0\0\x10JF"] {
            assert_eq!(Content::of(head, 8, &meta).unwrap(), Content::Encoded);
        }
        let white = [0xff; HEAD];
        assert!(matches!(Content::of(&white, 8, &meta), Ok(Content::Raw(_))));
        assert!(matches!(
            Content::of(b"\x89PNG\r\n\x1a\n", PICTURE_FILE_BYTES + 1, &meta),
            Err(Why::TooLarge { .. })
        ));
        assert!(matches!(
            Content::of(&white, 8, &ImageMeta::default()),
            Err(Why::NeedsSize)
        ));
    }
}
