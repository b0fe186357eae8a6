//! Scenes that begin as picture files, and picture files that are kept as generated.

use std::path::Path;

use super::Scene;
use crate::geometry::Rect;
use crate::pixels::{Gray, Rgb};
use crate::testing::ImageError;

impl Scene {
    /// A scene that begins as the photograph in a PNG or JPEG file. One without colour stays gray. The path is
    /// relative to the crate's folder, where cargo runs tests.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is not such a picture.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ImageError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|source| ImageError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let decoded = image::load_from_memory(&bytes)?;
        let area = Rect::of_size(decoded.width(), decoded.height());
        let scene = if decoded.color().has_color() {
            Rgb::from_vec(decoded.into_rgb8().into_raw(), area.width, area.height).map(|rgb| Self::from_rgb(rgb.view()))
        } else {
            Gray::from_vec(decoded.into_luma8().into_raw(), area.width, area.height)
                .map(|gray| Self::from_gray(gray.view()))
        };
        Ok(scene.unwrap_or_else(|| panic!("a decoded picture of {area} has as many bytes as that needs")))
    }

    /// Checks that the PNG file at `path` shows this scene, pixel for pixel. With the environment variable
    /// `UPDATE_PICTURES` set to 1 the file is written instead, which keeps generated pictures and the steps that
    /// generate them together.
    ///
    /// # Panics
    ///
    /// If the file cannot be read or written, or shows something else.
    #[track_caller]
    pub fn assert_saved_as(&self, path: impl AsRef<Path>) {
        let path = path.as_ref();
        if std::env::var("UPDATE_PICTURES").is_ok_and(|value| value == "1") {
            let format = image::ImageFormat::Png;
            let written = if self.planes.len() == 1 {
                let color = image::ExtendedColorType::L8;
                image::save_buffer_with_format(path, self.gray().as_bytes(), self.width, self.height, color, format)
            } else {
                let color = image::ExtendedColorType::Rgb8;
                image::save_buffer_with_format(path, self.rgb().as_bytes(), self.width, self.height, color, format)
            };
            if let Err(error) = written {
                panic!("{} cannot be written: {error}", path.display());
            }
            return;
        }
        let remedy = "set UPDATE_PICTURES=1 and run the test again to write it";
        match Self::open(path) {
            Ok(saved) if saved.planes.len() != self.planes.len() || saved.rgb() != self.rgb() => {
                panic!("{} does not show the generated scene; {remedy}", path.display())
            }
            Ok(_) => {}
            Err(error) => panic!("{error}; {remedy}"),
        }
    }
}
