//! Reading an area of a picture in the format that somebody asked for, in one pass.

use super::{Frame, PixelFormat, Rect};
use bytes::Bytes;

impl Frame {
    /// The pixels of `area` in `format`, rows without padding. The whole picture in its own format is shared, not
    /// copied. `None` if the area is empty or reaches outside the picture.
    ///
    /// Gray is expanded to three equal channels; colour is reduced to luminance,
    /// `(19595 R + 38470 G + 7471 B + 32768) >> 16`.
    pub fn read(&self, area: Rect, format: PixelFormat) -> Option<Bytes> {
        if !area.lies_inside(self.width, self.height) {
            return None;
        }
        let row_bytes = self.width as usize * self.format.bytes_per_pixel();
        if format == self.format && area == self.bounds() && self.stride == row_bytes {
            return Some(self.pixels.slice(..row_bytes * self.height as usize));
        }
        let from_bytes = self.format.bytes_per_pixel();
        let left = area.x as usize * from_bytes;
        let length = area.width as usize * from_bytes;
        let rows = (area.y..area.y + area.height).map(|y| &self.row(y)[left..left + length]);
        let mut out = Vec::with_capacity(area.width as usize * area.height as usize * format.bytes_per_pixel());
        for row in rows {
            append_row(&mut out, row, self.format, format);
        }
        Some(out.into())
    }
}

fn append_row(out: &mut Vec<u8>, row: &[u8], from: PixelFormat, to: PixelFormat) {
    use PixelFormat::{BGR8, Mono8, RGB8};
    match (from, to) {
        (Mono8, Mono8) | (RGB8, RGB8) | (BGR8, BGR8) => out.extend_from_slice(row),
        (Mono8, RGB8 | BGR8) => out.extend(row.iter().flat_map(|&luma| [luma; 3])),
        (RGB8, BGR8) | (BGR8, RGB8) => out.extend(triples(row).flat_map(|[a, b, c]| [c, b, a])),
        (RGB8, Mono8) => out.extend(triples(row).map(|[r, g, b]| luminance(r, g, b))),
        (BGR8, Mono8) => out.extend(triples(row).map(|[b, g, r]| luminance(r, g, b))),
    }
}

fn triples(row: &[u8]) -> impl Iterator<Item = [u8; 3]> {
    row.as_chunks::<3>().0.iter().copied()
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
