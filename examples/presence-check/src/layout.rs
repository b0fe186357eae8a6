//! The package's knowledge of a tray: which parts belong where. One JSON asset for each product model.

use procvision_guest::prelude::*;
use serde::Deserialize;

use crate::locate::Tone;

/// A part that belongs on the tray.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Its name, for a person.
    pub label: String,
    /// Its box when it lies where it belongs, in pixels.
    pub rect: Rect,
}

/// All parts of one tray, in a picture of one size.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// Width of the pictures that the rects refer to.
    pub picture_width: u32,
    /// Height of the pictures that the rects refer to.
    pub picture_height: u32,
    /// How parts differ from the ground.
    pub parts_are: Tone,
    /// The parts, at least one.
    pub parts: Vec<Expected>,
}

impl Layout {
    /// Reads the layout that the manifest names for `pid`.
    ///
    /// # Errors
    ///
    /// 1001 for a product model without a layout, 1003 for a layout that cannot be used.
    pub fn load(assets: &Assets, pid: &str) -> Result<Self, Failure> {
        let name = assets.lookup(pid, "layout").ok_or_else(|| {
            Failure::invalid_pid(format!(
                "pid {pid} has no layout; add one to required_assets in the manifest"
            ))
        })?;
        Self::parse(&assets.read_string(&name)?)
            .map_err(|problem| Failure::model_not_found(format!("layout {name}: {problem}")).permanent())
    }

    fn parse(text: &str) -> Result<Self, String> {
        let layout: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let picture = Rect::of_size(layout.picture_width, layout.picture_height);
        if layout.parts.is_empty() {
            return Err("it names no part".to_owned());
        }
        match layout.parts.iter().find(|part| !picture.contains_rect(part.rect)) {
            Some(part) => Err(format!("part `{}` lies outside the picture", part.label)),
            None => Ok(layout),
        }
    }

    /// The longest side of any part, in pixels.
    pub fn part_size(&self) -> u32 {
        self.parts
            .iter()
            .map(|part| part.rect.width.max(part.rect.height))
            .max()
            .unwrap_or(1)
    }

    /// Whether the rects mean anything in this picture.
    ///
    /// # Errors
    ///
    /// 1002 if the picture has another size.
    pub fn check_size(&self, frame: &Frame) -> Result<(), Failure> {
        if (frame.width(), frame.height()) == (self.picture_width, self.picture_height) {
            return Ok(());
        }
        Err(Failure::image_load_failed(format!(
            "picture is {} x {}, but the layout is for {} x {} pixels; check the camera's setting",
            frame.width(),
            frame.height(),
            self.picture_width,
            self.picture_height
        ))
        .permanent())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(part: &str) -> Result<Layout, String> {
        Layout::parse(&format!(
            r#"{{"picture_width": 100, "picture_height": 80, "parts_are": "darker", "parts": [{part}]}}"#
        ))
    }

    #[test]
    fn a_layout_says_what_is_wrong_with_it() {
        let good = r#"{"label": "nut", "rect": {"x": 60, "y": 10, "width": 40, "height": 30}}"#;
        assert_eq!(parse(good).unwrap().part_size(), 40);
        assert_eq!(parse("").unwrap_err(), "it names no part");
        let outside = good.replace("60", "61");
        assert_eq!(parse(&outside).unwrap_err(), "part `nut` lies outside the picture");
        assert!(parse(&good.replace("label", "lable")).unwrap_err().contains("lable"));
    }
}
