//! Mean and spread of the levels.

use super::blocks::padded;
use crate::pixels::GrayView;

/// Mean and standard deviation of the levels of a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// The mean level, 0 to 255.
    pub mean: f64,
    /// The standard deviation over all pixels, 0 to 127.5.
    pub standard_deviation: f64,
}

/// Mean and standard deviation of the levels, computed from exact sums. One pass. A [`Histogram`](super::Histogram)
/// knows both as well and costs several times as much.
///
/// ```
/// # use procvision_guest::{Gray, vision};
/// let picture = Gray::from_fn(8, 2, |x, _| [if x % 2 == 0 { 90 } else { 110 }]);
/// let moments = vision::moments(picture.view());
/// assert_eq!((moments.mean, moments.standard_deviation), (100.0, 10.0));
/// ```
pub fn moments(picture: GrayView<'_>) -> Moments {
    let (mut sum, mut squares) = (0_u64, 0_u64);
    for row in picture.rows() {
        let (blocks, rest) = row.as_chunks::<BLOCK>();
        for block in blocks {
            let (block_sum, block_squares) = sums(block);
            sum = sum.wrapping_add(block_sum.into());
            squares = squares.wrapping_add(block_squares.into());
        }
        let (block_sum, block_squares) = sums(&padded(rest));
        sum = sum.wrapping_add(block_sum.into());
        squares = squares.wrapping_add(block_squares.into());
    }
    let count = f64::from(picture.width()) * f64::from(picture.height());
    let mean = sum as f64 / count;
    // Both products are whole numbers; their difference is exact as long as they fit 128 bits, which they do.
    let pixels = u128::from(picture.width()) * u128::from(picture.height());
    let spread = pixels * u128::from(squares) - u128::from(sum) * u128::from(sum);
    Moments {
        mean,
        standard_deviation: (spread as f64).sqrt() / count,
    }
}

const BLOCK: usize = 128;

/// The sums of values and of squares; of 128 values both fit 32 bits.
#[cfg(not(target_feature = "simd128"))]
#[inline(always)]
fn sums(block: &[u8; BLOCK]) -> (u32, u32) {
    let (mut sum, mut squares) = (0_u32, 0_i32);
    for &value in block {
        sum = sum.wrapping_add(u32::from(value));
    }
    for &value in block {
        let value = i32::from(value);
        squares = squares.wrapping_add(value.wrapping_mul(value));
    }
    (sum, squares as u32)
}

/// The same, with products of pairs.
#[cfg(target_feature = "simd128")]
#[inline(always)]
fn sums(block: &[u8; BLOCK]) -> (u32, u32) {
    use std::arch::wasm32::*;

    use super::lanes;

    // Pairs of 8 vectors add up to at most 8 * 510, which fits 16 bits.
    let (mut pairs, mut squares) = (u16x8_splat(0), i32x4_splat(0));
    for start in (0..BLOCK).step_by(16) {
        let values = lanes::load(&block[start..start + 16]);
        let (low, high) = (u16x8_extend_low_u8x16(values), u16x8_extend_high_u8x16(values));
        pairs = u16x8_add(pairs, u16x8_extadd_pairwise_u8x16(values));
        squares = i32x4_add(
            squares,
            i32x4_add(i32x4_dot_i16x8(low, low), i32x4_dot_i16x8(high, high)),
        );
    }
    let sum = lanes::total(u32x4_extadd_pairwise_u16x8(pairs));
    (sum as u32, lanes::total(squares) as u32)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SIZES, random_picture};
    use super::*;
    use crate::pixels::Gray;
    use crate::vision::Histogram;

    #[test]
    fn they_are_those_of_the_histogram() {
        for (width, height) in SIZES {
            let picture = random_picture(width, height, 31);
            let (moments, histogram) = (moments(picture.view()), Histogram::of(picture.view()));
            assert_eq!(moments.mean, histogram.mean());
            assert!((moments.standard_deviation - histogram.standard_deviation()).abs() < 1e-9);
        }
    }

    #[test]
    fn a_flat_picture_has_no_spread_however_bright() {
        for level in [0, 1, 254, 255] {
            let moments = moments(Gray::filled(301, 77, [level]).view());
            assert_eq!((moments.mean, moments.standard_deviation), (f64::from(level), 0.0));
        }
    }
}
