//! The SDK's catalogue of kernels, run the same way on both sides.

use std::hint::black_box;

pub use procvision_guest::vision::catalog::{Inputs, Kernel, all};

/// Width and height of the pictures that kernels work on, in pixels.
pub const SIZE: (u32, u32) = (1920, 1080);

/// The pictures that kernels work on.
pub fn inputs() -> Inputs {
    Inputs::synthetic(SIZE.0, SIZE.1)
}

/// Runs a kernel so many times; the number is made from its results.
pub fn run(kernel: &Kernel, inputs: &Inputs, times: u32) -> u64 {
    (0..times).fold(0, |sum, _| kernel.run(black_box(inputs)).sample().wrapping_add(sum))
}
