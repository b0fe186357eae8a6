//! Pictures on their way to an algorithm: decoded once, checked once, then only ever read.

mod convert;
mod decode;

pub use decode::FrameError;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Pixel layouts, named as in the Pixel Format Naming Convention (PFNC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PixelFormat {
    /// One byte a pixel: luminance.
    Mono8,
    /// Three bytes a pixel: red, green, blue.
    RGB8,
    /// Three bytes a pixel: blue, green, red.
    BGR8,
}

impl PixelFormat {
    /// Bytes of one pixel.
    pub const fn bytes_per_pixel(self) -> usize {
        match self {
            Self::Mono8 => 1,
            Self::RGB8 | Self::BGR8 => 3,
        }
    }
}

impl fmt::Display for PixelFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mono8 => "Mono8",
            Self::RGB8 => "RGB8",
            Self::BGR8 => "BGR8",
        })
    }
}

/// An area in pixels; `x` grows to the right, `y` downwards, (0, 0) is the upper left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rect {
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Rect {
    /// An area from its upper left corner and size.
    pub const fn new(x: u32, y: u32, width: u32, height: u32) -> Self {
        Self { x, y, width, height }
    }

    /// Whether the area is at least 1 x 1 and lies wholly inside a picture of `width` x `height`.
    pub fn lies_inside(&self, width: u32, height: u32) -> bool {
        let fits = |start: u32, length: u32, bound: u32| {
            length > 0 && start.checked_add(length).is_some_and(|end| end <= bound)
        };
        fits(self.x, self.width, width) && fits(self.y, self.height, height)
    }
}

impl fmt::Display for Rect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x {} at ({}, {})", self.width, self.height, self.x, self.y)
    }
}

/// A picture of at least 1 x 1 pixels whose bytes cannot change any more. Cloning shares the pixels.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    format: PixelFormat,
    width: u32,
    height: u32,
    /// Bytes from one row to the next.
    stride: usize,
    pixels: Bytes,
    timestamp_ms: u64,
    camera_id: String,
}

impl Frame {
    /// A picture from raw pixels: `height` rows of `stride` bytes each, of which the first
    /// `width * format.bytes_per_pixel()` are pixels. The last row may end after its pixels.
    ///
    /// # Errors
    ///
    /// A size of zero, more pixels than [`crate::limits::PICTURE_PIXELS`], a stride shorter than a row, or fewer bytes
    /// than the size needs.
    pub fn from_pixels(
        format: PixelFormat,
        width: u32,
        height: u32,
        stride: usize,
        pixels: impl Into<Bytes>,
    ) -> Result<Self, FrameError> {
        let pixels = pixels.into();
        decode::check_size(width, height)?;
        let row = width as usize * format.bytes_per_pixel();
        if stride < row {
            return Err(FrameError::StrideTooShort { stride, row });
        }
        let needed = stride
            .checked_mul(height as usize - 1)
            .and_then(|rows| rows.checked_add(row))
            .ok_or(FrameError::TooLarge { width, height })?;
        if pixels.len() < needed {
            return Err(FrameError::TooFewBytes {
                needed,
                actual: pixels.len(),
            });
        }
        Ok(Self {
            format,
            width,
            height,
            stride,
            pixels,
            timestamp_ms: 0,
            camera_id: String::new(),
        })
    }

    /// The same picture with the time it was taken, in milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn with_timestamp_ms(mut self, timestamp_ms: u64) -> Self {
        self.timestamp_ms = timestamp_ms;
        self
    }

    /// The same picture with the name of the camera that took it.
    #[must_use]
    pub fn with_camera_id(mut self, camera_id: impl Into<String>) -> Self {
        self.camera_id = camera_id.into();
        self
    }

    /// How the pixels are held.
    pub fn format(&self) -> PixelFormat {
        self.format
    }

    /// In pixels, at least 1.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// In pixels, at least 1.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// When it was taken, in milliseconds since 1970-01-01T00:00:00Z; 0 if unknown.
    pub fn timestamp_ms(&self) -> u64 {
        self.timestamp_ms
    }

    /// Which camera took it; empty if unknown.
    pub fn camera_id(&self) -> &str {
        &self.camera_id
    }

    /// The whole picture as an area.
    pub fn bounds(&self) -> Rect {
        Rect::new(0, 0, self.width, self.height)
    }

    /// The pixels of row `y` in the picture's own format.
    ///
    /// # Panics
    ///
    /// If `y` is not below the height.
    pub fn row(&self, y: u32) -> &[u8] {
        assert!(y < self.height, "row {y} of a picture of {} rows", self.height);
        let start = y as usize * self.stride;
        &self.pixels[start..start + self.width as usize * self.format.bytes_per_pixel()]
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("format", &self.format)
            .field("width", &self.width)
            .field("height", &self.height)
            .field("stride", &self.stride)
            .finish_non_exhaustive()
    }
}
