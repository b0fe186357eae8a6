//! The pictures that catalogued kernels work on, drawn with whole numbers so that they are the same everywhere.

use crate::geometry::Rect;
use crate::pixels::{Gray, GrayView, Rgb, RgbView};
use crate::vision::{self, Template};

/// Pictures of one size: one in colour, two in gray, a mask. And a template to look for in a part of one.
#[derive(Clone, Debug)]
pub struct Inputs {
    rgb: Rgb,
    gray: Gray,
    other: Gray,
    mask: Gray,
    searched: Rect,
    template: Option<Template>,
}

impl Inputs {
    /// Draws unevenly lit, noisy pictures with bright parts of different sizes.
    ///
    /// # Panics
    ///
    /// If a side is 0 or the pictures are too large for the address space.
    #[track_caller]
    pub fn synthetic(width: u32, height: u32) -> Self {
        let mut noise = Noise(1);
        let gray = Gray::from_fn(width, height, |x, y| [level(x, y) + (noise.next() & 15)]);
        let other = Gray::from_fn(width, height, |x, y| {
            [level(x.saturating_add(2), y.saturating_add(1)) + (noise.next() & 15)]
        });
        let rgb = Rgb::from_fn(width, height, |x, y| {
            let base = level(x, y);
            [base, base / 2 + (noise.next() & 63), 255 - base]
        });
        let mask = vision::at_least(vision::box_mean(gray.view(), 1).view(), 120);
        // A search through a whole picture would take seconds.
        let searched = Rect::of_size(width.min(480), height.min(270));
        let pattern = Rect::new(searched.width / 2, searched.height / 2, 24, 24);
        let pattern = gray.view().region(pattern);
        let template = pattern.and_then(Template::new);
        Self {
            rgb,
            gray,
            other,
            mask,
            searched,
            template,
        }
    }

    /// A picture in colour.
    pub fn rgb(&self) -> RgbView<'_> {
        self.rgb.view()
    }

    /// A picture in gray.
    pub fn gray(&self) -> GrayView<'_> {
        self.gray.view()
    }

    /// The same scene again, moved and with other noise.
    pub fn other(&self) -> GrayView<'_> {
        self.other.view()
    }

    /// The bright parts of [`gray`](Self::gray).
    pub fn mask(&self) -> GrayView<'_> {
        self.mask.view()
    }

    /// A part of 24 x 24 pixels from the middle of what is searched, if that is large enough.
    pub fn template(&self) -> Option<&Template> {
        self.template.as_ref()
    }

    /// The part of [`other`](Self::other) that is searched for the template: at most 480 x 270 pixels.
    pub fn searched(&self) -> GrayView<'_> {
        let whole = self.other.view();
        whole.region(self.searched).unwrap_or(whole)
    }
}

/// The scene without noise: at most 240.
fn level(x: u32, y: u32) -> u8 {
    // A light from the left above, repeated so that it does not depend on the size.
    let ground = 40 + (x / 16 % 64) / 2 + (y / 16 % 64) / 4;
    // A grid of parts, each of its own size and brightness.
    let (column, row) = (x / 48, y / 48);
    let radius = 4 + (column * 7 + row * 3) % 17;
    let (dx, dy) = ((x % 48).abs_diff(24), (y % 48).abs_diff(24));
    let part = if dx * dx + dy * dy <= radius * radius {
        60 + (column * 5 + row * 11) % 80
    } else {
        0
    };
    (ground + part) as u8
}

/// Unrelated numbers.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> u8 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 24) as u8
    }
}
