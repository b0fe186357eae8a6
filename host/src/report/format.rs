//! Times and amounts as people read them.

use crate::failure::Severity;
use crate::limits::Unit;
use indicatif::{BinaryBytes, HumanCount};
use std::time::Duration;

/// A time with three significant digits and a unit that suits it: `850 ns`, `12.3 ms`, `1.25 s`.
pub fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let (value, unit) = if seconds >= 1.0 {
        (seconds, "s")
    } else if seconds >= 1e-3 {
        (seconds * 1e3, "ms")
    } else if seconds >= 1e-6 {
        (seconds * 1e6, "µs")
    } else {
        (seconds * 1e9, "ns")
    };
    let decimals = match value {
        value if value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$} {unit}")
}

/// A number of something, in words: `512.00 MiB`, `28.0 s`, `30,000,000,000`.
pub fn amount(unit: Unit, value: u64) -> String {
    match unit {
        Unit::Bytes => BinaryBytes(value).to_string(),
        Unit::Milliseconds => time(Duration::from_millis(value)),
        Unit::Fuel | Unit::Count => HumanCount(value).to_string(),
    }
}

/// What may follow a failure, in words.
pub const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Recoverable => "recoverable: the same request may be tried again",
        Severity::Permanent => "permanent: trying again cannot help",
        Severity::Fatal => "fatal: trying again cannot help, and the instance was replaced",
    }
}

/// Milliseconds for programs, to the microsecond.
pub fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_that_suits_them() {
        let shown = [0, 850, 12_345, 12_345_678, 123_456_789, 1_250_000_000]
            .map(|nanoseconds| time(Duration::from_nanos(nanoseconds)));
        assert_eq!(shown, ["0.00 ns", "850 ns", "12.3 µs", "12.3 ms", "123 ms", "1.25 s"]);
    }

    #[test]
    fn amounts_have_their_unit() {
        assert_eq!(amount(Unit::Bytes, 512 << 20), "512.00 MiB");
        assert_eq!(amount(Unit::Milliseconds, 28_000), "28.0 s");
        assert_eq!(amount(Unit::Fuel, 30_000_000_000), "30,000,000,000");
    }
}
