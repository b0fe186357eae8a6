//! Random walks through everything that can happen to the slots of a pool, compared with a model that is too simple to
//! be wrong.

use super::pool::{Pool, SeatId};
use super::{is_allowed, share};
use crate::frame::{PictureLayout, PixelFormat};
use crate::pool::header::PictureHeader;
use crate::pool::link::Link;
use crate::pool::message::Refusal;
use crate::pool::states::States;
use crate::pool::word::{HolderBit, Phase};
use rustix::fd::OwnedFd;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use std::collections::BTreeMap;
use std::sync::Arc;

const SLOTS: u32 = 4;
const CONSUMERS: usize = 3;
const SLOT_BYTES: usize = 2 << 20;

/// What ought to be.
#[derive(Clone, Debug)]
struct Expected {
    generation: u64,
    phase: Phase,
    /// When it was published; 0 if it holds no picture.
    order: u64,
}

/// One who is connected.
struct Peer {
    id: SeatId,
    far_end: OwnedFd,
}

/// The broker's end of a connection, and the other one, which hangs up when it is dropped.
fn connection() -> (Arc<Link>, OwnedFd) {
    let flags = SocketFlags::CLOEXEC;
    let (near, far) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).unwrap();
    (Arc::new(Link::accepted(near)), far)
}

struct Walk {
    pool: Pool,
    /// The states as a consumer's process sees them.
    seen: States,
    slots: Vec<Expected>,
    /// The consumers that are connected, by number, and the leases of each: slot to generation.
    consumers: BTreeMap<u32, BTreeMap<u32, u64>>,
    /// How each of them can be told apart and hung up.
    peers: BTreeMap<u32, Peer>,
    producer: Option<Peer>,
    order: u64,
    dropped: u64,
    random: u64,
}

