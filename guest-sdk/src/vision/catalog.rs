//! Every kernel by name, with the same pictures to work on everywhere: what benchmarks time and what tests compare
//! between the sandbox and a native build.
//!
//! Running and judging are apart, so that timing is not disturbed: [`Kernel::run`] makes the whole [`Output`],
//! [`Output::sample`] looks at a few of its values, [`Output::digest`] at all.
//!
//! ```
//! use procvision_guest::vision::catalog::{self, Inputs};
//!
//! let inputs = Inputs::synthetic(64, 48);
//! let kernel = catalog::named("at_least").unwrap();
//! assert_eq!(kernel.run(&inputs).digest(), kernel.run(&inputs).digest());
//! ```

mod inputs;
mod output;

pub use inputs::Inputs;
pub use output::Output;

use super::{self as vision, Histogram, Integral, Kernel3x3, Margin};
use crate::pixels::{Pixels, View};

/// A kernel with fixed parameters.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    name: &'static str,
    bytes_per_pixel: u32,
    run: fn(&Inputs) -> Output,
}

impl Kernel {
    /// Its name: that of the function, with the parameter that decides the cost where there is one.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Bytes of input that it reads for each pixel of the inputs' size, for figures per byte: 1 for gray, 3 for colour,
    /// more where it is given several pictures.
    pub fn bytes_per_pixel(&self) -> u32 {
        self.bytes_per_pixel
    }

    /// Runs it once.
    pub fn run(&self, inputs: &Inputs) -> Output {
        (self.run)(inputs)
    }
}

/// All kernels, in an order that does not change while the version does not.
pub fn all() -> &'static [Kernel] {
    KERNELS
}

/// The kernel of this name.
pub fn named(name: &str) -> Option<&'static Kernel> {
    KERNELS.iter().find(|kernel| kernel.name == name)
}

const fn kernel(name: &'static str, bytes_per_pixel: u32, run: fn(&Inputs) -> Output) -> Kernel {
    Kernel {
        name,
        bytes_per_pixel,
        run,
    }
}

const SHARPEN: Kernel3x3 = Kernel3x3::new([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]);
const RELIEF: Kernel3x3 = Kernel3x3::new([[-90, 40, 3], [-11, 7, 20], [-5, 60, 90]])
    .divided_by(100)
    .plus(90);

