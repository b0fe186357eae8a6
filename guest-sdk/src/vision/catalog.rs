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

use super::{self as vision, Histogram};

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

const KERNELS: &[Kernel] = &[
    kernel("histogram", 1, |i| {
        Output::Words(Histogram::of(i.gray()).counts().map(|count| count as u32).to_vec())
    }),
    kernel("at_least", 1, |i| vision::at_least(i.gray(), 128).into()),
    kernel("subtract", 2, |i| vision::subtract(i.gray(), i.other()).into()),
    kernel("distance_from_band", 3, |i| {
        vision::distance_from_band(i.gray(), i.other(), i.gray()).into()
    }),
    kernel("box_mean 3", 1, |i| vision::box_mean(i.gray(), 1).into()),
    kernel("box_mean 31", 1, |i| vision::box_mean(i.gray(), 15).into()),
    kernel("laplacian_variance", 1, |i| {
        Output::Numbers(vision::laplacian_variance(i.gray()).into_iter().collect())
    }),
    kernel("erode 3", 1, |i| vision::erode(i.gray(), 1).into()),
    kernel("dilate 15", 1, |i| vision::dilate(i.gray(), 7).into()),
    kernel("components", 1, |i| vision::components(i.mask()).as_slice().into()),
];

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
