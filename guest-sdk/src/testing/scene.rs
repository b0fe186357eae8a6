//! Pictures with known truth, for tests and demonstrations: a scene is composed step by step, and what was put into it
//! (parts, missing and surplus parts, scratches, stains) is kept with its place.
//!
//! Everything is deterministic: the same steps give the same picture on every machine, and each random step has its
//! own seed. Levels are those of 8-bit pictures, 0 to 255, but kept with fractions until the picture is made, so that
//! several steps do not add up rounding. Steps take effect in the order in which they are written: noise that is to
//! reach the camera comes last.
//!
//! ```
//! use procvision_guest::Rect;
//! use procvision_guest::testing::scene::{Kind, Scene};
//!
//! let scene = Scene::new(160, 120, 60.0)
//!     .disc((50.0, 60.0), 20.0, 180.0, "washer")
//!     .scratch((100.0, 20.0), (140.0, 50.0), 2.0, 40.0)
//!     .lighting(0.3, 0.0)
//!     .blur(0.8)
//!     .noise(2.0, 7);
//! assert_eq!(scene.marks(Kind::Part).next().unwrap().area, Rect::new(30, 40, 41, 41));
//! assert_eq!(scene.marks(Kind::Scratch).count(), 1);
//! let picture = scene.gray();
//! assert_eq!((picture.width(), picture.height()), (160, 120));
//! ```

mod camera;
mod file;
mod objects;
mod random;
mod retouch;

use crate::geometry::Rect;
use crate::pixels::{Gray, GrayView, Rgb, RgbView};
use crate::testing::Image;
use crate::testing::image::luminance;

/// What a [`Mark`] marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A part where one belongs.
    Part,
    /// The place of a part that was taken away.
    Missing,
    /// A part where none belongs.
    Surplus,
    /// A planted scratch.
    Scratch,
    /// A planted stain.
    Stain,
}

/// Something that was put into a scene, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// What it is.
    pub kind: Kind,
    /// The smallest area that holds it, cut to the picture; blur and noise do not change it.
    pub area: Rect,
    /// Its name.
    pub label: String,
}

/// A picture in the making, with the truth about it.
#[derive(Clone, Debug)]
#[must_use]
pub struct Scene {
    width: u32,
    height: u32,
    /// One plane of levels for a gray scene, three for a coloured one.
    planes: Vec<Vec<f32>>,
    marks: Vec<Mark>,
}

impl Scene {
    /// An even gray ground of `width` x `height` pixels, both at least 1.
    ///
    /// # Panics
    ///
    /// If a side is 0.
    #[track_caller]
    pub fn new(width: u32, height: u32, level: f32) -> Self {
        assert!(
            width > 0 && height > 0,
            "a scene of {width} x {height} pixels cannot be made"
        );
        Self {
            width,
            height,
            planes: vec![vec![level; width as usize * height as usize]],
            marks: Vec::new(),
        }
    }

    /// A scene that begins as a gray photograph.
    pub fn from_gray(picture: GrayView<'_>) -> Self {
        Self {
            width: picture.width(),
            height: picture.height(),
            planes: vec![picture.rows().flatten().map(|&value| f32::from(value)).collect()],
            marks: Vec::new(),
        }
    }

    /// A scene that begins as a coloured photograph.
    pub fn from_rgb(picture: RgbView<'_>) -> Self {
        let plane = |channel: usize| {
            let row = |row: &[u8]| {
                row.iter()
                    .skip(channel)
                    .step_by(3)
                    .map(|&value| f32::from(value))
                    .collect::<Vec<_>>()
            };
            picture.rows().flat_map(row).collect()
        };
        Self {
            width: picture.width(),
            height: picture.height(),
            planes: (0..3).map(plane).collect(),
            marks: Vec::new(),
        }
    }

    /// Says where something is that a photograph already shows.
    pub fn mark(mut self, kind: Kind, area: Rect, label: impl Into<String>) -> Self {
        self.push_mark(kind, area, label);
        self
    }

