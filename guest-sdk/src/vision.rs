//! Kernels for inspecting pictures, over borrowed views: plain functions that own nothing and keep nothing.
//!
//! A **mask** is a gray picture in which 0 means "not set" and every other value "set"; kernels that make masks write
//! 255. Windows are squares of `2 * radius + 1` pixels a side, which covers every odd size. A part of a picture
//! ([`View::region`]) is treated as if it were the whole.
//!
//! # What there is
//!
//! | kernel | what it makes | cost | at the border |
//! | --- | --- | --- | --- |
//! | [`luminance`] | gray from colour | one pass | |
//! | [`moments`], [`min_max`] | mean and spread; darkest and brightest with places | one pass | |
//! | [`Histogram`], [`Histogram::otsu`] | counts, quantiles; the level that parts dark from bright | one pass | |
//! | [`Integral`] | sums over any rectangle | one pass, 4 bytes a pixel | |
//! | [`laplacian_variance`] | sharpness | one pass | inner pixels only |
//! | [`at_least`], [`below`], [`in_range`] | a mask by fixed levels | one pass | |
//! | [`brighter`], [`darker`] | a mask by comparison with another picture | one pass | |
//! | [`brighter_than_surroundings`], [`darker_than_surroundings`] | a mask by local (adaptive) thresholds | as [`box_mean`] and one pass | window cut |
//! | [`subtract`], [`absolute_difference`], [`distance_from_band`] | differences | one pass | |
//! | [`box_mean`] | local means | the same for every radius; least up to 2 | window cut |
//! | [`gaussian`] | a blur | grows with sigma | outermost pixels repeated |
//! | [`convolve3x3`] | nine weights, a divisor, an offset | least without a divisor | outermost pixels repeated |
//! | [`sobel`], [`sobel_magnitude`] | slopes; steepness | one pass | outermost pixels repeated |
//! | [`erode`], [`dilate`], [`open`], [`close`] | darkest and brightest neighbours | grows with the radius's logarithm | window cut |
//! | [`shrink`] | a smaller picture by means over areas | one pass | |
//! | [`components`] | connected parts with boxes, areas, axes | one pass and a little for each run | |
//! | [`Template`] | where a small picture is, by normalised cross-correlation | template pixels times places | inside only |
//!
//! "Window cut" means that a window covers only the pixels that exist. [`luminance`] takes colour; kernels that are generic
//! over the number of channels (`C` in their signature) take gray and colour and treat each channel for itself; all others
//! take gray.
//!
//! # How exact they are
//!
//! All kernels work in whole numbers or in the basic operations of IEEE 754, so that they give the same bytes in the
//! sandbox and natively. Where a result is rounded, it is the exact one rounded to the nearest, halves up;
//! [`gaussian`] alone may differ from that by 1.
//!
//! # How fast they are
//!
//! They do their work in blocks of 64 to 128 bytes, so that the station's counting of instructions costs little: a few
//! percent for most, and more for those that look at pixels one by one, such as [`components`] and histograms. The
//! WebAssembly build needs `-C target-feature=+simd128`, which `procvision build` gives. `procvision bench` measures
//! each of them ([`catalog`]) on a machine, in the sandbox and natively.
//!
//! ```
//! use procvision_guest::{Gray, Rect, vision};
//!
//! // A bright part on a dark ground.
//! let picture = Gray::from_fn(32, 24, |x, y| [if Rect::new(8, 6, 10, 5).contains(x, y) { 200 } else { 40 }]);
//! let histogram = vision::Histogram::of(picture.view());
//! let mask = vision::at_least(picture.view(), histogram.otsu().level);
//! let parts = vision::components(mask.view());
//! assert_eq!(parts.len(), 1);
//! assert_eq!(parts[0].bounds(), Rect::new(8, 6, 10, 5));
//! ```

mod blocks;
mod border;
pub mod catalog;
mod components;
mod convolution;
mod difference;
mod division;
mod extremes;
mod focus;
mod gaussian;
mod histogram;
mod integral;
#[cfg(target_feature = "simd128")]
mod lanes;
mod luminance;
mod moments;
mod morphology;
mod prefix;
mod scaling;
mod smoothing;
mod sobel;
mod surroundings;
mod template;
mod threshold;

pub use components::{Axes, Component, Run, components};
pub use convolution::{Kernel3x3, convolve3x3};
pub use difference::{absolute_difference, distance_from_band, subtract};
pub use extremes::{Extreme, MinMax, min_max};
pub use focus::laplacian_variance;
pub use gaussian::{MAX_SIGMA, gaussian};
pub use histogram::{Histogram, Otsu};
pub use integral::Integral;
pub use luminance::luminance;
pub use moments::{Moments, moments};
pub use morphology::{close, dilate, erode, open};
pub use scaling::shrink;
pub use smoothing::box_mean;
pub use sobel::{Gradients, sobel, sobel_magnitude};
pub use surroundings::{Margin, brighter, brighter_than_surroundings, darker, darker_than_surroundings};
pub use template::{Match, Scores, Template};
pub use threshold::{at_least, below, in_range};

use blocks::each;

use crate::pixels::{Pixels, View};

/// A new picture of what `op` makes of the samples in the same place of pictures of one size.
#[inline(always)]
fn combine<const K: usize, const C: usize>(from: [View<'_, C>; K], op: impl Fn([u8; K]) -> u8) -> Pixels<C> {
    let mut target = Pixels::filled(from[0].width(), from[0].height(), [0; C]);
    let stride = target.stride();
    let samples = from.map(|view| view.as_contiguous().unwrap_or(&[]));
    if samples.iter().all(|samples| !samples.is_empty()) {
        // Without padding between rows, the whole picture is one long row.
        each::<256, _, _, _>(target.as_bytes_mut(), samples, |_, values| op(values));
    } else {
        for (y, to) in (0..).zip(target.as_bytes_mut().chunks_exact_mut(stride)) {
            each::<128, _, _, _>(to, from.map(|view| view.row(y)), |_, values| op(values));
        }
    }
    target
}

/// Stops with a clear message if two pictures that belong together have different sizes.
#[track_caller]
fn assert_same_size<const C: usize>(first: View<'_, C>, second: View<'_, C>) {
    assert!(
        first.bounds() == second.bounds(),
        "pictures of {} x {} and {} x {} pixels cannot be combined",
        first.width(),
        first.height(),
        second.width(),
        second.height()
    );
}

#[cfg(test)]
mod tests {
    //! Pictures that the kernels' tests share.

    use crate::pixels::Gray;

    /// Deterministic unrelated samples, different for each seed.
    pub(super) fn random_picture(width: u32, height: u32, seed: u32) -> Gray {
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
        Gray::from_fn(width, height, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            [(state >> 24) as u8]
        })
    }

    /// Sizes that meet edges, single rows and columns, and lengths around a block of eight.
    pub(super) const SIZES: [(u32, u32); 7] = [(1, 1), (1, 9), (9, 1), (7, 5), (8, 8), (17, 12), (40, 23)];
}
