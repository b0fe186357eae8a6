//! Differences between pictures of the same size.

use super::{assert_same_size, combine};
use crate::pixels::{Gray, GrayView, Pixels, View};

/// `picture - ground` for each sample, 0 where the ground is brighter. One pass.
///
/// ```
/// # use procvision_guest::{Gray, vision};
/// let picture = Gray::from_vec(vec![90, 100, 110], 3, 1).unwrap();
/// let ground = Gray::filled(3, 1, [100]);
/// assert_eq!(vision::subtract(picture.view(), ground.view()).as_bytes(), [0, 0, 10]);
/// ```
///
/// # Panics
///
/// If the sizes differ.
#[track_caller]
pub fn subtract<const C: usize>(picture: View<'_, C>, ground: View<'_, C>) -> Pixels<C> {
    assert_same_size(picture, ground);
    combine([picture, ground], |[value, ground]| value.saturating_sub(ground))
}

/// The distance between the two values of each sample, whichever is larger. One pass.
///
/// ```
/// # use procvision_guest::{Gray, vision};
/// let a = Gray::from_vec(vec![90, 100, 110], 3, 1).unwrap();
/// let b = Gray::filled(3, 1, [100]);
/// assert_eq!(vision::absolute_difference(a.view(), b.view()).as_bytes(), [10, 0, 10]);
/// ```
///
/// # Panics
///
/// If the sizes differ.
#[track_caller]
pub fn absolute_difference<const C: usize>(a: View<'_, C>, b: View<'_, C>) -> Pixels<C> {
    assert_same_size(a, b);
    combine([a, b], |[a, b]| a.max(b).wrapping_sub(a.min(b)))
}

/// How far each pixel lies outside the band from `low` to `high`; 0 where it lies within. One pass.
///
/// With `low` and `high` the darkest and brightest neighbours of each pixel in a picture of a good part
/// ([`erode`](super::erode), [`dilate`](super::dilate)), this is a difference that a displacement by less than the
/// neighbourhood does not disturb.
///
/// ```
/// # use procvision_guest::{Gray, vision};
/// let picture = Gray::from_vec(vec![90, 100, 110], 3, 1).unwrap();
/// let (low, high) = (Gray::filled(3, 1, [95]), Gray::filled(3, 1, [102]));
/// assert_eq!(vision::distance_from_band(picture.view(), low.view(), high.view()).as_bytes(), [5, 0, 8]);
/// ```
///
/// # Panics
///
/// If the sizes differ.
#[track_caller]
pub fn distance_from_band(picture: GrayView<'_>, low: GrayView<'_>, high: GrayView<'_>) -> Gray {
    assert_same_size(picture, low);
    assert_same_size(picture, high);
    combine([picture, low, high], |[value, low, high]| {
        value.saturating_sub(high).max(low.saturating_sub(value))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SIZES, random_picture};
    use super::*;

    #[test]
    fn subtracting_never_goes_below_zero() {
        for (width, height) in SIZES {
            let (a, b) = (random_picture(width, height, 1), random_picture(width, height, 2));
            let expected = Gray::from_fn(width, height, |x, y| {
                let difference = i32::from(a.get(x, y)[0]) - i32::from(b.get(x, y)[0]);
                [difference.max(0) as u8]
            });
            assert_eq!(subtract(a.view(), b.view()), expected);
        }
    }

    #[test]
    fn the_absolute_difference_is_the_same_both_ways() {
        for (width, height) in SIZES {
            let (a, b) = (random_picture(width, height, 1), random_picture(width, height, 2));
            let expected = Gray::from_fn(width, height, |x, y| [a.get(x, y)[0].abs_diff(b.get(x, y)[0])]);
            assert_eq!(absolute_difference(a.view(), b.view()), expected);
            assert_eq!(absolute_difference(b.view(), a.view()), expected);
        }
    }

    #[test]
    fn the_distance_is_zero_within_the_band_and_grows_outside_on_both_sides() {
        for (width, height) in SIZES {
            let picture = random_picture(width, height, 4);
            let low = Gray::filled(width, height, [100]);
            let high = Gray::filled(width, height, [150]);
            let expected = Gray::from_fn(width, height, |x, y| {
                [match i32::from(picture.get(x, y)[0]) {
                    value @ ..100 => (100 - value) as u8,
                    100..=150 => 0,
                    value => (value - 150) as u8,
                }]
            });
            assert_eq!(distance_from_band(picture.view(), low.view(), high.view()), expected);
        }
    }

    #[test]
    #[should_panic(expected = "pictures of 3 x 2 and 2 x 3 pixels cannot be combined")]
    fn pictures_of_different_sizes_are_refused() {
        let (a, b) = (Gray::filled(3, 2, [0]), Gray::filled(2, 3, [0]));
        subtract(a.view(), b.view());
    }
}
