//! Generated trays with dark parts.

use super::scenes::{Tray, tray};
use super::{assert_judged_right, station};

const CASES: [Tray<'_>; 7] = [
    Tray {
        empty: &[],
        surplus: &[],
        displacement: 0.0,
    },
    Tray {
        empty: &[],
        surplus: &[],
        displacement: 5.0,
    },
    Tray {
        empty: &[0],
        surplus: &[],
        displacement: 3.0,
    },
    Tray {
        empty: &[3, 7, 11],
        surplus: &[],
        displacement: 5.0,
    },
    Tray {
        empty: &[],
        surplus: &[(87.0, 84.0)],
        displacement: 0.0,
    },
    Tray {
        empty: &[5],
        surplus: &[(87.0, 156.0), (304.0, 226.0)],
        displacement: 4.0,
    },
    Tray {
        empty: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
        surplus: &[],
        displacement: 0.0,
    },
];

#[test]
fn generated_trays_are_judged_right_over_lightings_noise_exposures_and_seeds() {
    let station = station();
    let mut seed = 0;
    for case in CASES {
        for (across, down) in [(0.0, 0.0), (0.8, 0.0), (-0.4, 0.6), (0.0, -0.8)] {
            for gain in [0.5, 1.0, 1.4] {
                for noise in [0.0, 4.0, 8.0] {
                    seed += 1;
                    let scene = tray(case)
                        .blur(1.0)
                        .lighting(across, down)
                        .brightness(gain, 0.0)
                        .noise(noise, seed);
                    let what = format!("{case:?}, light ({across}, {down}), gain {gain}, noise {noise}, seed {seed}");
                    assert_judged_right(&station, "A02", &scene, &what);
                }
            }
        }
    }
}

#[test]
fn a_part_beyond_the_tolerance_is_both_missing_and_surplus() {
    let displaced = tray(Tray {
        displacement: 8.0,
        ..Tray::default()
    });
    let station = station();
    let mut inspection = station.inspection("A02");
    let within = inspection.step(1).image(displaced.image()).execute();
    assert!(within.verdict().is_ok(), "{:?}", within.verdict());
    let strict = inspection
        .step(1)
        .image(displaced.image())
        .param("tolerance", 5.0)
        .execute();
    assert_eq!(strict.verdict().reason(), Some("12 parts missing, 12 surplus"));
}
