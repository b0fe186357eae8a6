//! The generated pictures of the example show what their scenes say. `UPDATE_PICTURES=1` writes them.

use super::scenes::{GAPS, Tray, coins, places, tray, with_surplus_coin, without_coin};

#[test]
fn the_generated_pictures_are_current() {
    let places = places("assets/coins.json");
    without_coin(coins(), &places[6]).assert_saved_as("pictures/coins-one-missing.png");
    with_surplus_coin(coins(), GAPS[0]).assert_saved_as("pictures/coins-one-surplus.png");
    coins()
        .lighting(-0.5, 0.3)
        .brightness(0.7, 0.0)
        .noise(3.0, 21)
        .assert_saved_as("pictures/coins-dim.png");
    let finish = |scene: procvision_guest::testing::scene::Scene| scene.blur(1.0).lighting(0.5, -0.3).noise(1.5, 8);
    let good = Tray {
        displacement: 3.0,
        ..Tray::default()
    };
    finish(tray(good)).assert_saved_as("pictures/tray-good.png");
    let bad = Tray {
        empty: &[5],
        surplus: &[(87.0, 156.0)],
        displacement: 3.0,
    };
    finish(tray(bad)).assert_saved_as("pictures/tray-missing-and-surplus.png");
}
