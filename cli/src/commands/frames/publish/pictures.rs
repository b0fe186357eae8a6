//! What the camera for development shows: photographs from files, or scenes that are drawn; in any pixel format.

use crate::commands::error::CommandError;
use bytes::Bytes;
use clap::ValueEnum;
use procvision_guest::Rect as SceneRect;
use procvision_guest::testing::scene::Scene;
use procvision_host::frame::{Frame, FrameError, PixelFormat};
use std::path::PathBuf;
use std::str::FromStr;

/// Pictures that are drawn before they are shown in a loop; enough to see that something moves.
const DRAWN: u64 = 4;
/// Longest side of a picture that is drawn, in pixels.
const LONGEST_SIDE: u32 = 8192;

/// A picture as it goes into a slot, its rows without padding.
pub struct Picture {
    pub format: PixelFormat,
    pub width: u32,
    pub height: u32,
    pub pixels: Bytes,
}

/// The scenes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SceneArg {
    /// Gray: twelve round parts, of which one is missing in every second picture
    Tray,
    /// Gray: a surface, with a scratch and a stain in every second picture
    Panel,
    /// Colour: bars of red, green, blue and their mixtures that move to the right
    Bars,
}

/// Width and height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    width: u32,
    height: u32,
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sides = text.split_once('x').and_then(|(width, height)| {
            Some(Self {
                width: width.parse().ok()?,
                height: height.parse().ok()?,
            })
        });
        let fits = |side: u32| (16..=LONGEST_SIDE).contains(&side);
        sides
            .filter(|size| fits(size.width) && fits(size.height))
            .ok_or_else(|| format!("must be like 640x480, with sides from 16 to {LONGEST_SIDE}"))
    }
}

/// A pixel format by its name, in whatever case.
pub fn parse_format(text: &str) -> Result<PixelFormat, String> {
    let format = PixelFormat::ALL
        .into_iter()
        .find(|format| format.to_string().eq_ignore_ascii_case(text));
    format.ok_or_else(|| {
        format!(
            "must be one of {}",
            PixelFormat::ALL.map(|format| format.to_string()).join(", ")
        )
    })
}

/// Photographs from files.
pub fn read(paths: &[PathBuf], format: Option<PixelFormat>) -> Result<Vec<Picture>, FrameError> {
    paths
        .iter()
        .map(|path| Ok(in_format(&Frame::open(path)?, format)))
        .collect()
}

/// The pictures of a scene.
pub fn drawn(scene: SceneArg, size: Size, format: Option<PixelFormat>) -> Result<Vec<Picture>, CommandError> {
    let frames = (0..DRAWN).map(|number| match scene {
        SceneArg::Tray => gray(&tray(size, number)),
        SceneArg::Panel => gray(&panel(size, number)),
        SceneArg::Bars => bars(size, number),
    });
    frames.map(|frame| Ok(in_format(&frame?, format))).collect()
}

fn gray(scene: &Scene) -> Result<Frame, FrameError> {
    let picture = scene.gray();
    let pixels: Vec<u8> = picture.view().rows().flatten().copied().collect();
    let (width, height) = (picture.width(), picture.height());
    Frame::from_pixels(PixelFormat::Mono8, width, height, width as usize, pixels)
}

fn tray(size: Size, number: u64) -> Scene {
    let (width, height) = (size.width as f32, size.height as f32);
    let radius = (width / 4.0).min(height / 3.0) * 0.35;
    let mut scene = Scene::new(size.width, size.height, 60.0);
    for part in 0..12 {
        let (column, row) = (part % 4, part / 4);
        let center = ((column as f32 + 0.5) * width / 4.0, (row as f32 + 0.5) * height / 3.0);
        if number.is_multiple_of(2) || part != 6 {
            scene = scene.disc(center, radius, 180.0, "part");
        }
    }
    scene.lighting(0.2, 0.1).noise(2.0, number)
}

fn panel(size: Size, number: u64) -> Scene {
    let (width, height) = (size.width as f32, size.height as f32);
    let whole = SceneRect::new(0, 0, size.width, size.height);
    let mut scene = Scene::new(size.width, size.height, 140.0)
        .rectangle(whole, 150.0, "panel")
        .texture(8.0, 12.0, 1);
    if number % 2 == 1 {
        let thickness = (width / 320.0).max(1.0);
        scene = scene
            .scratch(
                (width * 0.2, height * 0.3),
                (width * 0.5, height * 0.4),
                thickness,
                -60.0,
            )
            .stain((width * 0.7, height * 0.7), (width * 0.06, height * 0.05), -40.0);
    }
    scene.noise(2.0, number)
}

fn bars(size: Size, number: u64) -> Result<Frame, FrameError> {
    let bar = (size.width / 8).max(1);
    let shift = number as u32 * bar / DRAWN as u32;
    let row: Vec<u8> = (0..size.width)
        .flat_map(|x| {
            let colour = (x + size.width - shift) / bar % 8;
            [4, 2, 1].map(|bit| if colour & bit == 0 { 40 } else { 220 })
        })
        .collect();
    let pixels = row.repeat(size.height as usize);
    Frame::from_pixels(PixelFormat::RGB8, size.width, size.height, row.len(), pixels)
}

/// The picture in the format that is wanted, or in its own.
fn in_format(frame: &Frame, format: Option<PixelFormat>) -> Picture {
    let format = format.unwrap_or(frame.format());
    let readable = if format.is_mosaic() { PixelFormat::RGB8 } else { format };
    // The area is the picture's own, and the format is no mosaic.
    let pixels = frame.read(frame.bounds(), readable).unwrap_or_default();
    Picture {
        format,
        width: frame.width(),
        height: frame.height(),
        pixels: match channels(format) {
            Some(channels) => mosaic(&pixels, frame.width(), channels).into(),
            None => pixels,
        },
    }
}

/// Which of red, green, blue a sensor sees at (0, 0), (1, 0), (0, 1), (1, 1).
fn channels(format: PixelFormat) -> Option<[usize; 4]> {
    match format {
        PixelFormat::BayerRG8 => Some([0, 1, 1, 2]),
        PixelFormat::BayerGR8 => Some([1, 0, 2, 1]),
        PixelFormat::BayerGB8 => Some([1, 2, 0, 1]),
        PixelFormat::BayerBG8 => Some([2, 1, 1, 0]),
        PixelFormat::Mono8 | PixelFormat::RGB8 | PixelFormat::BGR8 => None,
    }
}

/// What a sensor behind a colour filter sees of a coloured picture.
fn mosaic(rgb: &[u8], width: u32, channels: [usize; 4]) -> Vec<u8> {
    let rows = rgb.chunks_exact(width as usize * 3);
    rows.enumerate()
        .flat_map(|(y, row)| {
            let pixels = row.as_chunks::<3>().0.iter().enumerate();
            pixels.map(move |(x, pixel)| pixel[channels[y % 2 * 2 + x % 2]])
        })
        .collect()
}
