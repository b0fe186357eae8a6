//! All pools of a broker: made when the first producer asks, bounded in number and bytes; and the seats of those who
//! are connected, which are given up by dropping them.
//!
//! Whoever is seated, and whichever pool is given up, the lock on all pools is held meanwhile; that on a pool's book is
//! taken after it, never before.

use super::BrokerConfig;
use super::pool::{Pool, Refused, SeatId};
use super::room;
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
    pools: Mutex<Pools>,
}

#[derive(Debug)]
enum Entry {
    /// Its memory is being made, which takes a moment.
    Making {
        bytes: u64,
        /// The pool of another geometry that it takes the place of, which consumers can use until then.
        old: Option<Arc<Pool>>,
    },
    Made(Arc<Pool>),
}

impl Entry {
    fn bytes(&self) -> u64 {
        match self {
            Self::Making { bytes, .. } => *bytes,
            Self::Made(pool) => bytes_of(pool),
        }
    }

    /// Bytes that were promised and may not be taken yet.
    fn bytes_to_come(&self) -> u64 {
        match self {
            Self::Making { bytes, .. } => *bytes,
            Self::Made(_) => 0,
        }
    }

    fn pool(&self) -> Option<&Arc<Pool>> {
        match self {
            Self::Making { old, .. } => old.as_ref(),
            Self::Made(pool) => Some(pool),
        }
    }
}

type Pools = BTreeMap<PoolName, Entry>;

/// What a producer gets that asks for a pool.
enum Reserved {
    /// A seat, because the pool is there.
    Seat(ProducerSeat),
    /// The right to make the pool, and the pools that were given up for it.
    Room(Vec<Arc<Pool>>),
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

    /// Seats a producer, and makes the pool if it is not there, or has another geometry and nobody needs it.
    pub(super) fn producer(
        &self,
        link: &Arc<Link>,
        name: &PoolName,
        slots: u32,
        slot_bytes: u64,
    ) -> Result<ProducerSeat, Refused> {
        let bytes = self.check_geometry(slots, slot_bytes)?;
        let given_up = match self.reserve(link, name, slots, slot_bytes, bytes)? {
            Reserved::Seat(seat) => return Ok(seat),
            Reserved::Room(given_up) => given_up,
        };
        // Memory is given back and made without the lock, because others need not wait for it.
        given_up.iter().for_each(|pool| pool.discard());
        drop(given_up);
        let made = usize::try_from(slot_bytes)
            .map_err(|error| error.to_string())
            .and_then(|slot_bytes| Pool::create(name.clone(), slots, slot_bytes).map_err(|error| one_line(&error)))
            .map_err(|message| (Refusal::Memory, message));
        self.settle(link, name, made)
    }

    /// Seats the producer if the pool is there and fits, or else gives the right to make it.
    fn reserve(
        &self,
        link: &Arc<Link>,
        name: &PoolName,
        slots: u32,
        slot_bytes: u64,
        bytes: u64,
    ) -> Result<Reserved, Refused> {
        let mut pools = self.pools();
        let old = match pools.get(name) {
            Some(Entry::Making { .. }) => {
                return Err((
                    Refusal::Taken,
                    format!("the pool `{name}` is being made for another producer"),
                ));
            }
            Some(Entry::Made(pool)) if pool.slots() == slots && pool.slot_bytes() as u64 == slot_bytes => {
                return seat(pool, link).map(Reserved::Seat);
            }
            Some(Entry::Made(pool)) if pool.idle_since().is_none() => return Err(other_geometry(name, pool)),
            Some(Entry::Made(pool)) => Some(Arc::clone(pool)),
            None => None,
        };
        let to_come: u64 = pools.values().map(Entry::bytes_to_come).sum();
        if let Some(available) = room::available()
            && to_come.saturating_add(bytes) > available
        {
            let message = format!(
                "{slots} slots of {slot_bytes} bytes are more than the {} bytes of memory that the system has left",
                available.saturating_sub(to_come)
            );
            return Err((Refusal::Memory, message));
        }
        let given_up = self.make_room(&mut pools, name, bytes)?;
        pools.insert(name.clone(), Entry::Making { bytes, old });
        Ok(Reserved::Room(given_up))
    }

