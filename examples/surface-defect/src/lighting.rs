//! How the picture's light differs from the reference's, so that the reference can be shown in the picture's light.
//!
//! The model is `picture = ground + gain * (reference - mean of the reference)`, where ground and gain are planes over
//! the picture: another exposure, another black level and a light from another side are all of this form. Its six
//! numbers are fitted by least squares; pixels that disagree (the defects) are left out, and the fit is repeated.

use procvision_guest::{Gray, GrayView, vision};

/// A fitted change of light.
#[derive(Clone, Debug, PartialEq)]
pub struct Light {
    /// Mean level of the reference.
    mean: f64,
    /// Ground: in the middle, its change to the right edge, its change to the lower edge; then the gain, likewise.
    model: [f64; 6],
}

/// About how many pixels are compared.
const SAMPLES: f64 = 10_000.0;
/// Fits, each without the pixels that disagreed with the one before.
const ROUNDS: usize = 4;
/// A weight that keeps the gain near 1 where the reference has next to no contrast to learn it from: that of a
/// contrast of this variance, in squared gray levels.
const PRIOR_VARIANCE: f64 = 4.0;

/// One compared pixel: the values that the six numbers multiply, and the level that should come out.
struct Sample {
    factors: [f64; 6],
    level: f64,
}

impl Light {
    /// Fits the change of light between two pictures of the same size that show the same in the same place.
    pub fn fit(picture: GrayView<'_>, reference: GrayView<'_>) -> Self {
        let mean = vision::Histogram::of(reference).mean();
        let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
        let step = (width * height / SAMPLES).sqrt().ceil().max(1.0) as usize;
        let mut samples = Vec::new();
        for (y, (row, good)) in picture.rows().zip(reference.rows()).enumerate().step_by(step) {
            let v = centred(y, height);
            for (x, (&level, &good)) in row.iter().zip(good).enumerate().step_by(step) {
                let (u, contrast) = (centred(x, width), f64::from(good) - mean);
                let factors = [1.0, u, v, contrast, contrast * u, contrast * v];
                samples.push(Sample {
                    factors,
                    level: f64::from(level),
                });
            }
        }
        let mut light = Self {
            mean,
            model: least_squares(samples.iter()),
        };
        for _ in 1..ROUNDS {
            let mut residuals: Vec<f64> = samples.iter().map(|sample| light.residual(sample).abs()).collect();
            let middle = residuals.len() / 2;
            let (_, median, _) = residuals.select_nth_unstable_by(middle, f64::total_cmp);
            // 1.48 medians are one standard deviation of normally distributed noise.
            let limit = (3.0 * 1.48 * *median).max(1.0);
            light.model = least_squares(samples.iter().filter(|sample| light.residual(sample).abs() <= limit));
        }
        light
    }

    /// The reference as it would look in the picture's light.
    pub fn apply(&self, reference: GrayView<'_>) -> Gray {
        let (width, height) = (f64::from(reference.width()), f64::from(reference.height()));
        let [ground, ground_u, ground_v, gain, gain_u, gain_v] = self.model;
        // A division for each column instead of each pixel.
        let across: Vec<f64> = (0..reference.width() as usize).map(|x| centred(x, width)).collect();
        let mut bytes = Vec::with_capacity(reference.width() as usize * reference.height() as usize);
        for (y, row) in reference.rows().enumerate() {
            let v = centred(y, height);
            let (ground, gain) = (ground + ground_v * v, gain + gain_v * v);
            bytes.extend(row.iter().zip(&across).map(|(&level, &u)| {
                let lit = ground + ground_u * u + (gain + gain_u * u) * (f64::from(level) - self.mean);
                // A cast from float to integer stops at the bounds of the integer.
                (lit + 0.5) as u8
            }));
        }
        Gray::from_vec(bytes, reference.width(), reference.height()).unwrap_or_else(|| reference.to_pixels())
    }

    /// How much brighter the picture is than the reference: the ratio of their mean levels.
    pub fn brightness(&self) -> f64 {
        self.model[0] / self.mean.max(1.0)
    }

