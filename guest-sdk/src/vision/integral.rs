//! Sums over any rectangle in four looks (integral image, summed-area table).

use super::blocks::each;
use crate::geometry::Rect;
use crate::pixels::GrayView;

/// For each pixel the sum of all levels above and left of it.
///
/// It holds four bytes a pixel. The sums wrap around at 2^32, which a rectangle of up to 16,843,009 pixels does not
/// notice, whatever the size of the picture; the sum of a larger one is put together from several.
///
/// ```
/// use procvision_guest::{Gray, Rect, vision::Integral};
///
/// let integral = Integral::of(Gray::from_fn(8, 6, |x, y| [(x + y) as u8]).view());
/// assert_eq!(integral.sum(Rect::new(2, 1, 3, 1)), 3 + 4 + 5);
/// assert_eq!(integral.mean(Rect::new(2, 1, 3, 1)), 4.0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Integral {
    bounds: Rect,
    /// One row and one column more than the picture; the first ones are 0.
    sums: Vec<u32>,
}

/// The most pixels whose levels certainly add up to less than 2^32.
const MOST_PIXELS: u64 = u32::MAX as u64 / 255;

impl Integral {
    /// Adds up the levels of `picture`. One pass.
    ///
    /// # Panics
    ///
    /// If the sums do not fit into memory.
    pub fn of(picture: GrayView<'_>) -> Self {
        let stride = picture.width() as usize + 1;
        let mut sums = vec![0_u32; stride * (picture.height() as usize + 1)];
        let mut line = vec![0_u32; picture.width() as usize];
        for (y, row) in picture.rows().enumerate() {
            add_up(row, &mut line);
            let (done, open) = sums.split_at_mut((y + 1) * stride);
            let above = &done[y * stride + 1..];
            each::<32, _, _, _>(&mut open[1..stride], [&line, above], |_, [sum, above]| {
                sum.wrapping_add(above)
            });
        }
        Self {
            bounds: picture.bounds(),
            sums,
        }
    }

    /// The area of the picture, from (0, 0).
    pub fn bounds(&self) -> Rect {
        self.bounds
    }

    /// The sum of all levels in `area`; 0 for an empty one.
    ///
    /// # Panics
    ///
    /// If the area reaches outside the picture.
    #[track_caller]
    pub fn sum(&self, area: Rect) -> u64 {
        if area.is_empty() {
            return 0;
        }
        assert!(self.bounds.contains_rect(area), "{area} reaches outside the picture");
        // As many rows at a time as certainly fit; a single row has at most 2^32 / 255 pixels in any memory there is.
        let rows = (MOST_PIXELS / u64::from(area.width)).clamp(1, u64::from(u32::MAX)) as u32;
        let (mut sum, mut top) = (0_u64, area.y);
        while top < area.bottom() {
            let height = rows.min(area.bottom() - top);
            sum += u64::from(self.part(Rect::new(area.x, top, area.width, height)));
            top += height;
        }
        sum
    }

    /// The mean level in `area`.
    ///
    /// # Panics
    ///
    /// If the area is empty or reaches outside the picture.
    #[track_caller]
    pub fn mean(&self, area: Rect) -> f64 {
        assert!(!area.is_empty(), "an empty area has no mean");
        self.sum(area) as f64 / area.area() as f64
    }

    /// The sums themselves, for the catalogue.
    pub(super) fn into_sums(self) -> Vec<u32> {
        self.sums
    }

    fn part(&self, area: Rect) -> u32 {
        let at = |x: u32, y: u32| self.sums[y as usize * (self.bounds.width as usize + 1) + x as usize];
        let lower = at(area.right(), area.bottom()).wrapping_sub(at(area.x, area.bottom()));
        let upper = at(area.right(), area.y).wrapping_sub(at(area.x, area.y));
        lower.wrapping_sub(upper)
    }
}

/// Each of `to` becomes the sum of the row up to and with its place.
fn add_up(row: &[u8], to: &mut [u32]) {
    let mut sum = 0_u32;
    let (blocks, rest) = row.as_chunks::<32>();
    let (to, to_rest) = to.as_chunks_mut::<32>();
    for (block, to) in blocks.iter().zip(to) {
        for i in 0..32 {
            sum = sum.wrapping_add(u32::from(block[i]));
            to[i] = sum;
        }
    }
    for (value, to) in rest.iter().zip(to_rest) {
        sum = sum.wrapping_add(u32::from(*value));
        *to = sum;
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SIZES, random_picture};
    use super::*;
    use crate::pixels::Gray;

    #[test]
    fn every_rectangle_of_small_pictures_has_the_sum_of_its_pixels() {
        for (width, height) in SIZES {
            let picture = random_picture(width, height, 14);
            let integral = Integral::of(picture.view());
            for (x, y) in [(0, 0), (width / 2, height / 3), (width - 1, height - 1)] {
                for right in x + 1..=width {
                    for bottom in y + 1..=height {
                        let area = Rect::new(x, y, right - x, bottom - y);
                        let part = picture.view().region(area).unwrap();
                        let expected: u64 = part.rows().flatten().map(|&value| u64::from(value)).sum();
                        assert_eq!(integral.sum(area), expected, "{area}");
                    }
                }
            }
        }
    }

    #[test]
    fn sums_beyond_32_bits_are_right() {
        let (width, height) = (4100, 4111);
        let integral = Integral::of(Gray::filled(width, height, [255]).view());
        let whole = integral.bounds();
        assert_eq!(integral.sum(whole), 255 * u64::from(width) * u64::from(height));
        assert_eq!(integral.mean(Rect::new(4000, 4000, 100, 100)), 255.0);
        assert_eq!(integral.sum(Rect::default()), 0);
    }

    #[test]
    #[should_panic(expected = "reaches outside the picture")]
    fn an_area_outside_is_refused() {
        Integral::of(Gray::filled(4, 4, [1]).view()).sum(Rect::new(2, 2, 3, 1));
    }
}
