//! A photograph of a brick wall as the surface.

use super::assert_judged_right;
use super::scenes::bricks;
use procvision_guest::testing::scene::Scene;

fn views(scene: &Scene) -> Vec<(String, Scene)> {
    let mut views = Vec::new();
    for (right, down) in [(0.0, 0.0), (4.0, -3.0), (2.5, 6.5), (-8.0, 0.5)] {
        for (across, below, gain) in [(0.0, 0.0, 1.0), (0.3, -0.2, 0.8), (-0.4, 0.3, 1.2)] {
            for noise in [1.0, 3.0] {
                let seen = scene
                    .clone()
                    .shift(right, down)
                    .lighting(across, below)
                    .brightness(gain, 4.0);
                let what = format!("shift ({right}, {down}), light ({across}, {below}), gain {gain}, noise {noise}");
                views.push((what, seen.noise(noise, 31)));
            }
        }
    }
    views
}

#[test]
fn the_good_wall_is_ok_however_it_lies_and_is_lit() {
    for (what, view) in views(&bricks()) {
        assert_judged_right(&view, &bricks(), &what);
    }
}

#[test]
fn planted_defects_are_found_on_the_texture() {
    let marred = bricks()
        .scratch((150.0, 180.0), (260.0, 250.0), 3.0, 60.0)
        .stain((360.0, 350.0), (24.0, 16.0), 45.0);
    for (what, view) in views(&marred) {
        assert_judged_right(&view, &bricks(), &what);
    }
}
