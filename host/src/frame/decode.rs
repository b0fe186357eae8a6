//! From a file or encoded bytes to a [`Frame`], with every size checked before memory is taken for it.

use super::{Frame, PixelFormat};
use crate::bounded_file::{self, BoundedFileError};
use crate::explain::Explain;
use crate::failure::ErrorCode;
use crate::limits::{PICTURE_FILE_BYTES, PICTURE_PIXELS};
use image::codecs::png::PngDecoder;
use image::{ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, Limits};
use std::borrow::Cow;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

/// What decoding one picture may take, in bytes, the decoded picture included. Sixteen-bit RGBA, the widest layout that a
/// decoder produces, is eight bytes a pixel.
pub(crate) const MOST_DECODING_BYTES: u64 = PICTURE_PIXELS * 8 + PICTURE_FILE_BYTES;

/// Why bytes are not a usable picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The file cannot be opened or read.
    #[error("cannot read picture {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The path names something that is not a regular file.
    #[error("{} is not a file", .0.display())]
    NotAFile(PathBuf),
    /// The file can be read, but not used.
    #[error("cannot use picture {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with what is in it.
        source: Box<FrameError>,
    },
    /// The file is larger than any picture that is accepted.
    #[error("picture of {actual} bytes is larger than the {limit} bytes that are accepted")]
    FileTooLarge {
        /// Its size in bytes.
        actual: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Neither PNG nor JPEG.
    #[error("the bytes are neither a PNG nor a JPEG picture")]
    UnknownFormat,
    /// The decoder refused the bytes.
    #[error("the picture is damaged or of a kind that is not supported")]
    Decode(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A JPEG file without its end.
    #[error("the picture is cut off: the end of the JPEG file is missing")]
    Truncated,
    /// Width or height is zero.
    #[error("a picture of {width} x {height} pixels has no pixels")]
    Empty {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// More pixels than are accepted.
    #[error("a picture of {width} x {height} pixels is larger than the {PICTURE_PIXELS} pixels that are accepted")]
    TooLarge {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// Rows would overlap.
    #[error("a stride of {stride} bytes is shorter than a row of {row} bytes")]
    StrideTooShort {
        /// Bytes from one row to the next.
        stride: usize,
        /// Bytes of the pixels of a row.
        row: usize,
    },
    /// Fewer bytes than the size needs.
    #[error("the picture needs {needed} bytes of pixels, but there are {actual}")]
    TooFewBytes {
        /// What the size needs.
        needed: usize,
        /// What there is.
        actual: usize,
    },
}

impl Explain for FrameError {
    fn code(&self) -> Cow<'static, str> {
        ErrorCode::ImageLoadFailed.as_str().into()
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::File { source, .. } => return source.remedy(),
            Self::Read { .. } | Self::NotAFile(_) => "name a PNG or JPEG file that exists and can be read",
            Self::UnknownFormat => "save the picture as PNG or JPEG",
            Self::Decode(_) | Self::Truncated | Self::TooFewBytes { .. } => "take or save the picture again",
            Self::FileTooLarge { .. } | Self::Empty { .. } | Self::TooLarge { .. } => "give a picture of another size",
            Self::StrideTooShort { .. } => "correct the size or the stride",
        };
        Some(remedy.into())
    }
}

/// Refuses sizes that are zero or larger than is accepted.
pub(crate) fn check_size(width: u32, height: u32) -> Result<(), FrameError> {
    if width == 0 || height == 0 {
        return Err(FrameError::Empty { width, height });
    }
    if u64::from(width) * u64::from(height) > PICTURE_PIXELS {
        return Err(FrameError::TooLarge { width, height });
    }
    Ok(())
}

fn decode_png(encoded: &[u8]) -> Result<Frame, FrameError> {
    let damaged = |error: ImageError| FrameError::Decode(error.into());
    // The decoder would call a size of zero damaged.
    if let Some((width, height)) = declared_png_size(encoded) {
        check_size(width, height)?;
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_DECODING_BYTES);
    let decoder = PngDecoder::with_limits(Cursor::new(encoded), limits).map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    let gray = matches!(
        decoder.color_type(),
        ColorType::L8 | ColorType::La8 | ColorType::L16 | ColorType::La16
    );
    let picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    if gray {
        packed(PixelFormat::Mono8, width, height, picture.into_luma8().into_raw())
    } else {
        packed(PixelFormat::RGB8, width, height, picture.into_rgb8().into_raw())
    }
}

/// Strictly: a decoder that shows people what there is of a picture fills the rest of a truncated file with gray, and a
/// product would be judged by that.
fn decode_jpeg(encoded: &[u8]) -> Result<Frame, FrameError> {
    // The decoder itself does not miss the end of the last blocks.
    let encoded = &encoded[..jpeg_end(encoded).ok_or(FrameError::Truncated)?];
    let damaged = |error: zune_jpeg::errors::DecodeErrors| FrameError::Decode(error.into());
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(encoded), options);
    decoder.decode_headers().map_err(damaged)?;
    // A JPEG file has at most 65535 x 65535 pixels.
    let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let (width, height) = decoder.dimensions().unwrap_or_default();
    let (width, height) = (side(width), side(height));
    check_size(width, height)?;
    let (format, color) = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => (PixelFormat::Mono8, ColorSpace::Luma),
        _ => (PixelFormat::RGB8, ColorSpace::RGB),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(color));
    let pixels = decoder.decode().map_err(damaged)?;
    packed(format, width, height, pixels)
}

