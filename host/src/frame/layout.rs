//! How a picture lies in bytes: format, size, stride, place of the first pixel; checked with overflow in mind.

use super::{FrameError, PixelFormat, decode};

/// How a picture lies in some bytes, as somebody says. Nothing of it is believed before [`check`](Self::check).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureLayout {
    /// How a pixel is held.
    pub format: PixelFormat,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Bytes from one row to the next.
    pub stride: usize,
    /// Where the first pixel lies, in bytes.
    pub offset: usize,
}

impl PictureLayout {
    /// Rows without padding, from the first byte on.
    pub fn packed(format: PixelFormat, width: u32, height: u32) -> Self {
        Self {
            format,
            width,
            height,
            stride: width as usize * format.bytes_per_pixel(),
            offset: 0,
        }
    }

    /// Bytes of the pixels of a row.
    pub fn row_bytes(&self) -> usize {
        self.width as usize * self.format.bytes_per_pixel()
    }

    /// Whether the rows lie next to each other without padding.
    pub fn is_packed(&self) -> bool {
        self.stride == self.row_bytes() || self.height == 1
    }

    /// Where the last pixel ends, in bytes; `None` if that is more than can be addressed.
    pub fn end(&self) -> Option<usize> {
        let before_last_row = self.stride.checked_mul((self.height as usize).checked_sub(1)?)?;
        before_last_row.checked_add(self.row_bytes())?.checked_add(self.offset)
    }

    /// Makes sure that `available` bytes hold such a picture.
    ///
    /// # Errors
    ///
    /// A size of zero, more pixels than [`crate::limits::PICTURE_PIXELS`], a stride shorter than a row, or pixels that
    /// reach beyond `available`.
    pub fn check(&self, available: usize) -> Result<(), FrameError> {
        let &Self { width, height, .. } = self;
        decode::check_size(width, height)?;
        let row = self.row_bytes();
        if self.stride < row {
            return Err(FrameError::StrideTooShort {
                stride: self.stride,
                row,
            });
        }
        let needed = self.end().ok_or(FrameError::TooLarge { width, height })?;
        if available < needed {
            return Err(FrameError::TooFewBytes {
                needed,
                actual: available,
            });
        }
        Ok(())
    }
}
