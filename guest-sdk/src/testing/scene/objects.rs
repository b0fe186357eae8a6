//! Parts and defects that are drawn into a scene.

use super::{Kind, Rect, Scene};

impl Scene {
    /// A round part with its centre at `center` (x, y), of the given `radius` and even `level`.
    pub fn disc(self, center: (f32, f32), radius: f32, level: f32, label: &str) -> Self {
        self.disc_of(Kind::Part, center, radius, level, label)
    }

    /// A round part that does not belong there.
    pub fn surplus_disc(self, center: (f32, f32), radius: f32, level: f32) -> Self {
        self.disc_of(Kind::Surplus, center, radius, level, "surplus")
    }

    /// A rectangular part of even `level`.
    pub fn rectangle(mut self, area: Rect, level: f32, label: &str) -> Self {
        self.push_mark(Kind::Part, area, label);
        self.change(|x, y, ground| if area.contains(x, y) { level } else { ground })
    }

    /// A straight scratch between two points (x, y), `width` pixels wide, that adds `contrast` levels (takes them away
    /// if negative), fading to half of it at its ends.
    pub fn scratch(mut self, from: (f32, f32), to: (f32, f32), width: f32, contrast: f32) -> Self {
        let reach = width / 2.0;
        let corner = |pick: fn(f32, f32) -> f32, by: f32| (pick(from.0, to.0) + by, pick(from.1, to.1) + by);
        self.push_mark(
            Kind::Scratch,
            area_between(corner(f32::min, -reach), corner(f32::max, reach)),
            "scratch",
        );
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = (dx * dx + dy * dy).sqrt().max(1e-3);
        self.change(|x, y, ground| {
            let (x, y) = (x as f32 - from.0, y as f32 - from.1);
            let along = ((x * dx + y * dy) / length).clamp(0.0, length);
            let (off_x, off_y) = (x - along * dx / length, y - along * dy / length);
            let distance = (off_x * off_x + off_y * off_y).sqrt();
            let strength = 0.5 + 2.0 * (along / length) * (1.0 - along / length);
            ground + contrast * strength * coverage(reach - distance)
        })
    }

    /// A stain in the shape of an ellipse with the half axes `reach` (x, y), that adds `contrast` levels (takes them
    /// away if negative), fading over its outer third.
    pub fn stain(mut self, center: (f32, f32), reach: (f32, f32), contrast: f32) -> Self {
        let area = area_between(
            (center.0 - reach.0, center.1 - reach.1),
            (center.0 + reach.0, center.1 + reach.1),
        );
        self.push_mark(Kind::Stain, area, "stain");
        self.change(|x, y, ground| {
            let (x, y) = ((x as f32 - center.0) / reach.0, (y as f32 - center.1) / reach.1);
            let distance = (x * x + y * y).sqrt();
            ground + contrast * ((1.0 - distance) * 3.0).clamp(0.0, 1.0)
        })
    }

    fn disc_of(mut self, kind: Kind, center: (f32, f32), radius: f32, level: f32, label: &str) -> Self {
        let area = area_between(
            (center.0 - radius, center.1 - radius),
            (center.0 + radius, center.1 + radius),
        );
        self.push_mark(kind, area, label);
        self.change(|x, y, ground| {
            let (x, y) = (x as f32 - center.0, y as f32 - center.1);
            ground + (level - ground) * coverage(radius - (x * x + y * y).sqrt())
        })
    }
}

/// How much of a pixel is covered whose centre lies `depth` pixels inside an edge (outside if negative).
fn coverage(depth: f32) -> f32 {
    (depth + 0.5).clamp(0.0, 1.0)
}

/// The pixels whose centres lie between two corners; what reaches beyond the upper or left edge is cut.
fn area_between(from: (f32, f32), to: (f32, f32)) -> Rect {
    // A cast from float to integer stops at the bounds of the integer.
    let (x, y) = (from.0.round() as u32, from.1.round() as u32);
    let (right, bottom) = ((to.0.round() + 1.0) as u32, (to.1.round() + 1.0) as u32);
    Rect::new(x, y, right.saturating_sub(x), bottom.saturating_sub(y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vision;

    /// The box of everything that differs from the ground by more than half of `contrast`.
    fn drawn(scene: &Scene, ground: u8, contrast: i32) -> Rect {
        let picture = scene.gray();
        let mask = crate::Gray::from_fn(picture.width(), picture.height(), |x, y| {
            let change = (i32::from(picture.get(x, y)[0]) - i32::from(ground)) * contrast.signum();
            [u8::from(change > contrast.abs() / 4)]
        });
        vision::components(mask.view())
            .iter()
            .fold(Rect::default(), |all, component| all.union(component.bounds()))
    }

    fn near(a: Rect, b: Rect, tolerance: u32) -> bool {
        a.x.abs_diff(b.x) <= tolerance
            && a.y.abs_diff(b.y) <= tolerance
            && a.right().abs_diff(b.right()) <= tolerance
            && a.bottom().abs_diff(b.bottom()) <= tolerance
    }

    #[test]
    fn marks_are_where_things_were_drawn() {
        let ground = || Scene::new(120, 90, 100.0);
        for (scene, contrast, tolerance) in [
            (ground().disc((40.0, 50.0), 15.5, 180.0, "part"), 80, 1),
            (ground().surplus_disc((10.0, 5.0), 20.0, 30.0), -70, 1),
            (ground().rectangle(Rect::new(100, 80, 30, 5), 160.0, "part"), 60, 0),
            (ground().scratch((20.0, 70.0), (90.0, 30.0), 3.0, -60.0), -60, 2),
            (ground().stain((60.0, 40.0), (20.0, 9.0), 50.0), 50, 3),
        ] {
            let [mark] = &scene.marks[..] else {
                panic!("{:?}", scene.marks)
            };
            let drawn = drawn(&scene, 100, contrast);
            assert!(near(mark.area, drawn, tolerance), "{mark:?}, drawn at {drawn}");
        }
    }
}
