//! Pixels in memory: [`Pixels`] owns them, [`View`] borrows them. Both are rows of 8-bit samples, `C` a pixel.

use std::fmt;

use crate::geometry::Rect;
use crate::platform::Mapped;

/// A gray picture: one byte a pixel.
pub type Gray = Pixels<1>;
/// A colour picture: red, green and blue, three bytes a pixel.
pub type Rgb = Pixels<3>;
/// A borrowed gray picture.
pub type GrayView<'a> = View<'a, 1>;
/// A borrowed colour picture.
pub type RgbView<'a> = View<'a, 3>;

/// How pixels came into the algorithm's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// They were copied, by the host or by the algorithm itself, and may be kept.
    Copied,
    /// The station's picture itself lies in the algorithm's memory, without a copy, until the call ends. What the
    /// algorithm writes stays its own.
    Mapped,
}

/// A picture that is held in memory, `C` bytes a pixel, without padding between rows.
///
/// Pixels that came from a [`Frame`](crate::Frame) may be [mapped](Origin::Mapped): they are there without having been
/// copied, and only for the call. Keep a clone, which is a copy, to have them longer; looking at mapped pixels after
/// their call is a bug that ends the call with a message. (Pixels that are leaked show zeros then.)
///
/// ```
/// use procvision_guest::{Gray, Rect};
///
/// let picture = Gray::from_fn(4, 2, |x, y| [(10 * y + x) as u8]);
/// assert_eq!(picture.row(1), [10, 11, 12, 13]);
/// assert_eq!(picture.get(2, 1), [12]);
///
/// let right_half = picture.view().region(Rect::new(2, 0, 2, 2)).unwrap();
/// assert_eq!(right_half.row(0), [2, 3]);
/// ```
pub struct Pixels<const C: usize> {
    storage: Storage,
    width: u32,
    height: u32,
}

enum Storage {
    Owned(Vec<u8>),
    Mapped(Mapped),
}

/// What somebody reads who kept mapped pixels.
const ENDED: &str = "these pixels were mapped for a call that has ended; keep a clone of them instead";

impl<const C: usize> Pixels<C> {
    /// Takes `bytes` as a picture of `width` x `height` pixels, row after row from the top, without padding.
    ///
    /// Gives `None` unless `bytes` is exactly `width * height * C` long and both sides are at least 1.
    pub fn from_vec(bytes: Vec<u8>, width: u32, height: u32) -> Option<Self> {
        let expected = byte_count::<C>(width, height)?;
        (bytes.len() == expected).then_some(Self {
            storage: Storage::Owned(bytes),
            width,
            height,
        })
    }

    /// Makes a picture by asking for each pixel, row by row.
    ///
    /// # Panics
    ///
    /// If a side is 0 or the picture is too large for the address space.
    #[track_caller]
    pub fn from_fn(width: u32, height: u32, mut pixel: impl FnMut(u32, u32) -> [u8; C]) -> Self {
        let Some(length) = byte_count::<C>(width, height) else {
            panic!("a picture of {width} x {height} pixels cannot be made");
        };
        let mut bytes = Vec::with_capacity(length);
        for y in 0..height {
            for x in 0..width {
                bytes.extend_from_slice(&pixel(x, y));
            }
        }
        Self {
            storage: Storage::Owned(bytes),
            width,
            height,
        }
    }

    /// Makes a picture of one colour.
    ///
    /// # Panics
    ///
    /// If a side is 0 or the picture is too large for the address space.
    #[track_caller]
    pub fn filled(width: u32, height: u32, pixel: [u8; C]) -> Self {
        let Some(length) = byte_count::<C>(width, height) else {
            panic!("a picture of {width} x {height} pixels cannot be made");
        };
        Self {
            storage: Storage::Owned(match pixel.first() {
                // One fill instead of many copies.
                Some(&level) if pixel == [level; C] => vec![level; length],
                _ => pixel.repeat(length / C),
            }),
            width,
            height,
        }
    }

    /// Columns, at least 1.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows, at least 1.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Bytes from one row to the next: `width * C`.
    pub fn stride(&self) -> usize {
        self.width as usize * C
    }

    /// The area of the whole picture, from (0, 0).
    pub fn bounds(&self) -> Rect {
        Rect::of_size(self.width, self.height)
    }

