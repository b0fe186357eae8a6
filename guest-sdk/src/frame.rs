//! Pictures lent for one call: what is known about them, and their pixels on demand.

use crate::geometry::Rect;
use crate::pixels::{Gray, Pixels, Rgb, byte_count};
use crate::platform;

/// Pixel layouts, named as in the Pixel Format Naming Convention (PFNC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PixelFormat {
    /// One byte a pixel: luminance.
    Mono8,
    /// Three bytes a pixel: red, green, blue.
    Rgb8,
    /// Three bytes a pixel: blue, green, red.
    Bgr8,
}

/// Why pixels could not be delivered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The picture is no longer there: pictures are lent for one call only.
    #[error("the picture is not available in this call")]
    NoSuchImage,
    /// The area is empty or reaches outside the picture.
    #[error("the area {area} does not lie inside the picture of {width} x {height} pixels")]
    OutsidePicture {
        /// What was asked for.
        area: Rect,
        /// The picture's columns.
        width: u32,
        /// The picture's rows.
        height: u32,
    },
    /// Even a single row exceeds what the host delivers in one call.
    #[error("a row of the area exceeds the {limit} bytes that the host delivers in one call; read narrower areas")]
    TooLarge {
        /// What the host delivers in one call, in bytes.
        limit: u64,
    },
    /// The host does not deliver the picture's pixels, or not as the contract promises.
    #[error("the host did not deliver the picture's pixels")]
    NotDelivered,
}

/// What is known about a picture without looking at its pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FrameInfo {
    pub name: String,
    pub width: u32,
    pub height: u32,
    pub format: PixelFormat,
    pub timestamp_ms: u64,
    pub camera_id: String,
}

/// Smaller pictures are copied: mapping costs the same whatever the size.
const MAP_FROM_BYTES: usize = 64 * 1024;

/// A picture lent for the length of a call.
///
/// Pixels are fetched when they are asked for, and only those asked for: reading a small region of a large picture is
/// cheap, and so is gray compared with colour. Each reading fetches anew, so keep the [`Pixels`] while working.
///
/// A whole picture in the format that the station holds it in ([`format`](Self::format)) is not copied if the station
/// can map it; everything else is copied once. [`Pixels::origin`] tells which; the slices are the same either way.
///
/// ```
/// use procvision_guest::prelude::*;
///
/// /// Mean brightness of the upper half, 0 to 255.
/// fn brightness(frame: &Frame) -> Result<f64, Failure> {
///     let upper = frame.gray_region(Rect::new(0, 0, frame.width(), frame.height().div_ceil(2)))?;
///     let sum: u64 = upper.as_bytes().iter().map(|&sample| u64::from(sample)).sum();
///     Ok(sum as f64 / upper.as_bytes().len() as f64)
/// }
/// ```
#[derive(Debug)]
pub struct Frame {
    index: u32,
    info: FrameInfo,
}

impl Frame {
    pub(crate) fn new(index: u32, info: FrameInfo) -> Self {
        Self { index, info }
    }

    /// Columns, at least 1.
    pub fn width(&self) -> u32 {
        self.info.width
    }

    /// Rows, at least 1.
    pub fn height(&self) -> u32 {
        self.info.height
    }

    /// The area of the whole picture, from (0, 0).
    pub fn bounds(&self) -> Rect {
        Rect::of_size(self.width(), self.height())
    }

    /// How the host holds the pixels. [`rgb`](Self::rgb) and [`gray`](Self::gray) work for every format. A mosaic, as some
    /// cameras deliver it, counts as [`Rgb8`](PixelFormat::Rgb8): the host interpolates it whenever it is read, and never
    /// maps it.
    pub fn format(&self) -> PixelFormat {
        self.info.format
    }

    /// When the picture was taken, in milliseconds since 1970-01-01T00:00:00Z, if that is known.
    pub fn timestamp_ms(&self) -> Option<u64> {
        (self.info.timestamp_ms != 0).then_some(self.info.timestamp_ms)
    }

