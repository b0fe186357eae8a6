//! Where a picture differs from a reference more than displacement and light explain, and what that looks like.

use std::fmt;

use procvision_guest::{Gray, GrayView, Rect, vision};

use crate::align::{Alignment, align};
use crate::lighting::Light;

/// What is compared, and what counts as a defect.
#[derive(Clone, Copy, Debug)]
pub struct Criteria {
    /// Largest displacement that is looked for, in pixels.
    pub max_shift: u32,
    /// Displacement of single details that does not matter, in pixels.
    pub slack: u32,
    /// Smallest difference of a defect at its strongest, in gray levels at the reference's brightness.
    pub min_difference: f64,
    /// Smallest number of pixels.
    pub min_area: u64,
}

/// What a defect looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Long and thin.
    Scratch,
    /// Anything else.
    Stain,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scratch => "scratch",
            Self::Stain => "stain",
        })
    }
}

/// Something that the reference does not show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Defect {
    /// What it looks like.
    pub shape: Shape,
    /// Where it is in the picture.
    pub bounds: Rect,
    /// Its largest difference, as a multiple of the one required; at least 1.
    pub strength: f64,
}

/// The comparison of a picture with a reference.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The defects, strongest first.
    pub defects: Vec<Defect>,
    /// How the picture lies over the reference.
    pub alignment: Alignment,
    /// Mean level of the picture as a multiple of the reference's.
    pub brightness: f64,
    /// The part of the picture that the reference shows too; the rest was not looked at.
    pub inspected: Rect,
}

/// A scratch is at least this many times as long as wide.
const SCRATCH_RATIO: f64 = 3.5;

/// Compares `picture` with `reference`, which must have the same size. `None` if the displacement leaves nothing to
/// compare.
pub fn inspect(picture: GrayView<'_>, reference: GrayView<'_>, criteria: Criteria) -> Option<Inspection> {
    let alignment = align(picture, reference, criteria.max_shift);
    let (here, there) = alignment.shift.overlap(picture.width(), picture.height())?;
    // Means over nine pixels take most of the noise away before anything is compared.
    let live = vision::box_mean(picture.region(here)?, 1);
    let good = vision::box_mean(reference.region(there)?, 1);
    let light = Light::fit(live.view(), good.view());
    let lit = light.apply(good.view());
    let low = vision::erode(lit.view(), criteria.slack);
    let high = vision::dilate(lit.view(), criteria.slack);
    let distance = vision::distance_from_band(live.view(), low.view(), high.view());
    // A darker picture shows a defect with less contrast.
    let required = (criteria.min_difference * light.brightness().clamp(0.25, 4.0)).clamp(2.0, 255.0);
    let defects = find(&distance, required, criteria.min_area, here);
    Some(Inspection {
        defects,
        alignment,
        brightness: light.brightness(),
        inspected: here,
    })
}

/// Grows each defect from its strong pixels into those that differ half as much, so that a scratch that fades keeps
/// its length and its box.
fn find(distance: &Gray, required: f64, min_area: u64, inspected: Rect) -> Vec<Defect> {
    let weak = vision::at_least(distance.view(), (required / 2.0).ceil() as u8);
    let mask = vision::close(weak.view(), 2);
    let mut defects: Vec<Defect> = vision::components(mask.view())
        .iter()
        .filter(|component| component.area() >= min_area)
        .filter_map(|component| {
            let pixels = component
                .runs()
                .iter()
                .flat_map(|run| &distance.row(run.y)[run.start as usize..run.end as usize]);
            let strength = f64::from(pixels.copied().max().unwrap_or(0)) / required;
            let axes = component.axes();
            let shape = if axes.length >= SCRATCH_RATIO * axes.width {
                Shape::Scratch
            } else {
                Shape::Stain
            };
            let bounds = component.bounds();
            let bounds = Rect::new(
                inspected.x + bounds.x,
                inspected.y + bounds.y,
                bounds.width,
                bounds.height,
            );
            (strength >= 1.0).then_some(Defect {
                shape,
                bounds,
                strength,
            })
        })
        .collect();
    defects.sort_by(|a, b| b.strength.total_cmp(&a.strength));
    defects
}
