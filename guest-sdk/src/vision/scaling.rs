//! Smaller pictures by the mean over areas.

use super::blocks::each;
use crate::pixels::{Pixels, View};

/// The picture at a smaller size: each new pixel is the mean of the area it covers, parts of pixels counted as parts,
/// rounded to the nearest level, each channel for itself. Exact for all sizes. One pass; quickest if the sides are
/// divided by whole numbers.
///
/// ```
/// # use procvision_guest::{Gray, vision};
/// let row = Gray::from_vec(vec![0, 30, 60], 3, 1).unwrap();
/// // The middle pixel belongs to both halves.
/// assert_eq!(vision::shrink(row.view(), 2, 1).as_bytes(), [10, 50]);
/// ```
///
/// # Panics
///
/// If a new side is 0 or larger than the picture's, or the picture has more than 16,777,216 rows.
#[track_caller]
pub fn shrink<const C: usize>(picture: View<'_, C>, width: u32, height: u32) -> Pixels<C> {
    assert!(
        (1..=picture.width()).contains(&width) && (1..=picture.height()).contains(&height),
        "a picture of {} x {} pixels cannot be shrunk to {width} x {height}",
        picture.width(),
        picture.height()
    );
    assert!(picture.height() <= 1 << 24, "the picture has too many rows");
    let mut target = Pixels::filled(width, height, [0; C]);
    let stride = target.stride();
    // In units of which one row is `height` and one new row `picture.height()` long, everything is whole.
    let (step, extent) = (u64::from(height), u64::from(picture.height()));
    let mut sums = vec![0_u32; picture.width() as usize * C];
    let columns = Columns {
        from: picture.width(),
        to: width,
        rows: picture.height(),
    };
    for (y, to) in (0_u64..).zip(target.as_bytes_mut().chunks_exact_mut(stride)) {
        let (top, bottom) = (y * extent, (y + 1) * extent);
        let (first, last) = (top / step, (bottom - 1) / step);
        for row in first..=last {
            let covered = ((row + 1) * step).min(bottom) - (row * step).max(top);
            let weight = covered as u32;
            let keep = u32::from(row > first);
            // Weights of one new row add up to the picture's height, so that sums are below 2^32.
            each::<32, _, _, _>(&mut sums, [picture.row(row as u32)], |sum, [value]| {
                sum.wrapping_mul(keep)
                    .wrapping_add(u32::from(value).wrapping_mul(weight))
            });
        }
        columns.means::<C>(&sums, to);
    }
    target
}

/// How columns are put together.
struct Columns {
    from: u32,
    to: u32,
    /// What the weights of the sums' rows add up to.
    rows: u32,
}

impl Columns {
    fn means<const C: usize>(&self, sums: &[u32], to: &mut [u8]) {
        let (sums, _) = sums.as_chunks::<C>();
        let (to, _) = to.as_chunks_mut::<C>();
        let total = u64::from(self.from) * u64::from(self.rows);
        let (step, extent) = (u64::from(self.to), u64::from(self.from));
        if self.from % self.to == 0 {
            // Whole columns: all weights are alike, and cancel with the same factor of the total.
            let group = (self.from / self.to) as usize;
            let total = group as u64 * u64::from(self.rows);
            for (to, group) in to.iter_mut().zip(sums.chunks_exact(group)) {
                let mut sum = [0_u64; C];
                for pixel in group {
                    for channel in 0..C {
                        sum[channel] = sum[channel].wrapping_add(u64::from(pixel[channel]));
                    }
                }
                *to = sum.map(|sum| quotient(sum, total));
            }
            return;
        }
        for (x, to) in (0_u64..).zip(to) {
            let (left, right) = (x * extent, (x + 1) * extent);
            let (first, last) = ((left / step) as usize, ((right - 1) / step) as usize);
            let mut sum = [0_u64; C];
            for (column, pixel) in (first as u64..).zip(&sums[first..=last]) {
                let weight = ((column + 1) * step).min(right) - (column * step).max(left);
                for channel in 0..C {
                    sum[channel] = sum[channel].wrapping_add(u64::from(pixel[channel]).wrapping_mul(weight));
                }
            }
            *to = sum.map(|sum| quotient(sum, total));
        }
    }
}

/// Rounded to the nearest, halves up.
fn quotient(sum: u64, total: u64) -> u8 {
    let sum = sum.wrapping_add(total / 2);
    // Processors divide short numbers several times as fast.
    match (u32::try_from(sum), u32::try_from(total)) {
        (Ok(sum), Ok(total)) => (sum / total) as u8,
        _ => (sum / total) as u8,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SIZES, random_picture};
    use super::*;
    use crate::pixels::{Gray, Rgb};

    /// Every source pixel repeated as often as needed for whole areas.
    fn naive(picture: &Gray, width: u32, height: u32) -> Gray {
        let (from_width, from_height) = (picture.width(), picture.height());
        Gray::from_fn(width, height, |x, y| {
            let mut sum = 0_u64;
            for down in 0..from_height {
                for across in 0..from_width {
                    let (fine_x, fine_y) = (x * from_width + across, y * from_height + down);
                    sum += u64::from(picture.get(fine_x / width, fine_y / height)[0]);
                }
            }
            let count = u64::from(from_width) * u64::from(from_height);
            [((sum + count / 2) / count) as u8]
        })
    }

    #[test]
    fn every_size_has_the_mean_over_each_area() {
        for (width, height) in SIZES {
            let picture = random_picture(width, height, 22);
            for (to_width, to_height) in [
                (1, 1),
                (2, 3),
                (width / 2, height / 2),
                (width - 1, height),
                (width, height),
            ] {
                let (to_width, to_height) = (to_width.clamp(1, width), to_height.clamp(1, height));
                assert_eq!(
                    shrink(picture.view(), to_width, to_height),
                    naive(&picture, to_width, to_height),
                    "{width} x {height} to {to_width} x {to_height}"
                );
            }
        }
    }

    #[test]
    fn channels_do_not_mix() {
        let channels = [1, 2, 3].map(|seed| random_picture(37, 9, seed));
        let picture = Rgb::from_fn(37, 9, |x, y| channels.each_ref().map(|channel| channel.get(x, y)[0]));
        for (width, height) in [(10, 4), (37, 3), (1, 9)] {
            let single = channels.each_ref().map(|channel| shrink(channel.view(), width, height));
            let expected = Rgb::from_fn(width, height, |x, y| single.each_ref().map(|one| one.get(x, y)[0]));
            assert_eq!(shrink(picture.view(), width, height), expected);
        }
    }

    #[test]
    #[should_panic(expected = "a picture of 4 x 3 pixels cannot be shrunk to 5 x 3")]
    fn a_picture_does_not_grow() {
        shrink(Gray::filled(4, 3, [0]).view(), 5, 3);
    }
}
