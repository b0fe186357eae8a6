//! Finds parts on an unevenly lit ground.

use procvision_guest::vision::{self, Component, Margin};
use procvision_guest::{Gray, GrayView, Rect};
use serde::Deserialize;

/// How parts differ from the ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// Parts are brighter than the ground around them.
    Brighter,
    /// Parts are darker than the ground around them.
    Darker,
}

/// What to look for.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// How parts differ from the ground.
    pub tone: Tone,
    /// The longest side of any part, in pixels.
    pub part_size: u32,
    /// How much a pixel must differ from the mean of its surroundings to belong to a part, as a share of that mean,
    /// 0 to 1.
    pub contrast: f64,
    /// The smallest number of pixels that counts as a part.
    pub min_area: u64,
}

/// A part that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The smallest area that holds it.
    pub bounds: Rect,
    /// Its number of pixels.
    pub area: u64,
}

/// The parts of a picture, from top to bottom.
///
/// Each pixel is compared with the mean of its surroundings, a square of one and a half parts a side that always shows
/// some ground. Because the threshold is a share of that mean, a lighting gradient and another exposure change both
/// sides of the comparison alike. A brighter patch of ground passes the threshold too, but has no sharp edge.
pub fn locate(picture: GrayView<'_>, search: Search) -> Vec<Part> {
    let smooth = vision::box_mean(picture, 1);
    let (radius, margin) = (search.part_size.saturating_mul(3) / 4, Margin::Share(search.contrast));
    let mask = match search.tone {
        Tone::Brighter => vision::brighter_than_surroundings(smooth.view(), radius, margin),
        Tone::Darker => vision::darker_than_surroundings(smooth.view(), radius, margin),
    };
    // Closing fills the dark strokes of an embossed part; opening takes away threads that would join neighbours.
    let mask = vision::open(vision::close(mask.view(), 2).view(), 2);
    vision::components(mask.view())
        .iter()
        .filter(|component| component.area() >= search.min_area)
        .filter(|component| edge(&smooth, component) >= search.contrast)
        .map(|component| Part {
            bounds: component.bounds(),
            area: component.area(),
        })
        .collect()
}

/// How sharply a component is set off from what is around it: the mean difference between the levels a few pixels
/// inside and outside the ends of its rows, as a share of the level outside; on its left or its right side, whichever
/// is less sharp. A side along the picture's edge does not count; if both are, the answer is 0.
fn edge(picture: &Gray, component: &Component) -> f64 {
    const REACH: usize = 3;
    // Sums of levels inside and outside, of the left and of the right ends.
    let mut sides = [(0_u64, 0_u64); 2];
    for run in component.runs() {
        let row = picture.row(run.y);
        let (first, last) = (run.start as usize, run.end as usize - 1);
        let ends = [
            (first.checked_sub(REACH), (first + REACH).min(last)),
            (Some(last + REACH), last.saturating_sub(REACH).max(first)),
        ];
        for ((inside, outside), (beyond, within)) in sides.iter_mut().zip(ends) {
            if let Some(&level) = beyond.and_then(|x| row.get(x)) {
                *inside += u64::from(row[within]);
                *outside += u64::from(level).max(1);
            }
        }
    }
    let seen = sides.iter().filter(|(_, outside)| *outside > 0);
    seen.map(|&(inside, outside)| inside.abs_diff(outside) as f64 / outside as f64)
        .reduce(f64::min)
        .unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use procvision_guest::testing::scene::Scene;

    use super::*;

    const SEARCH: Search = Search {
        tone: Tone::Brighter,
        part_size: 41,
        contrast: 0.15,
        min_area: 200,
    };

    #[test]
    fn an_empty_unevenly_lit_noisy_tray_shows_no_part() {
        for (across, down) in [(0.0, 0.0), (0.7, 0.0), (-0.5, 0.5)] {
            let picture = Scene::new(200, 150, 70.0).lighting(across, down).noise(4.0, 1).gray();
            assert_eq!(locate(picture.view(), SEARCH), []);
            assert_eq!(
                locate(
                    picture.view(),
                    Search {
                        tone: Tone::Darker,
                        ..SEARCH
                    }
                ),
                []
            );
        }
    }

    #[test]
    fn the_box_of_a_part_is_found_to_the_pixel_or_two_in_either_tone() {
        for (tone, level) in [(Tone::Brighter, 160.0), (Tone::Darker, 40.0)] {
            let picture = Scene::new(200, 150, 90.0)
                .disc((80.0, 70.0), 20.0, level, "")
                .lighting(0.4, 0.4)
                .gray();
            let found = locate(picture.view(), Search { tone, ..SEARCH });
            let [Part { bounds, .. }] = found[..] else {
                panic!("{found:?}")
            };
            assert!(
                bounds.x.abs_diff(60) <= 2 && bounds.bottom().abs_diff(91) <= 2,
                "{bounds}"
            );
        }
    }

    #[test]
    fn a_soft_patch_of_light_is_no_part() {
        let picture = Scene::new(200, 150, 80.0)
            .disc((80.0, 70.0), 30.0, 140.0, "")
            .blur(16.0)
            .gray();
        assert_eq!(locate(picture.view(), SEARCH), []);
    }

    #[test]
    fn what_is_too_small_is_no_part() {
        let picture = Scene::new(200, 150, 60.0).disc((80.0, 70.0), 7.0, 160.0, "").gray();
        assert_eq!(locate(picture.view(), SEARCH), []);
    }
}
