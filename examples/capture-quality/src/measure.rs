//! What is measured of a picture.

use procvision_guest::{GrayView, vision};

/// How a picture was taken, in numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// Mean level, 0 to 255.
    pub exposure: f64,
    /// Share of pixels that are black (level 2 or less) or white (253 or more), where detail is lost, 0 to 1.
    pub clipped: f64,
    /// Standard deviation of the levels, 0 to 127.5.
    pub contrast: f64,
    /// Variance of the Laplacian, in squared gray levels; 0 for a picture smaller than 3 x 3 pixels.
    pub sharpness: f64,
}

impl Quality {
    /// Measures a picture in two passes.
    pub fn of(picture: GrayView<'_>) -> Self {
        let histogram = vision::Histogram::of(picture);
        Self {
            exposure: histogram.mean(),
            clipped: histogram.fraction(0..=2) + histogram.fraction(253..=255),
            contrast: histogram.standard_deviation(),
            sharpness: vision::laplacian_variance(picture).unwrap_or(0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use procvision_guest::Gray;

    use super::*;

    #[test]
    fn a_checkered_picture_has_the_values_that_follow_from_it() {
        let picture = Gray::from_fn(20, 10, |x, y| [if (x + y) % 2 == 0 { 0 } else { 200 }]);
        let quality = Quality::of(picture.view());
        assert_eq!(
            (quality.exposure, quality.contrast, quality.clipped),
            (100.0, 100.0, 0.5)
        );
        // Each inner pixel answers with four times the difference, up or down.
        assert_eq!(quality.sharpness, 800.0 * 800.0);
    }

    #[test]
    fn a_picture_without_inner_pixels_is_not_sharp() {
        assert_eq!(
            Quality::of(Gray::from_fn(2, 9, |x, _| [200 * x as u8]).view()).sharpness,
            0.0
        );
    }
}
