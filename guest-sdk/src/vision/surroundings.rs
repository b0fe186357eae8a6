//! Brighter or darker than the surroundings (local, or adaptive, thresholds).

use super::assert_same_size;
use super::blocks::each;
use super::smoothing::BoxMeans;
use crate::pixels::{Gray, GrayView};

/// By how much a pixel must differ from its ground.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Margin {
    /// By at least so many gray levels. With a negative number, pixels may lie on the other side by as much.
    Levels(i16),
    /// By at least this share of the ground's level, taken in steps of 1/65536: with 0.2, a ground of 100 asks for 120
    /// or 80. Limited to -1 to 255; darker by 1 or more is black. A share does not change with exposure, nor under an uneven light.
    Share(f64),
}

/// The mask of the pixels that are brighter than those of `ground` by at least `margin`; with a margin of 0, at least
/// as bright. One pass.
///
/// ```
/// # use procvision_guest::{Gray, vision::{self, Margin}};
/// let picture = Gray::from_vec(vec![119, 120, 60], 3, 1).unwrap();
/// let ground = Gray::from_vec(vec![100, 100, 50], 3, 1).unwrap();
/// let mask = vision::brighter(picture.view(), ground.view(), Margin::Share(0.2));
/// assert_eq!(mask.as_bytes(), [0, 255, 255]);
/// ```
///
/// # Panics
///
/// If the sizes differ.
#[track_caller]
pub fn brighter(picture: GrayView<'_>, ground: GrayView<'_>, margin: Margin) -> Gray {
    compare(picture, ground, Rule::new(Side::Brighter, margin))
}

/// The mask of the pixels that are darker than those of `ground` by at least `margin`; with a margin of 0, at most as
/// bright. One pass.
///
/// # Panics
///
/// If the sizes differ.
#[track_caller]
pub fn darker(picture: GrayView<'_>, ground: GrayView<'_>, margin: Margin) -> Gray {
    compare(picture, ground, Rule::new(Side::Darker, margin))
}

/// [`brighter`] than the [`box_mean`](super::box_mean) of the square of `2 * radius + 1` pixels a side around each
/// pixel, without keeping that picture.
///
/// ```
/// # use procvision_guest::{Gray, vision::{self, Margin}};
/// // A light that grows to the right, and a mark that is darker than the ground elsewhere.
/// let picture = Gray::from_fn(60, 9, |x, y| [(3 * x) as u8 + if (x, y) == (8, 4) { 40 } else { 0 }]);
/// let mask = vision::brighter_than_surroundings(picture.view(), 4, Margin::Levels(20));
/// assert_eq!(vision::components(mask.view()).len(), 1);
/// ```
pub fn brighter_than_surroundings(picture: GrayView<'_>, radius: u32, margin: Margin) -> Gray {
    compare_with_means(picture, radius, Rule::new(Side::Brighter, margin))
}

/// [`darker`] than the [`box_mean`](super::box_mean) of the square of `2 * radius + 1` pixels a side around each pixel,
/// without keeping that picture.
pub fn darker_than_surroundings(picture: GrayView<'_>, radius: u32, margin: Margin) -> Gray {
    compare_with_means(picture, radius, Rule::new(Side::Darker, margin))
}

#[derive(Clone, Copy)]
enum Side {
    Brighter,
    Darker,
}

/// A margin in the form that is quickest to check.
#[derive(Clone, Copy)]
struct Rule {
    side: Side,
    check: Check,
}

#[derive(Clone, Copy)]
enum Check {
    /// The pixel must lie on its side by at least so many levels, at least 1.
    Beyond(u8),
    /// The pixel may lie on the other side by at most so many levels.
    Within(u8),
    Nothing,
    /// The pixel's level times 65536 must reach the ground's level times this.
    Factor(u32),
}

impl Rule {
    fn new(side: Side, margin: Margin) -> Self {
        let check = match margin {
            Margin::Levels(256..) => Check::Nothing,
            Margin::Levels(levels @ 1..256) => Check::Beyond(levels as u8),
            Margin::Levels(levels) => Check::Within(levels.unsigned_abs().min(255) as u8),
            Margin::Share(share) => {
                // A share that is not a number becomes 0.
                let share = if share.is_nan() { 0.0 } else { share.clamp(-1.0, 255.0) };
                let factor = match side {
                    Side::Brighter => 1.0 + share,
                    Side::Darker => 1.0 - share,
                };
                // At most 2^24, so that the product with 255 fits 32 bits.
                Check::Factor((factor.max(0.0) * 65_536.0).round() as u32)
            }
        };
        Self { side, check }
    }

