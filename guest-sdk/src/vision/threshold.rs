//! From brightness to a mask.

use super::map_rows;
use crate::pixels::{Gray, GrayView};

/// The mask of the pixels whose value is `level` or more. One pass.
///
/// ```
/// # use procvision_guest::{Gray, vision};
/// let row = Gray::from_vec(vec![9, 10, 11], 3, 1).unwrap();
/// assert_eq!(vision::at_least(row.view(), 10).as_bytes(), [0, 255, 255]);
/// ```
pub fn at_least(picture: GrayView<'_>, level: u8) -> Gray {
    map_rows(picture, |_, from, to| {
        for (to, &from) in to.iter_mut().zip(from) {
            *to = if from >= level { 255 } else { 0 };
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SIZES, random_picture};
    use super::*;

    #[test]
    fn the_mask_says_for_every_pixel_whether_it_reaches_the_level() {
        for (width, height) in SIZES {
            let picture = random_picture(width, height, 3);
            for level in [0, 1, 127, 255] {
                let mask = at_least(picture.view(), level);
                let expected = Gray::from_fn(width, height, |x, y| [u8::from(picture.get(x, y)[0] >= level) * 255]);
                assert_eq!(mask, expected, "{width} x {height}, level {level}");
            }
        }
    }
}
