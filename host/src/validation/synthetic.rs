//! A picture and parameters to try an algorithm with when nothing better is at hand.

use crate::frame::{Frame, FrameError, PixelFormat};
use crate::info::{AlgorithmInfo, ParamInfo, ParamKind};
use serde_json::{Map, Value, json};

const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;

/// A picture with uneven light, light and dark shapes and a little noise; always the same.
pub(super) fn picture() -> Result<Frame, FrameError> {
    let mut pixels = Vec::with_capacity(WIDTH as usize * HEIGHT as usize * 3);
    let mut noise: u32 = 0x2545_f491;
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            // Marsaglia's xorshift: enough for noise, and needs no dependency.
            noise ^= noise << 13;
            noise ^= noise >> 17;
            noise ^= noise << 5;
            let light = 90 + x / 8 + noise % 7;
            let value = light.saturating_add_signed(shape(x, y)).min(255) as u8;
            pixels.extend([value, value.saturating_sub(6), value.saturating_sub(14)]);
        }
    }
    Frame::from_pixels(PixelFormat::RGB8, WIDTH, HEIGHT, WIDTH as usize * 3, pixels)
}

/// Discs in rows, every third dark, and a bar below them.
fn shape(x: u32, y: u32) -> i32 {
    const PITCH: u32 = 120;
    let (column, row) = (x / PITCH, y / PITCH);
    let (dx, dy) = ((x % PITCH).abs_diff(PITCH / 2), (y % PITCH).abs_diff(PITCH / 2));
    let inside = dx * dx + dy * dy < 35 * 35;
    match (row, inside) {
        (3, _) if (30..50).contains(&(y % PITCH)) && (40..600).contains(&x) => 60,
        (0..3, true) if (column + row) % 3 == 0 => -60,
        (0..3, true) => 70,
        _ => 0,
    }
}

/// A value for each required parameter of a step: in its bounds, but with no more sense than that.
pub(super) fn params(
    info: &AlgorithmInfo,
    step: u32,
    frame: &Frame,
    configured: &Map<String, Value>,
) -> Map<String, Value> {
    let declared = info.step(step).map_or(&[][..], |step| &step.params);
    declared
        .iter()
        .filter(|param| param.required && !configured.contains_key(&param.key))
        .map(|param| (param.key.clone(), value(param, frame)))
        .collect()
}

fn value(param: &ParamInfo, frame: &Frame) -> Value {
    match &param.kind {
        ParamKind::Int { min, max } => json!(min.or(*max).unwrap_or(0)),
        ParamKind::Float { min, max } => json!(min.or(*max).unwrap_or(0.0)),
        ParamKind::Rect => json!(frame.bounds()),
        ParamKind::Enum { choices } => json!(choices.first()),
        ParamKind::Bool => json!(false),
        ParamKind::String { min_length, .. } => json!("a".repeat(min_length.unwrap_or(0).min(10_000) as usize)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_always_the_same_and_not_flat() {
        let frame = picture().unwrap();
        let again = picture().unwrap();
        assert!((0..frame.height()).all(|y| frame.row(y) == again.row(y)));
        let row = frame.row(60);
        let (least, most) = (row.iter().min().unwrap(), row.iter().max().unwrap());
        assert!(most - least > 100, "{least} {most}");
    }
}
