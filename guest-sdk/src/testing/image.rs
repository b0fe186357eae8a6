//! Pictures for tests: from files, arrays or a formula.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::frame::{FrameError, FrameInfo, PixelFormat};
use crate::geometry::Rect;
use crate::pixels::{Pixels, View};

/// A picture file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The file cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The bytes are not a PNG or JPEG picture.
    #[error("this is not a PNG or JPEG picture: {0}")]
    Undecodable(#[from] image::ImageError),
}

/// A picture to show to the algorithm. Cheap to clone.
///
/// ```
/// use procvision_guest::testing::Image;
///
/// let gradient = Image::from_fn(64, 48, |x, y| [x as u8, y as u8, 0]);
/// let flat = Image::gray(2, 2, vec![9; 4]).camera_id("cam-1").timestamp_ms(1_700_000_000_000);
/// assert_eq!((gradient.width(), flat.height()), (64, 2));
/// ```
#[derive(Clone, Debug)]
pub struct Image {
    bytes: Arc<[u8]>,
    width: u32,
    height: u32,
    format: PixelFormat,
    timestamp_ms: u64,
    camera_id: String,
}

impl Image {
    /// Reads a PNG or JPEG file. The path is relative to the crate's folder, where cargo runs tests.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is not such a picture.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ImageError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|source| ImageError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::decode(&bytes)
    }

    /// Decodes a PNG or JPEG picture. A picture without colour stays gray; transparency is dropped.
    ///
    /// # Errors
    ///
    /// If the bytes are not such a picture.
    pub fn decode(bytes: &[u8]) -> Result<Self, ImageError> {
        let decoded = image::load_from_memory(bytes)?;
        let (width, height) = (decoded.width(), decoded.height());
        Ok(if decoded.color().has_color() {
            Self::new(decoded.into_rgb8().into_raw(), width, height, PixelFormat::Rgb8)
        } else {
            Self::new(decoded.into_luma8().into_raw(), width, height, PixelFormat::Mono8)
        })
    }

    /// A gray picture from one byte a pixel, row after row from the top.
    ///
    /// # Panics
    ///
    /// If a side is 0 or the number of bytes is not `width * height`.
    #[track_caller]
    pub fn gray(width: u32, height: u32, bytes: Vec<u8>) -> Self {
        Self::checked::<1>(width, height, bytes, PixelFormat::Mono8)
    }

    /// A colour picture from red, green and blue, row after row from the top.
    ///
    /// # Panics
    ///
    /// If a side is 0 or the number of bytes is not `width * height * 3`.
    #[track_caller]
    pub fn rgb(width: u32, height: u32, bytes: Vec<u8>) -> Self {
        Self::checked::<3>(width, height, bytes, PixelFormat::Rgb8)
    }

    /// A colour picture as some cameras deliver it, from blue, green and red, row after row from the top.
    ///
    /// # Panics
    ///
    /// If a side is 0 or the number of bytes is not `width * height * 3`.
    #[track_caller]
    pub fn bgr(width: u32, height: u32, bytes: Vec<u8>) -> Self {
        Self::checked::<3>(width, height, bytes, PixelFormat::Bgr8)
    }

    /// A picture from a formula: gray if it gives one byte a pixel, colour if it gives red, green and blue.
    ///
    /// # Panics
    ///
    /// If a side is 0 or the picture is too large for memory.
    #[track_caller]
    pub fn from_fn<const C: usize>(width: u32, height: u32, pixel: impl FnMut(u32, u32) -> [u8; C]) -> Self
    where
        Pixels<C>: Into<Self>,
    {
        Pixels::from_fn(width, height, pixel).into()
    }

    /// When the picture was taken, in milliseconds since 1970-01-01T00:00:00Z; 0 if unknown, as by default.
    #[must_use]
    pub fn timestamp_ms(mut self, timestamp_ms: u64) -> Self {
        self.timestamp_ms = timestamp_ms;
        self
    }

    /// Which camera took the picture; empty if unknown, as by default.
    #[must_use]
    pub fn camera_id(mut self, camera_id: impl Into<String>) -> Self {
        self.camera_id = camera_id.into();
        self
    }

    /// Columns.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// How the pixels are held.
    pub fn format(&self) -> PixelFormat {
        self.format
    }

    #[track_caller]
    fn checked<const C: usize>(width: u32, height: u32, bytes: Vec<u8>, format: PixelFormat) -> Self {
        let length = bytes.len();
        match Pixels::<C>::from_vec(bytes, width, height) {
            Some(pixels) => Self::new(pixels.into_vec(), width, height, format),
            None => panic!("{length} bytes are not a picture of {width} x {height} pixels, {C} bytes each"),
        }
    }

    fn new(bytes: Vec<u8>, width: u32, height: u32, format: PixelFormat) -> Self {
        Self {
            bytes: bytes.into(),
            width,
            height,
            format,
            timestamp_ms: 0,
            camera_id: String::new(),
        }
    }

    /// The pixels as they are held. `None` unless `C` is the number of bytes of one pixel.
    pub(super) fn view<const C: usize>(&self) -> Option<View<'_, C>> {
        let matching = C == channels(self.format);
        matching.then(|| View::new(&self.bytes, self.width, self.height, self.width as usize * C))?
    }

    /// All pixels, if they are held in `format`.
    pub(super) fn packed(&self, format: PixelFormat) -> Option<&[u8]> {
        (format == self.format).then_some(&self.bytes)
    }

    pub(super) fn bounds(&self) -> Rect {
        Rect::of_size(self.width, self.height)
    }

    /// What the host tells about the picture when it lends it as `name`.
    pub(super) fn info(&self, name: &str) -> FrameInfo {
        FrameInfo {
            name: name.to_owned(),
            width: self.width,
            height: self.height,
            format: self.format,
            timestamp_ms: self.timestamp_ms,
            camera_id: self.camera_id.clone(),
        }
    }

    /// The pixels of `area` in `format`, without padding, converted as the contract says.
    pub(super) fn read(&self, area: Rect, format: PixelFormat) -> Result<Vec<u8>, FrameError> {
        match self.format {
            PixelFormat::Mono8 => self.convert::<1>(area, format, |[gray]| [gray; 3]),
            PixelFormat::Rgb8 => self.convert::<3>(area, format, |rgb| rgb),
            PixelFormat::Bgr8 => self.convert::<3>(area, format, |[blue, green, red]| [red, green, blue]),
        }
    }

    fn convert<const C: usize>(
        &self,
        area: Rect,
        format: PixelFormat,
        to_rgb: fn([u8; C]) -> [u8; 3],
    ) -> Result<Vec<u8>, FrameError> {
        let part = self
            .view::<C>()
            .and_then(|view| view.region(area))
            .ok_or(FrameError::OutsidePicture {
                area,
                width: self.width,
                height: self.height,
            })?;
        if format == self.format {
            return Ok(part.to_pixels().into_vec());
        }
        let mut bytes = Vec::new();
        for row in part.rows() {
            for &pixel in row.as_chunks::<C>().0 {
                let rgb @ [red, green, blue] = to_rgb(pixel);
                match format {
                    PixelFormat::Mono8 => bytes.push(luminance(rgb)),
                    PixelFormat::Rgb8 => bytes.extend_from_slice(&rgb),
                    PixelFormat::Bgr8 => bytes.extend_from_slice(&[blue, green, red]),
                }
            }
        }
        Ok(bytes)
    }
}

/// Bytes of one pixel.
pub(super) fn channels(format: PixelFormat) -> usize {
    match format {
        PixelFormat::Mono8 => 1,
        PixelFormat::Rgb8 | PixelFormat::Bgr8 => 3,
    }
}

/// The contract's luminance, in 16-bit fixed point.
pub(super) fn luminance([red, green, blue]: [u8; 3]) -> u8 {
    let sum = 19595 * u32::from(red) + 38470 * u32::from(green) + 7471 * u32::from(blue) + 32768;
    (sum >> 16) as u8
}

impl From<Pixels<1>> for Image {
    fn from(pixels: Pixels<1>) -> Self {
        let (width, height) = (pixels.width(), pixels.height());
        Self::new(pixels.into_vec(), width, height, PixelFormat::Mono8)
    }
}

impl From<Pixels<3>> for Image {
    fn from(pixels: Pixels<3>) -> Self {
        let (width, height) = (pixels.width(), pixels.height());
        Self::new(pixels.into_vec(), width, height, PixelFormat::Rgb8)
    }
}

impl From<&Image> for Image {
    fn from(image: &Image) -> Self {
        image.clone()
    }
}
