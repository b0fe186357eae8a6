//! Darkest and brightest neighbours (gray-scale morphology with squares).
//!
//! Squares are taken apart into a row pass and a column pass. In a row, the extremes of two neighbours give those of
//! four, eight and so on, and two such spans cover a window: a handful of vector operations, as many as the logarithm
//! of the window. Over columns, van Herk's scheme costs three comparisons a pixel, whatever the radius: the column is
//! cut into blocks as long as the window, and the extreme of any window is that of one block's tail and the next
//! block's head.

use super::blocks::each;
use crate::pixels::{Gray, GrayView};

/// The darkest level in the square of `2 * radius + 1` pixels a side around each pixel.
///
/// ```
/// # use procvision_guest::{Gray, vision};
/// let row = Gray::from_vec(vec![7, 9, 9, 9, 8], 5, 1).unwrap();
/// assert_eq!(vision::erode(row.view(), 1).as_bytes(), [7, 7, 9, 8, 8]);
/// ```
pub fn erode(picture: GrayView<'_>, radius: u32) -> Gray {
    extremes::<Darkest>(picture, radius)
}

/// The brightest level in the square of `2 * radius + 1` pixels a side around each pixel.
///
/// ```
/// # use procvision_guest::{Gray, vision};
/// let row = Gray::from_vec(vec![7, 5, 5, 5, 6], 5, 1).unwrap();
/// assert_eq!(vision::dilate(row.view(), 1).as_bytes(), [7, 7, 5, 6, 6]);
/// ```
pub fn dilate(picture: GrayView<'_>, radius: u32) -> Gray {
    extremes::<Brightest>(picture, radius)
}

/// Takes away what is bright and smaller than the square of `2 * radius + 1` pixels a side: [`erode`], then
/// [`dilate`]. With a radius larger than any bright part, what is left is the ground.
///
/// ```
/// # use procvision_guest::{Gray, vision};
/// let row = Gray::from_vec(vec![5, 9, 5, 5, 8, 8, 8, 5], 8, 1).unwrap();
/// assert_eq!(vision::open(row.view(), 1).as_bytes(), [5, 5, 5, 5, 8, 8, 8, 5]);
/// ```
pub fn open(picture: GrayView<'_>, radius: u32) -> Gray {
    dilate(erode(picture, radius).view(), radius)
}

/// Takes away what is dark and smaller than the square of `2 * radius + 1` pixels a side: [`dilate`], then
/// [`erode`]. On a mask it closes gaps and holes.
///
/// ```
/// # use procvision_guest::{Gray, vision};
/// let row = Gray::from_vec(vec![255, 255, 0, 255, 255, 0, 0, 0], 8, 1).unwrap();
/// assert_eq!(vision::close(row.view(), 1).as_bytes(), [255, 255, 255, 255, 255, 0, 0, 0]);
/// ```
pub fn close(picture: GrayView<'_>, radius: u32) -> Gray {
    erode(dilate(picture, radius).view(), radius)
}

trait Extreme {
    /// The level that never wins; it stands for what lies outside the picture.
    const NEUTRAL: u8;

    fn of(a: u8, b: u8) -> u8;
}

struct Darkest;
struct Brightest;

impl Extreme for Darkest {
    const NEUTRAL: u8 = 255;

    #[inline(always)]
    fn of(a: u8, b: u8) -> u8 {
        a.min(b)
    }
}

impl Extreme for Brightest {
    const NEUTRAL: u8 = 0;

    #[inline(always)]
    fn of(a: u8, b: u8) -> u8 {
        a.max(b)
    }
}

fn extremes<E: Extreme>(picture: GrayView<'_>, radius: u32) -> Gray {
    // A radius beyond the picture's own size changes nothing.
    let across = radius.min(picture.width()) as usize;
    let down = radius.min(picture.height()) as usize;
    if radius == 0 {
        return picture.to_pixels();
    }
    columns::<E>(rows::<E>(picture, across).view(), down)
}

fn rows<E: Extreme>(picture: GrayView<'_>, reach: usize) -> Gray {
    let width = picture.width() as usize;
    let window = 2 * reach + 1;
    // The row between two margins.
    let mut line = vec![E::NEUTRAL; width + 2 * reach];
    let (mut current, mut next) = (line.clone(), line.clone());
    let mut target = Gray::filled(picture.width(), picture.height(), [0]);
    for (to, from) in target.as_bytes_mut().chunks_exact_mut(width).zip(picture.rows()) {
        line[reach..reach + width].copy_from_slice(from);
        if window == 3 {
            each::<128, _, _, _>(to, [&line, &line[1..], &line[2..]], |_, [a, b, c]| {
                E::of(E::of(a, b), c)
            });
            continue;
        }
        // `current` holds the extremes of this many values from each place on.
        let mut span = 2;
        let mut length = line.len() - 1;
        each::<320, _, _, _>(&mut current[..length], [&line, &line[1..]], |_, [a, b]| E::of(a, b));
        while span * 2 <= window {
            length -= span;
            each::<320, _, _, _>(&mut next[..length], [&current, &current[span..]], |_, [a, b]| {
                E::of(a, b)
            });
            std::mem::swap(&mut current, &mut next);
            span *= 2;
        }
        // Two spans that overlap cover the window; looking at a value twice does not change an extreme.
        each::<320, _, _, _>(to, [&current, &current[window - span..]], |_, [a, b]| E::of(a, b));
    }
    target
}

