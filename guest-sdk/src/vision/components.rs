//! Connected parts of a mask, with their boxes, areas and shapes.
//!
//! Works on runs (unbroken stretches of one row) instead of pixels: 64 pixels become the bits of one number, and
//! finding and joining runs costs as much as there are runs.

use super::blocks::padded;
use crate::geometry::Rect;
use crate::pixels::GrayView;

/// Set pixels next to each other in one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The row.
    pub y: u32,
    /// The first column.
    pub start: u32,
    /// The column after the last; more than `start`.
    pub end: u32,
}

/// Set pixels of a mask that touch each other, also across corners.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    bounds: Rect,
    area: u64,
    runs: Vec<Run>,
}

/// The axes of the ellipse that has the same spread of pixels as a component.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axes {
    /// The long axis in pixels, end to end; at least 2 / sqrt(3).
    pub length: f64,
    /// The short axis in pixels; at least 2 / sqrt(3), but for rounding.
    pub width: f64,
}

impl Component {
    /// The smallest area that holds all its pixels.
    pub fn bounds(&self) -> Rect {
        self.bounds
    }

    /// The number of its pixels, at least 1.
    pub fn area(&self) -> u64 {
        self.area
    }

    /// Its pixels, as runs from top to bottom and, in a row, from left to right.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Its centre of gravity (x, y) in pixels; the centre of the upper left pixel of the picture is (0, 0).
    pub fn centroid(&self) -> (f64, f64) {
        let (mut x, mut y) = (0.0, 0.0);
        for run in &self.runs {
            let count = f64::from(run.end - run.start);
            x += count * middle(run);
            y += count * f64::from(run.y);
        }
        (x / self.area as f64, y / self.area as f64)
    }

    /// How long and how wide it is in its own directions. For a straight line of any direction `length` is about its
    /// length and `width` about its thickness, times 2 / sqrt(3), as for every even bar. As many steps as there are
    /// runs.
    pub fn axes(&self) -> Axes {
        let (center_x, center_y) = self.centroid();
        let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
        for run in &self.runs {
            let count = f64::from(run.end - run.start);
            let (dx, dy) = (middle(run) - center_x, f64::from(run.y) - center_y);
            // A pixel is a square, not a point, which is the reason for count * count instead of count * count - 1.
            xx += count * (dx * dx + count * count / 12.0);
            yy += count * (dy * dy + 1.0 / 12.0);
            xy += count * dx * dy;
        }
        let area = self.area as f64;
        let (xx, yy, xy) = (xx / area, yy / area, xy / area);
        let mean = (xx + yy) / 2.0;
        let half_gap = ((xx - yy) * (xx - yy) / 4.0 + xy * xy).sqrt();
        Axes {
            length: 4.0 * (mean + half_gap).sqrt(),
            width: 4.0 * (mean - half_gap).max(0.0).sqrt(),
        }
    }
}

fn middle(run: &Run) -> f64 {
    (f64::from(run.start) + f64::from(run.end) - 1.0) / 2.0
}

/// The connected parts of `mask`, in the order of their first pixels from top to bottom and left to right. Pixels are
/// connected if they share a side or a corner. One pass over the mask and a few over its runs.
///
/// ```
/// # use procvision_guest::{Gray, Rect, vision};
/// let mask = Gray::from_vec(vec![255, 0, 0, 255, 0, 255, 0, 255], 4, 2).unwrap();
/// let parts = vision::components(mask.view());
/// assert_eq!((parts[0].bounds(), parts[0].area()), (Rect::new(0, 0, 2, 2), 2));
/// assert_eq!((parts[1].bounds(), parts[1].area()), (Rect::new(3, 0, 1, 2), 2));
/// ```
pub fn components(mask: GrayView<'_>) -> Vec<Component> {
    let mut runs = Vec::new();
    // The index of a run that was found earlier and belongs to the same component; a run's own index at the root.
    let mut parents: Vec<usize> = Vec::new();
    let mut above = 0..0;
    for (y, row) in (0..).zip(mask.rows()) {
        let first = runs.len();
        find_runs(row, y, &mut runs);
        let mut candidate = above.start;
        for index in first..runs.len() {
            let run: Run = runs[index];
            parents.push(index);
            // Runs above that end left of this one cannot touch it or a later one.
            while candidate < above.end && runs[candidate].end < run.start {
                candidate += 1;
            }
            let mut touching = candidate;
            while touching < above.end && runs[touching].start <= run.end {
                join(&mut parents, touching, index);
                touching += 1;
            }
        }
        above = first..runs.len();
    }
    collect(&runs, &mut parents)
}

