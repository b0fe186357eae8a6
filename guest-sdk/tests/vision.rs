//! The kernels against the functions of the same names in `imageproc`, on parts of padded pictures of every awkward
//! size. Where definitions differ, the comparison says how.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use image::{GrayImage, Luma, RgbImage};
use imageproc::contrast::{ThresholdType, adaptive_threshold, otsu_level, threshold};
use imageproc::distance_transform::Norm;
use imageproc::filter::{box_filter, filter_clamped};
use imageproc::gradients::{horizontal_sobel, vertical_sobel};
use imageproc::integral_image::{integral_image, sum_image_pixels};
use imageproc::kernel::Kernel;
use imageproc::region_labelling::{Connectivity, connected_components};
use imageproc::{morphology, stats};
use procvision_guest::vision::{self, Histogram, Integral, Kernel3x3, Margin};
use procvision_guest::{Gray, GrayView, Rect, Rgb, RgbView, View};
use proptest::prelude::*;

/// Bytes in which a picture lies with a margin on every side.
#[derive(Clone, Debug)]
struct Placed<const C: usize> {
    bytes: Vec<u8>,
    stride: usize,
    area: Rect,
}

impl<const C: usize> Placed<C> {
    fn view(&self) -> View<'_, C> {
        let (width, height) = (self.stride / C, self.bytes.len() / self.stride);
        let whole = View::new(&self.bytes, width as u32, height as u32, self.stride).unwrap();
        whole.region(self.area).unwrap()
    }
}

/// Lengths around those of the kernels' blocks, and short ones.
fn side() -> impl Strategy<Value = u32> {
    prop_oneof![1..=9_u32, 15..=17_u32, 31..=33_u32, 63..=65_u32, 127..=129_u32]
}

/// Levels of a picture: noise, extremes alone, or nearly flat.
fn levels(length: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), length),
        prop::collection::vec(prop_oneof![Just(0_u8), Just(255_u8)], length),
        prop::collection::vec(100..=103_u8, length),
    ]
}

fn placed<const C: usize>() -> impl Strategy<Value = Placed<C>> {
    let margins = (0..=5_u32, 0..=5_u32, 0..=3_u32, 0..=3_u32, 0..=7_usize);
    (side(), side(), margins).prop_flat_map(|(width, height, (left, right, top, bottom, padding))| {
        let stride = (left + width + right) as usize * C + padding;
        levels(stride * (top + height + bottom) as usize).prop_map(move |bytes| Placed {
            bytes,
            stride,
            area: Rect::new(left, top, width, height),
        })
    })
}

fn reference(view: GrayView<'_>) -> GrayImage {
    GrayImage::from_raw(view.width(), view.height(), view.to_pixels().into_vec()).unwrap()
}

fn colours(view: RgbView<'_>) -> RgbImage {
    RgbImage::from_raw(view.width(), view.height(), view.to_pixels().into_vec()).unwrap()
}

/// The part of a result that is at least `margin` pixels away from the border, row after row.
fn inner(bytes: &[u8], width: u32, height: u32, margin: u32) -> Vec<u8> {
    let (columns, rows) = (
        margin..width.saturating_sub(margin),
        margin..height.saturating_sub(margin),
    );
    rows.flat_map(|y| columns.clone().map(move |x| (y * width + x) as usize))
        .map(|index| bytes[index])
        .collect()
}