impl Walk {
    fn new(seed: u64) -> Self {
        let pool = Pool::create("walk".parse().unwrap(), SLOTS, SLOT_BYTES).unwrap();
        let states = pool.consumer_fds()[1].try_clone_to_owned().unwrap();
        let seen = States::from_fd(states, SLOTS, SLOT_BYTES).unwrap();
        let slots = (0..SLOTS).map(|slot| Expected {
            generation: seen.get(slot).generation,
            phase: Phase::Free,
            order: 0,
        });
        Self {
            slots: slots.collect(),
            pool,
            seen,
            consumers: BTreeMap::new(),
            peers: BTreeMap::new(),
            producer: None,
            order: 0,
            dropped: 0,
            random: seed,
        }
    }

    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % bound
    }

    fn holders(&self, slot: u32) -> u32 {
        self.consumers
            .values()
            .filter(|leases| leases.contains_key(&slot))
            .count() as u32
    }

    fn step(&mut self) {
        match self.below(10) {
            0 => self.producer_comes_or_goes(),
            1 => self.consumer_comes_or_goes(),
            2..=3 => self.acquire(),
            4..=5 => self.publish(),
            6 => self.abandon(),
            7..=8 => self.lease(),
            _ => self.release(),
        }
        self.compare();
    }

    fn producer_comes_or_goes(&mut self) {
        let (link, far_end) = connection();
        match self.producer.take() {
            None => {
                let id = self.pool.seat_producer(&link).unwrap();
                self.producer = Some(Peer { id, far_end });
                return;
            }
            Some(peer) if self.below(2) == 0 => {
                assert_eq!(self.pool.seat_producer(&link).unwrap_err().0, Refusal::Taken);
                self.producer = Some(peer);
                return;
            }
            Some(peer) => self.leave(peer, Pool::unseat_producer),
        }
        for slot in &mut self.slots {
            if slot.phase == Phase::Writing {
                slot.phase = Phase::Free;
            }
        }
    }

    fn consumer_comes_or_goes(&mut self) {
        if self.consumers.len() < CONSUMERS {
            let (link, far_end) = connection();
            let (id, number) = self.pool.seat_consumer(&link).unwrap();
            assert!(self.consumers.insert(number, BTreeMap::new()).is_none());
            self.peers.insert(number, Peer { id, far_end });
        } else {
            let place = self.below(CONSUMERS as u64) as usize;
            let number = *self.consumers.keys().nth(place).unwrap();
            self.consumers.remove(&number);
            let peer = self.peers.remove(&number).unwrap();
            self.leave(peer, Pool::unseat_consumer);
        }
    }

    /// Somebody hangs up; its thread may be quick or never come to it.
    fn leave(&mut self, peer: Peer, unseat: impl Fn(&Pool, SeatId)) {
        let quick = self.below(2) == 0;
        drop(peer.far_end);
        if quick {
            unseat(&self.pool, peer.id);
        } else {
            self.pool.idle_since();
            // Late, and of no consequence.
            unseat(&self.pool, peer.id);
        }
    }

    fn acquire(&mut self) {
        let Some(producer) = self.producer.as_ref().map(|peer| peer.id) else {
            assert_eq!(self.pool.acquire(0).unwrap_err().0, Refusal::Role);
            return;
        };
        let usable =
            (0..SLOTS).filter(|&slot| self.slots[slot as usize].phase != Phase::Writing && self.holders(slot) == 0);
        let oldest = usable.min_by_key(|&slot| self.slots[slot as usize].order);
        let got = self.pool.acquire(producer).unwrap();
        assert_eq!(got.map(|(slot, _)| slot), oldest);
        match got {
            Some((slot, generation)) => {
                let expected = &mut self.slots[slot as usize];
                assert_eq!(generation, (expected.generation + 1) % (1 << 36));
                *expected = Expected {
                    generation,
                    phase: Phase::Writing,
                    order: 0,
                };
            }
            None => self.dropped += 1,
        }
    }

    fn publish(&mut self) {
        let slot = self.below(u64::from(SLOTS) + 1) as u32;
        let mut layout = PictureLayout::packed(PixelFormat::Mono8, 8, 8);
        let lies = self.below(4) == 0;
        if lies {
            layout.stride = 7;
        }
        let Some(producer) = self.producer.as_ref().map(|peer| peer.id) else {
            return;
        };
        let result = self.pool.publish(producer, slot, &PictureHeader::of_layout(layout));
        match self.slots.get_mut(slot as usize) {
            Some(expected) if expected.phase == Phase::Writing => {
                if lies {
                    assert_eq!(result.unwrap_err().0, Refusal::Header);
                    return;
                }
                let reference = result.unwrap();
                assert_eq!((reference.slot(), reference.generation()), (slot, expected.generation));
                self.order += 1;
                expected.phase = Phase::Ready;
                expected.order = self.order;
            }
            _ => assert_eq!(result.unwrap_err().0, Refusal::Slot),
        }
    }

    fn abandon(&mut self) {
        let slot = self.below(u64::from(SLOTS) + 1) as u32;
        let Some(producer) = self.producer.as_ref().map(|peer| peer.id) else {
            return;
        };
        let result = self.pool.abandon(producer, slot);
        match self.slots.get_mut(slot as usize) {
            Some(expected) if expected.phase == Phase::Writing => {
                result.unwrap();
                expected.phase = Phase::Free;
            }
            _ => assert_eq!(result.unwrap_err().0, Refusal::Slot),
        }
    }

    fn lease(&mut self) {
        let Some(number) = self.some_consumer() else { return };
        let slot = self.below(u64::from(SLOTS)) as u32;
        let expected = self.slots[slot as usize].clone();
        // The right generation, the one before, or one that never was.
        let generation = match self.below(4) {
            0 => expected.generation.wrapping_sub(1) % (1 << 36),
            1 => self.below(1 << 30),
            _ => expected.generation,
        };
        let leased = self.seen.lease(slot, generation, HolderBit::new(number).unwrap());
        let right = generation == expected.generation && expected.phase == Phase::Ready;
        assert_eq!(leased.is_ok(), right);
        if right {
            self.consumers.get_mut(&number).unwrap().insert(slot, generation);
        }
    }

    fn release(&mut self) {
        let Some(number) = self.some_consumer() else { return };
        let leases = self.consumers.get_mut(&number).unwrap();
        if let Some((slot, _)) = leases.pop_first() {
            self.seen.release(slot, HolderBit::new(number).unwrap());
        }
    }

    fn some_consumer(&mut self) -> Option<u32> {
        let count = self.consumers.len() as u64;
        let place = if count == 0 { return None } else { self.below(count) };
        self.consumers.keys().nth(place as usize).copied()
    }

    fn compare(&self) {
        let page = self.pool.page(0);
        assert_eq!(
            (page.producer, page.consumers),
            (self.producer.is_some(), self.consumers.len() as u32)
        );
        assert_eq!((page.published, page.dropped), (self.order, self.dropped));
        for (slot, expected) in (0..).zip(&self.slots) {
            let word = self.seen.get(slot);
            assert_eq!(
                (word.generation, word.phase),
                (expected.generation, expected.phase),
                "slot {slot}"
            );
            assert_eq!(word.holders.count_ones(), self.holders(slot), "slot {slot}");
            let shown = &page.states[slot as usize];
            assert_eq!(
                (shown.generation, shown.phase.as_str()),
                (expected.generation, expected.phase.as_str())
            );
            assert_eq!(shown.holders, self.holders(slot));
        }
        // Nobody's picture was written over.
        for leases in self.consumers.values() {
            for (slot, generation) in leases {
                let expected = &self.slots[*slot as usize];
                assert_eq!((expected.generation, expected.phase), (*generation, Phase::Ready));
            }
        }
    }
}

#[test]
fn whatever_happens_the_slots_are_in_the_state_of_the_model() {
    let (mut published, mut dropped) = (0, 0);
    for seed in 0..20 {
        let mut walk = Walk::new(seed);
        for _ in 0..3_000 {
            walk.step();
        }
        published += walk.order;
        dropped += walk.dropped;
    }
    assert!(
        published > 1_000 && dropped > 100,
        "the walks went nowhere: {published} {dropped}"
    );
}

