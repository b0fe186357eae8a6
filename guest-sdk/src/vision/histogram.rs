//! How often each gray level occurs, and what follows from that: mean, spread, quantiles, Otsu's level.

use std::ops::RangeInclusive;

use crate::pixels::{GrayView, View};

/// How many pixels have each gray level, from one pass over a picture. Everything asked of it afterwards costs at most
/// 256 steps, whatever the size of the picture.
///
/// ```
/// # use procvision_guest::{Gray, vision::Histogram};
/// let picture = Gray::from_vec(vec![10, 10, 20, 40], 2, 2).unwrap();
/// let histogram = Histogram::of(picture.view());
/// assert_eq!(histogram.mean(), 20.0);
/// assert_eq!(histogram.quantile(0.5), 10);
/// assert_eq!(histogram.fraction(20..=255), 0.5);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    counts: [u64; 256],
    total: u64,
}

/// The level that best parts a picture in dark and bright, by Otsu's method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Otsu {
    /// The darkest level that counts as bright, 1 to 255.
    pub level: u8,
    /// Mean of the bright pixels minus mean of the dark ones, 0 to 255. 0 if the picture has only one level.
    pub contrast: f64,
}

impl Histogram {
    /// Counts the gray levels of `picture`. One pass.
    pub fn of(picture: GrayView<'_>) -> Self {
        Self::of_channels(picture).into_iter().next().unwrap_or(Self::EMPTY)
    }

    /// Counts the levels of each channel of `picture`. One pass.
    ///
    /// ```
    /// # use procvision_guest::{Rgb, vision::Histogram};
    /// let [red, green, blue] = Histogram::of_channels(Rgb::filled(4, 3, [10, 20, 30]).view());
    /// assert_eq!((red.mean(), green.mean(), blue.mean()), (10.0, 20.0, 30.0));
    /// ```
    pub fn of_channels<const C: usize>(picture: View<'_, C>) -> [Self; C] {
        let total = u64::from(picture.width()) * u64::from(picture.height());
        let mut histograms = [const { Self::EMPTY }; C];
        // Neighbours are mostly alike; counting them in different tables keeps one count from waiting for another.
        let mut tables = [[[0_u32; 256]; TABLES]; C];
        let mut pending = 0_u64;
        for row in picture.rows() {
            pending += u64::from(picture.width());
            if pending > u64::from(u32::MAX) {
                empty(&mut tables, &mut histograms);
                pending = u64::from(picture.width());
            }
            count(row, &mut tables);
        }
        empty(&mut tables, &mut histograms);
        histograms.map(|histogram| Self { total, ..histogram })
    }

    const EMPTY: Self = Self {
        counts: [0; 256],
        total: 0,
    };

    /// The number of pixels of each level.
    pub fn counts(&self) -> &[u64; 256] {
        &self.counts
    }

    /// The mean level, 0 to 255.
    pub fn mean(&self) -> f64 {
        let sum: u64 = (0..).zip(&self.counts).map(|(level, count)| level * count).sum();
        sum as f64 / self.total as f64
    }

    /// The standard deviation of the level over all pixels, 0 to 127.5.
    pub fn standard_deviation(&self) -> f64 {
        let mean = self.mean();
        let squares: f64 = (0_u32..)
            .zip(&self.counts)
            .map(|(level, &count)| {
                let deviation = f64::from(level) - mean;
                deviation * deviation * count as f64
            })
            .sum();
        (squares / self.total as f64).sqrt()
    }

    /// The share of pixels whose level lies in `levels`, 0 to 1.
    pub fn fraction(&self, levels: RangeInclusive<u8>) -> f64 {
        let count: u64 = levels.map(|level| self.counts[usize::from(level)]).sum();
        count as f64 / self.total as f64
    }

    /// The lowest level that at least the share `fraction` (0 to 1; values outside are taken as the nearest bound) of
    /// all pixels does not exceed. 0.5 gives the median, 0 the darkest and 1 the brightest level that occurs.
    pub fn quantile(&self, fraction: f64) -> u8 {
        // Without the small subtraction a product such as 0.55 * 920, which is a whole number, is rounded up past it.
        let wanted = ((fraction.clamp(0.0, 1.0) * self.total as f64 - 1e-6).ceil() as u64).max(1);
        let mut seen = 0;
        for (level, count) in (0..=255).zip(&self.counts) {
            seen += count;
            if seen >= wanted {
                return level;
            }
        }
        255
    }

