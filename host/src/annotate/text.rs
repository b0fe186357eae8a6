//! Letters on pictures: a size that suits the picture, and only characters that the fonts have.

use super::canvas::{Canvas, Enlarged};
use embedded_graphics::geometry::Point;
use embedded_graphics::mono_font::iso_8859_1::{FONT_6X10, FONT_7X13_BOLD, FONT_9X15_BOLD, FONT_9X18_BOLD, FONT_10X20};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::Drawable;
use embedded_graphics::text::{Baseline, Text};

/// Lines of text that would fill the shorter side of a picture.
const LINES: u32 = 40;
/// From smallest to largest.
const FONTS: [&MonoFont<'static>; 5] = [
    &FONT_6X10,
    &FONT_7X13_BOLD,
    &FONT_9X15_BOLD,
    &FONT_9X18_BOLD,
    &FONT_10X20,
];

/// A font and how much it is enlarged.
pub(super) struct Lettering {
    font: &'static MonoFont<'static>,
    factor: u32,
}

impl Lettering {
    /// What can be read when the whole picture is looked at.
    pub(super) fn for_picture(width: u32, height: u32) -> Self {
        let wanted = width.min(height) / LINES;
        let tallest = FONTS[FONTS.len() - 1].character_size.height;
        let factor = wanted.div_ceil(tallest).max(1);
        let fits = |font: &&&MonoFont<'_>| font.character_size.height <= wanted / factor;
        let font = FONTS.iter().rev().find(fits).copied().unwrap_or(FONTS[0]);
        Self { font, factor }
    }

    /// Width of one character in pixels of the picture.
    fn advance(&self) -> u32 {
        (self.font.character_size.width + self.font.character_spacing) * self.factor
    }

    pub(super) fn line_height(&self) -> u32 {
        self.font.character_size.height * self.factor
    }

    /// Room around text.
    pub(super) fn padding(&self) -> u32 {
        2 * self.factor
    }

    /// Width of the line around a rect.
    pub(super) fn line_width(&self) -> u32 {
        (self.line_height() / 6).max(2)
    }

    /// Width of `text` in pixels of the picture.
    pub(super) fn width_of(&self, text: &str) -> u32 {
        let characters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        characters.saturating_mul(self.advance())
    }

    /// `text` with a question mark for every character that the font has not, cut to `width` pixels.
    pub(super) fn fit(&self, text: &str, width: u32) -> String {
        let room = (width / self.advance()) as usize;
        let shown = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let shown = shown.chars().map(|letter| if has(letter) { letter } else { '?' });
        if shown.clone().count() <= room {
            return shown.collect();
        }
        let dots = room.min(2);
        shown.take(room - dots).chain(std::iter::repeat_n('.', dots)).collect()
    }

    /// Writes one line whose upper left corner is `at`.
    pub(super) fn write(&self, canvas: &mut Canvas, text: &str, at: Point, color: Rgb888) {
        let mut target = Enlarged {
            canvas,
            origin: at,
            factor: self.factor,
        };
        let style = MonoTextStyle::new(self.font, color);
        let Ok(_) = Text::with_baseline(text, Point::zero(), style, Baseline::Top).draw(&mut target);
    }
}

/// Whether the fonts have the character: printable Latin-1.
fn has(letter: char) -> bool {
    matches!(letter, ' '..='~' | '\u{a0}'..='\u{ff}')
}