    fn residual(&self, sample: &Sample) -> f64 {
        let predicted: f64 = sample
            .factors
            .iter()
            .zip(&self.model)
            .map(|(factor, number)| factor * number)
            .sum();
        sample.level - predicted
    }
}

/// From -1 at the first to 1 at the last of `length` places.
fn centred(index: usize, length: f64) -> f64 {
    (2.0 * index as f64 + 1.0) / length - 1.0
}

/// The six numbers with the least sum of squared residuals, the gain drawn to 1 by the prior.
fn least_squares<'a>(samples: impl Iterator<Item = &'a Sample>) -> [f64; 6] {
    let mut normal = [[0.0; 7]; 6];
    let mut count = 0.0_f64;
    for sample in samples {
        count += 1.0;
        for (row, factor) in normal.iter_mut().zip(sample.factors) {
            for (sum, other) in row.iter_mut().zip(sample.factors) {
                *sum += factor * other;
            }
            row[6] += factor * sample.level;
        }
    }
    for (index, row) in normal.iter_mut().enumerate() {
        // The ground is known from every pixel; a trace keeps the equations solvable in all cases.
        row[index] += if index < 3 {
            1e-6
        } else {
            PRIOR_VARIANCE * count.max(1.0)
        };
    }
    normal[3][6] += PRIOR_VARIANCE * count.max(1.0);
    solve(normal)
}

/// Gauss-Jordan elimination. The matrix is symmetric and positive definite, which makes exchanging rows needless.
fn solve(mut rows: [[f64; 7]; 6]) -> [f64; 6] {
    for pivot in 0..6 {
        let scale = rows[pivot][pivot];
        rows[pivot] = rows[pivot].map(|value| value / scale);
        let pivot_row = rows[pivot];
        for (_, row) in rows.iter_mut().enumerate().filter(|(index, _)| *index != pivot) {
            let factor = row[pivot];
            for (value, above) in row.iter_mut().zip(pivot_row) {
                *value -= factor * above;
            }
        }
    }
    rows.map(|row| row[6])
}

#[cfg(test)]
mod tests {
    use procvision_guest::Rect;
    use procvision_guest::testing::scene::Scene;

    use super::*;

    fn part() -> Scene {
        Scene::new(150, 110, 110.0)
            .texture(15.0, 20.0, 1)
            .rectangle(Rect::new(40, 30, 50, 40), 170.0, "")
    }

    #[track_caller]
    fn assert_close(a: &Gray, b: &Gray, except: Rect, tolerance: u8) {
        for y in 0..a.height() {
            for x in 0..a.width() {
                let far = a.get(x, y)[0].abs_diff(b.get(x, y)[0]);
                assert!(far <= tolerance || except.contains(x, y), "{far} levels at ({x}, {y})");
            }
        }
    }

    #[test]
    fn exposure_black_level_and_gradient_are_reproduced() {
        let reference = part().gray();
        for (across, down, gain, offset) in [(0.0, 0.0, 1.0, 0.0), (0.5, -0.3, 0.7, 0.0), (-0.4, 0.2, 0.6, 30.0)] {
            let picture = part().lighting(across, down).brightness(gain, offset).gray();
            let light = Light::fit(picture.view(), reference.view());
            assert_close(&light.apply(reference.view()), &picture, Rect::default(), 2);
        }
    }

    #[test]
    fn a_large_defect_does_not_draw_the_fit() {
        let reference = part().gray();
        let stained = part().stain((110.0, 70.0), (25.0, 20.0), -50.0);
        let picture = stained.lighting(0.3, 0.0).brightness(0.8, 0.0).gray();
        let light = Light::fit(picture.view(), reference.view());
        assert_close(&light.apply(reference.view()), &picture, Rect::new(84, 49, 53, 43), 3);
    }

    #[test]
    fn a_reference_without_contrast_still_gives_the_ground() {
        let picture = Scene::new(60, 40, 90.0).lighting(0.4, 0.0).gray();
        let light = Light::fit(picture.view(), Gray::filled(60, 40, [180]).view());
        assert_close(
            &light.apply(Gray::filled(60, 40, [180]).view()),
            &picture,
            Rect::default(),
            1,
        );
        assert!((light.brightness() - 0.5).abs() < 0.01);
    }
}
