//! Reading an area of a picture in the format that somebody asked for, in one pass.

use super::bayer::Demosaic;
use super::storage::Storage;
use super::{Frame, PixelFormat, Rect};
use bytes::Bytes;

impl Frame {
    /// The pixels of `area` in `format`, rows without padding. The whole picture in its own format is shared, not
    /// copied, unless it lies in a pool. `None` if the area is empty or reaches outside the picture, or `format` is a
    /// mosaic.
    ///
    /// Gray is expanded to three equal channels; colour is reduced to luminance,
    /// `(19595 R + 38470 G + 7471 B + 32768) >> 16`; a mosaic is interpolated bilinearly.
    pub fn read(&self, area: Rect, format: PixelFormat) -> Option<Bytes> {
        if let Storage::Own(bytes) = &self.storage
            && format == self.format()
            && !format.is_mosaic()
            && area == self.bounds()
            && self.layout.is_packed()
        {
            let start = self.layout.offset;
            return Some(bytes.slice(start..start + self.layout.row_bytes() * self.height() as usize));
        }
        let mut pixels = vec![0; self.read_bytes(area, format)?];
        self.read_into(area, format, &mut pixels)?;
        Some(pixels.into())
    }

    /// Bytes of `area` in `format`. `None` where [`read`](Self::read) gives none.
    pub fn read_bytes(&self, area: Rect, format: PixelFormat) -> Option<usize> {
        let readable = area.lies_inside(self.width(), self.height()) && !format.is_mosaic();
        // No more than the pixels of the picture, whose number is bounded.
        readable.then(|| area.width as usize * area.height as usize * format.bytes_per_pixel())
    }

    /// Like [`read`](Self::read), into `target`, in one pass. `None`, and `target` as it was, if `read` gives none or
    /// `target` is not exactly [`read_bytes`](Self::read_bytes) long.
    pub fn read_into(&self, area: Rect, format: PixelFormat, target: &mut [u8]) -> Option<()> {
        if target.len() != self.read_bytes(area, format)? {
            return None;
        }
        let rows = area.y..area.y + area.height;
        let (left, width) = (area.x as usize, area.width as usize);
        if format == self.format() {
            let start = self.row_start(area.y) + left * format.bytes_per_pixel();
            if area.width == self.width() && self.layout.is_packed() {
                self.storage.copy(start, target);
            } else {
                let packed = target.chunks_exact_mut(width * format.bytes_per_pixel());
                for (row, target) in packed.enumerate() {
                    self.storage.copy(start + row * self.layout.stride, target);
                }
            }
            return Some(());
        }
        let mut scratch = Vec::new();
        let targets = target.chunks_exact_mut(width * format.bytes_per_pixel());
        if let Some(mut demosaic) = Demosaic::new(self, area) {
            let mut colour = vec![0; width * 3];
            for (y, target) in rows.zip(targets) {
                demosaic.row(y, &mut colour);
                convert_row(&colour, PixelFormat::RGB8, target, format);
            }
        } else {
            for (y, target) in rows.zip(targets) {
                let row = self.row_part(y, left, width, &mut scratch);
                convert_row(row, self.format(), target, format);
            }
        }
        Some(())
    }
}

/// Both rows have the same number of pixels.
fn convert_row(row: &[u8], from: PixelFormat, target: &mut [u8], to: PixelFormat) {
    use PixelFormat::{BGR8, Mono8, RGB8};
    match (from, to) {
        (Mono8, RGB8 | BGR8) => {
            for (&luma, pixel) in row.iter().zip(triples_mut(target)) {
                *pixel = [luma; 3];
            }
        }
        (RGB8, BGR8) | (BGR8, RGB8) => {
            for ([a, b, c], pixel) in triples(row).zip(triples_mut(target)) {
                *pixel = [c, b, a];
            }
        }
        (RGB8, Mono8) => {
            for ([r, g, b], luma) in triples(row).zip(target) {
                *luma = luminance(r, g, b);
            }
        }
        (BGR8, Mono8) => {
            for ([b, g, r], luma) in triples(row).zip(target) {
                *luma = luminance(r, g, b);
            }
        }
        // Mosaics are interpolated before, and never asked for.
        _ => target.copy_from_slice(row),
    }
}

fn triples(row: &[u8]) -> impl Iterator<Item = [u8; 3]> {
    row.as_chunks::<3>().0.iter().copied()
}

fn triples_mut(row: &mut [u8]) -> impl Iterator<Item = &mut [u8; 3]> {
    row.as_chunks_mut::<3>().0.iter_mut()
}

/// ITU-R BT.601 luminance in 16-bit fixed point; the weights add up to 65536, so that white stays 255.
fn luminance(r: u8, g: u8, b: u8) -> u8 {
    let weighted = 19595 * u32::from(r) + 38470 * u32::from(g) + 7471 * u32::from(b) + 32768;
    (weighted >> 16) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour() -> Frame {
        // Two rows of two pixels with two bytes of padding a row.
        let bytes = vec![1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 250, 251, 252];
        Frame::from_pixels(PixelFormat::RGB8, 2, 2, 8, bytes).unwrap()
    }

    #[test]
    fn padding_never_reaches_the_reader() {
        let all = colour().read(Rect::new(0, 0, 2, 2), PixelFormat::RGB8).unwrap();
        assert_eq!(all.as_ref(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 250, 251, 252]);
    }

    #[test]
    fn channels_are_reordered_and_reduced() {
        let one = Rect::new(1, 0, 1, 2);
        assert_eq!(
            colour().read(one, PixelFormat::BGR8).unwrap().as_ref(),
            [6, 5, 4, 252, 251, 250]
        );
        assert_eq!(colour().read(one, PixelFormat::Mono8).unwrap().as_ref(), [5, 251]);
        assert_eq!((luminance(255, 255, 255), luminance(0, 0, 0)), (255, 0));
    }

    #[test]
    fn gray_is_expanded() {
        let gray = Frame::from_pixels(PixelFormat::Mono8, 2, 1, 2, vec![7, 9]).unwrap();
        let area = gray.bounds();
        assert_eq!(gray.read(area, PixelFormat::RGB8).unwrap().as_ref(), [7, 7, 7, 9, 9, 9]);
    }

    #[test]
    fn areas_outside_are_refused() {
        for area in [
            Rect::new(0, 0, 3, 1),
            Rect::new(2, 0, 1, 1),
            Rect::new(0, 0, 0, 1),
            Rect::new(u32::MAX, 0, 2, 1),
        ] {
            assert_eq!(colour().read(area, PixelFormat::RGB8), None, "{area}");
        }
    }

    #[test]
    fn a_whole_contiguous_picture_is_shared() {
        let pixels = Bytes::from(vec![1, 2, 3, 4]);
        let frame = Frame::from_pixels(PixelFormat::Mono8, 2, 2, 2, pixels.clone()).unwrap();
        let read = frame.read(frame.bounds(), PixelFormat::Mono8).unwrap();
        assert_eq!(read.as_ptr(), pixels.as_ptr());
    }
}
