//! The annotated picture: the primary picture with everything that was found drawn in and named, and a strip below it
//! that says the verdict.
//!
//! Coordinates stay those of the picture, since the strip is added below.

mod banner;
mod canvas;
mod label;
mod text;

use crate::frame::{Frame, PixelFormat};
use crate::outcome::{Finding, Outcome};
use canvas::Canvas;
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::{Point, RgbColor, Size};
use embedded_graphics::primitives::Rectangle;
use image::RgbImage;
use text::Lettering;

/// What a rect stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkKind {
    /// Something that `pre_execute` found worth showing: blue.
    Calibration,
    /// Something that is where it belongs: green.
    Position,
    /// A defect: red.
    Defect,
}

impl MarkKind {
    /// The kind in one word: `defect`, `position` or `calibration`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calibration => "calibration",
            Self::Position => "position",
            Self::Defect => "defect",
        }
    }

    const fn color(self) -> Rgb888 {
        match self {
            Self::Calibration => Rgb888::new(25, 105, 225),
            Self::Position => Rgb888::new(20, 140, 60),
            Self::Defect => Rgb888::new(220, 30, 30),
        }
    }
}

/// One rect of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark<'a> {
    /// What it stands for.
    pub kind: MarkKind,
    /// Its place among those of its kind, from 1.
    pub number: usize,
    /// Where, what, and how sure.
    pub finding: &'a Finding,
}

/// Every rect of the answers of one step, in the order in which they are drawn: calibration, positions, defects.
pub fn marks<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Vec<Mark<'a>> {
    let mut marks = Vec::new();
    let mut add = |kind, findings: &'a [Finding]| {
        marks.extend(
            findings
                .iter()
                .zip(1..)
                .map(|(finding, number)| Mark { kind, number, finding }),
        );
    };
    for outcome in outcomes {
        match outcome {
            Outcome::Ready { calibration_rects, .. } | Outcome::NotReady { calibration_rects, .. } => {
                add(MarkKind::Calibration, calibration_rects);
            }
            Outcome::Ok { position_rects, .. } => add(MarkKind::Position, position_rects),
            Outcome::Ng {
                defect_rects,
                position_rects,
                ..
            } => {
                add(MarkKind::Position, position_rects);
                add(MarkKind::Defect, defect_rects);
            }
            Outcome::Failed(_) => {}
        }
    }
    marks.sort_by_key(|mark| mark.kind);
    marks
}

/// Most rects that are drawn, the defects first. More could not be told apart, and drawing them is work for the host that
/// the algorithm decides about.
pub const MOST_MARKS: usize = 500;

/// Draws the rects of `outcomes` (those of one step, in the order in which they were asked for) into `frame`; the last
/// outcome is what the strip below says. Of more than [`MOST_MARKS`] rects the last are drawn. The result is as wide as the picture and a strip higher.
pub fn annotate(frame: &Frame, outcomes: &[&Outcome]) -> RgbImage {
    let picture = Rectangle::new(Point::zero(), Size::new(frame.width(), frame.height()));
    let lettering = Lettering::for_picture(frame.width(), frame.height());
    let strip = match outcomes.last() {
        Some(_) => lettering.line_height() * 3 / 2,
        None => 0,
    };
    let mut canvas = Canvas::new(picture_with_room_below(frame, strip));

    let marks = marks(outcomes.iter().copied());
    let marks = &marks[marks.len().saturating_sub(MOST_MARKS)..];
    let line = lettering.line_width();
    for mark in marks {
        canvas.frame_rect(area(mark), picture, line, mark.kind.color());
    }
    let labels = label::place(marks, &lettering, picture);
    // The most important label was placed first and is drawn last.
    for label in labels.iter().rev() {
        let color = label.mark.kind.color();
        canvas.fill(label.area, color);
        lettering.write(&mut canvas, &label.text, label.text_start(&lettering), RgbColor::WHITE);
    }
    if let Some(outcome) = outcomes.last() {
        let below = Rectangle::new(Point::new(0, signed(frame.height())), Size::new(frame.width(), strip));
        banner::draw(
            &mut canvas,
            &lettering,
            below,
            outcome,
            frame.stand_in_reason().is_some(),
        );
    }
    canvas.into_image()
}

fn picture_with_room_below(frame: &Frame, rows: u32) -> RgbImage {
    let mut image = RgbImage::new(frame.width(), frame.height().saturating_add(rows));
    if let Some(pixels) = frame.read(frame.bounds(), PixelFormat::RGB8) {
        let samples: &mut [u8] = &mut image;
        samples[..pixels.len()].copy_from_slice(&pixels);
    }
    image
}

fn area(mark: &Mark<'_>) -> Rectangle {
    let area = mark.finding.area;
    Rectangle::new(
        Point::new(signed(area.x), signed(area.y)),
        Size::new(area.width, area.height),
    )
}

/// A coordinate as the drawing library wants it. Pictures have at most 100 million pixels, so that nothing is lost.
fn signed(coordinate: u32) -> i32 {
    i32::try_from(coordinate).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests;
