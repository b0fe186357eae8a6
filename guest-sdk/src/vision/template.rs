//! Finding a small picture in a larger one, by normalised cross-correlation.

use crate::geometry::Rect;
use crate::pixels::GrayView;

/// A small picture to look for, prepared once.
///
/// A place is scored by how well the picture there agrees with the template up to brightness and contrast: 1 for the
/// same picture in any light, 0 for no relation (and for a place without any structure), -1 for the negative.
///
/// ```
/// use procvision_guest::{Gray, Rect, vision::Template};
///
/// let picture = Gray::from_fn(60, 40, |x, y| [(x * x / 7 + y * y / 5 + x * y) as u8]);
/// let template = Template::new(picture.view().region(Rect::new(21, 13, 12, 9)).unwrap()).unwrap();
/// // The same picture, darker and with less contrast.
/// let darker = Gray::from_fn(60, 40, |x, y| [picture.get(x, y)[0] / 2 + 10]);
/// let best = template.scores(darker.view()).unwrap().best();
/// assert_eq!(best.area, Rect::new(21, 13, 12, 9));
/// assert!(best.score > 0.99);
/// ```
#[derive(Clone, Debug)]
pub struct Template {
    width: u32,
    height: u32,
    /// Rows of levels, filled up with zeros to whole blocks.
    rows: Vec<i16>,
    sum: i64,
    /// The pixel count times the sum of squares, minus the square of the sum; more than 0.
    spread: i64,
}

/// A place where a template was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// The place, of the template's size.
    pub area: Rect,
    /// How well it agrees, -1 to 1.
    pub score: f64,
}

/// Levels that are multiplied in one turn of the loop.
const BLOCK: usize = 16;
/// Neighbouring places that are scored together, so that the template's levels are fetched once for all.
const PLACES: usize = 4;

impl Template {
    /// The most pixels of a template; no number then leaves 64 bits.
    pub const MAX_PIXELS: u64 = 1 << 23;
    /// The largest width and height of a template; the products of one row then fit 32 bits.
    pub const MAX_SIDE: u32 = 32_768;

    /// Prepares `picture` for being looked for. `None` if it has no structure (one level only) or is larger than
    /// [`MAX_PIXELS`](Self::MAX_PIXELS) or [`MAX_SIDE`](Self::MAX_SIDE).
    pub fn new(picture: GrayView<'_>) -> Option<Self> {
        let (width, height) = (picture.width(), picture.height());
        let count = picture.bounds().area();
        if count > Self::MAX_PIXELS || width.max(height) > Self::MAX_SIDE {
            return None;
        }
        let stride = (width as usize).next_multiple_of(BLOCK);
        let mut rows = vec![0; stride * height as usize];
        for (to, from) in rows.chunks_exact_mut(stride).zip(picture.rows()) {
            for (to, &from) in to.iter_mut().zip(from) {
                *to = i16::from(from);
            }
        }
        let levels = || rows.iter().map(|&level| i64::from(level));
        let (sum, squares): (i64, i64) = (levels().sum(), levels().map(|level| level * level).sum());
        let spread = count as i64 * squares - sum * sum;
        (spread > 0).then_some(Self {
            width,
            height,
            rows,
            sum,
            spread,
        })
    }

    /// Columns, at least 1.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows, at least 1.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The score of every place at which the template lies wholly inside `picture`; `None` if it is larger than the
    /// picture.
    ///
    /// Costs one product for each pixel of the template at each place. To look for a large template in a large
    /// picture, [`shrink`](super::shrink) both, look there first, and then only at the region around the place.
    pub fn scores(&self, picture: GrayView<'_>) -> Option<Scores> {
        let across = (picture.width().checked_sub(self.width)? + 1) as usize;
        let down = picture.height().checked_sub(self.height)? + 1;
        let mut scores = vec![0_f32; across * down as usize];
        let mut search = Search::new(self, picture, across);
        for (y, to) in (0..).zip(scores.chunks_exact_mut(across)) {
            search.row(y, to);
        }
        Some(Scores {
            template: (self.width, self.height),
            width: across as u32,
            height: down,
            scores,
        })
    }
}

