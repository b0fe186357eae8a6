//! Write ProcVision inspection algorithms in ordinary Rust.

mod geometry;
mod pixels;

pub use geometry::Rect;
pub use pixels::{Gray, GrayView, Origin, Pixels, Rgb, RgbView, View};
