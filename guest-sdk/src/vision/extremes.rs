//! The darkest and the brightest pixel.

use super::blocks::padded;
use crate::pixels::GrayView;

/// A level and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extreme {
    /// The level.
    pub level: u8,
    /// Its column.
    pub x: u32,
    /// Its row.
    pub y: u32,
}

/// The darkest and the brightest level of a picture, each at the first place where it occurs, from top to bottom and
/// left to right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinMax {
    /// The darkest.
    pub min: Extreme,
    /// The brightest.
    pub max: Extreme,
}

/// Looks for the darkest and the brightest level. One pass, and two more rows for the places.
///
/// ```
/// # use procvision_guest::{Gray, vision};
/// let picture = Gray::from_vec(vec![50, 90, 10, 90], 2, 2).unwrap();
/// let found = vision::min_max(picture.view());
/// assert_eq!((found.min.level, found.min.x, found.min.y), (10, 0, 1));
/// assert_eq!((found.max.level, found.max.x, found.max.y), (90, 1, 0));
/// ```
pub fn min_max(picture: GrayView<'_>) -> MinMax {
    let (mut min, mut max) = ((u8::MAX, 0), (u8::MIN, 0));
    for (y, row) in (0..).zip(picture.rows()) {
        let (low, high) = bounds(row);
        if y == 0 || low < min.0 {
            min = (low, y);
        }
        if y == 0 || high > max.0 {
            max = (high, y);
        }
    }
    let place = |(level, y): (u8, u32)| {
        let x = picture.row(y).iter().position(|&value| value == level);
        Extreme {
            level,
            x: x.unwrap_or(0) as u32,
            y,
        }
    };
    MinMax {
        min: place(min),
        max: place(max),
    }
}

const BLOCK: usize = 256;

/// The least and the largest of a row's values; there is at least one.
fn bounds(row: &[u8]) -> (u8, u8) {
    let (blocks, rest) = row.as_chunks::<BLOCK>();
    let (mut low, mut high) = (u8::MAX, u8::MIN);
    let mut look = |block: &[u8; BLOCK]| {
        let (mut block_low, mut block_high) = (u8::MAX, u8::MIN);
        for &value in block {
            block_low = block_low.min(value);
            block_high = block_high.max(value);
        }
        (low, high) = (low.min(block_low), high.max(block_high));
    };
    for block in blocks {
        look(block);
    }
    match (row.last_chunk(), rest.first()) {
        (_, None) => {}
        // Looking at some values twice does not matter.
        (Some(last), _) => look(last),
        // Filled up with a value that is there.
        (None, Some(&first)) => {
            let mut last: [u8; BLOCK] = padded(rest);
            last[rest.len()..].fill(first);
            look(&last);
        }
    }
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SIZES, random_picture};
    use super::*;
    use crate::pixels::Gray;

    #[test]
    fn they_are_the_first_of_the_sorted_values() {
        for (width, height) in SIZES.into_iter().chain([(127, 3), (128, 3), (129, 3), (300, 2)]) {
            for seed in 0..20 {
                let picture = random_picture(width, height, seed);
                let found = min_max(picture.view());
                let values = || (0..).zip(picture.as_bytes().iter().copied());
                let (index, level) = values().min_by_key(|&(_, value)| value).unwrap();
                let place = |index: u32, level| Extreme {
                    level,
                    x: index % width,
                    y: index / width,
                };
                assert_eq!(found.min, place(index, level));
                // Of equal ones `max_by_key` takes the last, and the first is wanted.
                let (index, level) = values().rev_max();
                assert_eq!(found.max, place(index, level));
            }
        }
    }

    trait FirstMax {
        fn rev_max(self) -> (u32, u8);
    }

    impl<I: Iterator<Item = (u32, u8)>> FirstMax for I {
        fn rev_max(self) -> (u32, u8) {
            self.fold(None, |best: Option<(u32, u8)>, next| match best {
                Some(best) if best.1 >= next.1 => Some(best),
                _ => Some(next),
            })
            .unwrap()
        }
    }

    #[test]
    fn a_flat_picture_has_both_in_its_corner() {
        let found = min_max(Gray::filled(200, 3, [7]).view());
        let corner = Extreme { level: 7, x: 0, y: 0 };
        assert_eq!(
            found,
            MinMax {
                min: corner,
                max: corner
            }
        );
    }
}
