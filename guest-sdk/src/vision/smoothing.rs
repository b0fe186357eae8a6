//! Means over square neighbourhoods.

use super::blocks::each;
use super::division::{Divider, ShortDivider};
use crate::pixels::{Pixels, View};

/// The mean of the square of `2 * radius + 1` pixels a side around each pixel, rounded to the nearest level, each
/// channel for itself. Near an edge the mean is that of the part of the square inside the picture. A few operations a
/// sample, whatever the radius.
///
/// A small radius takes noise away; with a large one the result is the local brightness of the ground.
///
/// ```
/// # use procvision_guest::{Gray, vision};
/// let row = Gray::from_vec(vec![0, 0, 90, 0, 0], 5, 1).unwrap();
/// assert_eq!(vision::box_mean(row.view(), 1).as_bytes(), [0, 30, 30, 30, 0]);
/// ```
pub fn box_mean<const C: usize>(picture: View<'_, C>, radius: u32) -> Pixels<C> {
    let mut target = Pixels::filled(picture.width(), picture.height(), [0; C]);
    let width = target.stride();
    let mut means = BoxMeans::new(picture, radius);
    for (y, to) in (0..).zip(target.as_bytes_mut().chunks_exact_mut(width)) {
        means.row(y, to);
    }
    target
}

/// The rows of [`box_mean`], made one after the other.
pub(super) struct BoxMeans<'a, const C: usize> {
    picture: View<'a, C>,
    /// How far the window reaches to the sides, and how far up and down.
    reach: usize,
    down: u32,
    /// Rows of the picture in the window.
    rows: u32,
    sums: Sums<C>,
}

/// Sums of the columns over the rows of the window, between two margins of zeros, so that going along them needs no
/// cases for the edges.
enum Sums<const C: usize> {
    /// For windows of up to 5 x 5 pixels, whose sums fit 16 bits.
    Short(Vec<u16>),
    /// Column sums, and what lies left of each column added up. Sums wrap around; differences of two are right as long
    /// as a window's own sum fits.
    Long(Vec<[u32; C]>, Vec<[u32; C]>),
}

impl<'a, const C: usize> BoxMeans<'a, C> {
    pub(super) fn new(picture: View<'a, C>, radius: u32) -> Self {
        // A radius beyond the picture's own size changes nothing.
        let reach = radius.min(picture.width().max(picture.height())) as usize;
        let down = radius.min(picture.height());
        let columns = picture.width() as usize + 2 * reach;
        let sums = if reach <= 2 {
            Sums::Short(vec![0; columns * C])
        } else {
            Sums::Long(vec![[0; C]; columns], vec![[0; C]; columns + 1])
        };
        let mut means = Self {
            picture,
            reach,
            down,
            rows: 0,
            sums,
        };
        for y in 0..down {
            means.enter(y);
        }
        means
    }

    fn enter(&mut self, y: u32) {
        let row = self.picture.row(y);
        let inner = self.reach * C..self.reach * C + row.len();
        match &mut self.sums {
            Sums::Short(columns) => each::<64, _, _, _>(&mut columns[inner], [row], |sum, [value]| {
                sum.wrapping_add(u16::from(value))
            }),
            Sums::Long(columns, _) => {
                each::<32, _, _, _>(&mut columns.as_flattened_mut()[inner], [row], |sum, [value]| {
                    sum.wrapping_add(u32::from(value))
                })
            }
        }
        self.rows += 1;
    }

    fn leave(&mut self, y: u32) {
        let row = self.picture.row(y);
        let inner = self.reach * C..self.reach * C + row.len();
        match &mut self.sums {
            Sums::Short(columns) => each::<64, _, _, _>(&mut columns[inner], [row], |sum, [value]| {
                sum.wrapping_sub(u16::from(value))
            }),
            Sums::Long(columns, _) => {
                each::<32, _, _, _>(&mut columns.as_flattened_mut()[inner], [row], |sum, [value]| {
                    sum.wrapping_sub(u32::from(value))
                })
            }
        }
        self.rows -= 1;
    }

