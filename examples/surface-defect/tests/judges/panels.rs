//! Generated panels.

use super::assert_judged_right;
use super::scenes::{DEFECTS, good_panel, panel};
use procvision_guest::testing::scene::Scene;

/// How a part lies and is lit: right, down, across, down, gain, offset, noise.
const CONDITIONS: [(f32, f32, f32, f32, f32, f32, f32); 10] = [
    (0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.5),
    (3.0, -2.0, 0.0, 0.0, 1.0, 0.0, 1.5),
    (-5.5, 4.5, 0.0, 0.0, 1.0, 0.0, 1.5),
    (0.5, 0.5, 0.3, 0.0, 1.0, 0.0, 2.0),
    (2.0, 7.0, -0.4, 0.2, 1.0, 0.0, 2.0),
    (0.0, 0.0, 0.0, 0.0, 0.6, 0.0, 1.5),
    (1.3, -0.7, 0.0, 0.3, 0.7, 10.0, 2.0),
    (-7.0, -7.0, 0.3, -0.3, 1.3, 0.0, 2.0),
    (0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 4.0),
    (-2.5, 3.5, 0.4, 0.4, 0.8, 15.0, 3.0),
];

fn seen(part: Scene, condition: (f32, f32, f32, f32, f32, f32, f32), seed: u64) -> Scene {
    let (right, below, across, down, gain, offset, noise) = condition;
    part.blur(0.8)
        .shift(right, below)
        .lighting(across, down)
        .brightness(gain, offset)
        .noise(noise, seed)
}

#[test]
fn a_good_panel_is_ok_however_it_lies_and_is_lit() {
    let reference = good_panel();
    for condition in CONDITIONS {
        for seed in 0..8 {
            let picture = seen(panel(), condition, seed);
            assert_judged_right(&picture, &reference, &format!("{condition:?}, seed {seed}"));
        }
    }
}

#[test]
fn each_planted_defect_is_named_where_it_is() {
    let reference = good_panel();
    for (index, plant) in DEFECTS.into_iter().enumerate() {
        for condition in CONDITIONS {
            for seed in 0..3 {
                let picture = seen(plant(panel()), condition, seed);
                assert_judged_right(
                    &picture,
                    &reference,
                    &format!("defect {index}, {condition:?}, seed {seed}"),
                );
            }
        }
    }
}

#[test]
fn several_defects_are_all_named() {
    let reference = good_panel();
    for condition in CONDITIONS {
        let planted = [0, 1, 4]
            .into_iter()
            .fold(panel(), |scene, index| DEFECTS[index](scene));
        assert_judged_right(&seen(planted, condition, 7), &reference, &format!("{condition:?}"));
    }
}