const KERNELS: &[Kernel] = &[
    kernel("luminance", 3, |i| vision::luminance(i.rgb()).into()),
    kernel("moments", 1, |i| {
        let moments = vision::moments(i.gray());
        Output::Numbers(vec![moments.mean, moments.standard_deviation])
    }),
    kernel("histogram", 1, |i| counts(&[Histogram::of(i.gray())])),
    kernel("histogram rgb", 3, |i| counts(&Histogram::of_channels(i.rgb()))),
    kernel("otsu", 1, |i| {
        let otsu = Histogram::of(i.gray()).otsu();
        Output::Numbers(vec![otsu.level.into(), otsu.contrast])
    }),
    kernel("at_least", 1, |i| vision::at_least(i.gray(), 128).into()),
    kernel("below", 1, |i| vision::below(i.gray(), 100).into()),
    kernel("in_range", 1, |i| vision::in_range(i.gray(), 60..=110).into()),
    kernel("brighter_than_surroundings 31", 1, |i| {
        vision::brighter_than_surroundings(i.gray(), 15, Margin::Levels(5)).into()
    }),
    kernel("darker", 2, |i| {
        vision::darker(i.gray(), i.other(), Margin::Share(0.1)).into()
    }),
    kernel("subtract", 2, |i| vision::subtract(i.gray(), i.other()).into()),
    kernel("absolute_difference", 2, |i| {
        vision::absolute_difference(i.gray(), i.other()).into()
    }),
    kernel("distance_from_band", 3, |i| {
        vision::distance_from_band(i.gray(), i.other(), i.gray()).into()
    }),
    kernel("box_mean 3", 1, |i| vision::box_mean(i.gray(), 1).into()),
    kernel("box_mean 31", 1, |i| vision::box_mean(i.gray(), 15).into()),
    kernel("box_mean rgb 7", 3, |i| vision::box_mean(i.rgb(), 3).into()),
    kernel("gaussian 1.0", 1, |i| vision::gaussian(i.gray(), 1.0).into()),
    kernel("gaussian 3.0", 1, |i| vision::gaussian(i.gray(), 3.0).into()),
    kernel("convolve3x3", 1, |i| vision::convolve3x3(i.gray(), &SHARPEN).into()),
    kernel("convolve3x3 large", 1, |i| {
        vision::convolve3x3(i.gray(), &RELIEF).into()
    }),
    kernel("sobel", 1, |i| {
        let gradients = vision::sobel(i.gray());
        Output::Signed([gradients.right(), gradients.down()].concat())
    }),
    kernel("sobel_magnitude", 1, |i| vision::sobel_magnitude(i.gray()).into()),
    kernel("laplacian_variance", 1, |i| {
        Output::Numbers(vision::laplacian_variance(i.gray()).into_iter().collect())
    }),
    kernel("integral", 1, |i| Output::Words(Integral::of(i.gray()).into_sums())),
    kernel("min_max", 1, |i| {
        let found = vision::min_max(i.gray());
        let all = [found.min, found.max].map(|extreme| [extreme.level.into(), extreme.x, extreme.y]);
        Output::Words(all.concat())
    }),
    kernel("erode 3", 1, |i| vision::erode(i.gray(), 1).into()),
    kernel("dilate 15", 1, |i| vision::dilate(i.gray(), 7).into()),
    kernel("open 5", 1, |i| vision::open(i.gray(), 2).into()),
    kernel("close 31", 1, |i| vision::close(i.gray(), 15).into()),
    kernel("components", 1, |i| vision::components(i.mask()).as_slice().into()),
    kernel("shrink half", 1, |i| shrunk(i.gray(), 2, 1).into()),
    kernel("shrink 2/3", 1, |i| shrunk(i.gray(), 3, 2).into()),
    kernel("shrink rgb quarter", 3, |i| shrunk(i.rgb(), 4, 1).into()),
    kernel("template 24", 1, |i| {
        let scores = i.template().and_then(|template| template.scores(i.searched()));
        Output::Numbers(scores.map_or(Vec::new(), |scores| {
            scores.as_slice().iter().map(|&score| score.into()).collect()
        }))
    }),
];

fn counts(histograms: &[Histogram]) -> Output {
    let counts = histograms.iter().flat_map(Histogram::counts);
    Output::Words(counts.map(|&count| count as u32).collect())
}

/// Shrunk to `of` of `by` parts.
fn shrunk<const C: usize>(picture: View<'_, C>, by: u32, of: u32) -> Pixels<C> {
    let side = |length: u32| (length / by * of).clamp(1, length);
    vision::shrink(picture, side(picture.width()), side(picture.height()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        let names: BTreeSet<&str> = all().iter().map(Kernel::name).collect();
        assert_eq!(names.len(), all().len());
        for kernel in all() {
            assert_eq!(named(kernel.name()).unwrap().name(), kernel.name());
            assert!((1..=6).contains(&kernel.bytes_per_pixel()), "{}", kernel.name());
        }
        assert!(named("nothing").is_none());
    }

    #[test]
    fn every_kernel_runs_on_every_size_and_answers_alike_each_time() {
        for (width, height) in [(1, 1), (1, 40), (40, 1), (3, 3), (17, 16), (129, 65)] {
            let inputs = Inputs::synthetic(width, height);
            for kernel in all() {
                let first = kernel.run(&inputs);
                assert_eq!(first.digest(), kernel.run(&inputs).digest(), "{}", kernel.name());
            }
        }
    }

    #[test]
    fn a_digest_tells_outputs_apart_and_a_sample_costs_a_few_values() {
        let inputs = Inputs::synthetic(200, 100);
        let digests: BTreeSet<u64> = all().iter().map(|kernel| kernel.run(&inputs).digest()).collect();
        assert_eq!(digests.len(), all().len());
        for kernel in all() {
            assert_ne!(kernel.run(&inputs).sample(), 0, "{}", kernel.name());
        }
    }
}
