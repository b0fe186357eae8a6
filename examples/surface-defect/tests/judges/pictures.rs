//! The generated pictures of the example show what their scenes say. `UPDATE_PICTURES=1` writes them.

use super::scenes::{DEFECTS, bricks, good_panel, panel};

#[test]
fn the_generated_pictures_are_current() {
    bricks()
        .shift(4.0, -3.0)
        .lighting(0.3, -0.2)
        .brightness(0.9, 4.0)
        .noise(1.5, 41)
        .assert_saved_as("pictures/brick-moved.png");
    let marred = bricks()
        .scratch((150.0, 180.0), (260.0, 250.0), 3.0, 60.0)
        .stain((360.0, 350.0), (24.0, 16.0), 45.0);
    let marred = marred
        .shift(-5.0, 2.0)
        .lighting(-0.2, 0.2)
        .brightness(0.9, 4.0)
        .noise(1.5, 42);
    marred.assert_saved_as("pictures/brick-marred.png");
    good_panel().assert_saved_as("pictures/panel-good.png");
    panel()
        .blur(0.8)
        .shift(3.0, -2.0)
        .lighting(0.3, 0.0)
        .noise(1.5, 43)
        .assert_saved_as("pictures/panel-moved.png");
    let scratched = [0, 3].into_iter().fold(panel(), |scene, index| DEFECTS[index](scene));
    let scratched = scratched
        .blur(0.8)
        .shift(-2.0, 3.0)
        .lighting(-0.3, 0.1)
        .brightness(0.8, 5.0)
        .noise(1.5, 44);
    scratched.assert_saved_as("pictures/panel-marred.png");
}