/// What is kept while going down the picture.
struct Search<'a> {
    template: &'a Template,
    picture: GrayView<'a>,
    /// A row of the picture, filled up so that whole blocks can be read from every place.
    line: Vec<u8>,
    /// For each place of the current row the sum of products with the template.
    products: Vec<i64>,
    /// For each column the sum of levels and of their squares over the rows under the template.
    columns: Vec<(u32, u64)>,
}

impl<'a> Search<'a> {
    fn new(template: &'a Template, picture: GrayView<'a>, across: usize) -> Self {
        let mut search = Self {
            template,
            picture,
            line: vec![0; across.next_multiple_of(PLACES) + (template.width as usize).next_multiple_of(BLOCK) + BLOCK],
            products: vec![0; across.next_multiple_of(PLACES)],
            columns: vec![(0, 0); picture.width() as usize],
        };
        for y in 0..template.height - 1 {
            search.enter(y);
        }
        search
    }

    fn enter(&mut self, y: u32) {
        for ((sum, squares), &level) in self.columns.iter_mut().zip(self.picture.row(y)) {
            *sum = sum.wrapping_add(u32::from(level));
            *squares = squares.wrapping_add(u64::from(u32::from(level).wrapping_mul(u32::from(level))));
        }
    }

    fn leave(&mut self, y: u32) {
        for ((sum, squares), &level) in self.columns.iter_mut().zip(self.picture.row(y)) {
            *sum = sum.wrapping_sub(u32::from(level));
            *squares = squares.wrapping_sub(u64::from(u32::from(level).wrapping_mul(u32::from(level))));
        }
    }

    fn row(&mut self, y: u32, to: &mut [f32]) {
        let template = self.template;
        self.enter(y + template.height - 1);
        self.products.fill(0);
        let stride = (template.width as usize).next_multiple_of(BLOCK);
        for (offset, weights) in (0..).zip(template.rows.chunks_exact(stride)) {
            let row = self.picture.row(y + offset);
            self.line[..row.len()].copy_from_slice(row);
            let (weights, _) = weights.as_chunks::<BLOCK>();
            let (products, _) = self.products.as_chunks_mut::<PLACES>();
            for (place, products) in products.iter_mut().enumerate() {
                let start = place * PLACES;
                let levels = &self.line[start..start + stride + BLOCK];
                let sums = correlate(levels, weights);
                for (product, sum) in products.iter_mut().zip(sums) {
                    *product = product.wrapping_add(i64::from(sum));
                }
            }
        }
        self.score(to);
        self.leave(y);
    }

    /// Turns products into scores.
    fn score(&self, to: &mut [f32]) {
        let template = self.template;
        let count = i64::from(template.width) * i64::from(template.height);
        let width = template.width as usize;
        let (mut sum, mut squares) = (0_u64, 0_u64);
        for &(column, column_squares) in &self.columns[..width - 1] {
            sum = sum.wrapping_add(u64::from(column));
            squares = squares.wrapping_add(column_squares);
        }
        let edges = self.columns[width - 1..].iter().zip(&self.columns);
        for ((to, &product), (&(entering, entering_squares), &(leaving, leaving_squares))) in
            to.iter_mut().zip(&self.products).zip(edges)
        {
            sum = sum.wrapping_add(u64::from(entering));
            squares = squares.wrapping_add(entering_squares);
            // Of at most 2^23 pixels of at most 255, each of these stays below 2^62.
            let here = sum as i64;
            let spread = count.wrapping_mul(squares as i64).wrapping_sub(here.wrapping_mul(here));
            let common = count
                .wrapping_mul(product)
                .wrapping_sub(here.wrapping_mul(template.sum));
            let scale = (spread as f64).sqrt() * (template.spread as f64).sqrt();
            *to = if spread > 0 {
                (common as f64 / scale) as f32
            } else {
                0.0
            };
            sum = sum.wrapping_sub(u64::from(leaving));
            squares = squares.wrapping_sub(leaving_squares);
        }
    }
}

