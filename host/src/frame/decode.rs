//! From a file or encoded bytes to a [`Frame`], with every size checked before memory is taken for it.

use super::{Frame, PixelFormat};
use crate::explain::Explain;
use crate::failure::ErrorCode;
use crate::limits::{PICTURE_FILE_BYTES, PICTURE_PIXELS};
use image::{ColorType, DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use std::borrow::Cow;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

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
    Decode(#[source] image::ImageError),
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
            Self::Decode(_) | Self::TooFewBytes { .. } => "take or save the picture again",
            Self::FileTooLarge { .. } | Self::Empty { .. } | Self::TooLarge { .. } => "give a picture of another size",
            Self::StrideTooShort { .. } => "correct the size or the stride",
        };
        Some(remedy.into())
    }
}

/// Refuses sizes that are zero or larger than is accepted.
pub(super) fn check_size(width: u32, height: u32) -> Result<(), FrameError> {
    if width == 0 || height == 0 {
        return Err(FrameError::Empty { width, height });
    }
    if u64::from(width) * u64::from(height) > PICTURE_PIXELS {
        return Err(FrameError::TooLarge { width, height });
    }
    Ok(())
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
        let read_error = |source| FrameError::Read {
            path: path.to_owned(),
            source,
        };
        // Checked before opening, since opening a named pipe would wait for a writer.
        if !std::fs::metadata(path).map_err(read_error)?.is_file() {
            return Err(FrameError::NotAFile(path.to_owned()));
        }
        let file = File::open(path).map_err(read_error)?;
        let mut encoded = Vec::new();
        file.take(PICTURE_FILE_BYTES + 1)
            .read_to_end(&mut encoded)
            .map_err(read_error)?;
        Self::decode(&encoded).map_err(|source| FrameError::File {
            path: path.to_owned(),
            source: Box::new(source),
        })
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
        let mut reader = ImageReader::new(Cursor::new(encoded))
            .with_guessed_format()
            .map_err(|error| FrameError::Decode(image::ImageError::IoError(error)))?;
        if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg)) {
            return Err(FrameError::UnknownFormat);
        }
        // The decoder would call a size of zero damaged.
        if let Some((width, height)) = declared_png_size(encoded) {
            check_size(width, height)?;
        }
        let mut limits = Limits::default();
        // Sixteen-bit RGBA, the widest layout the decoders produce, is eight bytes a pixel.
        limits.max_alloc = Some(PICTURE_PIXELS * 8 + PICTURE_FILE_BYTES);
        reader.limits(limits);
        let decoder = reader.into_decoder().map_err(FrameError::Decode)?;
        let (width, height) = decoder.dimensions();
        check_size(width, height)?;
        let gray = matches!(
            decoder.color_type(),
            ColorType::L8 | ColorType::La8 | ColorType::L16 | ColorType::La16
        );
        let picture = DynamicImage::from_decoder(decoder).map_err(FrameError::Decode)?;
        let (format, pixels) = if gray {
            (PixelFormat::Mono8, picture.into_luma8().into_raw())
        } else {
            (PixelFormat::RGB8, picture.into_rgb8().into_raw())
        };
        Self::from_pixels(format, width, height, width as usize * format.bytes_per_pixel(), pixels)
    }
}
