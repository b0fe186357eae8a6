//! The two pictures of a new project: a part of the required size, and one that is too small.

use image::{ImageFormat, ImageResult, RgbImage};
use std::io::Cursor;

const WIDTH: u32 = 320;
const HEIGHT: u32 = 240;

/// Paths inside the project, and PNG files.
pub(super) fn samples() -> ImageResult<[(&'static str, Vec<u8>); 2]> {
    Ok([
        ("pictures/ok.png", png(&scene(45.0))?),
        ("pictures/ng.png", png(&scene(15.0))?),
    ])
}

/// A bright disc of this radius on a dark ground that is lit from the right and not quite even.
fn scene(radius: f32) -> RgbImage {
    let (center_x, center_y) = (140.0, 110.0);
    let mut noise = 0x2545_f491_u32;
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let grain = (noise >> 29) as f32;
        let ground = 30.0 + 40.0 * x as f32 / WIDTH as f32 + grain;
        let part = 205.0 + 25.0 * x as f32 / WIDTH as f32 + grain;
        let distance = (x as f32 - center_x).hypot(y as f32 - center_y);
        // The edge fades over two pixels, as in a photograph.
        let share = ((radius + 1.0 - distance) / 2.0).clamp(0.0, 1.0);
        let light = ground + share * (part - ground);
        image::Rgb([light as u8, (light * 0.97) as u8, (light * 0.9) as u8])
    })
}

fn png(picture: &RgbImage) -> ImageResult<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}
