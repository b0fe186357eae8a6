//! Convolution with 3 x 3 whole numbers.

use super::blocks::each;
use super::border::{Padded, row_or_nearest};
use super::division::Divider;
use crate::pixels::{Pixels, View};

/// Nine weights, a divisor and an offset.
///
/// ```
/// use procvision_guest::{Gray, vision::{self, Kernel3x3}};
///
/// let sharpen = Kernel3x3::new([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]);
/// let edge = Gray::from_fn(4, 3, |x, _| [if x < 2 { 100 } else { 110 }]);
/// assert_eq!(vision::convolve3x3(edge.view(), &sharpen).row(1), [100, 90, 120, 110]);
///
/// // A relief: differences of neighbours, around the middle gray.
/// let relief = Kernel3x3::new([[-1, 0, 0], [0, 0, 0], [0, 0, 1]]).divided_by(2).plus(128);
/// assert_eq!(vision::convolve3x3(edge.view(), &relief).row(1), [128, 133, 133, 128]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel3x3 {
    weights: [[i16; 3]; 3],
    divisor: u16,
    offset: i16,
}

impl Kernel3x3 {
    /// Weights from the upper left to the lower right neighbour; the middle one is the pixel's own. Divisor 1,
    /// offset 0.
    pub const fn new(weights: [[i16; 3]; 3]) -> Self {
        Self {
            weights,
            divisor: 1,
            offset: 0,
        }
    }

    /// The number that the weighted sum is divided by.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub const fn divided_by(mut self, divisor: u16) -> Self {
        assert!(divisor > 0, "a kernel cannot be divided by 0");
        self.divisor = divisor;
        self
    }

    /// The level that is added after the division.
    pub const fn plus(mut self, offset: i16) -> Self {
        self.offset = offset;
        self
    }
}

/// For each pixel the sum of its neighbours and itself, each times its weight, divided by the divisor, plus the offset,
/// rounded to the nearest level (halves up) and limited to 0 to 255; each channel for itself. The border is continued
/// by the outermost pixels. The weights are not mirrored, as is usual for pictures. One pass.
///
/// Costs several times less if there is no divisor and the amounts of the weights add up to at most 128.
pub fn convolve3x3<const C: usize>(picture: View<'_, C>, kernel: &Kernel3x3) -> Pixels<C> {
    let mut target = Pixels::filled(picture.width(), picture.height(), [0; C]);
    let width = target.stride();
    let mut padded: [Padded<C>; 3] = std::array::from_fn(|_| Padded::new(picture.width(), 1));
    let amount: u32 = kernel
        .weights
        .iter()
        .flatten()
        .map(|weight| u32::from(weight.unsigned_abs()))
        .sum();
    let mut sums = vec![0_i32; width];
    // With amounts of at most 128, no sum of levels leaves 16 bits.
    let is_short = amount <= 128 && kernel.divisor == 1;
    let mut short_sums = vec![0_i16; if is_short { width } else { 0 }];
    for (y, to) in (0_i64..).zip(target.as_bytes_mut().chunks_exact_mut(width)) {
        let [above, here, below] = &mut padded;
        let rows = [
            above.fill(row_or_nearest(picture, y - 1)),
            here.fill(row_or_nearest(picture, y)),
            below.fill(row_or_nearest(picture, y + 1)),
        ];
        if is_short {
            convolve_short(rows, kernel, &mut short_sums, to, C);
        } else {
            weigh(rows, kernel, &mut sums, C);
            finish(&sums, kernel, to);
        }
    }
    target
}

fn weigh(rows: [&[u8]; 3], kernel: &Kernel3x3, sums: &mut [i32], channels: usize) {
    for (index, (row, weights)) in rows.iter().zip(&kernel.weights).enumerate() {
        let taps = [&row[..], &row[channels..], &row[2 * channels..]];
        let [u, v, w] = weights.map(i32::from);
        let add = |sum: i32, taps: [u8; 3]| {
            let [a, b, c] = taps.map(i32::from);
            let (a, b, c) = (a.wrapping_mul(u), b.wrapping_mul(v), c.wrapping_mul(w));
            sum.wrapping_add(a).wrapping_add(b.wrapping_add(c))
        };
        if index == 0 {
            each::<32, _, _, _>(sums, taps, |_, taps| add(0, taps));
        } else {
            each::<32, _, _, _>(sums, taps, add);
        }
    }
}