    /// Makes row `y`; rows must be asked for in their order.
    pub(super) fn row(&mut self, y: u32, to: &mut [u8]) {
        if y < self.picture.height() - self.down {
            self.enter(y + self.down);
        }
        if y > self.down {
            self.leave(y - self.down - 1);
        }
        let (reach, rows, width) = (self.reach, self.rows, self.picture.width() as usize);
        match &mut self.sums {
            Sums::Short(columns) => short_means::<C>(columns, reach, rows, to),
            Sums::Long(columns, before) => {
                add_up(columns, before);
                let (left, right) = (&before[..width], &before[2 * reach + 1..]);
                long_means(left.as_flattened(), right.as_flattened(), reach, rows, to);
            }
        }
        // Where the window reaches over the side of the picture, it holds fewer columns.
        let edge = reach.min(width);
        let sides = (0..edge).chain(width.saturating_sub(reach).max(edge)..width);
        for x in sides {
            let count = ((x + reach).min(width - 1) - x.saturating_sub(reach) + 1) as u64 * u64::from(rows);
            for channel in 0..C {
                let sum: u64 = match &self.sums {
                    Sums::Short(columns) => {
                        let window = columns[x * C..(x + 2 * reach + 1) * C].iter();
                        window.skip(channel).step_by(C).map(|&sum| u64::from(sum)).sum()
                    }
                    Sums::Long(_, before) => before[x + 2 * reach + 1][channel]
                        .wrapping_sub(before[x][channel])
                        .into(),
                };
                to[x * C + channel] = ((sum + count / 2) / count) as u8;
            }
        }
    }
}

/// `before[i + 1]` becomes the sum of `columns[..=i]`.
fn add_up<const C: usize>(columns: &[[u32; C]], before: &mut [[u32; C]]) {
    let mut sum = [0_u32; C];
    let (columns, columns_rest) = columns.as_chunks::<16>();
    let (before, before_rest) = before[1..].as_chunks_mut::<16>();
    let mut step = |column: &[u32; C], before: &mut [u32; C]| {
        for channel in 0..C {
            sum[channel] = sum[channel].wrapping_add(column[channel]);
        }
        *before = sum;
    };
    for (columns, before) in columns.iter().zip(before) {
        for i in 0..16 {
            step(&columns[i], &mut before[i]);
        }
    }
    for (column, before) in columns_rest.iter().zip(before_rest) {
        step(column, before);
    }
}

/// The means of windows that lie inside the picture; those at the sides come out wrong.
fn short_means<const C: usize>(columns: &[u16], reach: usize, rows: u32, to: &mut [u8]) {
    let count = (2 * reach as u16 + 1) * rows as u16;
    let (divider, half) = (ShortDivider::new(count), count / 2);
    let mean = |sum: u16| divider.divide(sum.wrapping_add(half));
    let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|tap: usize| &columns[(tap * C).min(2 * reach * C)..]);
    match reach {
        0 => each::<64, _, _, _>(to, [a], |_, [a]| mean(a)),
        1 => each::<64, _, _, _>(to, [a, b, c], |_, [a, b, c]| mean(a.wrapping_add(b).wrapping_add(c))),
        _ => each::<64, _, _, _>(to, [a, b, c, d, e], |_, [a, b, c, d, e]| {
            mean(a.wrapping_add(b).wrapping_add(c).wrapping_add(d.wrapping_add(e)))
        }),
    }
}

/// As [`short_means`], from what lies left of each window and of its end.
fn long_means(left: &[u32], right: &[u32], reach: usize, rows: u32, to: &mut [u8]) {
    let count = (2 * reach as u64 + 1) * u64::from(rows);
    if let Some(small) = u32::try_from(count).ok().filter(|&count| count <= Divider::MAX) {
        let (divider, half) = (Divider::new(small), small / 2);
        each::<32, _, _, _>(to, [left, right], |_, [left, right]| {
            divider.divide(right.wrapping_sub(left).wrapping_add(half))
        });
    } else {
        each::<32, _, _, _>(to, [left, right], |_, [left, right]| {
            ((u64::from(right.wrapping_sub(left)) + count / 2) / count) as u8
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SIZES, random_picture};
    use super::*;
    use crate::pixels::Gray;

    #[test]
    fn it_is_the_rounded_mean_of_the_window_inside_the_picture() {
        for (width, height) in SIZES {
            let picture = random_picture(width, height, 7);
            for radius in [0, 1, 2, 5, 11, 100] {
                let expected = Gray::from_fn(width, height, |x, y| {
                    let (mut sum, mut count) = (0_u64, 0_u64);
                    for row in y.saturating_sub(radius)..=(y + radius).min(height - 1) {
                        for column in x.saturating_sub(radius)..=(x + radius).min(width - 1) {
                            sum += u64::from(picture.get(column, row)[0]);
                            count += 1;
                        }
                    }
                    [(sum as f64 / count as f64 + 0.5).floor() as u8]
                });
                assert_eq!(
                    box_mean(picture.view(), radius),
                    expected,
                    "{width} x {height}, radius {radius}"
                );
            }
        }
    }

    #[test]
    fn a_part_of_a_picture_is_smoothed_as_if_it_were_the_whole() {
        let picture = random_picture(30, 20, 9);
        let part = picture.view().region(crate::Rect::new(5, 3, 17, 11)).unwrap();
        assert_eq!(box_mean(part, 3), box_mean(part.to_pixels().view(), 3));
    }
}