fn columns<E: Extreme>(picture: GrayView<'_>, reach: usize) -> Gray {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let window = 2 * reach + 1;
    let outside = vec![E::NEUTRAL; width];
    // Row `y` of the picture between its margins.
    let padded = |y: usize| match y.checked_sub(reach) {
        Some(y) if y < height => picture.row(y as u32),
        _ => &outside[..],
    };
    let mut target = Gray::filled(picture.width(), picture.height(), [0]);
    if reach == 1 {
        for (y, to) in target.as_bytes_mut().chunks_exact_mut(width).enumerate() {
            let rows = [padded(y), padded(y + 1), padded(y + 2)];
            each::<128, _, _, _>(to, rows, |_, [a, b, c]| E::of(E::of(a, b), c));
        }
        return target;
    }
    let mut tails = vec![E::NEUTRAL; window * width];
    let mut head = vec![E::NEUTRAL; width];
    for (block, target) in target.as_bytes_mut().chunks_mut(window * width).enumerate() {
        let top = block * window;
        tails[(window - 1) * width..].copy_from_slice(padded(top + window - 1));
        for row in (0..window - 1).rev() {
            let (upper, lower) = tails.split_at_mut((row + 1) * width);
            let tail = &mut upper[row * width..];
            each::<320, _, _, _>(tail, [lower, padded(top + row)], |_, [below, value]| {
                E::of(below, value)
            });
        }
        head.fill(E::NEUTRAL);
        let pairs = target.chunks_exact_mut(width).zip(tails.chunks_exact(width));
        for (row, (target, tail)) in pairs.enumerate() {
            if row > 0 {
                let next = padded(top + window + row - 1);
                each::<320, _, _, _>(&mut head, [next], |head, [value]| E::of(head, value));
            }
            each::<320, _, _, _>(target, [tail, &head], |_, [tail, head]| E::of(tail, head));
        }
    }
    target
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SIZES, random_picture};
    use super::*;

    /// The definition: looks at every pixel of every window.
    fn naive(picture: &Gray, radius: u32, pick: impl Fn(u8, u8) -> u8) -> Gray {
        let (width, height) = (picture.width(), picture.height());
        Gray::from_fn(width, height, |x, y| {
            let mut extreme = picture.get(x, y)[0];
            for row in y.saturating_sub(radius)..=(y + radius).min(height - 1) {
                for column in x.saturating_sub(radius)..=(x + radius).min(width - 1) {
                    extreme = pick(extreme, picture.get(column, row)[0]);
                }
            }
            [extreme]
        })
    }

    #[test]
    fn erosion_and_dilation_agree_with_their_definition() {
        for (width, height) in SIZES {
            let picture = random_picture(width, height, 11);
            for radius in [0, 1, 2, 3, 8, 60] {
                let context = format!("{width} x {height}, radius {radius}");
                assert_eq!(
                    erode(picture.view(), radius),
                    naive(&picture, radius, u8::min),
                    "{context}"
                );
                assert_eq!(
                    dilate(picture.view(), radius),
                    naive(&picture, radius, u8::max),
                    "{context}"
                );
            }
        }
    }

    #[test]
    fn opening_removes_small_bright_things_and_closing_small_dark_ones() {
        let spot = crate::Rect::new(9, 7, 4, 4);
        let block = crate::Rect::new(20, 5, 9, 9);
        let bright = Gray::from_fn(40, 20, |x, y| {
            [if spot.contains(x, y) || block.contains(x, y) {
                200
            } else {
                50
            }]
        });
        let without = Gray::from_fn(40, 20, |x, y| [if block.contains(x, y) { 200 } else { 50 }]);
        assert_eq!(open(bright.view(), 2), without);
        let invert = |picture: &Gray| Gray::from_fn(40, 20, |x, y| [255 - picture.get(x, y)[0]]);
        assert_eq!(close(invert(&bright).view(), 2), invert(&without));
    }

    #[test]
    fn opening_leaves_a_lighting_gradient_as_it_is_but_for_its_bright_edges() {
        let ramp = Gray::from_fn(50, 40, |x, y| [(3 * x + 2 * y) as u8]);
        let inner = crate::Rect::new(0, 0, 44, 34);
        assert_eq!(open(ramp.view(), 6).view().region(inner), ramp.view().region(inner));
    }
}
