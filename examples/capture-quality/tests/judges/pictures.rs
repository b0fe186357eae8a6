//! The generated pictures of the example show what their scenes say. `UPDATE_PICTURES=1` writes them.

use super::scenes::{coffee, workpiece};

#[test]
fn the_generated_pictures_are_current() {
    coffee().blur(4.0).assert_saved_as("pictures/coffee-blurred.png");
    coffee()
        .brightness(0.25, 0.0)
        .assert_saved_as("pictures/coffee-dark.png");
    workpiece(1)
        .noise(1.0, 51)
        .assert_saved_as("pictures/workpiece-good.png");
    workpiece(1)
        .brightness(1.0, 140.0)
        .assert_saved_as("pictures/workpiece-bright.png");
}
