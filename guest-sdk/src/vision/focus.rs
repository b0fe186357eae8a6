//! How sharp a picture is.

use super::blocks::padded;
use crate::pixels::GrayView;

/// The variance of the Laplacian (the four neighbours minus four times the pixel) over all pixels that have four
/// neighbours, in squared gray levels, or `None` for a picture smaller than 3 x 3. One pass.
///
/// It grows with sharpness, and also with contrast and noise, so that it compares pictures of the same scene under the
/// same camera settings. A change of brightness alone does not alter it.
///
/// ```
/// # use procvision_guest::{Gray, vision};
/// let checkered = Gray::from_fn(8, 8, |x, y| [if (x + y) % 2 == 0 { 100 } else { 101 }]);
/// assert_eq!(vision::laplacian_variance(checkered.view()), Some(16.0));
/// ```
pub fn laplacian_variance(picture: GrayView<'_>) -> Option<f64> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    if width < 3 || height < 3 {
        return None;
    }
    let inner = width - 2;
    let mut total = Sums::default();
    let mut rows = picture.rows();
    let (mut above, mut middle) = (rows.next()?, rows.next()?);
    for below in rows {
        let near = [
            &above[1..=inner],
            &below[1..=inner],
            &middle[..inner],
            &middle[2..],
            &middle[1..=inner],
        ]
        .map(|row| row.as_chunks::<BLOCK>());
        for index in 0..inner / BLOCK {
            total.add(near.map(|(blocks, _)| &blocks[index]));
        }
        let rest = near.map(|(_, rest)| rest.as_chunks::<16>());
        for index in 0..inner % BLOCK / 16 {
            total.add(rest.map(|(blocks, _)| &blocks[index]));
        }
        // Samples that are all 0 answer with 0, so that filling up does not change the sums.
        total.add(rest.map(|(_, rest)| padded::<16, u8>(rest)).each_ref());
        (above, middle) = (middle, below);
    }
    let count = (inner * (height - 2)) as f64;
    let mean = total.sum as f64 / count;
    Some((total.squares as f64 / count - mean * mean).max(0.0))
}

const BLOCK: usize = 64;

#[derive(Default)]
struct Sums {
    sum: i64,
    squares: u64,
}

impl Sums {
    /// Adds the responses of a block of pixels, from those above, below, left and right of them and their own.
    #[inline(always)]
    fn add<const N: usize>(&mut self, near: [&[u8; N]; 5]) {
        // Of up to 64 responses from -1020 to 1020 neither sum leaves 32 bits.
        let (sum, squares) = sums(near);
        self.sum = self.sum.wrapping_add(sum.into());
        self.squares = self.squares.wrapping_add(squares as u64);
    }
}

/// The sums of the responses and of their squares.
#[cfg(not(target_feature = "simd128"))]
#[inline(always)]
fn sums<const N: usize>([up, down, left, right, center]: [&[u8; N]; 5]) -> (i32, i32) {
    let (mut sum, mut squares) = (0_i32, 0_i32);
    for i in 0..N {
        let [up, down, left, right] = [up[i], down[i], left[i], right[i]].map(i16::from);
        let around = up.wrapping_add(down).wrapping_add(left.wrapping_add(right));
        let response = i32::from(around.wrapping_sub(i16::from(center[i]) << 2));
        sum = sum.wrapping_add(response);
        squares = squares.wrapping_add(response.wrapping_mul(response));
    }
    (sum, squares)
}

/// The same, with products of pairs.
#[cfg(target_feature = "simd128")]
#[inline(always)]
fn sums<const N: usize>(near: [&[u8; N]; 5]) -> (i32, i32) {
    use std::arch::wasm32::*;

    use super::lanes;

    let (mut sum, mut squares) = (i32x4_splat(0), i32x4_splat(0));
    for start in (0..N).step_by(16) {
        let bytes = near.map(|samples| lanes::load(&samples[start..start + 16]));
        for half in [
            bytes.map(|bytes| u16x8_extend_low_u8x16(bytes)),
            bytes.map(|bytes| u16x8_extend_high_u8x16(bytes)),
        ] {
            let [up, down, left, right, center] = half;
            let around = i16x8_add(i16x8_add(up, down), i16x8_add(left, right));
            let response = i16x8_sub(around, i16x8_shl(center, 2));
            sum = i32x4_add(sum, i32x4_extadd_pairwise_i16x8(response));
            squares = i32x4_add(squares, i32x4_dot_i16x8(response, response));
        }
    }
    (lanes::total(sum), lanes::total(squares))
}

#[cfg(test)]
mod tests {
    use super::super::tests::random_picture;
    use super::*;
    use crate::pixels::Gray;

    #[test]
    fn it_agrees_with_the_definition() {
        for (width, height) in [(3, 3), (3, 10), (11, 3), (16, 9), (33, 20)] {
            let picture = random_picture(width, height, 8);
            let at = |x: u32, y: u32| f64::from(picture.get(x, y)[0]);
            let mut responses = Vec::new();
            for y in 1..height - 1 {
                for x in 1..width - 1 {
                    responses.push(at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4.0 * at(x, y));
                }
            }
            let mean = responses.iter().sum::<f64>() / responses.len() as f64;
            let expected = responses.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / responses.len() as f64;
            let measured = laplacian_variance(picture.view()).unwrap();
            assert!(
                (measured - expected).abs() <= 1e-6 * expected.max(1.0),
                "{measured} {expected}"
            );
        }
    }

    #[test]
    fn a_ramp_has_none_and_a_picture_without_inner_pixels_no_answer() {
        let ramp = Gray::from_fn(20, 10, |x, y| [(3 * x + 2 * y) as u8]);
        assert_eq!(laplacian_variance(ramp.view()), Some(0.0));
        assert_eq!(laplacian_variance(Gray::filled(2, 9, [7]).view()), None);
        assert_eq!(laplacian_variance(Gray::filled(9, 2, [7]).view()), None);
    }
}
