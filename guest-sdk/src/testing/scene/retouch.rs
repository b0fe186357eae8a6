//! Changes to photographs: painting something out, and copying something in.

use super::random::Random;
use super::{Kind, Rect, Scene};

impl Scene {
    /// Paints over `area` as if nothing had ever been there: a smooth surface through the levels of the surrounding
    /// frame of pixels, with grain of standard deviation `grain`. Marks of parts whose centre lies in the area become
    /// [`Kind::Missing`]; if there is none, one is added under `label`.
    ///
    /// # Panics
    ///
    /// If the area is empty or not inside the picture.
    #[track_caller]
    pub fn paint_out(mut self, area: Rect, grain: f32, seed: u64, label: &str) -> Self {
        self.assert_inside(area);
        let (width, height) = (self.width as usize, self.height as usize);
        let mut random = Random::new(seed);
        for plane in &mut self.planes {
            let source = plane.clone();
            let at = |x: i64, y: i64| {
                let (x, y) = (
                    x.clamp(0, width as i64 - 1) as usize,
                    y.clamp(0, height as i64 - 1) as usize,
                );
                source[y * width + x]
            };
            // A mean along the frame keeps single grains from becoming stripes.
            let mean =
                |x: i64, y: i64, dx: i64, dy: i64| (-3..=3).map(|i| at(x + i * dx, y + i * dy)).sum::<f32>() / 7.0;
            let (left, top) = (i64::from(area.x) - 1, i64::from(area.y) - 1);
            let (right, bottom) = (i64::from(area.right()), i64::from(area.bottom()));
            for y in area.y..area.bottom() {
                for x in area.x..area.right() {
                    let (column, row) = (i64::from(x), i64::from(y));
                    let fx = (column - left) as f32 / (right - left) as f32;
                    let fy = (row - top) as f32 / (bottom - top) as f32;
                    let across = mean(left, row, 0, 1) * (1.0 - fx) + mean(right, row, 0, 1) * fx;
                    let down = mean(column, top, 1, 0) * (1.0 - fy) + mean(column, bottom, 1, 0) * fy;
                    // The nearer pair of edges counts more, so that the surface meets the frame everywhere.
                    let (near_x, near_y) = (fx * (1.0 - fx), fy * (1.0 - fy));
                    let level = (across * near_y + down * near_x) / (near_x + near_y);
                    plane[y as usize * width + x as usize] = level + grain * random.normal();
                }
            }
        }
        let mut found = false;
        for mark in &mut self.marks {
            let (x, y) = mark.area.center();
            if mark.kind == Kind::Part && area.contains(x, y) {
                mark.kind = Kind::Missing;
                found = true;
            }
        }
        if !found {
            self.push_mark(Kind::Missing, area, label);
        }
        self
    }

    /// Copies the ellipse that fills `area` so that its upper left corner comes to `to` (x, y), with a soft edge, and
    /// marks it as [`Kind::Surplus`].
    ///
    /// # Panics
    ///
    /// If the area is empty or not inside the picture, before or after the move.
    #[track_caller]
    pub fn copy_ellipse(mut self, area: Rect, to: (u32, u32)) -> Self {
        let target = Rect::new(to.0, to.1, area.width, area.height);
        self.assert_inside(area);
        self.assert_inside(target);
        let width = self.width as usize;
        let (half_x, half_y) = (area.width as f32 / 2.0, area.height as f32 / 2.0);
        for plane in &mut self.planes {
            let source = plane.clone();
            for y in 0..area.height {
                for x in 0..area.width {
                    let dx = (x as f32 + 0.5 - half_x) / half_x;
                    let dy = (y as f32 + 0.5 - half_y) / half_y;
                    let share = ((1.0 - (dx * dx + dy * dy).sqrt()) * half_x.min(half_y) / 2.0).clamp(0.0, 1.0);
                    let copied = source[(area.y + y) as usize * width + (area.x + x) as usize];
                    let level = &mut plane[(to.1 + y) as usize * width + (to.0 + x) as usize];
                    *level += (copied - *level) * share;
                }
            }
        }
        self.push_mark(Kind::Surplus, target, "surplus");
        self
    }

    #[track_caller]
    fn assert_inside(&self, area: Rect) {
        let bounds = Rect::of_size(self.width, self.height);
        assert!(
            bounds.contains_rect(area),
            "{area} does not lie inside the scene of {bounds}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn painting_out_leaves_the_ground_and_turns_the_part_into_a_missing_one() {
        let ground = Scene::new(100, 80, 90.0).lighting(0.5, 0.3);
        let part = ground.clone().disc((50.0, 40.0), 15.0, 220.0, "part");
        let painted = part.paint_out(Rect::new(30, 20, 41, 41), 0.0, 1, "part");
        let (expected, found) = (ground.gray(), painted.gray());
        for (expected, found) in expected.as_bytes().iter().zip(found.as_bytes()) {
            assert!(expected.abs_diff(*found) <= 2, "{expected} {found}");
        }
        assert_eq!(painted.marks(Kind::Part).count(), 0);
        let missing: Vec<_> = painted.marks(Kind::Missing).map(|mark| mark.area).collect();
        assert_eq!(missing, [Rect::new(35, 25, 31, 31)]);
    }

    #[test]
    fn a_copy_shows_the_same_inside_and_leaves_the_corners_alone() {
        let scene = Scene::new(100, 60, 50.0).disc((25.0, 25.0), 20.0, 200.0, "part");
        let copied = scene.clone().copy_ellipse(Rect::new(10, 10, 31, 31), (60, 20));
        let (before, after) = (scene.gray(), copied.gray());
        assert_eq!(after.get(75, 35), before.get(25, 25));
        assert_eq!(after.get(60, 20), before.get(60, 20));
        assert_eq!(
            copied.marks(Kind::Surplus).next().unwrap().area,
            Rect::new(60, 20, 31, 31)
        );
    }
}
