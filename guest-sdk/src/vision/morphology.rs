//! Darkest and brightest neighbours (gray-scale morphology with squares).
//!
//! Squares are taken apart into a row pass and a column pass, and each pass uses van Herk's scheme: the line is cut
//! into blocks as long as the window, and the extreme of any window is that of one block's tail and the next block's
//! head. That is three comparisons a pixel and pass, whatever the radius.

use crate::pixels::{Gray, GrayView};

/// The darkest level in the square of `2 * radius + 1` pixels a side around each pixel.
pub fn erode(picture: GrayView<'_>, radius: u32) -> Gray {
    extremes::<Darkest>(picture, radius)
}

/// The brightest level in the square of `2 * radius + 1` pixels a side around each pixel.
pub fn dilate(picture: GrayView<'_>, radius: u32) -> Gray {
    extremes::<Brightest>(picture, radius)
}

/// Takes away what is bright and smaller than the square of `2 * radius + 1` pixels a side: [`erode`], then
/// [`dilate`]. With a radius larger than any bright part, what is left is the ground.
pub fn open(picture: GrayView<'_>, radius: u32) -> Gray {
    dilate(erode(picture, radius).view(), radius)
}

/// Takes away what is dark and smaller than the square of `2 * radius + 1` pixels a side: [`dilate`], then
/// [`erode`]. On a mask it closes gaps and holes.
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
    // The line between two margins, filled up to whole blocks.
    let length = (width + 2 * reach).next_multiple_of(window);
    let mut line = vec![E::NEUTRAL; length];
    let mut heads = vec![E::NEUTRAL; length];
    super::map_rows(picture, |_, from, to| {
        line[reach..reach + width].copy_from_slice(from);
        for (head, block) in heads.chunks_exact_mut(window).zip(line.chunks_exact(window)) {
            let mut extreme = E::NEUTRAL;
            for (head, &value) in head.iter_mut().zip(block) {
                extreme = E::of(extreme, value);
                *head = extreme;
            }
        }
        for block in line.chunks_exact_mut(window) {
            let mut extreme = E::NEUTRAL;
            for value in block.iter_mut().rev() {
                extreme = E::of(extreme, *value);
                *value = extreme;
            }
        }
        for ((to, &tail), &head) in to.iter_mut().zip(&line).zip(&heads[2 * reach..]) {
            *to = E::of(tail, head);
        }
        // The tails have overwritten the margins.
        line[..reach].fill(E::NEUTRAL);
        line[reach + width..].fill(E::NEUTRAL);
    })
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
    let mut tails = vec![E::NEUTRAL; window * width];
    let mut head = vec![E::NEUTRAL; width];
    for (block, target) in target.as_bytes_mut().chunks_mut(window * width).enumerate() {
        let top = block * window;
        tails[(window - 1) * width..].copy_from_slice(padded(top + window - 1));
        for row in (0..window - 1).rev() {
            let (upper, lower) = tails.split_at_mut((row + 1) * width);
            let values = upper[row * width..].iter_mut().zip(&*lower).zip(padded(top + row));
            for ((tail, &below), &value) in values {
                *tail = E::of(below, value);
            }
        }
        head.fill(E::NEUTRAL);
        let pairs = target.chunks_exact_mut(width).zip(tails.chunks_exact(width));
        for (row, (target, tail)) in pairs.enumerate() {
            if row > 0 {
                let next = padded(top + window + row - 1);
                for (head, &value) in head.iter_mut().zip(next) {
                    *head = E::of(*head, value);
                }
            }
            for ((target, &tail), &head) in target.iter_mut().zip(tail).zip(&head) {
                *target = E::of(tail, head);
            }
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
