//! Figures as people read them, in the report and at the command line.

use crate::report::time;
use std::time::Duration;

/// Microseconds with a unit that suits them.
pub fn duration(microseconds: f64) -> String {
    time(Duration::from_secs_f64((microseconds / 1e6).max(0.0)))
}

/// A ratio, to about three digits.
pub fn ratio(ratio: f64) -> String {
    match ratio {
        small if small < 0.1 => format!("{small:.3}"),
        middle if middle < 100.0 => format!("{middle:.2}"),
        large => format!("{large:.0}"),
    }
}
