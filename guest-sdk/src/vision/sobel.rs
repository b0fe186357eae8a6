//! Edges: how steeply the brightness rises, and in which direction.

use super::blocks::each;
use super::border::{Padded, row_or_nearest};
use crate::pixels::{Gray, GrayView};

/// The slopes at each pixel, by the Sobel operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gradients {
    width: u32,
    height: u32,
    right: Vec<i16>,
    down: Vec<i16>,
}

impl Gradients {
    /// Columns, at least 1.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows, at least 1.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Slopes to the right, -1020 to 1020: positive where the picture gets brighter to the right. Row after row.
    pub fn right(&self) -> &[i16] {
        &self.right
    }

    /// Slopes downwards, -1020 to 1020: positive where the picture gets brighter downwards. Row after row.
    pub fn down(&self) -> &[i16] {
        &self.down
    }

    /// The slopes at column `x` and row `y`, to the right and down.
    ///
    /// # Panics
    ///
    /// If it lies outside the picture.
    #[track_caller]
    pub fn get(&self, x: u32, y: u32) -> (i16, i16) {
        assert!(
            x < self.width && y < self.height,
            "({x}, {y}) lies outside gradients of {} x {} pixels",
            self.width,
            self.height
        );
        let index = y as usize * self.width as usize + x as usize;
        (self.right[index], self.down[index])
    }
}

/// The slopes to the right and down by the Sobel operator: differences of neighbours two pixels apart, weighted 1, 2, 1
/// across. The border is continued by the outermost pixels. One pass.
///
/// ```
/// # use procvision_guest::{Gray, vision};
/// let edge = Gray::from_fn(4, 3, |x, _| [if x < 2 { 0 } else { 10 }]);
/// let gradients = vision::sobel(edge.view());
/// assert_eq!(gradients.get(1, 1), (40, 0));
/// assert_eq!(gradients.get(3, 1), (0, 0));
/// ```
pub fn sobel(picture: GrayView<'_>) -> Gradients {
    let width = picture.width() as usize;
    let mut right = vec![0; width * picture.height() as usize];
    let mut down = right.clone();
    let mut lines = Lines::new(picture);
    let targets = right.chunks_exact_mut(width).zip(down.chunks_exact_mut(width));
    for (y, (right, down)) in (0..).zip(targets) {
        lines.row(y);
        let (smooth, slope) = (&lines.smooth, &lines.slope);
        each::<64, _, _, _>(right, [smooth, &smooth[2..]], |_, [a, c]| to_right(a, c));
        each::<64, _, _, _>(down, [slope, &slope[1..], &slope[2..]], |_, [a, b, c]| {
            downwards(a, b, c)
        });
    }
    Gradients {
        width: picture.width(),
        height: picture.height(),
        right,
        down,
    }
}

/// How steep each pixel is, whatever the direction: the length of the two [`sobel`] slopes together, divided by 4,
/// rounded to the nearest and at most 255. An upright or level edge between two areas has the difference of their
/// levels. One pass.
///
/// ```
/// # use procvision_guest::{Gray, vision};
/// let edge = Gray::from_fn(5, 3, |x, _| [if x < 2 { 20 } else { 70 }]);
/// assert_eq!(vision::sobel_magnitude(edge.view()).row(1), [0, 50, 50, 0, 0]);
/// ```
pub fn sobel_magnitude(picture: GrayView<'_>) -> Gray {
    let mut target = Gray::filled(picture.width(), picture.height(), [0]);
    let width = target.stride();
    let mut lines = Lines::new(picture);
    for (y, to) in (0..).zip(target.as_bytes_mut().chunks_exact_mut(width)) {
        lines.row(y);
        let (smooth, slope) = (&lines.smooth, &lines.slope);
        let from = [&smooth[..], &smooth[2..], slope, &slope[1..], &slope[2..]];
        each::<32, _, _, _>(to, from, |_, [left, right, a, b, c]| {
            magnitude(to_right(left, right), downwards(a, b, c))
        });
    }
    target
}

#[inline(always)]
fn to_right(left: i16, right: i16) -> i16 {
    right.wrapping_sub(left)
}

#[inline(always)]
fn downwards(left: i16, middle: i16, right: i16) -> i16 {
    left.wrapping_add(right).wrapping_add(middle << 1)
}

