//! Rects in the overlay and in the tables.

use crate::annotate::{self, MarkKind};
use crate::frame::Frame;
use crate::report::RunReport;
use serde::Serialize;

/// Rects of one kind up to this number have their names beside them; above it, names show when pointed at.
const NAMED_AT_ONCE: usize = 12;

#[derive(Serialize)]
pub(super) struct MarkView<'a> {
    kind: &'static str,
    number: usize,
    x: u32,
    y: u32,
    width: u32,
    height: u32,
    label: &'a str,
    score: String,
    /// Whether the name is always there.
    named: bool,
    text_x: f64,
    text_y: f64,
    /// `start` or `end`, as SVG says it.
    anchor: &'static str,
}

/// Size of letters in the overlay, in pixels of the picture: about 14 on a page of usual width.
pub(super) fn letter_size(frame: &Frame) -> f64 {
    (f64::from(frame.width()) / 65.0)
        .max(f64::from(frame.height()) / 110.0)
        .max(4.0)
}

pub(super) fn views(report: &RunReport) -> Vec<MarkView<'_>> {
    let frame = &report.request.image.frame;
    let letter = letter_size(frame);
    let marks = annotate::marks(report.steps().map(|step| &step.outcome));
    let count = |kind: MarkKind| marks.iter().filter(|mark| mark.kind == kind).count();
    let crowded = [MarkKind::Calibration, MarkKind::Position].map(|kind| (kind, count(kind) > NAMED_AT_ONCE));
    marks
        .iter()
        .map(|mark| {
            let area = mark.finding.area;
            let (left, top) = (f64::from(area.x), f64::from(area.y));
            let (right, bottom) = (left + f64::from(area.width), top + f64::from(area.height));
            // Above the rect unless that is outside the picture, and leaning to the picture's middle.
            let above = top > letter * 1.6;
            let leans_left = left > f64::from(frame.width()) * 0.6;
            MarkView {
                kind: mark.kind.as_str(),
                number: mark.number,
                x: area.x,
                y: area.y,
                width: area.width,
                height: area.height,
                label: &mark.finding.label,
                score: format!("{:.2}", mark.finding.score),
                named: !crowded.contains(&(mark.kind, true)),
                text_x: if leans_left { right } else { left },
                text_y: if above {
                    top - letter * 0.45
                } else {
                    bottom + letter * 1.15
                },
                anchor: if leans_left { "end" } else { "start" },
            }
        })
        .collect()
}
