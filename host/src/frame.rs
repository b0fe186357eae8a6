//! Pictures on their way to an algorithm: decoded once, checked once, then only ever read.

mod bayer;
mod blocks;
mod convert;
mod decode;
mod layout;
mod storage;

pub use decode::FrameError;
pub(crate) use decode::MOST_DECODING_BYTES;
pub(crate) use decode::check_size;
pub use layout::PictureLayout;
pub use storage::Lease;
pub(crate) use storage::PooledPicture;

use crate::pool::memory::PoolMemory;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use storage::Storage;

/// Pixel layouts, named as in the Pixel Format Naming Convention (PFNC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PixelFormat {
    /// One byte a pixel: luminance.
    Mono8,
    /// Three bytes a pixel: red, green, blue.
    RGB8,
    /// Three bytes a pixel: blue, green, red.
    BGR8,
    /// One byte a pixel behind a colour filter whose first row begins red, green. Cameras deliver mosaics; algorithms
    /// see them as [`RGB8`](Self::RGB8) or [`Mono8`](Self::Mono8).
    BayerRG8,
    /// The same with a first row that begins green, red.
    BayerGR8,
    /// The same with a first row that begins green, blue.
    BayerGB8,
    /// The same with a first row that begins blue, green.
    BayerBG8,
}

impl PixelFormat {
    /// Every format.
    pub const ALL: [Self; 7] = [
        Self::Mono8,
        Self::RGB8,
        Self::BGR8,
        Self::BayerRG8,
        Self::BayerGR8,
        Self::BayerGB8,
        Self::BayerBG8,
    ];

    /// Bytes of one pixel.
    pub const fn bytes_per_pixel(self) -> usize {
        match self {
            Self::Mono8 | Self::BayerRG8 | Self::BayerGR8 | Self::BayerGB8 | Self::BayerBG8 => 1,
            Self::RGB8 | Self::BGR8 => 3,
        }
    }

    /// Whether each pixel shows only one colour, behind a filter.
    pub const fn is_mosaic(self) -> bool {
        matches!(self, Self::BayerRG8 | Self::BayerGR8 | Self::BayerGB8 | Self::BayerBG8)
    }
}

impl fmt::Display for PixelFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mono8 => "Mono8",
            Self::RGB8 => "RGB8",
            Self::BGR8 => "BGR8",
            Self::BayerRG8 => "BayerRG8",
            Self::BayerGR8 => "BayerGR8",
            Self::BayerGB8 => "BayerGB8",
            Self::BayerBG8 => "BayerBG8",
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

/// A picture of at least 1 x 1 pixels that this host only ever reads. Cloning shares the pixels.
#[derive(Clone)]
pub struct Frame {
    layout: PictureLayout,
    storage: Storage,
    timestamp_ms: u64,
    camera_id: String,
    stand_in: Option<Arc<str>>,
}

impl Frame {
    /// A picture from raw pixels: `height` rows of `stride` bytes each, of which the first
    /// `width * format.bytes_per_pixel()` are pixels. The last row may end after its pixels.
    ///
    /// # Errors
    ///
    /// See [`PictureLayout::check`].
    pub fn from_pixels(
        format: PixelFormat,
        width: u32,
        height: u32,
        stride: usize,
        pixels: impl Into<Bytes>,
    ) -> Result<Self, FrameError> {
        let pixels = pixels.into();
        let layout = PictureLayout {
            format,
            width,
            height,
            stride,
            offset: 0,
        };
        layout.check(pixels.len())?;
        Ok(Self::new(layout, Storage::Own(pixels)))
    }

