//! Reading an area of a picture in the format that somebody asked for, in one pass.

use super::bayer::Demosaic;
use super::blocks::{Block, convert_blocks};
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
            let (rest, target) = convert_blocks::<Expand, 4, 12>(row, target);
            for (&luma, pixel) in rest.iter().zip(target.as_chunks_mut::<3>().0) {
                *pixel = [luma; 3];
            }
        }
        (RGB8, BGR8) | (BGR8, RGB8) => {
            let (rest, target) = convert_blocks::<Reverse, 96, 96>(row, target);
            for (&[a, b, c], pixel) in triples(rest).zip(target.as_chunks_mut::<3>().0) {
                *pixel = [c, b, a];
            }
        }
        (RGB8, Mono8) => {
            let (rest, target) = convert_blocks::<Luminance<0, 2>, 48, 16>(row, target);
            for (&[r, g, b], luma) in triples(rest).zip(target) {
                *luma = luminance(r, g, b);
            }
        }
        (BGR8, Mono8) => {
            let (rest, target) = convert_blocks::<Luminance<2, 0>, 48, 16>(row, target);
            for (&[b, g, r], luma) in triples(rest).zip(target) {
                *luma = luminance(r, g, b);
            }
        }
        // Mosaics are interpolated before, and never asked for.
        _ => target.copy_from_slice(row),
    }
}

fn triples(row: &[u8]) -> impl Iterator<Item = &[u8; 3]> {
    row.as_chunks::<3>().0.iter()
}

/// Four gray pixels to three equal channels each, in words of four bytes.
struct Expand;

impl Block<4, 12> for Expand {
    #[inline(always)]
    fn convert(gray: &[u8; 4], target: &mut [u8; 12]) {
        let [a, b, c, d] = gray.map(u32::from);
        let words = [
            (a * 0x0001_0101) | (b << 24),
            (b * 0x0101) | (c * 0x0101_0000),
            c | (d * 0x0101_0100),
        ];
        for (word, target) in words.iter().zip(target.as_chunks_mut::<4>().0) {
            *target = word.to_le_bytes();
        }
    }
}

/// Thirty-two pixels to the opposite order of channels.
struct Reverse;

impl Block<96, 96> for Reverse {
    #[inline(always)]
    fn convert(pixels: &[u8; 96], target: &mut [u8; 96]) {
        for (pixel, target) in pixels.as_chunks::<3>().0.iter().zip(target.as_chunks_mut::<3>().0) {
            *target = [pixel[2], pixel[1], pixel[0]];
        }
    }
}

/// [`luminance`] of sixteen pixels whose red and blue lie at these places of each, in sixteen bits.
///
/// Each weight is split into its upper and lower byte. With `upper` and `lower` the sums of the colours times those,
/// the formula is `(256 upper + lower + 32768) >> 16`, and since 256 divides all but the lower byte of `lower`, that
/// is `(upper + (lower >> 8) + 128) >> 8`. The upper bytes add up to 255 and the lower ones to 256, so that nothing
/// here exceeds 255 * 255 + 255 + 128 = 65408.
struct Luminance<const RED: usize, const BLUE: usize>;

impl<const RED: usize, const BLUE: usize> Block<48, 16> for Luminance<RED, BLUE> {
    #[inline(always)]
    fn convert(pixels: &[u8; 48], target: &mut [u8; 16]) {
        for (pixel, luma) in pixels.as_chunks::<3>().0.iter().zip(target) {
            let (red, green, blue) = (u16::from(pixel[RED]), u16::from(pixel[1]), u16::from(pixel[BLUE]));
            let upper = 76 * red + 150 * green + 29 * blue;
            let lower = 139 * red + 70 * green + 47 * blue;
            *luma = ((upper + (lower >> 8) + 128) >> 8) as u8;
        }
    }
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

    /// Every luminance that three bytes can have, and no other: the fast way against the formula.
    #[test]
    fn sixteen_pixels_at_once_have_the_luminance_of_the_formula() {
        for red in 0..=255 {
            for green in 0..=255 {
                let mut pixels = Vec::with_capacity(256 * 3);
                (0..=255).for_each(|blue| pixels.extend([red, green, blue]));
                let mut luma = [0; 256];
                convert_row(&pixels, PixelFormat::RGB8, &mut luma, PixelFormat::Mono8);
                for (blue, luma) in (0..=255).zip(luma) {
                    assert_eq!(luma, luminance(red, green, blue), "{red} {green} {blue}");
                }
            }
        }
    }

    #[test]
    fn rows_of_every_length_are_converted_pixel_by_pixel_or_in_blocks_alike() {
        let noise: Vec<u8> = (0..3 * 131_u32).map(|index| (index * 193 + index / 7) as u8).collect();
        let colours = [PixelFormat::RGB8, PixelFormat::BGR8];
        for width in 1..131 {
            let gray = Frame::from_pixels(PixelFormat::Mono8, width, 1, 131, noise.clone()).unwrap();
            let triple = |luma: &u8| [*luma; 3];
            let expanded: Vec<u8> = noise[..width as usize].iter().flat_map(triple).collect();
            for (from, to) in colours.into_iter().zip(colours.into_iter().rev()) {
                assert_eq!(gray.read(gray.bounds(), to).unwrap(), expanded, "{width}");
                let frame = Frame::from_pixels(from, width, 1, 3 * 131, noise.clone()).unwrap();
                let pixels = noise.as_chunks::<3>().0[..width as usize].iter();
                let reversed: Vec<u8> = pixels.clone().flat_map(|&[a, b, c]| [c, b, a]).collect();
                assert_eq!(frame.read(frame.bounds(), to).unwrap(), reversed, "{width} {from}");
                let luma = |&[a, b, c]: &[u8; 3]| match from {
                    PixelFormat::RGB8 => luminance(a, b, c),
                    _ => luminance(c, b, a),
                };
                let luma: Vec<u8> = pixels.map(luma).collect();
                assert_eq!(
                    frame.read(frame.bounds(), PixelFormat::Mono8).unwrap(),
                    luma,
                    "{width} {from}"
                );
            }
        }
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