/// `min(255, round(sqrt(right^2 + down^2) / 4))`.
#[inline(always)]
fn magnitude(right: i16, down: i16) -> u8 {
    let [right, down] = [right, down].map(i32::from);
    let square = right.wrapping_mul(right).wrapping_add(down.wrapping_mul(down));
    // Twice the square plus one, over 32, is the square plus a half, over 16: the half makes ties (roots 2 above a
    // multiple of 4) round up, and no other root comes near one. A number below 2^23 is rounded to a whole one by adding
    // 2^23, and then lies in the low bits.
    let odd = square.wrapping_add(square).wrapping_add(1);
    let root = (odd as f32 * 0.031_25).sqrt() + 8_388_608.0;
    (root.to_bits() & 0x7f_ffff).min(255) as u8
}

/// Of the three rows around a row, for each column with a margin of 1: the sum weighted 1, 2, 1, and the difference of
/// the outer two.
struct Lines<'a> {
    picture: GrayView<'a>,
    padded: [Padded<1>; 3],
    smooth: Vec<i16>,
    slope: Vec<i16>,
}

impl<'a> Lines<'a> {
    fn new(picture: GrayView<'a>) -> Self {
        let line = vec![0; picture.width() as usize + 2];
        Self {
            picture,
            padded: std::array::from_fn(|_| Padded::new(picture.width(), 1)),
            smooth: line.clone(),
            slope: line,
        }
    }

    fn row(&mut self, y: u32) {
        let [above, here, below] = &mut self.padded;
        let row = |offset| row_or_nearest(self.picture, i64::from(y) + offset);
        let rows = [above.fill(row(-1)), here.fill(row(0)), below.fill(row(1))];
        each::<64, _, _, _>(&mut self.smooth, rows, |_, rows| {
            let [a, b, c] = rows.map(i16::from);
            a.wrapping_add(c).wrapping_add(b << 1)
        });
        each::<64, _, _, _>(&mut self.slope, [rows[0], rows[2]], |_, rows| {
            let [a, c] = rows.map(i16::from);
            c.wrapping_sub(a)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SIZES, random_picture};
    use super::*;

    fn naive(picture: &Gray, x: u32, y: u32) -> (i32, i32) {
        let at = |dx: i64, dy: i64| {
            let (x, y) = (i64::from(x) + dx, i64::from(y) + dy);
            let (x, y) = (
                x.clamp(0, i64::from(picture.width()) - 1),
                y.clamp(0, i64::from(picture.height()) - 1),
            );
            i32::from(picture.get(x as u32, y as u32)[0])
        };
        let right = at(1, -1) + 2 * at(1, 0) + at(1, 1) - at(-1, -1) - 2 * at(-1, 0) - at(-1, 1);
        let down = at(-1, 1) + 2 * at(0, 1) + at(1, 1) - at(-1, -1) - 2 * at(0, -1) - at(1, -1);
        (right, down)
    }

    #[test]
    fn slopes_and_magnitudes_follow_their_definition() {
        for (width, height) in SIZES.into_iter().chain([(64, 3), (65, 4), (130, 5)]) {
            let picture = random_picture(width, height, 21);
            let (gradients, magnitudes) = (sobel(picture.view()), sobel_magnitude(picture.view()));
            for y in 0..height {
                for x in 0..width {
                    let (right, down) = naive(&picture, x, y);
                    let found = gradients.get(x, y);
                    assert_eq!((i32::from(found.0), i32::from(found.1)), (right, down), "({x}, {y})");
                    let length = (f64::from(right * right + down * down).sqrt() / 4.0 + 0.5)
                        .floor()
                        .min(255.0);
                    assert_eq!(f64::from(magnitudes.get(x, y)[0]), length, "({x}, {y})");
                }
            }
        }
    }

    #[test]
    fn the_magnitude_is_right_for_every_pair_of_slopes() {
        for right in 0..=1020_i16 {
            for down in right..=1020 {
                let square = i64::from(right) * i64::from(right) + i64::from(down) * i64::from(down);
                // The largest m with m - 1/2 <= sqrt(square) / 4, in whole numbers.
                let twice = (4 * square).isqrt();
                let expected = ((twice + 4) / 8).min(255);
                assert_eq!(i64::from(magnitude(right, -down)), expected, "{right} {down}");
            }
        }
    }
}
