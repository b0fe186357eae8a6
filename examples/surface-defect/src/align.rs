//! How far the part has moved against the reference picture.

use procvision_guest::{GrayView, Rect, vision};

/// A displacement by whole pixels, right and down if positive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shift {
    /// Pixels to the right.
    pub right: i32,
    /// Pixels down.
    pub down: i32,
}

/// The best displacement and how well the pictures then agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alignment {
    /// Where the content of the reference lies in the picture.
    pub shift: Shift,
    /// Normalised correlation of the fine structure, -1 to 1; 0 if there is none.
    pub correlation: f64,
}

/// Products that the search may compute; more pixels or a wider search mean a coarser grid of compared pixels.
const BUDGET: u64 = 8_000_000;

/// Below this correlation the structure of a part does not suffice to tell displacements apart, and none is assumed.
const MIN_CORRELATION: f64 = 0.1;

/// Finds the displacement of up to `reach` pixels in each direction that makes `picture` agree best with `reference`,
/// which must have the same size. Brightness, contrast and slow changes of light do not matter.
pub fn align(picture: GrayView<'_>, reference: GrayView<'_>, reach: u32) -> Alignment {
    let still = Alignment {
        shift: Shift::default(),
        correlation: 0.0,
    };
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let margin = reach as usize;
    if width <= 2 * margin || height <= 2 * margin {
        return still;
    }
    let candidates = u64::from(2 * reach + 1).pow(2);
    let products = picture.bounds().area().saturating_mul(candidates);
    let step = ((products / BUDGET) as f64).sqrt().ceil().max(1.0) as usize;
    let structure = Sampled::every(step, &fine_structure(picture), width);
    let good = Sampled::every(step, &fine_structure(reference), width);
    let (columns, rows) = (
        (width - 2 * margin).div_ceil(step),
        (margin..height - margin).step_by(step),
    );
    let square: i64 = rows
        .clone()
        .map(|y| structure.row(margin, y, columns))
        .map(|row| dot(row, row))
        .sum();
    let reach = reach as i32;
    let mut best = still;
    for down in -reach..=reach {
        for right in -reach..=reach {
            // Where the picture shows column x, the reference shows column x - right.
            let x = offset(margin, right);
            let (mut product, mut other_square) = (0, 0);
            for y in rows.clone() {
                let here = structure.row(margin, y, columns);
                let there = good.row(x, offset(y, down), columns);
                product += dot(here, there);
                other_square += dot(there, there);
            }
            let scale = (square as f64 * other_square as f64).sqrt();
            let correlation = if scale > 0.0 { product as f64 / scale } else { 0.0 };
            if correlation > best.correlation {
                best = Alignment {
                    shift: Shift { right, down },
                    correlation,
                };
            }
        }
    }
    if best.correlation < MIN_CORRELATION {
        still
    } else {
        best
    }
}

/// `place - shift`, which is not negative because no place is nearer to the edge than a shift can be long.
fn offset(place: usize, shift: i32) -> usize {
    place.saturating_add_signed(-(shift as isize))
}

/// Rows of values of which only some are wanted: one in every `step`, from any column on. Values whose columns leave
/// the same remainder when divided by the step lie together, so that a selection is one slice.
struct Sampled {
    step: usize,
    /// Values of one remainder and row.
    length: usize,
    values: Vec<i16>,
}

impl Sampled {
    fn every(step: usize, values: &[i16], width: usize) -> Self {
        let length = width.div_ceil(step);
        let mut sorted = Vec::with_capacity(values.len().div_ceil(width) * length * step);
        for row in values.chunks_exact(width) {
            for first in 0..step {
                let end = sorted.len() + length;
                sorted.extend(row.iter().skip(first).step_by(step));
                sorted.resize(end, 0);
            }
        }
        Self {
            step,
            length,
            values: sorted,
        }
    }

    /// `count` values of row `y`, from column `x` on.
    fn row(&self, x: usize, y: usize, count: usize) -> &[i16] {
        let start = (y * self.step + x % self.step) * self.length + x / self.step;
        &self.values[start..start + count]
    }
}

