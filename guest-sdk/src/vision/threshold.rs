//! From brightness to a mask.

use std::ops::RangeInclusive;

use super::combine;
use crate::pixels::{Gray, GrayView};

/// The mask of the pixels whose value is `level` or more. One pass.
///
/// ```
/// # use procvision_guest::{Gray, vision};
/// let row = Gray::from_vec(vec![9, 10, 11], 3, 1).unwrap();
/// assert_eq!(vision::at_least(row.view(), 10).as_bytes(), [0, 255, 255]);
/// ```
pub fn at_least(picture: GrayView<'_>, level: u8) -> Gray {
    combine([picture], |[value]| if value >= level { 255 } else { 0 })
}

/// The mask of the pixels whose value is less than `level`: what [`at_least`] leaves out. One pass.
///
/// ```
/// # use procvision_guest::{Gray, vision};
/// let row = Gray::from_vec(vec![9, 10, 11], 3, 1).unwrap();
/// assert_eq!(vision::below(row.view(), 10).as_bytes(), [255, 0, 0]);
/// ```
pub fn below(picture: GrayView<'_>, level: u8) -> Gray {
    combine([picture], |[value]| if value < level { 255 } else { 0 })
}

/// The mask of the pixels whose value lies in `levels`, both ends included; nothing is in a range that ends before it
/// starts. One pass.
///
/// ```
/// # use procvision_guest::{Gray, vision};
/// let row = Gray::from_vec(vec![9, 10, 11, 12], 4, 1).unwrap();
/// assert_eq!(vision::in_range(row.view(), 10..=11).as_bytes(), [0, 255, 255, 0]);
/// ```
pub fn in_range(picture: GrayView<'_>, levels: RangeInclusive<u8>) -> Gray {
    if levels.is_empty() {
        return Gray::filled(picture.width(), picture.height(), [0]);
    }
    let (low, length) = (*levels.start(), levels.end() - levels.start());
    // One comparison for both ends: what lies below wraps around to large values.
    combine(
        [picture],
        |[value]| if value.wrapping_sub(low) <= length { 255 } else { 0 },
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SIZES, random_picture};
    use super::*;

    fn expect(picture: &Gray, mask: &Gray, is_set: impl Fn(u8) -> bool) {
        let expected = Gray::from_fn(picture.width(), picture.height(), |x, y| {
            [u8::from(is_set(picture.get(x, y)[0])) * 255]
        });
        assert_eq!(*mask, expected, "{picture:?}");
    }

    #[test]
    fn masks_say_for_every_pixel_on_which_side_of_the_level_it_lies() {
        for (width, height) in SIZES {
            let picture = random_picture(width, height, 3);
            for level in [0, 1, 127, 255] {
                expect(&picture, &at_least(picture.view(), level), |value| value >= level);
                expect(&picture, &below(picture.view(), level), |value| value < level);
            }
        }
    }

    #[test]
    fn a_range_includes_both_ends_and_may_be_empty() {
        #[expect(clippy::reversed_empty_ranges, reason = "an empty range is one of the cases")]
        for levels in [0..=255, 0..=0, 255..=255, 17..=200, 200..=17] {
            for (width, height) in SIZES {
                let picture = random_picture(width, height, 9);
                expect(&picture, &in_range(picture.view(), levels.clone()), |value| {
                    levels.contains(&value)
                });
            }
        }
    }
}
