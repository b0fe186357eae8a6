//! Where the names of rects go: beside their rect, inside the picture, on as little else as possible.

use super::text::Lettering;
use super::{Mark, MarkKind, area, signed};
use embedded_graphics::geometry::{Point, Size};
use embedded_graphics::primitives::Rectangle;

/// A name with its place.
pub(super) struct Label<'a> {
    pub(super) mark: Mark<'a>,
    pub(super) text: String,
    /// The text with the ground around it.
    pub(super) area: Rectangle,
}

impl Label<'_> {
    pub(super) fn text_start(&self, lettering: &Lettering) -> Point {
        let padding = signed(lettering.padding());
        self.area.top_left + Point::new(padding, padding)
    }
}

/// Places the names of all defects, and those of other marks that find room of their own; the most important first.
pub(super) fn place<'a>(marks: &[Mark<'a>], lettering: &Lettering, picture: Rectangle) -> Vec<Label<'a>> {
    let mut labels: Vec<Label<'a>> = Vec::new();
    for kind in [MarkKind::Defect, MarkKind::Position, MarkKind::Calibration] {
        for mark in marks.iter().filter(|mark| mark.kind == kind) {
            let padding = 2 * lettering.padding();
            let text = lettering.fit(&name(mark), picture.size.width.saturating_sub(padding));
            if text.is_empty() {
                continue;
            }
            let size = Size::new(lettering.width_of(&text) + padding, lettering.line_height() + padding);
            let best = candidates(area(mark), size, lettering, picture)
                .map(|place| (covered(place, &labels, marks, mark), place))
                .min_by_key(|(cost, _)| *cost);
            if let Some(((names, rects), area)) = best
                && (kind == MarkKind::Defect || names + rects == 0)
            {
                labels.push(Label {
                    mark: *mark,
                    text,
                    area,
                });
            }
        }
    }
    labels
}

/// What is written. A defect's number is the one in the tables; a score says something only if it is not the highest.
fn name(mark: &Mark<'_>) -> String {
    let Mark { kind, number, finding } = mark;
    match kind {
        MarkKind::Defect if finding.score < 1.0 => format!("{number} {} {:.2}", finding.label, finding.score),
        MarkKind::Defect => format!("{number} {}", finding.label),
        MarkKind::Position | MarkKind::Calibration => finding.label.clone(),
    }
}

/// Places beside a rect, best first: above, below, right, left, inside.
fn candidates(
    rect: Rectangle,
    size: Size,
    lettering: &Lettering,
    picture: Rectangle,
) -> impl Iterator<Item = Rectangle> {
    let line = signed(lettering.line_width() + 1);
    let (width, height) = (signed(size.width), signed(size.height));
    let (left, top) = (rect.top_left.x, rect.top_left.y);
    let (right, bottom) = (left + signed(rect.size.width), top + signed(rect.size.height));
    [
        (left - line, top - line - height),
        (left - line, bottom + line),
        (right + line, top),
        (left - line - width, top),
        (right - width, top - line - height),
        (right - width, bottom + line),
        (left, top),
    ]
    .into_iter()
    .map(move |(x, y)| {
        let most_x = signed(picture.size.width) - width;
        let most_y = signed(picture.size.height) - height;
        // A label larger than the picture begins at its corner.
        let corner = Point::new(x.min(most_x).max(0), y.min(most_y).max(0));
        Rectangle::new(corner, size)
    })
}

/// Pixels of other names, then of other rects and of its own, that a name at `place` would cover.
fn covered(place: Rectangle, labels: &[Label<'_>], marks: &[Mark<'_>], own: &Mark<'_>) -> (u64, u64) {
    let shared = |other: Rectangle| {
        let size = place.intersection(&other).size;
        u64::from(size.width) * u64::from(size.height)
    };
    let names = labels.iter().map(|label| shared(label.area)).sum();
    let weight = |mark: &Mark<'_>| if mark == own { 2 } else { 1 };
    let rects = marks.iter().map(|mark| shared(area(mark)) * weight(mark)).sum();
    (names, rects)
}
