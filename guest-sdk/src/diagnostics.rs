//! Measured values that belong into the report of a step (the protocol's `debug`).

use crate::platform;
use crate::scalar::Scalar;

/// Publishes `value` under `key` for the current call, replacing what was there.
///
/// The host bounds the number and size of keys and values; what exceeds the bounds is counted and reported, never an
/// error. Natively it does nothing outside a step of the [`testing`](crate::testing) station.
///
/// ```
/// use procvision_guest::diagnostics;
///
/// diagnostics::publish("focus", 118.4);
/// diagnostics::publish("spots", 7);
/// diagnostics::publish("background", "dark");
/// ```
pub fn publish(key: &str, value: impl Into<Scalar>) {
    platform::publish(key, value.into());
}
