//! The photograph of coins, as it is and changed.

use super::scenes::{GAPS, coins, places, with_surplus_coin, without_coin};
use super::{assert_judged_right, station};
use procvision_guest::testing::scene::Scene;

/// Exposures and lighting gradients: gain, offset, across, down.
const LIGHTS: [(f32, f32, f32, f32); 9] = [
    (1.0, 0.0, 0.0, 0.0),
    (0.5, 0.0, 0.0, 0.0),
    (1.3, 0.0, 0.0, 0.0),
    (0.8, 12.0, 0.0, 0.0),
    (1.0, 0.0, 0.6, 0.0),
    (1.0, 0.0, -0.6, 0.0),
    (0.9, 0.0, 0.0, 0.6),
    (0.9, 0.0, 0.3, -0.6),
    (0.6, 0.0, -0.5, 0.5),
];

fn lit(scene: &Scene, (gain, offset, across, down): (f32, f32, f32, f32)) -> Scene {
    scene.clone().lighting(across, down).brightness(gain, offset)
}

#[test]
fn the_whole_tray_is_ok_in_any_light_also_noisy_blurred_or_shifted() {
    let (station, scene) = (station(), coins());
    for light in LIGHTS {
        let what = format!("{light:?}");
        assert_judged_right(&station, "A01", &lit(&scene, light), &what);
        for seed in 0..3 {
            let noisy = lit(&scene, light).noise(4.0, seed);
            assert_judged_right(&station, "A01", &noisy, &format!("{what}, noise, seed {seed}"));
        }
        assert_judged_right(
            &station,
            "A01",
            &lit(&scene, light).blur(1.5).noise(2.0, 9),
            &format!("{what}, blurred"),
        );
        let shifted = lit(&scene, light).shift(3.0, -4.0).noise(2.0, 9);
        assert_judged_right(&station, "A01", &shifted, &format!("{what}, shifted"));
    }
}

#[test]
fn every_single_coin_is_missed_when_it_is_gone() {
    let (station, scene) = (station(), coins());
    for place in places("assets/coins.json") {
        let gone = without_coin(scene.clone(), &place);
        for light in LIGHTS {
            let noisy = lit(&gone, light).noise(2.0, 5);
            assert_judged_right(&station, "A01", &noisy, &format!("{} gone, {light:?}", place.label));
        }
    }
}

#[test]
fn a_surplus_coin_is_named_also_together_with_a_missing_one() {
    let (station, scene) = (station(), coins());
    let places = places("assets/coins.json");
    for gap in GAPS {
        let surplus = with_surplus_coin(scene.clone(), gap);
        let both = without_coin(surplus.clone(), &places[13]);
        for light in LIGHTS {
            assert_judged_right(
                &station,
                "A01",
                &lit(&surplus, light).noise(2.0, 3),
                &format!("{gap:?}, {light:?}"),
            );
            assert_judged_right(
                &station,
                "A01",
                &lit(&both, light).noise(2.0, 3),
                &format!("{gap:?} both, {light:?}"),
            );
        }
    }
}

#[test]
fn an_empty_tray_misses_all() {
    let places = places("assets/coins.json");
    let empty = places.iter().fold(coins(), without_coin);
    let station = station();
    let run = station.inspection("A01").step(1).image(empty.image()).execute();
    assert_eq!(run.verdict().reason(), Some("24 parts missing"));
    // A station keeps at most twenty defects; the reason tells the whole number.
    assert_eq!(run.verdict().defects().len(), 20);
}