    /// The level that parts the pixels in two groups with the largest variance between them; of several equally good
    /// ones the lowest.
    pub fn otsu(&self) -> Otsu {
        let all: u64 = (0..).zip(&self.counts).map(|(level, count)| level * count).sum();
        let (mut dark_count, mut dark_sum) = (0_u64, 0_u64);
        let mut best = Otsu {
            level: 1,
            contrast: 0.0,
        };
        let mut best_between = 0.0;
        for level in 1..=255_u8 {
            let below = usize::from(level) - 1;
            dark_count += self.counts[below];
            dark_sum += self.counts[below] * below as u64;
            let bright_count = self.total - dark_count;
            if dark_count == 0 || bright_count == 0 {
                continue;
            }
            let contrast = (all - dark_sum) as f64 / bright_count as f64 - dark_sum as f64 / dark_count as f64;
            let between = contrast * contrast * dark_count as f64 * bright_count as f64;
            if between > best_between {
                best_between = between;
                best = Otsu { level, contrast };
            }
        }
        best
    }
}

const TABLES: usize = 4;

#[inline(always)]
fn count<const C: usize>(row: &[u8], tables: &mut [[[u32; 256]; TABLES]; C]) {
    let mut add = |index: usize, pixel: &[u8; C]| {
        for (tables, &value) in tables.iter_mut().zip(pixel) {
            let counted = &mut tables[index % TABLES][usize::from(value)];
            *counted = counted.wrapping_add(1);
        }
    };
    let (blocks, rest) = row.as_chunks::<C>().0.as_chunks::<32>();
    for block in blocks {
        for (index, pixel) in block.iter().enumerate() {
            add(index, pixel);
        }
    }
    for pixel in rest {
        add(0, pixel);
    }
}

/// Moves what the tables hold to the histograms.
fn empty<const C: usize>(tables: &mut [[[u32; 256]; TABLES]; C], histograms: &mut [Histogram; C]) {
    for (tables, histogram) in tables.iter_mut().zip(histograms) {
        for table in tables {
            for (total, count) in histogram.counts.iter_mut().zip(table) {
                *total += u64::from(std::mem::take(count));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SIZES, random_picture};
    use super::*;
    use crate::pixels::Gray;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * a.abs().max(1.0)
    }

    #[test]
    fn mean_and_spread_agree_with_sums_over_all_pixels() {
        for (width, height) in SIZES {
            let picture = random_picture(width, height, 5);
            let histogram = Histogram::of(picture.view());
            let values: Vec<f64> = picture.as_bytes().iter().map(|&value| f64::from(value)).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
            assert!(close(histogram.mean(), mean));
            assert!(close(histogram.standard_deviation(), variance.sqrt()));
        }
    }

    #[test]
    fn quantiles_agree_with_sorting() {
        for (width, height) in SIZES {
            let picture = random_picture(width, height, 6);
            let mut sorted = picture.as_bytes().to_vec();
            sorted.sort_unstable();
            let histogram = Histogram::of(picture.view());
            for percent in 0..=100_usize {
                let rank = (percent * sorted.len()).div_ceil(100).max(1);
                assert_eq!(
                    histogram.quantile(percent as f64 / 100.0),
                    sorted[rank - 1],
                    "{width} x {height}, {percent} %"
                );
            }
        }
    }

    #[test]
    fn the_fraction_counts_both_ends_of_the_range() {
        let picture = Gray::from_vec(vec![0, 1, 2, 3, 3, 255, 255, 255], 8, 1).unwrap();
        let histogram = Histogram::of(picture.view());
        assert_eq!(histogram.fraction(1..=3), 0.5);
        assert_eq!(histogram.fraction(255..=255), 0.375);
        assert_eq!(histogram.fraction(0..=255), 1.0);
    }

    #[test]
    fn otsu_minimises_the_spread_within_the_two_groups() {
        for seed in 0..20 {
            // Two overlapping groups of levels, so that the best level is not trivial.
            let noise = random_picture(40, 30, seed);
            let picture = Gray::from_fn(40, 30, |x, y| {
                let base = if (x + y) % 3 == 0 { 140 } else { 60 };
                [base + noise.get(x, y)[0] / 4]
            });
            let found = Histogram::of(picture.view()).otsu();
            let within = |level: u8| -> f64 {
                let (dark, bright): (Vec<f64>, Vec<f64>) = picture
                    .as_bytes()
                    .iter()
                    .map(|&value| f64::from(value))
                    .partition(|&value| value < f64::from(level));
                let spread = |group: &[f64]| {
                    let mean = group.iter().sum::<f64>() / group.len().max(1) as f64;
                    group.iter().map(|value| (value - mean).powi(2)).sum::<f64>()
                };
                spread(&dark) + spread(&bright)
            };
            let least = (1..=255).map(within).fold(f64::INFINITY, f64::min);
            assert!(within(found.level) <= least * (1.0 + 1e-9), "seed {seed}: {found:?}");
            assert!((40.0..120.0).contains(&found.contrast), "seed {seed}: {found:?}");
        }
    }

    #[test]
    fn a_picture_of_one_level_has_no_contrast() {
        for level in [0, 128, 255] {
            let picture = Gray::filled(5, 4, [level]);
            assert_eq!(
                Histogram::of(picture.view()).otsu(),
                Otsu {
                    level: 1,
                    contrast: 0.0
                }
            );
        }
    }
}