/// All at once for kernels without a divisor, whose sums fit 16 bits.
fn convolve_short(rows: [&[u8]; 3], kernel: &Kernel3x3, sums: &mut [i16], to: &mut [u8], channels: usize) {
    for (index, (row, weights)) in rows.iter().zip(kernel.weights).enumerate() {
        let taps = [&row[..], &row[channels..], &row[2 * channels..]];
        let [u, v, w] = weights;
        let add = |sum: i16, [a, b, c]: [u8; 3]| {
            let [a, b, c] = [a, b, c].map(i16::from);
            let (a, b, c) = (a.wrapping_mul(u), b.wrapping_mul(v), c.wrapping_mul(w));
            sum.wrapping_add(a).wrapping_add(b.wrapping_add(c))
        };
        if index == 0 {
            each::<64, _, _, _>(sums, taps, |_, taps| add(0, taps));
        } else {
            each::<64, _, _, _>(sums, taps, add);
        }
    }
    let offset = kernel.offset;
    each::<64, _, _, _>(to, [&*sums], |_, [sum]| sum.saturating_add(offset).clamp(0, 255) as u8);
}

/// `(sum + offset * divisor + divisor / 2) / divisor`, limited before the division instead of after it.
fn finish(sums: &[i32], kernel: &Kernel3x3, to: &mut [u8]) {
    let divisor = i32::from(kernel.divisor);
    let add = i32::from(kernel.offset).wrapping_mul(divisor).wrapping_add(divisor / 2);
    let most = divisor * 256 - 1;
    let divider = Divider::new(kernel.divisor.into());
    each::<32, _, _, _>(to, [sums], |_, [sum]| {
        // Sums of 9 * 255 * 32768 and offsets of 32768 * 65535 do not add up to what wraps around unseen.
        divider.divide(sum.saturating_add(add).clamp(0, most) as u32)
    });
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SIZES, random_picture};
    use super::*;
    use crate::pixels::{Gray, Rgb};

    fn naive(picture: &Gray, kernel: &Kernel3x3, x: u32, y: u32) -> u8 {
        let mut sum = 0_i64;
        for (dy, row) in (-1..).zip(&kernel.weights) {
            for (dx, &weight) in (-1..).zip(row) {
                let x = (i64::from(x) + dx).clamp(0, i64::from(picture.width()) - 1);
                let y = (i64::from(y) + dy).clamp(0, i64::from(picture.height()) - 1);
                sum += i64::from(weight) * i64::from(picture.get(x as u32, y as u32)[0]);
            }
        }
        let rounded = (sum as f64 / f64::from(kernel.divisor) + 0.5).floor() as i64;
        (rounded + i64::from(kernel.offset)).clamp(0, 255) as u8
    }

    const KERNELS: [Kernel3x3; 7] = [
        Kernel3x3::new([[0, 0, 0], [0, 1, 0], [0, 0, 0]]),
        Kernel3x3::new([[1, 2, 1], [2, 4, 2], [1, 2, 1]]).divided_by(16),
        Kernel3x3::new([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
        Kernel3x3::new([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]])
            .divided_by(3)
            .plus(100),
        Kernel3x3::new([[7, -300, 9], [11, 1000, 13], [-400, 17, 99]])
            .divided_by(777)
            .plus(-20),
        Kernel3x3::new([[i16::MAX; 3]; 3]).divided_by(u16::MAX).plus(i16::MIN),
        Kernel3x3::new([[i16::MIN; 3]; 3]).divided_by(u16::MAX).plus(i16::MAX),
    ];

    #[test]
    fn every_kind_of_kernel_follows_the_definition() {
        for (width, height) in SIZES {
            let picture = random_picture(width, height, 17);
            for kernel in KERNELS {
                let expected = Gray::from_fn(width, height, |x, y| [naive(&picture, &kernel, x, y)]);
                assert_eq!(
                    convolve3x3(picture.view(), &kernel),
                    expected,
                    "{width} x {height}, {kernel:?}"
                );
            }
        }
    }

    #[test]
    fn channels_do_not_mix() {
        for (width, height) in SIZES {
            let channels = [1, 2, 3].map(|seed| random_picture(width, height, seed));
            let picture = Rgb::from_fn(width, height, |x, y| {
                channels.each_ref().map(|channel| channel.get(x, y)[0])
            });
            for kernel in KERNELS {
                let single = channels.each_ref().map(|channel| convolve3x3(channel.view(), &kernel));
                let expected = Rgb::from_fn(width, height, |x, y| single.each_ref().map(|one| one.get(x, y)[0]));
                assert_eq!(convolve3x3(picture.view(), &kernel), expected);
            }
        }
    }
}
