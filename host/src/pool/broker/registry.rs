//! All pools of a broker: made when the first producer asks, bounded in number and bytes; and the seats of those who
//! are connected, which are given up by dropping them.

use super::BrokerConfig;
use super::pool::{Pool, Refused, SeatId};
use crate::explain::one_line;
use crate::pool::link::Link;
use crate::pool::memory::SLOT_GRANULE;
use crate::pool::message::{PoolStatus, Refusal};
use crate::pool::reference::PoolName;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most slots of a pool.
pub const MAX_SLOTS: u32 = 256;

#[derive(Debug)]
pub(super) struct Registry {
    max_pools: usize,
    max_bytes: u64,
    pools: Mutex<BTreeMap<PoolName, Entry>>,
}

#[derive(Debug)]
enum Entry {
    /// Its memory is being made, which takes a moment; so many bytes.
    Making(u64),
    Made(Arc<Pool>),
}

impl Entry {
    fn bytes(&self) -> u64 {
        match self {
            Self::Making(bytes) => *bytes,
            Self::Made(pool) => u64::from(pool.slots()) * pool.slot_bytes() as u64,
        }
    }
}

/// A producer that is connected.
#[derive(Debug)]
pub(super) struct ProducerSeat {
    pub(super) pool: Arc<Pool>,
    pub(super) id: SeatId,
}

impl Drop for ProducerSeat {
    fn drop(&mut self) {
        self.pool.unseat_producer(self.id);
    }
}

/// A consumer that is connected.
#[derive(Debug)]
pub(super) struct ConsumerSeat {
    pub(super) pool: Arc<Pool>,
    /// The number of its bit.
    pub(super) number: u32,
    id: SeatId,
}

impl Drop for ConsumerSeat {
    fn drop(&mut self) {
        self.pool.unseat_consumer(self.id);
    }
}

impl Registry {
    pub(super) fn new(config: &BrokerConfig) -> Self {
        Self {
            max_pools: config.max_pools,
            max_bytes: config.max_bytes,
            pools: Mutex::default(),
        }
    }

    /// Seats a producer, and makes the pool if it is not there, or has another geometry and nobody is connected to it.
    pub(super) fn producer(
        &self,
        link: &Arc<Link>,
        name: &PoolName,
        slots: u32,
        slot_bytes: u64,
    ) -> Result<ProducerSeat, Refused> {
        let bytes = self.check_geometry(slots, slot_bytes)?;
        if let Some(pool) = self.reserve(name, slots, slot_bytes, bytes)? {
            let id = pool.seat_producer(link)?;
            return Ok(ProducerSeat { pool, id });
        }
        // The memory is made without the lock, because others need not wait for it.
        let made = usize::try_from(slot_bytes)
            .map_err(|error| error.to_string())
            .and_then(|slot_bytes| Pool::create(name.clone(), slots, slot_bytes).map_err(|error| one_line(&error)));
        let mut pools = self.pools();
        match made {
            Ok(pool) => {
                let pool = Arc::new(pool);
                pools.insert(name.clone(), Entry::Made(Arc::clone(&pool)));
                let id = pool.seat_producer(link)?;
                Ok(ProducerSeat { pool, id })
            }
            Err(message) => {
                pools.remove(name);
                Err((Refusal::Memory, message))
            }
        }
    }

    /// The pool that is there and fits, or else the right to make it.
    fn reserve(&self, name: &PoolName, slots: u32, slot_bytes: u64, bytes: u64) -> Result<Option<Arc<Pool>>, Refused> {
        let mut pools = self.pools();
        match pools.get(name) {
            Some(Entry::Making(_)) => {
                return Err((
                    Refusal::Taken,
                    format!("the pool `{name}` is being made for another producer"),
                ));
            }
            Some(Entry::Made(pool)) if pool.slots() == slots && pool.slot_bytes() as u64 == slot_bytes => {
                return Ok(Some(Arc::clone(pool)));
            }
            Some(Entry::Made(pool)) if pool.is_in_use() => {
                let message = format!(
                    "the pool `{name}` has {} slots of {} bytes, and cannot be made anew with {slots} of {slot_bytes} \
                     while somebody is connected to it",
                    pool.slots(),
                    pool.slot_bytes()
                );
                return Err((Refusal::Geometry, message));
            }
            Some(Entry::Made(_)) => {}
            None if pools.len() >= self.max_pools => {
                return Err((
                    Refusal::Limit,
                    format!("there are {} pools, and cannot be more", self.max_pools),
                ));
            }
            None => {}
        }
        let others = pools.iter().filter(|(other, _)| *other != name);
        let taken: u64 = others.map(|(_, entry)| entry.bytes()).sum();
        if taken.saturating_add(bytes) > self.max_bytes {
            let message = format!(
                "{slots} slots of {slot_bytes} bytes are more than the {} bytes that are left of {} for all pools",
                self.max_bytes.saturating_sub(taken),
                self.max_bytes
            );
            return Err((Refusal::Limit, message));
        }
        pools.insert(name.clone(), Entry::Making(bytes));
        Ok(None)
    }

    fn check_geometry(&self, slots: u32, slot_bytes: u64) -> Result<u64, Refused> {
        let granule = SLOT_GRANULE as u64;
        if !(1..=MAX_SLOTS).contains(&slots) {
            return Err((
                Refusal::Limit,
                format!("a pool has 1 to {MAX_SLOTS} slots, not {slots}"),
            ));
        }
        if slot_bytes == 0 || !slot_bytes.is_multiple_of(granule) {
            return Err((
                Refusal::Limit,
                format!("a slot is a multiple of {granule} bytes, not {slot_bytes}"),
            ));
        }
        slot_bytes.checked_mul(u64::from(slots)).ok_or_else(|| {
            (
                Refusal::Limit,
                format!("{slots} slots of {slot_bytes} bytes are more than can be addressed"),
            )
        })
    }

    /// Seats a consumer.
    pub(super) fn consumer(&self, link: &Arc<Link>, name: &PoolName) -> Result<ConsumerSeat, Refused> {
        let pools = self.pools();
        let pool = made(&pools, name)?;
        let (id, number) = pool.seat_consumer(link)?;
        Ok(ConsumerSeat {
            pool: Arc::clone(pool),
            number,
            id,
        })
    }

    /// The names of the pools, in order.
    pub(super) fn names(&self) -> Vec<String> {
        let pools = self.pools();
        let made = pools.iter().filter(|(_, entry)| matches!(entry, Entry::Made(_)));
        made.map(|(name, _)| name.to_string()).collect()
    }

    /// A pool and its slots from `from` on.
    pub(super) fn page(&self, name: &PoolName, from: u32) -> Result<PoolStatus, Refused> {
        let pool = Arc::clone(made(&self.pools(), name)?);
        Ok(pool.page(from))
    }

    fn pools(&self) -> MutexGuard<'_, BTreeMap<PoolName, Entry>> {
        // Each change of the map is whole before anything could panic.
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn made<'a>(pools: &'a BTreeMap<PoolName, Entry>, name: &PoolName) -> Result<&'a Arc<Pool>, Refused> {
    match pools.get(name) {
        Some(Entry::Made(pool)) => Ok(pool),
        _ => Err((Refusal::UnknownPool, format!("there is no pool `{name}`"))),
    }
}