    /// Which camera took it, if that is known.
    pub fn camera_id(&self) -> Option<&str> {
        (!self.info.camera_id.is_empty()).then_some(&self.info.camera_id)
    }

    /// The station's name of a reference picture; empty for the primary picture.
    pub fn name(&self) -> &str {
        &self.info.name
    }

    /// The whole picture in colour. A gray picture has three equal channels.
    ///
    /// # Errors
    ///
    /// If the host does not deliver the pixels; as a [`Failure`](crate::Failure) this is 1002.
    pub fn rgb(&self) -> Result<Rgb, FrameError> {
        self.rgb_region(self.bounds())
    }

    /// The whole picture in gray. Colour is reduced to luminance: 0.299 R + 0.587 G + 0.114 B.
    ///
    /// # Errors
    ///
    /// If the host does not deliver the pixels; as a [`Failure`](crate::Failure) this is 1002.
    pub fn gray(&self) -> Result<Gray, FrameError> {
        self.gray_region(self.bounds())
    }

    /// The pixels of `area` in colour. Their (0, 0) is the upper left corner of `area`.
    ///
    /// # Errors
    ///
    /// If `area` is empty or reaches outside (1007), or the host does not deliver the pixels (1002).
    pub fn rgb_region(&self, area: Rect) -> Result<Rgb, FrameError> {
        self.read(area, PixelFormat::Rgb8)
    }

    /// The pixels of `area` in gray. Their (0, 0) is the upper left corner of `area`.
    ///
    /// # Errors
    ///
    /// If `area` is empty or reaches outside (1007), or the host does not deliver the pixels (1002).
    pub fn gray_region(&self, area: Rect) -> Result<Gray, FrameError> {
        self.read(area, PixelFormat::Mono8)
    }

    fn read<const C: usize>(&self, area: Rect, format: PixelFormat) -> Result<Pixels<C>, FrameError> {
        if !self.bounds().contains_rect(area) {
            return Err(FrameError::OutsidePicture {
                area,
                width: self.width(),
                height: self.height(),
            });
        }
        let length = byte_count::<C>(area.width, area.height).ok_or(FrameError::NotDelivered)?;
        if let Some(pixels) = self.map(area, format, length) {
            return Ok(pixels);
        }
        let bytes = match platform::read_picture(self.index, area, format, length) {
            Err(FrameError::TooLarge { limit }) => self.read_in_bands::<C>(area, format, limit / C as u64)?,
            answer => answer?,
        };
        Pixels::from_vec(bytes, area.width, area.height).ok_or(FrameError::NotDelivered)
    }

    /// The whole picture without a copy, if it is held in `format` and large enough for that to pay.
    fn map<const C: usize>(&self, area: Rect, format: PixelFormat, length: usize) -> Option<Pixels<C>> {
        if area != self.bounds() || format != self.format() || length < MAP_FROM_BYTES {
            return None;
        }
        let mapped = platform::map_picture(self.index, format, self.width() as usize * C, length)?;
        Some(Pixels::from_mapped(mapped, area.width, area.height))
    }

    /// Fetches as many rows at a time as a host allows that delivers at most `pixel_limit` pixels in one call.
    fn read_in_bands<const C: usize>(
        &self,
        area: Rect,
        format: PixelFormat,
        pixel_limit: u64,
    ) -> Result<Vec<u8>, FrameError> {
        let rows = u32::try_from(pixel_limit / u64::from(area.width))
            .unwrap_or(u32::MAX)
            .min(area.height);
        let mut bytes = Vec::new();
        let mut done = 0;
        while done < area.height {
            let height = rows.min(area.height - done);
            let band = Rect::new(area.x, area.y + done, area.width, height.max(1));
            let length = byte_count::<C>(band.width, band.height).ok_or(FrameError::NotDelivered)?;
            bytes.extend_from_slice(&platform::read_picture(self.index, band, format, length)?);
            done += band.height;
        }
        Ok(bytes)
    }
}
