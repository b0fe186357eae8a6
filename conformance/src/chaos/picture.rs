//! Pictures of which the right verdict is known.

use crate::soak::random::Random;
use std::io;

/// Width and height of every picture.
pub const SIZE: (u32, u32) = (64, 48);
/// The algorithm adds up one byte of so many.
const STRIDE: usize = 997;

/// A picture of three bytes for each pixel, and what the algorithm must find in it.
#[derive(Debug, Clone)]
pub struct Picture {
    pub pixels: Vec<u8>,
    pub sum: u64,
}

impl Picture {
    /// One that is like no other.
    pub fn random(random: &mut Random) -> Self {
        let length = SIZE.0 as usize * SIZE.1 as usize * 3;
        let pixels: Vec<u8> = (0..length).map(|_| random.below(256) as u8).collect();
        let sum = pixels.iter().step_by(STRIDE).map(|&byte| u64::from(byte)).sum();
        Self { pixels, sum }
    }

    /// One whose verdict is NG, or OK.
    pub fn odd(random: &mut Random, odd: bool) -> Self {
        loop {
            let picture = Self::random(random);
            if (picture.sum % 2 == 1) == odd {
                return picture;
            }
        }
    }

    /// As a PNG file.
    pub fn png(&self) -> io::Result<Vec<u8>> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, SIZE.0, SIZE.1);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()?;
        Ok(file)
    }
}