/// The sums of products of `weights` with the levels from the first four places on.
#[cfg(not(target_feature = "simd128"))]
fn correlate(levels: &[u8], weights: &[[i16; BLOCK]]) -> [i32; PLACES] {
    let mut sums = [0_i32; PLACES];
    for (index, weights) in weights.iter().enumerate() {
        let near = &levels[index * BLOCK..(index + 2) * BLOCK];
        for (place, sum) in sums.iter_mut().enumerate() {
            let levels: &[u8; BLOCK] = near[place..].first_chunk().unwrap_or(&[0; BLOCK]);
            for (&level, &weight) in levels.iter().zip(weights) {
                *sum = sum.wrapping_add(i32::from(level).wrapping_mul(i32::from(weight)));
            }
        }
    }
    sums
}

#[cfg(target_feature = "simd128")]
fn correlate(levels: &[u8], weights: &[[i16; BLOCK]]) -> [i32; PLACES] {
    use std::arch::wasm32::*;

    use super::lanes;

    let mut sums = [i32x4_splat(0); PLACES];
    for (index, weights) in weights.iter().enumerate() {
        let near = &levels[index * BLOCK..(index + 2) * BLOCK];
        let w = weights;
        let low = i16x8(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]);
        let high = i16x8(w[8], w[9], w[10], w[11], w[12], w[13], w[14], w[15]);
        for place in 0..PLACES {
            let levels = lanes::load(&near[place..place + BLOCK]);
            let low = i32x4_dot_i16x8(i16x8_extend_low_u8x16(levels), low);
            let high = i32x4_dot_i16x8(i16x8_extend_high_u8x16(levels), high);
            sums[place] = i32x4_add(sums[place], i32x4_add(low, high));
        }
    }
    sums.map(lanes::total)
}

/// The scores of all places of a template in a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    template: (u32, u32),
    width: u32,
    height: u32,
    scores: Vec<f32>,
}

impl Scores {
    /// Columns: one more than the picture is wider than the template.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows: one more than the picture is higher than the template.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// All scores, -1 to 1, row after row. A place is that of the template's upper left pixel.
    pub fn as_slice(&self) -> &[f32] {
        &self.scores
    }

    /// The best place; of equally good ones the first, from top to bottom and left to right.
    pub fn best(&self) -> Match {
        let mut best = (0, f32::NEG_INFINITY);
        for (index, &score) in self.scores.iter().enumerate() {
            if score > best.1 {
                best = (index, score);
            }
        }
        self.at(best.0)
    }

    /// The best places, best first, that score `least` or more; of places that overlap by more than half their width
    /// and height only the best. At most `most`.
    pub fn peaks(&self, least: f64, most: usize) -> Vec<Match> {
        let mut candidates: Vec<usize> = (0..self.scores.len())
            .filter(|&index| f64::from(self.scores[index]) >= least)
            .collect();
        candidates.sort_by(|&a, &b| self.scores[b].total_cmp(&self.scores[a]).then(a.cmp(&b)));
        let mut found: Vec<Match> = Vec::new();
        for index in candidates {
            if found.len() == most {
                break;
            }
            let next = self.at(index);
            let is_near = |other: &Match| {
                2 * u64::from(other.area.x.abs_diff(next.area.x)) < u64::from(self.template.0)
                    && 2 * u64::from(other.area.y.abs_diff(next.area.y)) < u64::from(self.template.1)
            };
            if !found.iter().any(is_near) {
                found.push(next);
            }
        }
        found
    }

