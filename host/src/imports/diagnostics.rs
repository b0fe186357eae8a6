//! `diagnostics`: measured values for the report of a step, bounded per call.

use super::{scalar_bytes, scalar_to_json};
use crate::bindings::diagnostics::{Host, Scalar};
use crate::instance::GuestState;

impl Host for GuestState {
    fn publish(&mut self, key: String, value: Scalar) -> wasmtime::Result<()> {
        let (value, bytes) = scalar_to_json(value);
        let bytes = bytes.saturating_add(key.len() as u64);
        let published = &mut self.diagnostics;
        let old = published.values.get(&key);
        let full = published.values.len() as u64 >= self.limits.diagnostics_entries && old.is_none();
        let old = old.map_or(0, |old| scalar_bytes(old).saturating_add(key.len() as u64));
        let total = published.bytes.saturating_sub(old).saturating_add(bytes);
        if full || total > self.limits.diagnostics_bytes {
            published.dropped += 1;
            return Ok(());
        }
        published.bytes = total;
        published.values.insert(key, value);
        Ok(())
    }
}