    /// How the pixels came into memory.
    pub fn origin(&self) -> Origin {
        match self.storage {
            Storage::Owned(_) => Origin::Copied,
            Storage::Mapped(_) => Origin::Mapped,
        }
    }

    /// All samples, row after row, without padding: `width * height * C` bytes.
    ///
    /// # Panics
    ///
    /// If the pixels were [mapped](Origin::Mapped) for a call that has ended.
    #[track_caller]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.storage {
            Storage::Owned(bytes) => bytes,
            Storage::Mapped(mapped) => mapped.bytes().expect(ENDED),
        }
    }

    /// All samples, to change them in place. The station's picture stays as it is.
    ///
    /// # Panics
    ///
    /// As [`as_bytes`](Self::as_bytes).
    #[track_caller]
    pub fn as_bytes_mut(&mut self) -> &mut [u8] {
        match &mut self.storage {
            Storage::Owned(bytes) => bytes,
            Storage::Mapped(mapped) => mapped.bytes_mut().expect(ENDED),
        }
    }

    /// Gives the samples away, in the order of [`as_bytes`](Self::as_bytes). Copies them if they are mapped.
    ///
    /// # Panics
    ///
    /// As [`as_bytes`](Self::as_bytes).
    #[track_caller]
    pub fn into_vec(self) -> Vec<u8> {
        match self.storage {
            Storage::Owned(bytes) => bytes,
            Storage::Mapped(mapped) => mapped.bytes().expect(ENDED).to_vec(),
        }
    }

    /// A whole picture as it lies over a window: as many bytes as the size needs.
    pub(crate) fn from_mapped(mapped: Mapped, width: u32, height: u32) -> Self {
        Self {
            storage: Storage::Mapped(mapped),
            width,
            height,
        }
    }

    /// The samples of row `y`: `width * C` bytes.
    ///
    /// # Panics
    ///
    /// If there is no row `y`.
    #[track_caller]
    pub fn row(&self, y: u32) -> &[u8] {
        self.view().row(y)
    }

    /// All rows from top to bottom.
    #[track_caller]
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[u8]> + DoubleEndedIterator {
        self.view().rows()
    }

    /// The pixel at column `x` and row `y`.
    ///
    /// # Panics
    ///
    /// If it lies outside the picture.
    #[track_caller]
    pub fn get(&self, x: u32, y: u32) -> [u8; C] {
        self.view().get(x, y)
    }

    /// The same picture, borrowed.
    ///
    /// # Panics
    ///
    /// As [`as_bytes`](Self::as_bytes).
    #[track_caller]
    pub fn view(&self) -> View<'_, C> {
        View {
            data: self.as_bytes(),
            width: self.width,
            height: self.height,
            stride: self.stride(),
        }
    }
}

/// A copy, which is the algorithm's own and may be kept.
impl<const C: usize> Clone for Pixels<C> {
    #[track_caller]
    fn clone(&self) -> Self {
        Self {
            storage: Storage::Owned(self.as_bytes().to_vec()),
            width: self.width,
            height: self.height,
        }
    }
}

impl<const C: usize> PartialEq for Pixels<C> {
    #[track_caller]
    fn eq(&self, other: &Self) -> bool {
        self.bounds() == other.bounds() && self.as_bytes() == other.as_bytes()
    }
}

impl<const C: usize> Eq for Pixels<C> {}

/// Bytes of a picture, or `None` if a side is 0 or the number does not fit the address space.
pub(crate) fn byte_count<const C: usize>(width: u32, height: u32) -> Option<usize> {
    if width == 0 || height == 0 || C == 0 {
        return None;
    }
    let length = (width as usize).checked_mul(height as usize)?.checked_mul(C)?;
    (length <= isize::MAX as usize).then_some(length)
}

impl<const C: usize> fmt::Debug for Pixels<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pixels<{C}>({} x {})", self.width, self.height)
    }
}

impl<'a, const C: usize> From<&'a Pixels<C>> for View<'a, C> {
    fn from(pixels: &'a Pixels<C>) -> Self {
        pixels.view()
    }
}

