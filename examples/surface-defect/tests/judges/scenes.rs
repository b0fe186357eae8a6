//! The scenes that the tests judge and the example's pictures show.

use procvision_guest::Rect;
use procvision_guest::testing::scene::Scene;

/// A machined panel: an uneven ground with holes, a slot and a raised plate.
pub fn panel() -> Scene {
    let holes = [(45.0, 45.0), (275.0, 45.0), (45.0, 195.0), (275.0, 195.0)];
    let ground =
        Scene::new(320, 240, 130.0)
            .texture(8.0, 25.0, 17)
            .rectangle(Rect::new(110, 80, 100, 70), 165.0, "plate");
    let ground = ground.rectangle(Rect::new(60, 205, 130, 12), 60.0, "slot");
    holes
        .into_iter()
        .fold(ground, |scene, hole| scene.disc(hole, 16.0, 40.0, "hole"))
        .texture(4.0, 6.0, 18)
}

/// The picture of a good panel, as the station keeps it.
pub fn good_panel() -> Scene {
    panel().blur(0.8).noise(1.5, 100)
}

/// The brick wall, a photograph.
pub fn bricks() -> Scene {
    Scene::open("pictures/brick.png").expect("the example has this picture")
}

/// The defects that are planted one at a time.
pub const DEFECTS: [fn(Scene) -> Scene; 6] = [
    |scene| scene.scratch((80.0, 60.0), (150.0, 110.0), 2.5, 50.0),
    |scene| scene.scratch((220.0, 90.0), (250.0, 180.0), 3.0, -45.0),
    |scene| scene.scratch((130.0, 60.0), (230.0, 62.0), 2.5, 45.0),
    |scene| scene.stain((240.0, 120.0), (18.0, 12.0), -35.0),
    |scene| scene.stain((90.0, 120.0), (9.0, 9.0), 40.0),
    |scene| scene.stain((160.0, 115.0), (22.0, 16.0), -40.0),
];
