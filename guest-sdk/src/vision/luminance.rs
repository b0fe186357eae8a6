//! From colour to gray.

use super::blocks::padded;
use crate::pixels::{Gray, RgbView};

/// The luminance of each pixel, `0.299 R + 0.587 G + 0.114 B`, computed as the contract says hosts compute it:
/// `(19595 R + 38470 G + 7471 B + 32768) >> 16`. One pass; the same bytes as [`Frame::gray`](crate::Frame::gray).
///
/// ```
/// # use procvision_guest::{Rgb, vision};
/// let picture = Rgb::from_vec(vec![255, 255, 255, 255, 0, 0], 2, 1).unwrap();
/// assert_eq!(vision::luminance(picture.view()).as_bytes(), [255, 76]);
/// ```
pub fn luminance(picture: RgbView<'_>) -> Gray {
    let mut target = Gray::filled(picture.width(), picture.height(), [0]);
    let width = target.stride();
    for (to, from) in target.as_bytes_mut().chunks_exact_mut(width).zip(picture.rows()) {
        let (to, to_rest) = to.as_chunks_mut::<BLOCK>();
        let (pixels, _) = from.as_chunks::<3>();
        let (from, from_rest) = pixels.as_chunks::<BLOCK>();
        for (to, from) in to.iter_mut().zip(from) {
            *to = block(from);
        }
        if !to_rest.is_empty() {
            to_rest.copy_from_slice(&block(&padded(from_rest))[..to_rest.len()]);
        }
    }
    target
}

/// Pixels in one turn of the loop: 96 bytes of colour.
const BLOCK: usize = 32;

#[cfg(not(target_feature = "simd128"))]
fn block(pixels: &[[u8; 3]; BLOCK]) -> [u8; BLOCK] {
    pixels.map(|[red, green, blue]| {
        let [red, green, blue] = [red, green, blue].map(u32::from);
        // At most 65536 * 255 + 32768, which fits.
        let sum = (red.wrapping_mul(19_595)).wrapping_add(green.wrapping_mul(38_470));
        (sum.wrapping_add(blue.wrapping_mul(7_471)).wrapping_add(32_768) >> 16) as u8
    })
}

/// The same numbers, by two products of pairs for each pixel: the weight of green does not fit 16 bits with a sign, so
/// that half of it goes with red and half with blue.
#[cfg(target_feature = "simd128")]
#[inline(always)]
fn block(pixels: &[[u8; 3]; BLOCK]) -> [u8; BLOCK] {
    use std::arch::wasm32::*;

    use super::lanes;

    let bytes = pixels.as_flattened();
    // Pairs of samples from 12 bytes, each widened to 16 bits with a 0.
    let red_green = u8x16(0, 255, 1, 255, 3, 255, 4, 255, 6, 255, 7, 255, 9, 255, 10, 255);
    let green_blue = u8x16(1, 255, 2, 255, 4, 255, 5, 255, 7, 255, 8, 255, 10, 255, 11, 255);
    let first = i16x8(19_595, 19_235, 19_595, 19_235, 19_595, 19_235, 19_595, 19_235);
    let second = i16x8(19_235, 7_471, 19_235, 7_471, 19_235, 7_471, 19_235, 7_471);
    let four = |samples: v128| {
        let sum = i32x4_add(
            i32x4_dot_i16x8(u8x16_swizzle(samples, red_green), first),
            i32x4_dot_i16x8(u8x16_swizzle(samples, green_blue), second),
        );
        u32x4_shr(i32x4_add(sum, i32x4_splat(32_768)), 16)
    };
    let sixteen = |bytes: &[u8]| {
        let [a, b, c] = [0, 12, 24].map(|start| four(lanes::load(&bytes[start..start + 16])));
        // The last 12 bytes are read with the 4 before them, so that nothing beyond the block is touched.
        let last = lanes::load(&bytes[32..48]);
        let d = four(u8x16_shuffle::<4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 0, 0, 0>(
            last, last,
        ));
        u8x16_narrow_i16x8(i16x8_narrow_i32x4(a, b), i16x8_narrow_i32x4(c, d))
    };
    let mut gray = [0; BLOCK];
    lanes::store(sixteen(&bytes[..48]), &mut gray[..16]);
    lanes::store(sixteen(&bytes[48..]), &mut gray[16..]);
    gray
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::Rgb;

    #[test]
    fn every_row_length_and_value_follows_the_formula() {
        for width in [1, 2, 15, 16, 31, 32, 33, 63, 64, 65, 100, 129] {
            let picture = Rgb::from_fn(width, 7, |x, y| {
                let seed = x.wrapping_mul(2_654_435_761).wrapping_add(y.wrapping_mul(40_503));
                [
                    (seed >> 24) as u8,
                    (seed >> 16) as u8,
                    if x % 3 == 0 { 255 } else { (seed >> 8) as u8 },
                ]
            });
            let expected = Gray::from_fn(width, 7, |x, y| {
                let [r, g, b] = picture.get(x, y).map(u64::from);
                [((19_595 * r + 38_470 * g + 7_471 * b + 32_768) >> 16) as u8]
            });
            assert_eq!(luminance(picture.view()), expected, "{width}");
        }
    }

    #[test]
    fn gray_stays_gray() {
        for level in 0..=255 {
            let picture = Rgb::filled(33, 1, [level; 3]);
            assert_eq!(luminance(picture.view()), Gray::filled(33, 1, [level]));
        }
    }
}
