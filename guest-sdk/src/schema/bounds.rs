//! Bounds of parameters, written as Rust ranges: `1..=100`, `0.5..`, `..`.

use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

/// Smallest and largest allowed integer, both inclusive. Made from any range of `i64`; `0..10` allows 0 to 9.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IntBounds {
    /// Smallest allowed value; no lower bound if absent.
    pub min: Option<i64>,
    /// Largest allowed value; no upper bound if absent.
    pub max: Option<i64>,
}

/// Smallest and largest allowed number, both inclusive. Made from `a..=b`, `a..`, `..=b` or `..`: an exclusive upper
/// bound cannot be expressed for numbers with fractions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FloatBounds {
    /// Smallest allowed value; no lower bound if absent.
    pub min: Option<f64>,
    /// Largest allowed value; no upper bound if absent.
    pub max: Option<f64>,
}

/// Smallest and largest allowed length of a text in Unicode scalar values, both inclusive. Made from any range of
/// `u32`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LengthBounds {
    /// Smallest allowed length; no lower bound if absent.
    pub min: Option<u32>,
    /// Largest allowed length; no upper bound if absent.
    pub max: Option<u32>,
}

/// Bounds from the kinds of ranges that include their ends.
macro_rules! inclusive_bounds {
    ($bounds:ident, $number:ty) => {
        impl From<RangeInclusive<$number>> for $bounds {
            fn from(range: RangeInclusive<$number>) -> Self {
                Self {
                    min: Some(*range.start()),
                    max: Some(*range.end()),
                }
            }
        }

        impl From<RangeFrom<$number>> for $bounds {
            fn from(range: RangeFrom<$number>) -> Self {
                Self {
                    min: Some(range.start),
                    max: None,
                }
            }
        }

        impl From<RangeToInclusive<$number>> for $bounds {
            fn from(range: RangeToInclusive<$number>) -> Self {
                Self {
                    min: None,
                    max: Some(range.end),
                }
            }
        }

        impl From<RangeFull> for $bounds {
            fn from(_: RangeFull) -> Self {
                Self::default()
            }
        }
    };
}

/// Bounds from the kinds of ranges that leave out their upper end. An upper end at the type's smallest number panics:
/// nothing lies below it, and inclusive bounds cannot say so.
macro_rules! exclusive_bounds {
    ($bounds:ident, $number:ty) => {
        impl From<Range<$number>> for $bounds {
            #[track_caller]
            fn from(range: Range<$number>) -> Self {
                Self {
                    min: Some(range.start),
                    max: Some(range.end.checked_sub(1).expect("the range allows no value")),
                }
            }
        }

        impl From<RangeTo<$number>> for $bounds {
            #[track_caller]
            fn from(range: RangeTo<$number>) -> Self {
                Self {
                    min: None,
                    max: Some(range.end.checked_sub(1).expect("the range allows no value")),
                }
            }
        }
    };
}

inclusive_bounds!(IntBounds, i64);
exclusive_bounds!(IntBounds, i64);
inclusive_bounds!(LengthBounds, u32);
exclusive_bounds!(LengthBounds, u32);
inclusive_bounds!(FloatBounds, f64);