    fn at(&self, index: usize) -> Match {
        let (x, y) = (index % self.width as usize, index / self.width as usize);
        Match {
            area: Rect::new(x as u32, y as u32, self.template.0, self.template.1),
            score: f64::from(self.scores[index]).clamp(-1.0, 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::random_picture;
    use super::*;
    use crate::pixels::Gray;

    fn naive(picture: GrayView<'_>, template: GrayView<'_>, x: u32, y: u32) -> f64 {
        let here = picture
            .region(Rect::new(x, y, template.width(), template.height()))
            .unwrap();
        let mean = |view: GrayView<'_>| {
            view.rows().flatten().map(|&level| f64::from(level)).sum::<f64>() / view.bounds().area() as f64
        };
        let (mean_here, mean_template) = (mean(here), mean(template));
        let (mut common, mut spread, mut other) = (0.0, 0.0, 0.0);
        for (a, b) in here.rows().flatten().zip(template.rows().flatten()) {
            let (a, b) = (f64::from(*a) - mean_here, f64::from(*b) - mean_template);
            common += a * b;
            spread += a * a;
            other += b * b;
        }
        if spread < 1e-9 {
            0.0
        } else {
            common / (spread * other).sqrt()
        }
    }

    #[test]
    fn scores_follow_their_definition() {
        for (width, height) in [(2, 1), (1, 2), (5, 3), (15, 4), (16, 16), (17, 5), (33, 2)] {
            let template = random_picture(width, height, 41);
            for (right, down) in [(0, 0), (1, 0), (3, 2), (18, 5)] {
                let picture = random_picture(width + right, height + down, 42);
                let scores = Template::new(template.view()).unwrap().scores(picture.view()).unwrap();
                assert_eq!((scores.width(), scores.height()), (right + 1, down + 1));
                for (index, &score) in (0..).zip(scores.as_slice()) {
                    let (x, y) = (index % (right + 1), index / (right + 1));
                    let expected = naive(picture.view(), template.view(), x, y);
                    assert!(
                        (f64::from(score) - expected).abs() < 1e-5,
                        "({x}, {y}): {score} {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn light_does_not_matter_and_the_negative_scores_minus_one() {
        let picture = random_picture(50, 30, 4);
        let template = Template::new(picture.view().region(Rect::new(30, 9, 13, 11)).unwrap()).unwrap();
        for (gain, offset, score) in [(1.0, 0.0, 1.0), (0.25, 100.0, 1.0), (-0.5, 200.0, -1.0)] {
            let other = Gray::from_fn(50, 30, |x, y| [(f64::from(picture.get(x, y)[0]) * gain + offset) as u8]);
            let scores = template.scores(other.view()).unwrap();
            let here = scores.as_slice()[9 * scores.width() as usize + 30];
            assert!((f64::from(here) - score).abs() < 0.01, "{here}");
            if score > 0.0 {
                assert_eq!(scores.best().area, Rect::new(30, 9, 13, 11));
            }
        }
    }

    #[test]
    fn peaks_are_apart_and_sorted() {
        let mut picture = Gray::filled(80, 40, [60]);
        for (x, y, level) in [(10, 10, 200), (50, 20, 120), (51, 21, 200)] {
            let part = Rect::new(x, y, 7, 5);
            let old = picture.clone();
            picture = Gray::from_fn(80, 40, |x, y| {
                [if part.contains(x, y) { level } else { old.get(x, y)[0] }]
            });
        }
        let pattern = Gray::from_fn(11, 9, |x, y| {
            [if Rect::new(2, 2, 7, 5).contains(x, y) { 200 } else { 60 }]
        });
        let scores = Template::new(pattern.view()).unwrap().scores(picture.view()).unwrap();
        let peaks = scores.peaks(0.7, 10);
        let places: Vec<(u32, u32)> = peaks.iter().map(|peak| (peak.area.x, peak.area.y)).collect();
        assert_eq!(places, [(8, 8), (49, 19)]);
        assert_eq!(peaks[0], scores.best());
        assert_eq!(scores.peaks(0.7, 1), peaks[..1]);
        assert!(scores.peaks(1.1, 10).is_empty());
    }

    #[test]
    fn what_cannot_be_looked_for_is_said() {
        assert!(Template::new(Gray::filled(9, 9, [7]).view()).is_none());
        assert!(Template::new(random_picture(32_769, 1, 1).view()).is_none());
        let template = Template::new(random_picture(9, 9, 1).view()).unwrap();
        assert!(template.scores(random_picture(8, 20, 1).view()).is_none());
        assert!(template.scores(random_picture(20, 8, 1).view()).is_none());
        // The largest spread that a template can have.
        let halves = Gray::from_fn(4096, 2048, |x, _| [if x < 2048 { 0 } else { 255 }]);
        let best = Template::new(halves.view())
            .unwrap()
            .scores(halves.view())
            .unwrap()
            .best();
        assert!((best.score - 1.0).abs() < 1e-6);
    }
}