/// Where a JPEG file ends: behind its end marker. Nothing if the marker is missing. Inside the pixels it cannot occur;
/// inside a segment, where a thumbnail may be, it does not count. What follows, such as the rest of a memory page, is
/// not part of the picture.
fn jpeg_end(encoded: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        let &[0xff, marker] = encoded.get(at..)?.first_chunk()? else {
            return None;
        };
        at += match marker {
            // A fill byte.
            0xff => 1,
            0xd9 => return Some(at + 2),
            // Markers without a segment.
            0x01 | 0xd0..=0xd8 => 2,
            _ => {
                let length = u16::from_be_bytes(*encoded.get(at + 2..)?.first_chunk()?);
                2 + usize::from(length.max(2))
            }
        };
        if marker == 0xda {
            let scan = encoded.get(at..)?;
            // Inside a scan, 0xff is followed by zero, or it restarts the scan.
            at += scan
                .windows(2)
                .position(|pair| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7))?;
        }
    }
}

/// A picture whose rows follow each other without padding.
fn packed(format: PixelFormat, width: u32, height: u32, pixels: Vec<u8>) -> Result<Frame, FrameError> {
    Frame::from_pixels(format, width, height, width as usize * format.bytes_per_pixel(), pixels)
}

/// Width and height in the header of a PNG file.
fn declared_png_size(encoded: &[u8]) -> Option<(u32, u32)> {
    let header = encoded.strip_prefix(b"\x89PNG\r\n\x1a\n")?.get(4..)?;
    let (width, rest) = header.strip_prefix(b"IHDR")?.split_first_chunk()?;
    let (height, _) = rest.split_first_chunk()?;
    Some((u32::from_be_bytes(*width), u32::from_be_bytes(*height)))
}

impl Frame {
    /// Reads and decodes a PNG or JPEG file.
    ///
    /// # Errors
    ///
    /// See [`FrameError`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, FrameError> {
        let path = path.as_ref();
        let in_file = |source| FrameError::File {
            path: path.to_owned(),
            source: Box::new(source),
        };
        let encoded = bounded_file::read(path, PICTURE_FILE_BYTES).map_err(|error| match error {
            BoundedFileError::NotAFile => FrameError::NotAFile(path.to_owned()),
            BoundedFileError::TooLarge(actual) => in_file(FrameError::FileTooLarge {
                actual,
                limit: PICTURE_FILE_BYTES,
            }),
            BoundedFileError::Missing(source) | BoundedFileError::Io(source) => FrameError::Read {
                path: path.to_owned(),
                source,
            },
        })?;
        Self::decode(&encoded).map_err(in_file)
    }

    /// Decodes the bytes of a PNG or JPEG file. Sixteen-bit channels are reduced to eight, an alpha channel is
    /// dropped, gray stays gray.
    ///
    /// # Errors
    ///
    /// See [`FrameError`].
    pub fn decode(encoded: &[u8]) -> Result<Self, FrameError> {
        if encoded.len() as u64 > PICTURE_FILE_BYTES {
            return Err(FrameError::FileTooLarge {
                actual: encoded.len() as u64,
                limit: PICTURE_FILE_BYTES,
            });
        }
        match image::guess_format(encoded) {
            Ok(ImageFormat::Png) => decode_png(encoded),
            Ok(ImageFormat::Jpeg) => decode_jpeg(encoded),
            _ => Err(FrameError::UnknownFormat),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    /// A JPEG file of 48 x 32 gray pixels; made once with an ordinary encoder.
    const GRAY_JPEG: &[u8] = include_bytes!("gray.jpg");

    #[test]
    fn a_whole_jpeg_is_read() {
        let frame = Frame::decode(GRAY_JPEG).unwrap();
        assert_eq!(
            (frame.width(), frame.height(), frame.format()),
            (48, 32, PixelFormat::Mono8)
        );
        assert!(frame.row(0)[47] > frame.row(0)[0]);
    }

    #[test]
    fn a_jpeg_that_was_cut_is_never_judged_as_if_whole() {
        let end = GRAY_JPEG.len();
        for length in [0, 2, 20, end / 4, end / 2, end * 3 / 4, end - 10] {
            assert!(Frame::decode(&GRAY_JPEG[..length]).is_err(), "{length} of {end} bytes");
        }
    }

    #[test]
    fn what_follows_the_end_of_a_jpeg_is_not_part_of_it() {
        let whole = Frame::decode(GRAY_JPEG).unwrap();
        let padded = [GRAY_JPEG, &[0; 4096], b"\xff\xd9\xff\xda"].concat();
        assert_eq!(jpeg_end(&padded), Some(GRAY_JPEG.len()));
        let padded = Frame::decode(&padded).unwrap();
        assert_eq!(padded.row(31), whole.row(31));
        // Memory that was only partly written has no end.
        let cut = [&GRAY_JPEG[..GRAY_JPEG.len() - 2], &[0; 4096]].concat();
        assert!(Frame::decode(&cut).is_err());
    }

    #[test]
    fn a_huge_declared_size_is_refused_before_decoding() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        png.extend([60_000_u32.to_be_bytes(), 60_000_u32.to_be_bytes()].concat());
        png.extend([8, 2, 0, 0, 0, 0, 0, 0, 0]);
        assert!(matches!(Frame::decode(&png), Err(FrameError::TooLarge { .. })));
        let error = Frame::decode(b"\x89PNG\r\n\x1a\nwhatever").unwrap_err();
        assert!(error.source().is_some());
    }
}