/// A borrowed picture or part of one: `C` bytes a pixel, rows `stride` bytes apart. Cheap to copy.
///
/// ```
/// use procvision_guest::{GrayView, Rect};
///
/// // Two rows of three pixels, each row padded to four bytes.
/// let bytes = [1, 2, 3, 0, 4, 5, 6, 0];
/// let view = GrayView::new(&bytes, 3, 2, 4).unwrap();
/// assert_eq!(view.get(2, 1), [6]);
/// assert_eq!(view.region(Rect::new(1, 1, 2, 1)).unwrap().row(0), [5, 6]);
/// assert!(view.region(Rect::new(2, 0, 2, 1)).is_none());
/// ```
#[derive(Clone, Copy)]
pub struct View<'a, const C: usize> {
    data: &'a [u8],
    width: u32,
    height: u32,
    stride: usize,
}

impl<'a, const C: usize> View<'a, C> {
    /// Looks at `data` as a picture of `width` x `height` pixels with rows `stride` bytes apart. The last row needs
    /// no padding; bytes after it are left out.
    ///
    /// Gives `None` if a side is 0, a row is longer than `stride`, or `data` is too short.
    pub fn new(data: &'a [u8], width: u32, height: u32, stride: usize) -> Option<Self> {
        byte_count::<C>(width, height)?;
        let row = width as usize * C;
        let length = stride.checked_mul(height as usize - 1)?.checked_add(row)?;
        (row <= stride).then_some(())?;
        Some(Self {
            data: data.get(..length)?,
            width,
            height,
            stride,
        })
    }

    /// Columns, at least 1.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows, at least 1.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Bytes from one row to the next; at least `width * C`.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// The area of the whole view, from (0, 0).
    pub fn bounds(&self) -> Rect {
        Rect::of_size(self.width, self.height)
    }

    /// All bytes from the first sample to the last, padding between rows included.
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The samples, if the rows lie next to each other without padding: `width * height * C` bytes.
    pub fn as_contiguous(&self) -> Option<&'a [u8]> {
        (self.stride == self.width as usize * C || self.height == 1).then_some(self.data)
    }

    /// The samples of row `y`: `width * C` bytes.
    ///
    /// # Panics
    ///
    /// If there is no row `y`.
    #[track_caller]
    #[inline]
    pub fn row(&self, y: u32) -> &'a [u8] {
        assert!(
            y < self.height,
            "there is no row {y} in a picture of {} rows",
            self.height
        );
        let start = y as usize * self.stride;
        &self.data[start..start + self.width as usize * C]
    }

    /// All rows from top to bottom.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + DoubleEndedIterator + use<'a, C> {
        let row = self.width as usize * C;
        self.data.chunks(self.stride).map(move |chunk| &chunk[..row])
    }

    /// The pixel at column `x` and row `y`.
    ///
    /// # Panics
    ///
    /// If it lies outside the picture.
    #[track_caller]
    #[inline]
    pub fn get(&self, x: u32, y: u32) -> [u8; C] {
        assert!(
            x < self.width && y < self.height,
            "({x}, {y}) lies outside a picture of {} x {} pixels",
            self.width,
            self.height
        );
        let start = y as usize * self.stride + x as usize * C;
        let mut pixel = [0; C];
        pixel.copy_from_slice(&self.data[start..start + C]);
        pixel
    }

    /// The part `area` of this view, without copying; `None` if `area` is empty or reaches outside.
    pub fn region(&self, area: Rect) -> Option<Self> {
        self.bounds().contains_rect(area).then_some(())?;
        let start = area.y as usize * self.stride + area.x as usize * C;
        Self::new(&self.data[start..], area.width, area.height, self.stride)
    }

    /// A copy of the pixels, without padding.
    pub fn to_pixels(&self) -> Pixels<C> {
        let mut bytes = Vec::with_capacity(self.height as usize * self.width as usize * C);
        for row in self.rows() {
            bytes.extend_from_slice(row);
        }
        Pixels {
            storage: Storage::Owned(bytes),
            width: self.width,
            height: self.height,
        }
    }
}

/// Two views are equal if they show the same pixels, whatever lies between their rows.
impl<const C: usize> PartialEq for View<'_, C> {
    fn eq(&self, other: &Self) -> bool {
        self.width == other.width && self.height == other.height && self.rows().eq(other.rows())
    }
}

impl<const C: usize> Eq for View<'_, C> {}

impl<const C: usize> fmt::Debug for View<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "View<{C}>({} x {})", self.width, self.height)
    }
}