#[test]
fn a_consumer_that_writes_nonsense_into_the_states_harms_no_bookkeeping() {
    let pool = Pool::create("nonsense".parse().unwrap(), 2, SLOT_BYTES).unwrap();
    let states = States::from_fd(pool.consumer_fds()[1].try_clone_to_owned().unwrap(), 2, SLOT_BYTES).unwrap();
    let (link, _far_end) = connection();
    let (mut id, mut number) = pool.seat_consumer(&link).unwrap();
    let producer = pool.seat_producer(&link).unwrap();
    let header = PictureHeader::of_layout(PictureLayout::packed(PixelFormat::Mono8, 8, 8));
    let mut used = Vec::new();
    for nonsense in [0, u64::MAX, 0xffff_ffff_f000_000f, 0x0000_0000_0fff_fff2, 1, 2, 3] {
        for slot in 0..2 {
            states.put_raw(slot, nonsense);
        }
        let Some((slot, generation)) = pool.acquire(producer).unwrap() else {
            // Its own bit is set: it holds every slot, which is its right.
            assert_ne!(nonsense & (1 << (4 + number)), 0);
            pool.unseat_consumer(id);
            (id, number) = pool.seat_consumer(&link).unwrap();
            continue;
        };
        assert!(!used.contains(&(slot, generation)), "a generation is used once");
        used.push((slot, generation));
        assert_eq!(pool.publish(producer, slot, &header).unwrap().generation(), generation);
    }
    assert!(used.len() >= 4, "{used:?}");
}

#[test]
fn there_is_a_bit_for_each_of_24_consumers() {
    let pool = Pool::create("full".parse().unwrap(), 1, SLOT_BYTES).unwrap();
    let (link, _far_end) = connection();
    let seats: Vec<_> = (0..24).map(|_| pool.seat_consumer(&link).unwrap()).collect();
    assert!((0..24).eq(seats.iter().map(|(_, number)| *number)));
    assert_eq!(pool.seat_consumer(&link).unwrap_err().0, Refusal::Limit);
    pool.unseat_consumer(seats[7].0);
    assert_eq!(pool.seat_consumer(&link).unwrap().1, 7);
}

#[test]
fn a_number_that_was_somebodys_is_given_out_last() {
    let pool = Pool::create("numbers".parse().unwrap(), 1, SLOT_BYTES).unwrap();
    let (link, _far_end) = connection();
    for expected in (0..24).chain(0..3) {
        let (id, number) = pool.seat_consumer(&link).unwrap();
        assert_eq!(number, expected);
        pool.unseat_consumer(id);
    }
}

#[test]
fn a_pool_is_given_up_when_nobody_looks_at_a_picture_and_not_before() {
    let pool = Pool::create("idle".parse().unwrap(), 3, SLOT_BYTES).unwrap();
    let states = States::from_fd(pool.consumer_fds()[1].try_clone_to_owned().unwrap(), 3, SLOT_BYTES).unwrap();
    let (link, _far_end) = connection();
    let producer = pool.seat_producer(&link).unwrap();
    let header = PictureHeader::of_layout(PictureLayout::packed(PixelFormat::Mono8, 8, 8));
    let mut references = Vec::new();
    for _ in 0..3 {
        let (slot, _) = pool.acquire(producer).unwrap().unwrap();
        references.push(pool.publish(producer, slot, &header).unwrap());
    }
    assert!(pool.idle_since().is_none() && !pool.retire(), "a producer is connected");
    pool.unseat_producer(producer);

    let (link, far_end) = connection();
    let bit = HolderBit::new(pool.seat_consumer(&link).unwrap().1).unwrap();
    let last = &references[2];
    states.lease(last.slot(), last.generation(), bit).unwrap();
    assert!(pool.idle_since().is_none() && !pool.retire(), "a picture is looked at");
    states.release(last.slot(), bit);
    assert!(pool.idle_since().is_some() && pool.retire());
    for reference in &references {
        assert!(states.lease(reference.slot(), reference.generation(), bit).is_err());
    }
    assert!(Link::accepted(far_end).is_hung_up(), "the consumer hears of it");
}

#[test]
fn only_the_own_user_and_those_who_are_named_are_let_in() {
    assert!(is_allowed(1000, 1000, &[]));
    assert!(!is_allowed(1001, 1000, &[]));
    assert!(!is_allowed(0, 1000, &[]));
    assert!(is_allowed(1001, 1000, &[33, 1001]));
    assert!(!is_allowed(1002, 1000, &[33, 1001]));
}

#[test]
fn another_user_has_half_of_the_connections() {
    assert_eq!(share(1000, 1000, 64), 64);
    assert_eq!(share(1001, 1000, 64), 32);
    assert_eq!(share(1001, 1000, 1), 1);
}
