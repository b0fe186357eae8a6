//! What catalogued kernels make, and its digest.

use crate::pixels::Pixels;
use crate::vision::Component;

/// What a kernel made: all of it, whatever its type.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Output {
    /// Samples of a picture.
    Bytes(Vec<u8>),
    /// Counts or sums.
    Words(Vec<u32>),
    /// Signed values, such as gradients.
    Signed(Vec<i16>),
    /// Measured values.
    Numbers(Vec<f64>),
}

/// How many values a sample looks at.
const SAMPLES: usize = 8;

impl Output {
    /// A number that depends on a few values, so that a compiler cannot leave the kernel out; never 0.
    pub fn sample(&self) -> u64 {
        match self {
            Self::Bytes(values) => sample(values, |&value| value.into()),
            Self::Words(values) => sample(values, |&value| value.into()),
            Self::Signed(values) => sample(values, |&value| value as u64),
            Self::Numbers(values) => sample(values, |&value| value.to_bits()),
        }
    }

    /// A number that depends on every bit of every value, their order and their count (64-bit FNV-1a).
    pub fn digest(&self) -> u64 {
        let mut hash = Fnv::default();
        match self {
            Self::Bytes(values) => hash.add(values),
            Self::Words(values) => values.iter().for_each(|value| hash.add(&value.to_le_bytes())),
            Self::Signed(values) => values.iter().for_each(|value| hash.add(&value.to_le_bytes())),
            Self::Numbers(values) => values.iter().for_each(|value| hash.add(&value.to_bits().to_le_bytes())),
        }
        hash.0
    }
}

fn sample<T>(values: &[T], bits: impl Fn(&T) -> u64) -> u64 {
    let step = values.len().div_ceil(SAMPLES).max(1);
    let sum = values
        .iter()
        .step_by(step)
        .fold(1_u64, |sum, value| sum.wrapping_mul(31).wrapping_add(bits(value)));
    sum.max(1)
}

struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

impl<const C: usize> From<Pixels<C>> for Output {
    fn from(pixels: Pixels<C>) -> Self {
        Self::Bytes(pixels.into_vec())
    }
}

/// Box and area of each.
impl From<&[Component]> for Output {
    fn from(components: &[Component]) -> Self {
        let numbers = |component: &Component| {
            let bounds = component.bounds();
            [bounds.x, bounds.y, bounds.width, bounds.height, component.area() as u32]
        };
        Self::Words(components.iter().flat_map(numbers).collect())
    }
}
