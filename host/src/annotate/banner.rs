//! The strip below an annotated picture: verdict and reason on a ground of the verdict's colour.

use super::canvas::Canvas;
use super::signed;
use super::text::Lettering;
use crate::outcome::Outcome;
use embedded_graphics::geometry::Point;
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::primitives::Rectangle;

/// Fills `strip` and writes one line into it; `black` says that a black picture was judged in place of a real one.
pub(super) fn draw(canvas: &mut Canvas, lettering: &Lettering, strip: Rectangle, outcome: &Outcome, black: bool) {
    let (ground, word, more) = match outcome {
        Outcome::Ok { message, .. } => (Rgb888::new(20, 120, 50), "OK", message.as_deref().unwrap_or("")),
        Outcome::Ng { reason, .. } => (Rgb888::new(190, 25, 25), "NG", reason.as_str()),
        Outcome::Ready { message, .. } => (Rgb888::new(20, 85, 180), "READY", message.as_deref().unwrap_or("")),
        Outcome::NotReady { message, .. } => (Rgb888::new(145, 90, 0), "NOT READY", message.as_str()),
        Outcome::Failed(failure) => (Rgb888::new(75, 75, 85), "NO VERDICT", failure.message.as_str()),
    };
    canvas.fill(strip, ground);
    let margin = 2 * lettering.padding();
    let text = lettering.fit(
        &format!("{}{word} {more}", if black { "BLACK PICTURE: " } else { "" }),
        strip.size.width.saturating_sub(2 * margin),
    );
    let above = strip.size.height.saturating_sub(lettering.line_height()) / 2;
    let at = strip.top_left + Point::new(signed(margin), signed(above));
    lettering.write(canvas, &text, at, RgbColor::WHITE);
}
