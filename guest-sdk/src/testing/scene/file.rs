//! Scenes that begin as picture files, and picture files that are kept as generated.

use std::path::Path;

use super::Scene;
use crate::testing::{Image, ImageError};

impl Scene {
    /// A scene that begins as the photograph in a PNG or JPEG file. One without colour stays gray. The path is
    /// relative to the crate's folder, where cargo runs tests.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is not such a picture.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ImageError> {
        let image = Image::open(path)?;
        let scene = match image.view::<1>() {
            Some(gray) => Some(Self::from_gray(gray)),
            None => image.view::<3>().map(Self::from_rgb),
        };
        Ok(scene.unwrap_or_else(|| panic!("a decoded picture has one or three bytes for each pixel")))
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