    fn apply(self, picture: &[u8], ground: &[u8], to: &mut [u8]) {
        let mask = |is_set: bool| if is_set { 255 } else { 0 };
        let (more, less) = match self.side {
            Side::Brighter => (picture, ground),
            Side::Darker => (ground, picture),
        };
        match (self.check, self.side) {
            (Check::Beyond(levels), _) => each::<128, _, _, _>(to, [more, less], |_, [more, less]| {
                mask(more.saturating_sub(less) >= levels)
            }),
            (Check::Within(levels), _) => each::<128, _, _, _>(to, [more, less], |_, [more, less]| {
                mask(less.saturating_sub(more) <= levels)
            }),
            (Check::Nothing, _) => to.fill(0),
            (Check::Factor(factor), Side::Brighter) => {
                each::<32, _, _, _>(to, [picture, ground], |_, [level, ground]| {
                    mask(u32::from(level) << 16 >= u32::from(ground).wrapping_mul(factor))
                })
            }
            (Check::Factor(factor), Side::Darker) => {
                each::<32, _, _, _>(to, [picture, ground], |_, [level, ground]| {
                    mask(u32::from(level) << 16 <= u32::from(ground).wrapping_mul(factor))
                })
            }
        }
    }
}

#[track_caller]
fn compare(picture: GrayView<'_>, ground: GrayView<'_>, rule: Rule) -> Gray {
    assert_same_size(picture, ground);
    let mut target = Gray::filled(picture.width(), picture.height(), [0]);
    let width = target.stride();
    let rows = picture.rows().zip(ground.rows());
    for (to, (picture, ground)) in target.as_bytes_mut().chunks_exact_mut(width).zip(rows) {
        rule.apply(picture, ground, to);
    }
    target
}

fn compare_with_means(picture: GrayView<'_>, radius: u32, rule: Rule) -> Gray {
    let mut target = Gray::filled(picture.width(), picture.height(), [0]);
    let width = target.stride();
    let mut means = BoxMeans::new(picture, radius);
    let mut ground = vec![0; width];
    for (y, to) in (0..).zip(target.as_bytes_mut().chunks_exact_mut(width)) {
        means.row(y, &mut ground);
        rule.apply(picture.row(y), &ground, to);
    }
    target
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SIZES, random_picture};
    use super::*;
    use crate::vision::box_mean;

    fn expect(mask: &Gray, picture: &Gray, ground: &Gray, is_set: impl Fn(f64, f64) -> bool) {
        let expected = Gray::from_fn(picture.width(), picture.height(), |x, y| {
            let [level, ground] = [picture.get(x, y)[0], ground.get(x, y)[0]].map(f64::from);
            [u8::from(is_set(level, ground)) * 255]
        });
        assert_eq!(*mask, expected);
    }

    #[test]
    fn masks_follow_their_definition_at_every_margin() {
        for (width, height) in SIZES {
            let (picture, ground) = (random_picture(width, height, 5), random_picture(width, height, 6));
            let (a, b) = (picture.view(), ground.view());
            for levels in [-300, -255, -20, -1, 0, 1, 20, 255, 256, i16::MAX, i16::MIN] {
                let (margin, by) = (Margin::Levels(levels), f64::from(levels));
                expect(&brighter(a, b, margin), &picture, &ground, |level, ground| {
                    level >= ground + by
                });
                expect(&darker(a, b, margin), &picture, &ground, |level, ground| {
                    level <= ground - by
                });
            }
            for share in [-1.0, -0.25, 0.0, 0.125, 0.5, 1.0, 3.0, 255.0] {
                let margin = Margin::Share(share);
                expect(&brighter(a, b, margin), &picture, &ground, |level, ground| {
                    level >= ground * (1.0 + share)
                });
                expect(&darker(a, b, margin), &picture, &ground, |level, ground| {
                    level <= ground * (1.0 - share).max(0.0)
                });
            }
        }
    }

    #[test]
    fn the_surroundings_are_the_box_mean() {
        for (width, height) in SIZES {
            let picture = random_picture(width, height, 15);
            for radius in [0, 1, 2, 3, 9, 100] {
                let means = box_mean(picture.view(), radius);
                for margin in [Margin::Levels(5), Margin::Share(0.1)] {
                    assert_eq!(
                        brighter_than_surroundings(picture.view(), radius, margin),
                        brighter(picture.view(), means.view(), margin)
                    );
                    assert_eq!(
                        darker_than_surroundings(picture.view(), radius, margin),
                        darker(picture.view(), means.view(), margin)
                    );
                }
            }
        }
    }
}