fn assert_close(a: &[u8], b: &[u8], most: u8) {
    assert_eq!(a.len(), b.len());
    for (index, (a, b)) in a.iter().zip(b).enumerate() {
        assert!(a.abs_diff(*b) <= most, "{a} {b} at {index}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fixed_thresholds(placed in placed::<1>(), level in any::<u8>()) {
        let image = reference(placed.view());
        // imageproc sets what is more than the level.
        if level < 255 {
            let expected = threshold(&image, level, ThresholdType::Binary);
            let mask = vision::at_least(placed.view(), level + 1);
            prop_assert_eq!(mask.as_bytes(), expected.as_raw().as_slice());
            let expected = threshold(&image, level, ThresholdType::BinaryInverted);
            let mask = vision::below(placed.view(), level + 1);
            prop_assert_eq!(mask.as_bytes(), expected.as_raw().as_slice());
        }
    }

    #[test]
    fn local_thresholds(placed in placed::<1>(), radius in 1..=20_u32, offset in -40..=40_i16) {
        // imageproc rounds the mean down, the kernel to the nearest: they may differ where that decides.
        let low = adaptive_threshold(&reference(placed.view()), radius, i32::from(offset));
        let high = adaptive_threshold(&reference(placed.view()), radius, i32::from(offset) - 1);
        let mask = vision::brighter_than_surroundings(placed.view(), radius, Margin::Levels(-offset));
        for ((mask, low), high) in mask.as_bytes().iter().zip(low.as_raw()).zip(high.as_raw()) {
            prop_assert!(mask == low || mask == high);
        }
    }

    #[test]
    fn otsu_and_statistics(placed in placed::<1>()) {
        let image = reference(placed.view());
        let histogram = Histogram::of(placed.view());
        let counts: Vec<u64> = stats::histogram(&image).channels[0].iter().map(|&count| count.into()).collect();
        prop_assert_eq!(histogram.counts().as_slice(), counts.as_slice());
        let bounds = &stats::min_max(&image)[0];
        let found = vision::min_max(placed.view());
        prop_assert_eq!((found.min.level, found.max.level), (bounds.min, bounds.max));
        prop_assert_eq!(placed.view().get(found.min.x, found.min.y), [bounds.min]);
        prop_assert_eq!(placed.view().get(found.max.x, found.max.y), [bounds.max]);
        // Of several equally good levels, and in the last bits, they may choose differently; both must part alike.
        let (ours, theirs) = (histogram.otsu().level, otsu_level(&image));
        let parted = |level: u8| {
            let (mut count, mut sum) = (0_u64, 0_u64);
            for (value, &pixels) in (0..u64::from(level)).zip(histogram.counts()) {
                count += pixels;
                sum += value * pixels;
            }
            let all = placed.area.area();
            let total = histogram.mean() * all as f64;
            if count == 0 || count == all {
                return 0.0;
            }
            let contrast = (total - sum as f64) / (all - count) as f64 - sum as f64 / count as f64;
            contrast * contrast * count as f64 * (all - count) as f64
        };
        let best = parted(theirs).max(parted(theirs.saturating_add(1)));
        prop_assert!(parted(ours) >= best * (1.0 - 1e-9), "{} {}", ours, theirs);
    }

    #[test]
    fn integral_images(placed in placed::<1>()) {
        let (width, height) = (placed.area.width, placed.area.height);
        let (ours, theirs) = (Integral::of(placed.view()), integral_image::<_, u32>(&reference(placed.view())));
        for (x, y) in [(0, 0), (width / 2, height / 3), (width - 1, height - 1)] {
            let area = Rect::new(x, y, width - x, height - y);
            let expected = sum_image_pixels(&theirs, x, y, width - 1, height - 1)[0];
            prop_assert_eq!(ours.sum(area), u64::from(expected));
        }
    }

    #[test]
    fn box_blurs(placed in placed::<1>(), radius in 0..=40_u32) {
        // imageproc repeats the outermost pixels, and rounds down after each pass: compared inside, to 2.
        let (width, height) = (placed.area.width, placed.area.height);
        let ours = vision::box_mean(placed.view(), radius);
        let theirs = box_filter(&reference(placed.view()), radius, radius);
        let part = |bytes: &[u8]| inner(bytes, width, height, radius);
        assert_close(&part(ours.as_bytes()), &part(theirs.as_raw()), 2);
    }

    #[test]
    fn convolutions(placed in placed::<1>(), weights in prop::array::uniform9(-60..=60_i16)) {
        let [a, b, c, d, e, f, g, h, i] = weights;
        let kernel = Kernel3x3::new([[a, b, c], [d, e, f], [g, h, i]]);
        let taps = weights.map(i32::from);
        let expected = filter_clamped::<Luma<u8>, i32, u8>(&reference(placed.view()), Kernel::new(&taps, 3, 3));
        let ours = vision::convolve3x3(placed.view(), &kernel);
        prop_assert_eq!(ours.as_bytes(), expected.as_raw().as_slice());
    }

    #[test]
    fn slopes(placed in placed::<1>()) {
        let image = reference(placed.view());
        let gradients = vision::sobel(placed.view());
        let (right, down) = (horizontal_sobel(&image), vertical_sobel(&image));
        prop_assert_eq!(gradients.right(), right.as_raw().as_slice());
        prop_assert_eq!(gradients.down(), down.as_raw().as_slice());
    }

    #[test]
    fn morphology_of_masks(placed in placed::<1>(), level in any::<u8>(), radius in 0..=9_u8) {
        let mask = vision::at_least(placed.view(), level);
        let image = reference(mask.view());
        // Where nothing is unset, imageproc takes that to be as far away as both sides together.
        let radius = u32::from(radius).min(image.width() + image.height() - 1) as u8;
        for (ours, theirs) in [
            (vision::erode as fn(GrayView<'_>, u32) -> Gray, morphology::erode as fn(&GrayImage, Norm, u8) -> GrayImage),
            (vision::dilate, morphology::dilate),
            (vision::open, morphology::open),
            (vision::close, morphology::close),
        ] {
            let (ours, theirs) = (ours(mask.view(), radius.into()), theirs(&image, Norm::LInf, radius));
            prop_assert_eq!(ours.as_bytes(), theirs.as_raw().as_slice());
        }
    }

    #[test]
    fn connected_parts(placed in placed::<1>(), level in any::<u8>()) {
        let mask = vision::at_least(placed.view(), level);
        let labels = connected_components(&reference(mask.view()), Connectivity::Eight, Luma([0]));
        let mut expected: BTreeMap<u32, (u64, Rect)> = BTreeMap::new();
        for (x, y, label) in labels.enumerate_pixels().filter(|(_, _, label)| label[0] != 0) {
            let part = expected.entry(label[0]).or_insert((0, Rect::default()));
            *part = (part.0 + 1, part.1.union(Rect::new(x, y, 1, 1)));
        }
        let mut expected: Vec<_> = expected.into_values().map(|(area, r)| (r.y, r.x, r.width, r.height, area)).collect();
        let mut found: Vec<_> = vision::components(mask.view())
            .iter()
            .map(|part| (part.bounds(), part.area()))
            .map(|(r, area)| (r.y, r.x, r.width, r.height, area))
            .collect();
        expected.sort_unstable();
        found.sort_unstable();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_part_of_a_padded_picture_is_treated_as_the_whole(
        gray in placed::<1>(), rgb in placed::<3>(), radius in 0..=20_u32, sigma in 0.0..4.0_f64,
    ) {
        let own = gray.view().to_pixels();
        let own_rgb = rgb.view().to_pixels();
        let relief = Kernel3x3::new([[-1, 2, 3], [4, -5, 6], [7, 8, -90]]).divided_by(7).plus(50);
        for kernel in [
            &(|view: GrayView<'_>| vision::box_mean(view, radius)) as &dyn Fn(GrayView<'_>) -> Gray,
            &|view| vision::gaussian(view, sigma),
            &|view| vision::convolve3x3(view, &relief),
            &|view| vision::sobel_magnitude(view),
            &|view| vision::close(view, radius),
            &|view| vision::shrink(view, view.width().div_ceil(3), view.height().div_ceil(2)),
            &|view| vision::darker_than_surroundings(view, radius, Margin::Share(0.1)),
            &|view| vision::absolute_difference(view, own.view()),
            &|view| vision::subtract(own.view(), view),
        ] {
            prop_assert_eq!(kernel(gray.view()), kernel(own.view()));
        }
        for kernel in [
            &(|view: RgbView<'_>| vision::box_mean(view, radius)) as &dyn Fn(RgbView<'_>) -> Rgb,
            &|view| vision::gaussian(view, sigma),
            &|view| vision::convolve3x3(view, &relief),
            &|view| vision::shrink(view, view.width().div_ceil(3), view.height().div_ceil(2)),
        ] {
            prop_assert_eq!(kernel(rgb.view()), kernel(own_rgb.view()));
        }
        prop_assert_eq!(vision::laplacian_variance(gray.view()), vision::laplacian_variance(own.view()));
        prop_assert_eq!(vision::moments(gray.view()), vision::moments(own.view()));
        prop_assert_eq!(vision::luminance(rgb.view()), vision::luminance(own_rgb.view()));
    }

    #[test]
    fn colour_is_reduced_as_the_contract_says(placed in placed::<3>()) {
        let gray = vision::luminance(placed.view());
        for (pixel, &gray) in colours(placed.view()).pixels().zip(gray.as_bytes()) {
            let [r, g, b] = pixel.0.map(u32::from);
            prop_assert_eq!(u32::from(gray), (19_595 * r + 38_470 * g + 7_471 * b + 32_768) >> 16);
        }
    }
}

#[test]
fn ranges_take_both_ends() {
    let ramp = Gray::from_fn(256, 1, |x, _| [x as u8]);
    let count = |levels: RangeInclusive<u8>| {
        let mask = vision::in_range(ramp.view(), levels);
        mask.as_bytes().iter().filter(|&&value| value == 255).count()
    };
    assert_eq!((count(0..=255), count(7..=7), count(10..=19)), (256, 1, 10));
}
