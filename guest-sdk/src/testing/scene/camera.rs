//! What lighting, lens and sensor do to a scene.

use super::random::Random;
use super::{Mark, Rect, Scene};

impl Scene {
    /// Uneven light: each level is multiplied by a factor that grows by `across` from the left to the right edge and
    /// by `down` from the top to the bottom, and is 1 in the middle. 0.4 means from 0.8 to 1.2.
    pub fn lighting(self, across: f32, down: f32) -> Self {
        let (width, height) = (self.width as f32, self.height as f32);
        self.change(|x, y, level| {
            let (x, y) = ((x as f32 + 0.5) / width - 0.5, (y as f32 + 0.5) / height - 0.5);
            level * (1.0 + across * x + down * y)
        })
    }

    /// Another exposure: `level * gain + offset`.
    pub fn brightness(self, gain: f32, offset: f32) -> Self {
        self.change(|_, _, level| level * gain + offset)
    }

    /// Normally distributed noise of standard deviation `sigma`, independent for each pixel and channel.
    pub fn noise(self, sigma: f32, seed: u64) -> Self {
        let mut random = Random::new(seed);
        self.change(|_, _, level| level + sigma * random.normal())
    }

    /// Smooth unevenness of the ground, up to `amplitude` levels up or down, in patches of about `size` pixels.
    pub fn texture(self, amplitude: f32, size: f32, seed: u64) -> Self {
        let columns = (self.width as f32 / size) as usize + 2;
        let rows = (self.height as f32 / size) as usize + 2;
        let mut random = Random::new(seed);
        let lattice: Vec<f32> = (0..columns * rows).map(|_| 2.0 * random.unit() - 1.0).collect();
        self.change(|x, y, level| {
            let (x, y) = (x as f32 / size, y as f32 / size);
            let at = |column: usize, row: usize| lattice[(y as usize + row) * columns + x as usize + column];
            let (fx, fy) = (eased(x.fract()), eased(y.fract()));
            let upper = at(0, 0) + (at(1, 0) - at(0, 0)) * fx;
            let lower = at(0, 1) + (at(1, 1) - at(0, 1)) * fx;
            level + amplitude * (upper + (lower - upper) * fy)
        })
    }

    /// Blur as by a lens out of focus, with the standard deviation `sigma` in pixels: three box means in each
    /// direction, which come close to a Gaussian.
    pub fn blur(mut self, sigma: f32) -> Self {
        let window = Window::with_variance(sigma * sigma / 3.0);
        for plane in &mut self.planes {
            for _ in 0..3 {
                smooth_rows(plane, self.width as usize, window);
                smooth_columns(plane, self.width as usize, self.height as usize, window);
            }
        }
        self
    }

    /// Moves the whole picture by a number of pixels that need not be whole, right and down if positive. Where nothing
    /// moves in, the edge is repeated. The marks move along, to the nearest whole pixel; one that leaves the picture
    /// is dropped.
    pub fn shift(mut self, right: f32, down: f32) -> Self {
        let (width, height) = (self.width as usize, self.height as usize);
        for plane in &mut self.planes {
            let source = plane.clone();
            let at = |x: f32, y: f32| {
                let column = x.clamp(0.0, (width - 1) as f32) as usize;
                let row = y.clamp(0.0, (height - 1) as f32) as usize;
                source[row * width + column]
            };
            for (index, level) in plane.iter_mut().enumerate() {
                let (x, y) = ((index % width) as f32 - right, (index / width) as f32 - down);
                let (left, top) = (x.floor(), y.floor());
                let (fx, fy) = (x - left, y - top);
                let upper = at(left, top) * (1.0 - fx) + at(left + 1.0, top) * fx;
                let lower = at(left, top + 1.0) * (1.0 - fx) + at(left + 1.0, top + 1.0) * fx;
                *level = upper * (1.0 - fy) + lower * fy;
            }
        }
        let bounds = Rect::of_size(self.width, self.height);
        self.marks = std::mem::take(&mut self.marks)
            .into_iter()
            .filter_map(|mark| {
                Some(Mark {
                    area: moved(mark.area, right, down, bounds)?,
                    ..mark
                })
            })
            .collect();
        self
    }
}

/// Where `area` is after a move, cut to `bounds`.
fn moved(area: Rect, right: f32, down: f32, bounds: Rect) -> Option<Rect> {
    let (right, down) = (right.round() as i64, down.round() as i64);
    let left = i64::from(area.x) + right;
    let top = i64::from(area.y) + down;
    let (end_x, end_y) = (left + i64::from(area.width), top + i64::from(area.height));
    let side = |start: i64, end: i64| -> Option<(u32, u32)> {
        let start = u32::try_from(start.max(0)).ok()?;
        let end = u32::try_from(end).ok()?;
        Some((start, end.checked_sub(start)?))
    };
    let ((x, width), (y, height)) = (side(left, end_x)?, side(top, end_y)?);
    Rect::new(x, y, width, height).intersection(bounds)
}

