//! The scenes that the tests judge and the example's pictures show.

use procvision_guest::Rect;
use procvision_guest::testing::scene::{Kind, Scene};
use serde::Deserialize;

#[derive(Deserialize)]
struct Layout {
    parts: Vec<Place>,
}

/// A part of a layout asset.
#[derive(Clone, Deserialize)]
pub struct Place {
    pub label: String,
    pub rect: Rect,
}

/// The places that a layout asset names.
pub fn places(asset: &str) -> Vec<Place> {
    let text = std::fs::read_to_string(asset).expect("the example has this asset");
    serde_json::from_str::<Layout>(&text)
        .expect("the asset is a layout")
        .parts
}

/// The photograph of coins, with every coin marked as a part.
pub fn coins() -> Scene {
    let photograph = Scene::open("pictures/coins.png").expect("the example has this picture");
    places("assets/coins.json")
        .into_iter()
        .fold(photograph, |scene, place| {
            scene.mark(Kind::Part, place.rect, place.label)
        })
}

/// Takes one coin out of the photograph, as if the tray had always been empty there.
pub fn without_coin(scene: Scene, place: &Place) -> Scene {
    let bounds = Rect::of_size(scene.width(), scene.height());
    scene.paint_out(place.rect.inflate(5, bounds), 2.5, 11, &place.label)
}

/// Two gaps between the coins of the photograph, just large enough for a small coin.
pub const GAPS: [(u32, u32); 2] = [(294, 73), (230, 70)];

/// Puts a small coin, cut out of another one, into a gap.
pub fn with_surplus_coin(scene: Scene, gap: (u32, u32)) -> Scene {
    scene.copy_ellipse(Rect::new(141, 115, 26, 26), gap)
}

/// What is wrong on a generated tray, and how its parts lie.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tray<'a> {
    /// Places that are left empty.
    pub empty: &'a [usize],
    /// Centres of discs that do not belong there.
    pub surplus: &'a [(f32, f32)],
    /// Each part lies up to this many pixels off its place, in its own direction.
    pub displacement: f32,
}

/// A tray of dark parts on a bright, slightly uneven ground.
pub fn tray(tray: Tray<'_>) -> Scene {
    const DIRECTIONS: [(f32, f32); 5] = [(1.0, 0.0), (-0.7, 0.7), (0.0, -1.0), (0.6, 0.8), (-1.0, 0.0)];
    let mut scene = Scene::new(320, 240, 150.0).texture(6.0, 30.0, 4);
    for (index, place) in places("assets/tray.json").into_iter().enumerate() {
        let (dx, dy) = DIRECTIONS[index % DIRECTIONS.len()];
        let (dx, dy) = ((dx * tray.displacement).round(), (dy * tray.displacement).round());
        let rect = place.rect;
        if tray.empty.contains(&index) {
            scene = scene.mark(Kind::Missing, rect, place.label);
        } else if place.label.starts_with("cap") {
            let (x, y) = rect.center();
            scene = scene.disc((x as f32 + dx, y as f32 + dy), 19.0, 85.0, &place.label);
        } else {
            let (x, y) = ((rect.x as f32 + dx) as u32, (rect.y as f32 + dy) as u32);
            scene = scene.rectangle(Rect::new(x, y, rect.width, rect.height), 70.0, &place.label);
        }
    }
    tray.surplus
        .iter()
        .fold(scene, |scene, &center| scene.surplus_disc(center, 12.0, 80.0))
}