/// Adds the runs of one row.
fn find_runs(row: &[u8], y: u32, runs: &mut Vec<Run>) {
    // The start of the run that is open.
    let mut open = None;
    let mut look = |bits: u64, first: u32, open: &mut Option<u32>| {
        // A bit for each pixel that differs from the one before it.
        let mut changes = bits ^ (bits << 1 | u64::from(open.is_some()));
        let mut next = || {
            let x = first.wrapping_add(changes.trailing_zeros());
            let is_there = changes != 0;
            changes &= changes.wrapping_sub(1);
            is_there.then_some(x)
        };
        // A run in each turn.
        while let Some(start) = open.take().or_else(&mut next) {
            let Some(end) = next() else {
                *open = Some(start);
                break;
            };
            runs.push(Run { y, start, end });
        }
    };
    let (blocks, rest) = row.as_chunks::<64>();
    let (fours, few) = blocks.as_chunks::<4>();
    let mut first = 0_u32;
    for four in fours {
        let bits = four.each_ref().map(set_bits);
        // Most of a mask is empty.
        if bits != [0; 4] || open.is_some() {
            for (index, bits) in (0..).zip(bits) {
                look(bits, first.wrapping_add(64 * index), &mut open);
            }
        }
        first = first.wrapping_add(256);
    }
    for block in few {
        look(set_bits(block), first, &mut open);
        first = first.wrapping_add(64);
    }
    if !rest.is_empty() {
        look(set_bits(&padded(rest)), first, &mut open);
    }
    if let Some(start) = open {
        let end = row.len() as u32;
        runs.push(Run { y, start, end });
    }
}

/// A bit for each pixel that is set, the first one lowest.
#[cfg(not(target_feature = "simd128"))]
#[inline(always)]
fn set_bits(block: &[u8; 64]) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let mut bits = 0;
    for (index, &eight) in block.as_chunks::<8>().0.iter().enumerate() {
        let values = u64::from_le_bytes(eight);
        // The highest bit of each byte that is not 0, then all of them side by side at the top.
        let set = ((values & LOW).wrapping_add(LOW) | values) & !LOW;
        let packed = (set >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= packed << (8 * index);
    }
    bits
}

#[cfg(target_feature = "simd128")]
#[inline(always)]
fn set_bits(block: &[u8; 64]) -> u64 {
    use std::arch::wasm32::*;

    use super::lanes;

    let zero = u8x16_splat(0);
    let sixteen = |start: usize| u64::from(u8x16_bitmask(u8x16_ne(lanes::load(&block[start..start + 16]), zero)));
    sixteen(0) | sixteen(16) << 16 | sixteen(32) << 32 | sixteen(48) << 48
}

fn root(parents: &mut [usize], mut index: usize) -> usize {
    while parents[index] != index {
        // Shortening the path as it is walked keeps later walks short.
        parents[index] = parents[parents[index]];
        index = parents[index];
    }
    index
}

fn join(parents: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(parents, a), root(parents, b));
    // The earliest run becomes the root, which gives the components their order.
    parents[a.max(b)] = a.min(b);
}