/// The sum of products, of values from -255 to 255.
fn dot(a: &[i16], b: &[i16]) -> i64 {
    let sum = |a: &[i16], b: &[i16]| {
        a.iter().zip(b).fold(0_i32, |sum, (&a, &b)| {
            sum.wrapping_add(i32::from(a).wrapping_mul(i32::from(b)))
        })
    };
    // Blocks of a fixed length become straight vector code, and their sums fit 32 bits.
    let (a, a_rest) = a.as_chunks::<64>();
    let (b, b_rest) = b.as_chunks::<64>();
    let blocks = a.iter().zip(b).map(|(a, b)| i64::from(sum(a, b)));
    blocks.sum::<i64>() + i64::from(sum(a_rest, b_rest))
}

/// Edges and marks, without noise of single pixels and without slow changes: a fine mean minus a coarse one.
fn fine_structure(picture: GrayView<'_>) -> Vec<i16> {
    let (fine, coarse) = (vision::box_mean(picture, 1), vision::box_mean(picture, 8));
    let levels = fine.as_bytes().iter().zip(coarse.as_bytes());
    levels
        .map(|(&fine, &coarse)| i16::from(fine) - i16::from(coarse))
        .collect()
}

impl Shift {
    /// The part of a picture of this size that the displaced reference also shows, and the same part in the
    /// reference's own coordinates. `None` if nothing is left.
    pub fn overlap(self, width: u32, height: u32) -> Option<(Rect, Rect)> {
        let side = |length: u32, shift: i32| {
            let shared = length.checked_sub(shift.unsigned_abs()).filter(|&shared| shared > 0)?;
            // Start in the picture, start in the reference, length.
            Some((shift.max(0).unsigned_abs(), shift.min(0).unsigned_abs(), shared))
        };
        let (x, reference_x, width) = side(width, self.right)?;
        let (y, reference_y, height) = side(height, self.down)?;
        Some((
            Rect::new(x, y, width, height),
            Rect::new(reference_x, reference_y, width, height),
        ))
    }
}

#[cfg(test)]
mod tests {
    use procvision_guest::testing::scene::Scene;

    use super::*;

    fn part() -> Scene {
        Scene::new(160, 120, 110.0)
            .texture(10.0, 20.0, 1)
            .disc((60.0, 50.0), 18.0, 170.0, "")
            .rectangle(Rect::new(100, 60, 30, 40), 70.0, "")
            .blur(1.0)
    }

    #[test]
    fn every_shift_within_reach_is_found_in_another_light_and_noise() {
        let reference = part().noise(2.0, 1).gray();
        for (right, down) in [(0, 0), (3, -2), (-8, 8), (8, 1), (-5, -7)] {
            let moved = part()
                .shift(right as f32, down as f32)
                .lighting(0.6, -0.3)
                .brightness(0.7, 8.0)
                .noise(3.0, 2);
            let found = align(moved.gray().view(), reference.view(), 8);
            assert_eq!(found.shift, Shift { right, down }, "{found:?}");
            assert!(found.correlation > 0.7, "{found:?}");
        }
    }

    #[test]
    fn pictures_without_structure_are_not_moved() {
        let bare = |seed| Scene::new(160, 120, 110.0).noise(3.0, seed).gray();
        assert_eq!(align(bare(1).view(), bare(2).view(), 6).shift, Shift::default());
        let flat = Scene::new(20, 10, 90.0).gray();
        assert_eq!(align(flat.view(), flat.view(), 4).correlation, 0.0);
        assert_eq!(align(flat.view(), flat.view(), 5).shift, Shift::default());
    }

    #[test]
    fn the_overlap_shows_the_same_content_in_both() {
        let (here, there) = Shift { right: 3, down: -2 }.overlap(20, 10).unwrap();
        assert_eq!((here, there), (Rect::new(3, 0, 17, 8), Rect::new(0, 2, 17, 8)));
        assert_eq!(Shift { right: 20, down: 0 }.overlap(20, 10), None);
    }
}
