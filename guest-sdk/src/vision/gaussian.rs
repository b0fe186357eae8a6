//! Gaussian blur in fixed point.

use super::blocks::each;
use super::border::row_or_nearest;
use crate::pixels::{Pixels, View};

/// The largest standard deviation of [`gaussian`], in pixels. For wider blurs shrink the picture first.
pub const MAX_SIGMA: f64 = 20.0;

/// Blurs with a Gaussian of the standard deviation `sigma` in pixels, each channel for itself, rounded to the nearest
/// level. The border is continued by the outermost pixels. Cost grows with sigma: about `6 * sigma` products a sample.
///
/// The weights reach to three standard deviations and are whole numbers that add up to 32768, so that a flat area keeps
/// its level; the result differs by at most 1 from that of exact arithmetic with this reach.
///
/// ```
/// # use procvision_guest::{Gray, vision};
/// let row = Gray::from_vec(vec![0, 0, 0, 100, 0, 0, 0], 7, 1).unwrap();
/// assert_eq!(vision::gaussian(row.view(), 1.0).as_bytes(), [0, 5, 24, 40, 24, 5, 0]);
/// ```
///
/// # Panics
///
/// If `sigma` is not a number from 0 to [`MAX_SIGMA`]. With 0 the picture stays as it is.
#[track_caller]
pub fn gaussian<const C: usize>(picture: View<'_, C>, sigma: f64) -> Pixels<C> {
    assert!(
        (0.0..=MAX_SIGMA).contains(&sigma),
        "sigma must lie between 0 and {MAX_SIGMA}, not {sigma}"
    );
    let Some(weights) = Weights::new(sigma) else {
        return picture.to_pixels();
    };
    let margin = weights.sides.len() * C;
    let mut target = Pixels::filled(picture.width(), picture.height(), [0; C]);
    let width = target.stride();
    let mut sums = vec![0_i32; width];
    // A row blurred over its columns, in 64ths of a level, between margins. Twice the largest value fits 16 bits.
    let mut line = vec![0_i16; width + 2 * margin];
    for (y, to) in (0_i64..).zip(target.as_bytes_mut().chunks_exact_mut(width)) {
        weights.add_up(&mut sums, |offset| row_or_nearest(picture, y + offset as i64));
        each::<32, _, _, _>(&mut line[margin..margin + width], [&sums], |_, [sum]| {
            (sum.wrapping_add(1 << 8) >> 9) as i16
        });
        for index in 0..margin {
            line[index] = line[margin + index % C];
            line[margin + width + index] = line[margin + width - C + index % C];
        }
        weights.add_up(&mut sums, |offset| {
            &line[margin.wrapping_add_signed(offset * C as isize)..]
        });
        each::<32, _, _, _>(to, [&sums], |_, [sum]| (sum.wrapping_add(1 << 20) >> 21) as u8);
    }
    target
}

/// Weights that add up to 32768: one in the middle, the others for both sides.
struct Weights {
    center: i16,
    sides: Vec<i16>,
}

impl Weights {
    /// `None` if all the weight lies in the middle.
    fn new(sigma: f64) -> Option<Self> {
        let reach = (3.0 * sigma).ceil() as u32;
        let curve = |distance: u32| exponential(f64::from(distance * distance) / (2.0 * sigma * sigma));
        let total = 1.0 + 2.0 * (1..=reach).map(curve).sum::<f64>();
        let mut sides: Vec<i16> = (1..=reach)
            .map(|distance| (curve(distance) / total * 32_768.0 + 0.5) as i16)
            .collect();
        let used = sides.iter().rposition(|&weight| weight > 0)? + 1;
        sides.truncate(used);
        let sum: i32 = sides.iter().map(|&weight| i32::from(weight)).sum();
        let center = (32_768 - 2 * sum) as i16;
        Some(Self { center, sides })
    }

