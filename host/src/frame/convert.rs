//! Reading an area of a picture in the format that somebody asked for, in one pass.

use super::bayer::Demosaic;
use super::storage::Storage;
use super::widest::widest;
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
        (Mono8, RGB8 | BGR8) => blocks(row, target, expand_4, |&[luma]: &[u8; 1], pixel: &mut [u8; 3]| {
            *pixel = [luma; 3];
        }),
        (RGB8, BGR8) | (BGR8, RGB8) => blocks(row, target, reverse_4, |&[a, b, c]: &[u8; 3], pixel: &mut [u8; 3]| {
            *pixel = [c, b, a];
        }),
        (RGB8, Mono8) => blocks(
            row,
            target,
            luminance_16::<0, 2>,
            |&[r, g, b]: &[u8; 3], luma: &mut [u8; 1]| {
                *luma = [luminance(r, g, b)];
            },
        ),
        (BGR8, Mono8) => blocks(
            row,
            target,
            luminance_16::<2, 0>,
            |&[b, g, r]: &[u8; 3], luma: &mut [u8; 1]| {
                *luma = [luminance(r, g, b)];
            },
        ),
        // Mosaics are interpolated before, and never asked for.
        _ => target.copy_from_slice(row),
    }
}

/// Converts as much of the row as there are whole blocks, with the widest instructions there are, and the rest pixel by
/// pixel.
fn blocks<const FROM: usize, const TO: usize, const FROM_PIXEL: usize, const TO_PIXEL: usize>(
    row: &[u8],
    target: &mut [u8],
    block: impl Fn(&[u8; FROM], &mut [u8; TO]),
    pixel: impl Fn(&[u8; FROM_PIXEL], &mut [u8; TO_PIXEL]),
) {
    let (from, rest) = row.as_chunks::<FROM>();
    let (to, rest_of_target) = target.as_chunks_mut::<TO>();
    widest(|| from.iter().zip(to).for_each(|(from, to)| block(from, to)));
    let rest = rest.as_chunks::<FROM_PIXEL>().0.iter();
    let rest_of_target = rest_of_target.as_chunks_mut::<TO_PIXEL>().0;
    rest.zip(rest_of_target).for_each(|(from, to)| pixel(from, to));
}

/// Four gray pixels as three equal channels each, in words of four bytes.
#[inline(always)]
fn expand_4(gray: &[u8; 4], target: &mut [u8; 12]) {
    let [a, b, c, d] = gray.map(u32::from);
    let words = [
        a * 0x0001_0101 | b << 24,
        b * 0x0101 | c * 0x0101_0000,
        c | d * 0x0101_0100,
    ];
    write_words(words, target);
}

/// Four pixels with their channels in the opposite order, in words of four bytes.
#[inline(always)]
fn reverse_4(pixels: &[u8; 12], target: &mut [u8; 12]) {
    // From the lowest byte: a0 b0 c0 a1, b1 c1 a2 b2, c2 a3 b3 c3.
    let [first, second, third] = read_words(pixels);
    let words = [
        (first >> 16 & 0xff) | (first & 0xff00) | (first & 0xff) << 16 | (second << 16 & 0xff00_0000),
        (second & 0xff00_00ff) | (first >> 16 & 0xff00) | (third << 16 & 0x00ff_0000),
        (second >> 16 & 0xff) | (third >> 16 & 0xff00) | (third & 0x00ff_0000) | (third << 16 & 0xff00_0000),
    ];
    write_words(words, target);
}

fn read_words(bytes: &[u8; 12]) -> [u32; 3] {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = *bytes;
    [[a, b, c, d], [e, f, g, h], [i, j, k, l]].map(u32::from_le_bytes)
}

fn write_words(words: [u32; 3], target: &mut [u8; 12]) {
    for (word, target) in words.iter().zip(target.as_chunks_mut::<4>().0) {
        *target = word.to_le_bytes();
    }
}

/// [`luminance`] of sixteen pixels whose red and blue lie at these places of each, in sixteen bits.
///
/// Each weight is split into its upper and lower byte. With `upper` and `lower` the sums of the colours times those, the
/// formula is `(256 upper + lower + 32768) >> 16`, and since 256 divides all but the lower byte of `lower`, that is
/// `(upper + (lower >> 8) + 128) >> 8`. The upper bytes add up to 255 and the lower ones to 256, so that nothing here
/// exceeds 255 * 255 + 255 + 128 = 65408.
#[inline(always)]
fn luminance_16<const RED: usize, const BLUE: usize>(pixels: &[u8; 48], target: &mut [u8; 16]) {
    for (pixel, luma) in pixels.as_chunks::<3>().0.iter().zip(target) {
        let [red, green, blue] = [pixel[RED], pixel[1], pixel[BLUE]].map(u16::from);
        let upper = 76 * red + 150 * green + 29 * blue;
        let lower = 139 * red + 70 * green + 47 * blue;
        *luma = ((upper + (lower >> 8) + 128) >> 8) as u8;
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
        let noise: Vec<u8> = (0..3 * 67_u32).map(|index| (index * 193 + index / 7) as u8).collect();
        let colours = [PixelFormat::RGB8, PixelFormat::BGR8];
        for width in 1..67 {
            let gray = Frame::from_pixels(PixelFormat::Mono8, width, 1, 67, noise.clone()).unwrap();
            let triple = |luma: &u8| [*luma; 3];
            let expanded: Vec<u8> = noise[..width as usize].iter().flat_map(triple).collect();
            for (from, to) in colours.into_iter().zip(colours.into_iter().rev()) {
                assert_eq!(gray.read(gray.bounds(), to).unwrap(), expanded, "{width}");
                let frame = Frame::from_pixels(from, width, 1, 3 * 67, noise.clone()).unwrap();
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