fn eased(fraction: f32) -> f32 {
    fraction * fraction * (3.0 - 2.0 * fraction)
}

/// A box mean over `2 * reach + 1` pixels, and one more at each end with the weight `rest`, from 0 to 1.
#[derive(Clone, Copy)]
struct Window {
    reach: usize,
    rest: f32,
}

impl Window {
    fn with_variance(variance: f32) -> Self {
        // A box without rests has the variance r (r + 1) / 3: the largest such box, then the rests that are lacking.
        let reach = ((0.25 + 3.0 * variance).sqrt() - 0.5).floor();
        let (count, next) = (2.0 * reach + 1.0, (reach + 1.0) * (reach + 1.0));
        let squares = reach * (reach + 1.0) * count / 3.0;
        let rest = (variance * count - squares) / (2.0 * (next - variance));
        Self {
            reach: reach as usize,
            rest: rest.clamp(0.0, 1.0),
        }
    }

    /// The pixels that count towards place `index` of `length`, with their weights. The edges are repeated.
    fn around(self, index: usize, length: usize) -> impl Iterator<Item = (usize, f32)> {
        let last = length - 1;
        let whole = 2.0 * self.reach as f32 + 1.0 + 2.0 * self.rest;
        let outermost = self.reach + 1;
        (0..=2 * outermost).map(move |step| {
            let weight = if step == 0 || step == 2 * outermost {
                self.rest
            } else {
                1.0
            };
            ((index + step).saturating_sub(outermost).min(last), weight / whole)
        })
    }
}

fn smooth_rows(plane: &mut [f32], width: usize, window: Window) {
    for row in plane.chunks_exact_mut(width) {
        let source = row.to_vec();
        for (x, level) in row.iter_mut().enumerate() {
            *level = window.around(x, width).map(|(x, weight)| weight * source[x]).sum();
        }
    }
}

fn smooth_columns(plane: &mut [f32], width: usize, height: usize, window: Window) {
    let source = plane.to_vec();
    for (y, row) in plane.chunks_exact_mut(width).enumerate() {
        row.fill(0.0);
        for (y, weight) in window.around(y, height) {
            for (level, value) in row.iter_mut().zip(&source[y * width..]) {
                *level += weight * value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;

    #[test]
    fn light_is_unchanged_in_the_middle_and_differs_by_the_gradient_between_the_edges() {
        let picture = Scene::new(101, 51, 100.0).lighting(0.4, 0.0).gray();
        assert_eq!(picture.get(50, 25), [100]);
        assert_eq!((picture.get(0, 0), picture.get(100, 50)), ([80], [120]));
    }

    #[test]
    fn noise_has_the_spread_asked_for_and_texture_stays_within_its_amplitude() {
        let noisy = Scene::new(120, 100, 128.0).noise(5.0, 1).gray();
        let spread = crate::vision::Histogram::of(noisy.view()).standard_deviation();
        assert!((spread - 5.0).abs() < 0.2, "{spread}");
        let uneven = Scene::new(120, 100, 128.0).texture(10.0, 16.0, 2).gray();
        assert!(uneven.as_bytes().iter().all(|level| (118..=138).contains(level)));
        assert!(crate::vision::Histogram::of(uneven.view()).standard_deviation() > 2.0);
    }

    #[test]
    fn blur_spreads_a_point_by_its_sigma_and_keeps_its_sum() {
        for sigma in [0.0, 0.3, 0.8, 1.0, 2.5, 4.0] {
            let mut scene = Scene::new(41, 41, 0.0);
            scene.planes[0][20 * 41 + 20] = 1.0;
            let blurred = scene.blur(sigma);
            let sum: f32 = blurred.planes[0].iter().sum();
            let weighted = (0_i32..)
                .zip(&blurred.planes[0])
                .map(|(i, v)| v * ((i % 41 - 20) as f32).powi(2));
            let measured = weighted.sum::<f32>().sqrt();
            assert!((sum - 1.0).abs() < 1e-3, "{sigma}: {sum}");
            assert!((measured - sigma).abs() < 0.02, "{sigma}: {measured}");
        }
    }

    #[test]
    fn a_shift_moves_picture_and_marks_together() {
        let scene = Scene::new(60, 40, 10.0)
            .rectangle(Rect::new(20, 10, 8, 6), 200.0, "part")
            .shift(5.0, -3.0);
        let area = scene.marks(Kind::Part).next().unwrap().area;
        assert_eq!(area, Rect::new(25, 7, 8, 6));
        let picture = scene.gray();
        assert_eq!(
            (picture.get(25, 7), picture.get(24, 7), picture.get(32, 12)),
            ([200], [10], [200])
        );
        assert_eq!(picture.get(33, 12), [10]);
        assert_eq!(scene.shift(60.0, 0.0).marks(Kind::Part).count(), 0);
    }
}
