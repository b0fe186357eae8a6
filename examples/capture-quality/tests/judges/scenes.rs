//! The scenes that the tests judge and the example's pictures show.

use procvision_guest::Rect;
use procvision_guest::testing::scene::Scene;

/// The photograph of a cup of coffee.
pub fn coffee() -> Scene {
    Scene::open("pictures/coffee.png").expect("the example has this picture")
}

/// A workpiece with edges of several strengths.
pub fn workpiece(seed: u64) -> Scene {
    Scene::new(200, 150, 90.0)
        .texture(12.0, 5.0, seed)
        .rectangle(Rect::new(30, 30, 60, 80), 160.0, "block")
        .disc((140.0, 70.0), 35.0, 190.0, "knob")
        .disc((140.0, 70.0), 12.0, 40.0, "bore")
}