    /// A picture that lies in a slot of a pool. `lease` is dropped with the last clone of the picture; until then the
    /// slot must not be reused.
    ///
    /// If somebody writes to the slot all the same, readers see a mixture of old and new pixels and nothing worse.
    ///
    /// # Errors
    ///
    /// See [`PictureLayout::check`].
    ///
    /// # Panics
    ///
    /// If the pool has no such slot.
    pub fn in_pool(
        memory: Arc<PoolMemory>,
        slot: u32,
        layout: PictureLayout,
        lease: Lease,
    ) -> Result<Self, FrameError> {
        assert!(slot < memory.slots(), "slot {slot} of a pool of {}", memory.slots());
        layout.check(memory.slot_bytes())?;
        let picture = PooledPicture {
            memory,
            slot,
            _lease: lease,
        };
        Ok(Self::new(layout, Storage::Pool(picture)))
    }

    /// A black picture in place of one that could not be had, and why. Whoever judges it is told so: see
    /// [`stand_in_reason`](Self::stand_in_reason).
    ///
    /// # Errors
    ///
    /// A size of zero or beyond [`crate::limits::PICTURE_PIXELS`].
    pub fn stand_in(width: u32, height: u32, reason: impl Into<Arc<str>>) -> Result<Self, FrameError> {
        decode::check_size(width, height)?;
        let layout = PictureLayout::packed(PixelFormat::RGB8, width, height);
        let black = Bytes::from(vec![0; layout.stride * height as usize]);
        let mut frame = Self::new(layout, Storage::Own(black));
        frame.stand_in = Some(reason.into());
        Ok(frame)
    }

    fn new(layout: PictureLayout, storage: Storage) -> Self {
        Self {
            layout,
            storage,
            timestamp_ms: 0,
            camera_id: String::new(),
            stand_in: None,
        }
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
        self.layout.format
    }

    /// In pixels, at least 1.
    pub fn width(&self) -> u32 {
        self.layout.width
    }

    /// In pixels, at least 1.
    pub fn height(&self) -> u32 {
        self.layout.height
    }

    /// When it was taken, in milliseconds since 1970-01-01T00:00:00Z; 0 if unknown.
    pub fn timestamp_ms(&self) -> u64 {
        self.timestamp_ms
    }

    /// Which camera took it; empty if unknown.
    pub fn camera_id(&self) -> &str {
        &self.camera_id
    }

    /// Why this is a black picture in place of a real one; nothing if it is a real one.
    pub fn stand_in_reason(&self) -> Option<&str> {
        self.stand_in.as_deref()
    }

    /// The whole picture as an area.
    pub fn bounds(&self) -> Rect {
        Rect::new(0, 0, self.width(), self.height())
    }

    /// How the pixels lie where they are held.
    pub fn layout(&self) -> PictureLayout {
        self.layout
    }

    /// The pixels of row `y` in the picture's own format. Copied if the picture lies in a pool.
    ///
    /// # Panics
    ///
    /// If `y` is not below the height.
    pub fn row(&self, y: u32) -> Cow<'_, [u8]> {
        self.storage.bytes(self.row_start(y), self.layout.row_bytes())
    }

    /// `count` pixels of row `y` from column `left` on, copied into `scratch` if the picture lies in a pool.
    fn row_part<'a>(&'a self, y: u32, left: usize, count: usize, scratch: &'a mut Vec<u8>) -> &'a [u8] {
        let pixel = self.layout.format.bytes_per_pixel();
        let start = self.row_start(y) + left * pixel;
        self.storage.bytes_with(start, count * pixel, scratch)
    }

    fn row_start(&self, y: u32) -> usize {
        assert!(y < self.height(), "row {y} of a picture of {} rows", self.height());
        self.layout.offset + y as usize * self.layout.stride
    }

    /// Where the picture lies, if it lies in a pool.
    pub(crate) fn pooled(&self) -> Option<&PooledPicture> {
        match &self.storage {
            Storage::Pool(picture) => Some(picture),
            Storage::Own(_) => None,
        }
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("layout", &self.layout)
            .field("pooled", &self.pooled())
            .field("stand_in", &self.stand_in)
            .finish_non_exhaustive()
    }
}
