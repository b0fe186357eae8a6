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
    let columns = Columns::new(picture.width(), width, picture.height());
    let mut before = vec![[0_u64; C]; picture.width() as usize + 1];
    for (y, to) in (0_u64..).zip(target.as_bytes_mut().chunks_exact_mut(stride)) {
        let (top, bottom) = (y * extent, (y + 1) * extent);
        let (first, last) = (top / step, (bottom - 1) / step);
        for row in first..=last {
            let covered = ((row + 1) * step).min(bottom) - (row * step).max(top);
            let weight = covered as u32;
            let row_samples = picture.row(row as u32);
            // Weights of one new row add up to the picture's height, so that sums are below 2^32.
            let weigh = |value: u8| u32::from(value).wrapping_mul(weight);
            if row == first {
                each::<32, _, _, _>(&mut sums, [row_samples], |_, [value]| weigh(value));
            } else {
                each::<32, _, _, _>(&mut sums, [row_samples], |sum, [value]| sum.wrapping_add(weigh(value)));
            }
        }
        columns.means::<C>(&sums, &mut before, to);
    }
    target
}

/// How columns are put together. In units of which one column is as many long as there are new columns, the borders of
/// the new columns are whole numbers too.
struct Columns {
    /// For each border the column that it lies in, and how far from that column's start.
    borders: Vec<(u32, u32)>,
    /// Units of one column.
    unit: u64,
    /// What all weights of one new pixel add up to.
    total: f64,
}

impl Columns {
    fn new(from: u32, to: u32, rows: u32) -> Self {
        let border = |index: u64| {
            let place = index * u64::from(from);
            ((place / u64::from(to)) as u32, (place % u64::from(to)) as u32)
        };
        Self {
            borders: (0..=u64::from(to)).map(border).collect(),
            unit: to.into(),
            total: f64::from(from) * f64::from(rows),
        }
    }

    /// `before` has place for one more than there are columns.
    fn means<const C: usize>(&self, sums: &[u32], before: &mut [[u64; C]], to: &mut [u8]) {
        let (sums, _) = sums.as_chunks::<C>();
        add_up(sums, before);
        let last = sums.len() - 1;
        let (half, part) = ((self.total / 2.0).floor() + 0.25, 1.0 / self.total);
        // Everything left of a border. The last border lies at the end of the last column, where nothing is added.
        let left_of = |(column, place): (u32, u32)| -> [u64; C] {
            let column = column as usize;
            let (before, here) = (&before[column], &sums[column.min(last)]);
            std::array::from_fn(|channel| {
                let parts = u64::from(here[channel]).wrapping_mul(u64::from(place));
                before[channel].wrapping_mul(self.unit).wrapping_add(parts)
            })
        };
        let mut left = [0; C];
        for (to, &border) in to.as_chunks_mut::<C>().0.iter_mut().zip(&self.borders[1..]) {
            let right = left_of(border);
            for channel in 0..C {
                // Below 2^53, as is half the total, so that both are exact. The quarter keeps quotients away from
                // whole numbers by more than the product is off, so that cutting gives the exact quotient.
                let sum = right[channel].wrapping_sub(left[channel]) as f64;
                to[channel] = ((sum + half) * part) as u8;
            }
            left = right;
        }
    }
}

/// `before[i + 1]` becomes the sum of `sums[..=i]`.
fn add_up<const C: usize>(sums: &[[u32; C]], before: &mut [[u64; C]]) {
    let mut total = [0_u64; C];
    let (sums, rest) = sums.as_chunks::<16>();
    let (before, before_rest) = before[1..].as_chunks_mut::<16>();
    let mut step = |sum: &[u32; C], before: &mut [u64; C]| {
        for channel in 0..C {
            total[channel] = total[channel].wrapping_add(sum[channel].into());
        }
        *before = total;
    };
    for (sums, before) in sums.iter().zip(before) {
        for i in 0..16 {
            step(&sums[i], &mut before[i]);
        }
    }
    for (sum, before) in rest.iter().zip(before_rest) {
        step(sum, before);
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