/// Puts the runs of each component together.
fn collect(runs: &[Run], parents: &mut [usize]) -> Vec<Component> {
    // For each run the place of its component, and for each component the number of its runs. A parent stands before
    // its children, so that its place is known.
    let mut counts: Vec<usize> = Vec::new();
    for index in 0..parents.len() {
        let parent = parents[index];
        parents[index] = if parent == index {
            counts.push(1);
            counts.len() - 1
        } else {
            let place = parents[parent];
            counts[place] += 1;
            place
        };
    }
    let empty = |count: usize| Component {
        bounds: Rect::default(),
        area: 0,
        runs: Vec::with_capacity(count),
    };
    let mut found: Vec<Component> = counts.into_iter().map(empty).collect();
    for (run, &place) in runs.iter().zip(&*parents) {
        let area = Rect::new(run.start, run.y, run.end - run.start, 1);
        let component = &mut found[place];
        component.bounds = component.bounds.union(area);
        component.area += area.area();
        component.runs.push(*run);
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::tests::{SIZES, random_picture};
    use super::*;
    use crate::pixels::Gray;

    fn pixels(component: &Component) -> BTreeSet<(u32, u32)> {
        let runs = component.runs().iter();
        runs.flat_map(|run| (run.start..run.end).map(|x| (run.y, x))).collect()
    }

    /// Flood fill, pixel by pixel.
    fn naive(mask: &Gray) -> Vec<BTreeSet<(u32, u32)>> {
        let mut open: BTreeSet<(u32, u32)> = (0..mask.height())
            .flat_map(|y| (0..mask.width()).map(move |x| (y, x)))
            .filter(|&(y, x)| mask.get(x, y)[0] != 0)
            .collect();
        let mut found = Vec::new();
        while let Some(first) = open.pop_first() {
            let (mut part, mut edge) = (BTreeSet::from([first]), vec![first]);
            while let Some((y, x)) = edge.pop() {
                for (dy, dx) in [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)] {
                    let Some(next) = y.checked_add_signed(dy).zip(x.checked_add_signed(dx)) else {
                        continue;
                    };
                    if open.remove(&next) {
                        part.insert(next);
                        edge.push(next);
                    }
                }
            }
            found.push(part);
        }
        found
    }

    #[test]
    fn they_agree_with_a_flood_fill_at_every_density() {
        for (width, height) in SIZES.into_iter().chain([(64, 48)]) {
            for density in [10, 40, 90, 128, 200, 255] {
                let noise = random_picture(width, height, density);
                let mask = Gray::from_fn(width, height, |x, y| {
                    [u8::from(u32::from(noise.get(x, y)[0]) < density) * 7]
                });
                let found = components(mask.view());
                let expected = naive(&mask);
                assert_eq!(
                    found.iter().map(pixels).collect::<Vec<_>>(),
                    expected,
                    "{width} x {height}, {density}"
                );
                for (component, pixels) in found.iter().zip(&expected) {
                    let bounds = pixels
                        .iter()
                        .fold(Rect::default(), |all, &(y, x)| all.union(Rect::new(x, y, 1, 1)));
                    assert_eq!(component.bounds(), bounds);
                    assert_eq!(component.area(), pixels.len() as u64);
                    let mean = |pick: fn(&(u32, u32)) -> u32| {
                        pixels.iter().map(|pixel| f64::from(pick(pixel))).sum::<f64>() / pixels.len() as f64
                    };
                    let (x, y) = component.centroid();
                    assert!((x - mean(|p| p.1)).abs() < 1e-9 && (y - mean(|p| p.0)).abs() < 1e-9);
                }
            }
        }
    }

    #[test]
    fn arms_that_meet_below_are_one_component() {
        let mask = Gray::from_fn(9, 6, |x, y| [u8::from(x == 1 || x == 7 || y == 5)]);
        let found = components(mask.view());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].bounds(), Rect::new(0, 0, 9, 6));
        assert_eq!(found[0].area(), 19);
    }

    #[test]
    fn an_empty_mask_has_none() {
        assert!(components(Gray::filled(20, 10, [0]).view()).is_empty());
    }

    #[test]
    fn axes_tell_a_line_of_any_direction_from_a_disc() {
        for (dx, dy) in [(40.0_f64, 0.0_f64), (0.0, 40.0), (28.0, 28.0), (-35.0, 18.0)] {
            let length = dx.hypot(dy);
            let line = Gray::from_fn(100, 100, |x, y| {
                let (x, y) = (f64::from(x) - 50.0, f64::from(y) - 50.0);
                let (along, across) = ((x * dx + y * dy) / length, (x * dy - y * dx) / length);
                [u8::from(along.abs() <= length / 2.0 && across.abs() <= 1.5)]
            });
            let axes = components(line.view())[0].axes();
            assert!((axes.length - length * 2.0 / 3.0_f64.sqrt()).abs() < 3.0, "{axes:?}");
            assert!((axes.width - 3.0 * 2.0 / 3.0_f64.sqrt()).abs() < 1.0, "{axes:?}");
        }
        let disc = Gray::from_fn(100, 100, |x, y| {
            [u8::from((x as i32 - 50).pow(2) + (y as i32 - 45).pow(2) <= 400)]
        });
        let axes = components(disc.view())[0].axes();
        assert!(
            (axes.length - 40.0).abs() < 1.5 && (axes.width - 40.0).abs() < 1.5,
            "{axes:?}"
        );
    }
}
