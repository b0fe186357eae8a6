//! Keeps an instance's memory, tables and core instances within its limits. Growth beyond a limit traps with a typed
//! error, so that the report can say which limit it was.

use crate::limits::{Limits, MEMORIES};
use wasmtime::ResourceLimiter;

/// Something would have grown beyond its limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{wanted} exceeds the limit `{limit}` of {allowed}")]
pub(crate) struct LimitExceeded {
    pub(crate) limit: &'static str,
    pub(crate) wanted: u64,
    pub(crate) allowed: u64,
}

#[derive(Debug)]
pub(crate) struct Limiter {
    memory_bytes: u64,
    table_elements: u64,
    tables: usize,
    core_instances: usize,
    memory: u64,
    /// What the last growth that was allowed added, until it is known to have happened.
    pending_memory: u64,
    peak_memory: u64,
    elements: u64,
}

impl Limiter {
    pub(crate) fn new(limits: &Limits) -> Self {
        let narrow = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
        Self {
            memory_bytes: limits.memory_bytes,
            table_elements: limits.table_elements,
            tables: narrow(limits.tables),
            core_instances: narrow(limits.core_instances),
            memory: 0,
            pending_memory: 0,
            peak_memory: 0,
            elements: 0,
        }
    }

    pub(crate) fn peak_memory(&self) -> u64 {
        self.peak_memory
    }
}

fn grow(held: u64, current: usize, desired: usize, limit: &'static str, allowed: u64) -> wasmtime::Result<u64> {
    let wanted = held.saturating_add(desired.saturating_sub(current) as u64);
    if wanted > allowed {
        Err(LimitExceeded { limit, wanted, allowed }.into())
    } else {
        Ok(wanted)
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        // The module's own bound: the engine answers -1, as the language says, and nothing grows.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.memory = grow(self.memory, current, desired, "memory_bytes", self.memory_bytes)?;
        self.pending_memory = desired.saturating_sub(current) as u64;
        self.peak_memory = self.peak_memory.max(self.memory);
        Ok(true)
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        self.memory -= std::mem::take(&mut self.pending_memory).min(self.memory);
        tracing::warn!(%error, "the system did not give memory to an algorithm");
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.elements = grow(self.elements, current, desired, "table_elements", self.table_elements)?;
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.core_instances
    }

    fn tables(&self) -> usize {
        self.tables
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}