    /// Sets each of `sums` to the weighted sum of what lies in its place in the rows `at` distances from here.
    fn add_up<'a, A>(&self, sums: &mut [i32], at: impl Fn(isize) -> &'a [A])
    where
        A: Copy + Default + 'a,
        i16: From<A>,
    {
        // Both sides have one weight, so that they are added first; two distances in one turn save half the sums'
        // way through memory.
        let pair = |a: A, b: A| i32::from(i16::from(a).wrapping_add(i16::from(b)));
        let center = i32::from(self.center);
        each::<32, _, _, _>(sums, [at(0)], |_, [value]| {
            i32::from(i16::from(value)).wrapping_mul(center)
        });
        for (index, weights) in self.sides.chunks(2).enumerate() {
            let near = 2 * index as isize + 1;
            let far = near + 1;
            match *weights {
                [one, two] => {
                    let (one, two) = (i32::from(one), i32::from(two));
                    let rows = [at(-near), at(near), at(-far), at(far)];
                    each::<32, _, _, _>(sums, rows, |sum, [a, b, c, d]| {
                        let (near, far) = (pair(a, b).wrapping_mul(one), pair(c, d).wrapping_mul(two));
                        sum.wrapping_add(near.wrapping_add(far))
                    });
                }
                [ref one, ..] => {
                    let one = i32::from(*one);
                    each::<32, _, _, _>(sums, [at(-near), at(near)], |sum, [a, b]| {
                        sum.wrapping_add(pair(a, b).wrapping_mul(one))
                    });
                }
                [] => {}
            }
        }
    }
}

/// e to the power of `-x`, for `x` of at least 0, by basic operations alone: the standard library's function may differ
/// in the last bit from target to target.
fn exponential(x: f64) -> f64 {
    let mut small = -x;
    let mut halvings = 0;
    while small < -0.5 {
        small /= 2.0;
        halvings += 1;
    }
    // The series 1 + s (1 + s/2 (1 + s/3 (...))) is good to the last bits after 16 terms.
    let series = (1..=16)
        .rev()
        .fold(1.0, |inner, term| 1.0 + inner * small / f64::from(term));
    (0..halvings).fold(series, |value, _| value * value)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SIZES, random_picture};
    use super::*;
    use crate::pixels::{Gray, Rgb};

    /// In floating point, with the same reach.
    fn naive(picture: &Gray, sigma: f64) -> Gray {
        let reach = (3.0 * sigma).ceil() as i64;
        let weight = |distance: i64| (-((distance * distance) as f64) / (2.0 * sigma * sigma)).exp();
        let total: f64 = (-reach..=reach).map(weight).sum();
        let (width, height) = (i64::from(picture.width()), i64::from(picture.height()));
        let mut across = vec![0.0; (width * height) as usize];
        for y in 0..height {
            for x in 0..width {
                across[(y * width + x) as usize] = (-reach..=reach)
                    .map(|d| weight(d) * f64::from(picture.row(y as u32)[(x + d).clamp(0, width - 1) as usize]))
                    .sum::<f64>()
                    / total;
            }
        }
        Gray::from_fn(picture.width(), picture.height(), |x, y| {
            let sum: f64 = (-reach..=reach)
                .map(|d| weight(d) * across[((i64::from(y) + d).clamp(0, height - 1) * width + i64::from(x)) as usize])
                .sum();
            [(sum / total).round() as u8]
        })
    }

    #[test]
    fn it_differs_from_exact_arithmetic_by_at_most_one() {
        for (width, height) in SIZES {
            let picture = random_picture(width, height, 19);
            for sigma in [0.3, 0.5, 1.0, 1.7, 3.0, 8.0, 20.0] {
                let (blurred, expected) = (gaussian(picture.view(), sigma), naive(&picture, sigma));
                let apart = |(&a, &b): (&u8, &u8)| a.abs_diff(b);
                let most = blurred.as_bytes().iter().zip(expected.as_bytes()).map(apart).max();
                assert!(most <= Some(1), "{width} x {height}, sigma {sigma}: {most:?}");
            }
        }
    }

    #[test]
    fn flat_areas_keep_their_level_at_every_sigma() {
        for sigma in [0.0, 0.1, 0.2, 0.31, 0.77, 2.0, 5.5, 13.0, 20.0] {
            for level in [0, 1, 128, 254, 255] {
                let flat = Gray::filled(33, 5, [level]);
                assert_eq!(gaussian(flat.view(), sigma), flat);
            }
        }
    }

    #[test]
    fn channels_do_not_mix() {
        let channels = [1, 2, 3].map(|seed| random_picture(37, 9, seed));
        let picture = Rgb::from_fn(37, 9, |x, y| channels.each_ref().map(|channel| channel.get(x, y)[0]));
        let single = channels.each_ref().map(|channel| gaussian(channel.view(), 1.5));
        let expected = Rgb::from_fn(37, 9, |x, y| single.each_ref().map(|one| one.get(x, y)[0]));
        assert_eq!(gaussian(picture.view(), 1.5), expected);
    }

    #[test]
    fn the_exponential_is_good_to_thirteen_digits() {
        for index in 0..2000 {
            let x = f64::from(index) * 0.01;
            assert!((exponential(x) - (-x).exp()).abs() <= 1e-13 * (-x).exp(), "{x}");
        }
    }
}
