//! Which found part is which expected one.

use procvision_guest::Rect;

use crate::layout::Expected;
use crate::locate::Part;

/// How far a found part may differ from the expected one.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// Largest distance between the centres, in pixels.
    pub distance: f64,
    /// Largest difference of width and of height, as a share of the expected side.
    pub size: f64,
}

/// An expected part and the place where it was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Present {
    /// Index of the expected part.
    pub expected: usize,
    /// Index of the found part.
    pub found: usize,
    /// Distance between the two centres, in pixels.
    pub distance: f64,
}

/// What comes of comparing a tray with its layout.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Expected parts that are there, in the layout's order.
    pub present: Vec<Present>,
    /// Indexes of expected parts that are not.
    pub missing: Vec<usize>,
    /// Indexes of found parts that nothing expected accounts for.
    pub surplus: Vec<usize>,
}

/// Gives each expected part the nearest found part of about its size within the tolerance; the closest pairs first, so
/// that no part is taken by a neighbour that is farther away. A part of the wrong size is a missing and a surplus one.
pub fn compare(expected: &[Expected], found: &[Part], tolerance: Tolerance) -> Comparison {
    let mut pairs = Vec::new();
    for (e, expected) in expected.iter().enumerate() {
        for (f, found) in found.iter().enumerate() {
            let distance = distance(expected.rect, found.bounds);
            if distance <= tolerance.distance && same_size(expected.rect, found.bounds, tolerance.size) {
                pairs.push(Present {
                    expected: e,
                    found: f,
                    distance,
                });
            }
        }
    }
    pairs.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    let (mut is_present, mut is_explained) = (vec![false; expected.len()], vec![false; found.len()]);
    pairs.retain(|pair| {
        let free = !is_present[pair.expected] && !is_explained[pair.found];
        is_present[pair.expected] |= free;
        is_explained[pair.found] |= free;
        free
    });
    pairs.sort_by_key(|pair| pair.expected);
    let unset = |flags: &[bool]| (0..flags.len()).filter(|&index| !flags[index]).collect();
    Comparison {
        present: pairs,
        missing: unset(&is_present),
        surplus: unset(&is_explained),
    }
}

fn distance(a: Rect, b: Rect) -> f64 {
    let middle = |start: u32, length: u32| f64::from(start) + f64::from(length) / 2.0;
    let dx = middle(a.x, a.width) - middle(b.x, b.width);
    let dy = middle(a.y, a.height) - middle(b.y, b.height);
    (dx * dx + dy * dy).sqrt()
}

fn same_size(expected: Rect, found: Rect, tolerance: f64) -> bool {
    let close = |expected: u32, found: u32| f64::from(expected.abs_diff(found)) <= tolerance * f64::from(expected);
    close(expected.width, found.width) && close(expected.height, found.height)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLERANCE: Tolerance = Tolerance {
        distance: 10.0,
        size: 0.3,
    };

    fn expected(rects: &[Rect]) -> Vec<Expected> {
        rects
            .iter()
            .map(|&rect| Expected {
                label: String::new(),
                rect,
            })
            .collect()
    }

    fn found(rects: &[Rect]) -> Vec<Part> {
        rects
            .iter()
            .map(|&bounds| Part {
                bounds,
                area: bounds.area(),
            })
            .collect()
    }

    #[test]
    fn each_part_is_used_once_and_goes_to_the_nearest_place() {
        let places = expected(&[
            Rect::new(0, 0, 20, 20),
            Rect::new(8, 0, 20, 20),
            Rect::new(100, 0, 20, 20),
        ]);
        let parts = found(&[Rect::new(7, 0, 20, 20), Rect::new(50, 50, 20, 20)]);
        let comparison = compare(&places, &parts, TOLERANCE);
        assert_eq!(
            comparison.present,
            [Present {
                expected: 1,
                found: 0,
                distance: 1.0
            }]
        );
        assert_eq!(comparison.missing, [0, 2]);
        assert_eq!(comparison.surplus, [1]);
    }

    #[test]
    fn a_part_too_far_away_or_of_another_size_is_missing_and_surplus() {
        let places = expected(&[Rect::new(50, 50, 20, 20)]);
        for (part, is_present) in [
            (Rect::new(60, 50, 20, 20), true),
            (Rect::new(61, 50, 20, 20), false),
            (Rect::new(50, 50, 26, 20), true),
            (Rect::new(50, 50, 20, 27), false),
            (Rect::new(54, 54, 12, 12), false),
        ] {
            let comparison = compare(&places, &found(&[part]), TOLERANCE);
            assert_eq!(comparison.present.len(), usize::from(is_present), "{part}");
            assert_eq!(
                (comparison.missing.len(), comparison.surplus.len()),
                (usize::from(!is_present), usize::from(!is_present))
            );
        }
    }
}