    /// Sees to it that one more pool of so many bytes is within the bounds: gives up pools that nobody needs, the one
    /// first that nobody has needed for longest. If that is not enough it gives up none.
    fn make_room(&self, pools: &mut Pools, name: &PoolName, bytes: u64) -> Result<Vec<Arc<Pool>>, Refused> {
        let mut count = pools.keys().filter(|other| *other != name).count();
        let others = pools.iter().filter(|(other, _)| *other != name);
        let mut taken: u64 = others.clone().map(|(_, entry)| entry.bytes()).sum();
        let made = others.filter_map(|(other, entry)| match entry {
            Entry::Made(pool) => Some((pool.idle_since()?, other.clone(), Arc::clone(pool))),
            Entry::Making { .. } => None,
        });
        let mut idle: Vec<_> = made.collect();
        idle.sort_by_key(|(since, ..)| *since);

        let idle_bytes: u64 = idle.iter().map(|(.., pool)| bytes_of(pool)).sum();
        if (count - idle.len()) >= self.max_pools {
            return Err((
                Refusal::Limit,
                format!("there are {} pools, and cannot be more", self.max_pools),
            ));
        }
        let left = self.max_bytes.saturating_sub(taken - idle_bytes);
        if bytes > left {
            let message = format!(
                "{bytes} bytes are more than the {left} bytes that are left of {} for all pools",
                self.max_bytes
            );
            return Err((Refusal::Limit, message));
        }
        let mut given_up = Vec::new();
        for (_, other, pool) in idle {
            if count < self.max_pools && taken.saturating_add(bytes) <= self.max_bytes {
                break;
            }
            if pool.retire() {
                count -= 1;
                taken -= bytes_of(&pool);
                pools.remove(&other);
                given_up.push(pool);
            }
        }
        if count < self.max_pools && taken.saturating_add(bytes) <= self.max_bytes {
            return Ok(given_up);
        }
        // Somebody has leased a picture at this very moment.
        given_up.iter().for_each(|pool| pool.discard());
        Err((
            Refusal::Limit,
            "the pools that could have made room are needed again".into(),
        ))
    }

    /// Puts the pool that was made in its place, or the old one back, and seats the producer.
    fn settle(&self, link: &Arc<Link>, name: &PoolName, made: Result<Pool, Refused>) -> Result<ProducerSeat, Refused> {
        let mut pools = self.pools();
        let old = match pools.remove(name) {
            Some(Entry::Making { old, .. }) => old,
            _ => None,
        };
        let made = made.and_then(|pool| match &old {
            Some(old) if !old.retire() => Err(other_geometry(name, old)),
            _ => Ok(Arc::new(pool)),
        });
        match made {
            Ok(pool) => {
                pools.insert(name.clone(), Entry::Made(Arc::clone(&pool)));
                let seat = seat(&pool, link);
                drop(pools);
                if let Some(old) = old {
                    old.discard();
                }
                seat
            }
            Err(refused) => {
                if let Some(old) = old {
                    pools.insert(name.clone(), Entry::Made(old));
                }
                Err(refused)
            }
        }
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
        let there = pools.iter().filter(|(_, entry)| entry.pool().is_some());
        there.map(|(name, _)| name.to_string()).collect()
    }

    /// A pool and its slots from `from` on.
    pub(super) fn page(&self, name: &PoolName, from: u32) -> Result<PoolStatus, Refused> {
        let pool = Arc::clone(made(&self.pools(), name)?);
        Ok(pool.page(from))
    }

    fn pools(&self) -> MutexGuard<'_, Pools> {
        // Each change of the map is whole before anything could panic.
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn made<'a>(pools: &'a Pools, name: &PoolName) -> Result<&'a Arc<Pool>, Refused> {
    let pool = pools.get(name).and_then(Entry::pool);
    pool.ok_or_else(|| (Refusal::UnknownPool, format!("there is no pool `{name}`")))
}

/// Called with the lock on all pools, so that the pool is not given up meanwhile.
fn seat(pool: &Arc<Pool>, link: &Arc<Link>) -> Result<ProducerSeat, Refused> {
    let id = pool.seat_producer(link)?;
    Ok(ProducerSeat {
        pool: Arc::clone(pool),
        id,
    })
}

fn bytes_of(pool: &Pool) -> u64 {
    u64::from(pool.slots()) * pool.slot_bytes() as u64
}

fn other_geometry(name: &PoolName, pool: &Pool) -> Refused {
    let message = format!(
        "the pool `{name}` has {} slots of {} bytes, and cannot be made anew with others while it has a producer or \
         somebody looks at its pictures",
        pool.slots(),
        pool.slot_bytes()
    );
    (Refusal::Geometry, message)
}
