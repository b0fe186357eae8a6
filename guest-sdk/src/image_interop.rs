//! Pictures of the crate `image` from pixels and back, without a copy.

use image::flat::SampleLayout;
use image::{FlatSamples, GrayImage, ImageBuffer, Luma, Rgb as RgbPixel, RgbImage};

use crate::pixels::{Gray, GrayView, Pixels, Rgb, RgbView, View};

/// A picture of the crate `image` that has no pixels, which pixels here cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the picture has no pixels")]
pub struct EmptyImage;

/// Needs the feature `image`. Copies only [mapped](crate::Origin::Mapped) pixels.
///
/// ```
/// use procvision_guest::Gray;
///
/// let picture = Gray::filled(20, 10, [7]);
/// let smooth = imageproc::filter::median_filter(&picture.into(), 1, 1);
/// assert_eq!(Gray::try_from(smooth).unwrap(), Gray::filled(20, 10, [7]));
/// ```
impl From<Gray> for GrayImage {
    fn from(pixels: Gray) -> Self {
        let (width, height) = (pixels.width(), pixels.height());
        Self::from_raw(width, height, pixels.into_vec()).expect("pixels have as many bytes as their size says")
    }
}

/// Needs the feature `image`. Copies only [mapped](crate::Origin::Mapped) pixels.
impl From<Rgb> for RgbImage {
    fn from(pixels: Rgb) -> Self {
        let (width, height) = (pixels.width(), pixels.height());
        Self::from_raw(width, height, pixels.into_vec()).expect("pixels have as many bytes as their size says")
    }
}

/// Needs the feature `image`. Copies nothing.
impl TryFrom<GrayImage> for Gray {
    type Error = EmptyImage;

    fn try_from(image: GrayImage) -> Result<Self, EmptyImage> {
        owned(image.width(), image.height(), image.into_raw())
    }
}

/// Needs the feature `image`. Copies nothing.
impl TryFrom<RgbImage> for Rgb {
    type Error = EmptyImage;

    fn try_from(image: RgbImage) -> Result<Self, EmptyImage> {
        owned(image.width(), image.height(), image.into_raw())
    }
}

fn owned<const C: usize>(width: u32, height: u32, mut bytes: Vec<u8>) -> Result<Pixels<C>, EmptyImage> {
    // A picture of the crate `image` may hold more bytes than it shows.
    bytes.truncate(width as usize * height as usize * C);
    Pixels::from_vec(bytes, width, height).ok_or(EmptyImage)
}

impl<'a> GrayView<'a> {
    /// The same pixels as a picture of the crate `image` that borrows them; `None` if there is padding between the rows
    /// ([`as_flat_samples`](Self::as_flat_samples) then). Needs the feature `image`.
    ///
    /// ```
    /// use procvision_guest::Gray;
    ///
    /// let picture = Gray::from_fn(4, 2, |x, y| [(10 * y + x) as u8]);
    /// assert_eq!(picture.view().as_image().unwrap().get_pixel(3, 1).0, [13]);
    /// ```
    pub fn as_image(&self) -> Option<ImageBuffer<Luma<u8>, &'a [u8]>> {
        ImageBuffer::from_raw(self.width(), self.height(), self.as_contiguous()?)
    }
}

impl<'a> RgbView<'a> {
    /// The same pixels as a picture of the crate `image` that borrows them; `None` if there is padding between the rows
    /// ([`as_flat_samples`](Self::as_flat_samples) then). Needs the feature `image`.
    pub fn as_image(&self) -> Option<ImageBuffer<RgbPixel<u8>, &'a [u8]>> {
        ImageBuffer::from_raw(self.width(), self.height(), self.as_contiguous()?)
    }
}

impl<'a, const C: usize> View<'a, C> {
    /// The same samples for the crate `image`, whatever lies between the rows; `as_view` of the answer is a picture that
    /// its generic functions take. Needs the feature `image`.
    ///
    /// ```
    /// use image::{GenericImageView, Luma};
    /// use procvision_guest::{Gray, Rect};
    ///
    /// let picture = Gray::from_fn(4, 2, |x, y| [(10 * y + x) as u8]);
    /// let right_half = picture.view().region(Rect::new(2, 0, 2, 2)).unwrap();
    /// let samples = right_half.as_flat_samples();
    /// assert_eq!(samples.as_view::<Luma<u8>>().unwrap().get_pixel(0, 1).0, [12]);
    /// ```
    pub fn as_flat_samples(&self) -> FlatSamples<&'a [u8]> {
        FlatSamples {
            samples: self.data(),
            layout: SampleLayout {
                channels: C as u8,
                channel_stride: 1,
                width: self.width(),
                width_stride: C,
                height: self.height(),
                height_stride: self.stride(),
            },
            color_hint: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use image::GenericImageView;

    use super::*;
    use crate::geometry::Rect;

    #[test]
    fn owned_pixels_change_hands_without_a_copy() {
        let gray = Gray::from_fn(5, 3, |x, y| [(x * y) as u8]);
        let (place, copy) = (gray.as_bytes().as_ptr(), gray.clone());
        let image = GrayImage::from(gray);
        assert_eq!(image.as_raw().as_ptr(), place);
        let back = Gray::try_from(image).unwrap();
        assert_eq!((back.as_bytes().as_ptr(), &back), (place, &copy));

        let rgb = Rgb::from_fn(5, 3, |x, y| [x as u8, y as u8, 9]);
        let (place, copy) = (rgb.as_bytes().as_ptr(), rgb.clone());
        let back = Rgb::try_from(RgbImage::from(rgb)).unwrap();
        assert_eq!((back.as_bytes().as_ptr(), back), (place, copy));
    }

    #[test]
    fn views_are_borrowed_with_or_without_padding() {
        let rgb = Rgb::from_fn(6, 4, |x, y| [x as u8, y as u8, 100]);
        let image = rgb.view().as_image().unwrap();
        assert_eq!(
            (image.as_raw().as_ptr(), image.get_pixel(5, 3).0),
            (rgb.as_bytes().as_ptr(), [5, 3, 100])
        );
        let part = rgb.view().region(Rect::new(2, 1, 3, 2)).unwrap();
        assert!(part.as_image().is_none());
        let samples = part.as_flat_samples();
        let seen = samples.as_view::<RgbPixel<u8>>().unwrap();
        assert_eq!(seen.dimensions(), (3, 2));
        assert_eq!(seen.get_pixel(2, 1).0, [4, 2, 100]);
    }

    #[test]
    fn a_picture_without_pixels_is_refused_and_surplus_bytes_are_left_out() {
        assert_eq!(Gray::try_from(GrayImage::new(0, 5)), Err(EmptyImage));
        let roomy = GrayImage::from_raw(2, 2, vec![7; 9]).unwrap();
        assert_eq!(Gray::try_from(roomy), Ok(Gray::filled(2, 2, [7])));
    }
}