    /// Columns.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The truth: everything of one kind, in the order in which it was put into the scene.
    pub fn marks(&self, kind: Kind) -> impl Iterator<Item = &Mark> {
        self.marks.iter().filter(move |mark| mark.kind == kind)
    }

    /// The finished picture in gray; of a coloured scene the luminance as hosts compute it.
    pub fn gray(&self) -> Gray {
        if let [plane] = &self.planes[..] {
            return Gray::from_fn(self.width, self.height, |x, y| [quantised(plane[self.index(x, y)])]);
        }
        let rgb = self.rgb();
        Gray::from_fn(self.width, self.height, |x, y| [luminance(rgb.get(x, y))])
    }

    /// The finished picture in colour; a gray scene has three equal channels.
    pub fn rgb(&self) -> Rgb {
        Rgb::from_fn(self.width, self.height, |x, y| {
            let index = self.index(x, y);
            [0, 1, 2].map(|channel| quantised(self.planes[channel.min(self.planes.len() - 1)][index]))
        })
    }

    /// The finished picture as a camera delivers it: gray or in colour, as the scene is.
    pub fn image(&self) -> Image {
        if self.planes.len() == 1 {
            self.gray().into()
        } else {
            self.rgb().into()
        }
    }

    fn index(&self, x: u32, y: u32) -> usize {
        y as usize * self.width as usize + x as usize
    }

    fn push_mark(&mut self, kind: Kind, area: Rect, label: impl Into<String>) {
        if let Some(area) = area.intersection(Rect::of_size(self.width, self.height)) {
            self.marks.push(Mark {
                kind,
                area,
                label: label.into(),
            });
        }
    }

    /// Replaces each level by what `change` makes of it.
    fn change(mut self, mut change: impl FnMut(u32, u32, f32) -> f32) -> Self {
        let width = self.width as usize;
        for plane in &mut self.planes {
            for (y, row) in (0..).zip(plane.chunks_exact_mut(width)) {
                for (x, level) in (0..).zip(row) {
                    *level = change(x, y, *level);
                }
            }
        }
        self
    }
}

fn quantised(level: f32) -> u8 {
    // A cast from float to integer stops at the bounds of the integer.
    level.round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composed() -> Scene {
        Scene::new(90, 60, 70.0)
            .texture(6.0, 12.0, 3)
            .disc((30.0, 30.0), 12.0, 170.0, "part")
            .lighting(0.2, -0.1)
            .blur(1.0)
            .shift(1.5, -2.0)
            .noise(3.0, 5)
    }

    #[test]
    fn the_same_steps_give_the_same_picture_and_another_seed_another() {
        assert_eq!(composed().gray(), composed().gray());
        assert_ne!(composed().gray(), composed().noise(3.0, 6).gray());
    }

    #[test]
    fn a_photograph_that_is_not_changed_comes_out_as_it_went_in() {
        let gray = composed().gray();
        assert_eq!(Scene::from_gray(gray.view()).gray(), gray);
        let rgb = Rgb::from_fn(20, 10, |x, y| [x as u8, y as u8, (x * y) as u8]);
        assert_eq!(Scene::from_rgb(rgb.view()).rgb(), rgb);
        let expanded = Scene::from_gray(gray.view()).rgb();
        assert_eq!(expanded.get(40, 20), [gray.get(40, 20)[0]; 3]);
    }

    #[test]
    fn a_mark_outside_the_picture_is_left_out_and_one_on_the_edge_is_cut() {
        let scene = Scene::new(20, 20, 0.0)
            .mark(Kind::Part, Rect::new(15, 15, 10, 10), "cut")
            .mark(Kind::Part, Rect::new(20, 0, 5, 5), "outside");
        let marks: Vec<_> = scene
            .marks(Kind::Part)
            .map(|mark| (mark.label.as_str(), mark.area))
            .collect();
        assert_eq!(marks, [("cut", Rect::new(15, 15, 5, 5))]);
    }
}
