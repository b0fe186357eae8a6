//! One pool as the broker keeps it: what each slot holds, who is connected, and what was counted.
//!
//! What the broker knows is here and not in the shared states: of those it believes nothing but the bits of the
//! consumers that are connected, so that a consumer can hold slots and otherwise harm nobody's bookkeeping.
//!
//! Each connection's own thread gives up its seat when the peer hangs up. Where a seat or a slot is wanted and there is
//! none, the broker does not wait for that thread to run: it looks for itself who has hung up.

use super::remains::erase_around;
use crate::pool::header::PictureHeader;
use crate::pool::link::Link;
use crate::pool::memory::{HugePages, PoolMemory, PoolMemoryError};
use crate::pool::message::{PoolStatus, Refusal, SLOTS_A_PAGE, SlotPicture, SlotStatus};
use crate::pool::reference::{FrameReference, PoolName};
use crate::pool::states::States;
use crate::pool::word::{HolderBit, MAX_CONSUMERS, MAX_GENERATION, Phase, SlotWord, next_generation};
use rustix::fd::{BorrowedFd, OwnedFd};
use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The rate of a pool is an average over this time.
const RATE_TIME: Duration = Duration::from_secs(5);
/// Most moments that are kept for it; enough for 800 pictures a second.
const RATE_MOMENTS: usize = 4096;

/// What the broker says to somebody who asks for what cannot be.
pub(super) type Refused = (Refusal, String);

/// A pool, until it is given up.
#[derive(Debug)]
pub(super) struct Pool {
    name: PoolName,
    memory: PoolMemory,
    /// The same memory, to be read only.
    for_consumers: OwnedFd,
    states: States,
    book: Mutex<Book>,
}

/// What the broker alone knows and changes.
#[derive(Debug)]
struct Book {
    slots: Vec<Slot>,
    producer: Option<Seat>,
    /// By the number of the bit.
    consumers: BTreeMap<u32, Seat>,
    /// The numbers that nobody has, the one first that has not been anybody's for longest: who has lost its seat and
    /// does not know it yet may still clear its old bit.
    numbers: VecDeque<u32>,
    /// When somebody has come or gone last.
    used_at: Instant,
    seats: SeatId,
    sequence: u64,
    published: u64,
    dropped: u64,
    since: Instant,
    moments: VecDeque<Instant>,
}

/// Tells one connection from all others of the pool.
pub(super) type SeatId = u64;

#[derive(Debug)]
struct Seat {
    id: SeatId,
    link: Arc<Link>,
}

impl Book {
    /// One bit for each consumer that is connected.
    fn consumer_bits(&self) -> u32 {
        self.consumers.keys().fold(0, |bits, number| bits | 1 << number)
    }

    fn new_seat(&mut self, link: &Arc<Link>) -> Seat {
        self.seats += 1;
        self.used_at = Instant::now();
        Seat {
            id: self.seats,
            link: Arc::clone(link),
        }
    }
}

#[derive(Clone, Debug)]
struct Slot {
    generation: u64,
    phase: Phase,
    /// The place of its picture in the order of publishing.
    sequence: u64,
    picture: Option<SlotPicture>,
    /// Where the pixels of earlier pictures end; behind that the producer has written nothing that it spoke of.
    used: usize,
}

impl Pool {
    pub(super) fn create(name: PoolName, slots: u32, slot_bytes: usize) -> Result<Self, PoolMemoryError> {
        let memory = PoolMemory::create(slots, slot_bytes)?;
        let for_consumers = memory.read_only_fd()?;
        tracing::info!(pool = %name, slots, slot_bytes, pages = %memory.huge_pages(), "a pool is made");
        let random = RandomState::new();
        let first = |slot: u32| random.hash_one(slot) & MAX_GENERATION;
        // A number that no slot has.
        let states = States::create(slots, slot_bytes, random.hash_one(u64::MAX), first)?;
        let book = Book {
            slots: (0..slots)
                .map(|slot| Slot {
                    generation: first(slot),
                    phase: Phase::Free,
                    sequence: 0,
                    picture: None,
                    used: 0,
                })
                .collect(),
            producer: None,
            consumers: BTreeMap::new(),
            numbers: (0..MAX_CONSUMERS as u32).collect(),
            used_at: Instant::now(),
            seats: 0,
            sequence: 0,
            published: 0,
            dropped: 0,
            since: Instant::now(),
            moments: VecDeque::new(),
        };
        Ok(Self {
            name,
            memory,
            for_consumers,
            states,
            book: Mutex::new(book),
        })
    }

    pub(super) fn slots(&self) -> u32 {
        self.memory.slots()
    }

    pub(super) fn slot_bytes(&self) -> usize {
        self.memory.slot_bytes()
    }

    /// The memory for a producer.
    pub(super) fn producer_fds(&self) -> [BorrowedFd<'_>; 1] {
        [self.memory.fd()]
    }

    /// The memory for a consumer, and that of the states.
    pub(super) fn consumer_fds(&self) -> [BorrowedFd<'_>; 2] {
        use rustix::fd::AsFd;
        [self.for_consumers.as_fd(), self.states.fd()]
    }

    /// Since when nobody needs the pool: no producer is connected, and no consumer that is looks at a picture. `None`
    /// if somebody does.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let mut book = self.book();
        self.sweep(&mut book);
        self.is_idle(&book).then_some(book.used_at)
    }

    fn is_idle(&self, book: &Book) -> bool {
        let consumers = book.consumer_bits();
        book.producer.is_none() && (0..self.slots()).all(|slot| self.states.get(slot).holders & consumers == 0)
    }

    /// Gives the pool up if nobody needs it: makes its pictures stale and hangs up on consumers, who connect again when
    /// they want one. `false`, and nothing has changed, if somebody does. The caller sees to it that nobody comes
    /// meanwhile.
    pub(super) fn retire(&self) -> bool {
        let mut book = self.book();
        self.sweep(&mut book);
        if !self.is_idle(&book) {
            return false;
        }
        let consumers = book.consumer_bits();
        for slot in 0..self.slots() {
            let stale = SlotWord::new(next_generation(book.slots[slot as usize].generation), Phase::Free);
            if !self.states.take(slot, consumers, stale) {
                // Leased at this very moment: everything stays.
                for earlier in 0..slot {
                    let Slot { generation, phase, .. } = book.slots[earlier as usize];
                    self.states.put(earlier, SlotWord::new(generation, phase));
                }
                return false;
            }
        }
        for seat in book.consumers.values() {
            seat.link.hang_up();
        }
        book.consumers.clear();
        tracing::info!(pool = %self.name, "a pool is given up");
        true
    }

    /// Gives the memory of a pool back that was given up, also that of which somebody has kept a descriptor.
    pub(super) fn discard(&self) {
        if let Err(error) = self.memory.discard() {
            tracing::warn!(pool = %self.name, error = %crate::explain::one_line(&error), "memory is not given back");
        }
    }

    /// A producer comes.
    pub(super) fn seat_producer(&self, link: &Arc<Link>) -> Result<SeatId, Refused> {
        let mut book = self.book();
        if book.producer.is_some() {
            self.sweep(&mut book);
        }
        if book.producer.is_some() {
            return Err((
                Refusal::Taken,
                format!("the pool `{}` has a producer already", self.name),
            ));
        }
        let seat = book.new_seat(link);
        let id = seat.id;
        book.producer = Some(seat);
        tracing::info!(pool = %self.name, "a producer has connected");
        Ok(id)
    }

    /// The producer is gone: what it had begun to write is free.
    pub(super) fn unseat_producer(&self, id: SeatId) {
        let mut book = self.book();
        if book.producer.as_ref().is_some_and(|seat| seat.id == id) {
            self.clear_producer(&mut book);
        }
    }

    fn clear_producer(&self, book: &mut Book) {
        tracing::info!(pool = %self.name, "the producer has hung up");
        book.producer = None;
        book.used_at = Instant::now();
        for slot in 0..self.slots() {
            if book.slots[slot as usize].phase == Phase::Writing {
                self.free(book, slot);
            }
        }
    }

    /// A consumer comes and gets the number of its bit.
    pub(super) fn seat_consumer(&self, link: &Arc<Link>) -> Result<(SeatId, u32), Refused> {
        let mut book = self.book();
        if book.consumers.len() >= MAX_CONSUMERS {
            self.sweep(&mut book);
        }
        let free = book.numbers.pop_front();
        let Some((number, bit)) = free.and_then(|number| Some((number, HolderBit::new(number)?))) else {
            let message = format!(
                "the pool `{}` has {MAX_CONSUMERS} consumers, and cannot have more",
                self.name
            );
            return Err((Refusal::Limit, message));
        };
        // One that was there before may have set its bit after it was gone.
        self.release_all(bit);
        let seat = book.new_seat(link);
        let id = seat.id;
        book.consumers.insert(number, seat);
        tracing::info!(pool = %self.name, number, "a consumer has connected");
        Ok((id, number))
    }

    /// A consumer is gone: what it held is not held any more.
    pub(super) fn unseat_consumer(&self, id: SeatId) {
        let mut book = self.book();
        let number = book.consumers.iter().find(|(_, seat)| seat.id == id);
        if let Some(number) = number.map(|(number, _)| *number) {
            self.clear_consumer(&mut book, number);
        }
    }

    fn clear_consumer(&self, book: &mut Book, number: u32) {
        tracing::info!(pool = %self.name, number, "a consumer has hung up");
        if let Some(bit) = HolderBit::new(number) {
            self.release_all(bit);
        }
        book.consumers.remove(&number);
        book.numbers.push_back(number);
        book.used_at = Instant::now();
    }

    /// Takes their seats from all who have hung up, if their threads have not yet done so.
    fn sweep(&self, book: &mut Book) {
        if book.producer.as_ref().is_some_and(|seat| seat.link.is_hung_up()) {
            self.clear_producer(book);
        }
        let gone = book.consumers.iter().filter(|(_, seat)| seat.link.is_hung_up());
        let gone: Vec<u32> = gone.map(|(number, _)| *number).collect();
        for number in gone {
            self.clear_consumer(book, number);
        }
    }

    fn release_all(&self, bit: HolderBit) {
        for slot in 0..self.slots() {
            self.states.release(slot, bit);
        }
    }

    /// A slot to write: one that is free, else the one with the oldest picture that nobody looks at. `None`, and
    /// counted as a drop, if there is none.
    pub(super) fn acquire(&self, producer: SeatId) -> Result<Option<(u32, u64)>, Refused> {
        let mut book = self.book();
        check_seat(&book, producer)?;
        let mut taken = self.take_slot(&mut book);
        if taken.is_none() {
            self.sweep(&mut book);
            check_seat(&book, producer)?;
            taken = self.take_slot(&mut book);
        }
        book.dropped += u64::from(taken.is_none());
        Ok(taken)
    }

    fn take_slot(&self, book: &mut Book) -> Option<(u32, u64)> {
        let mut candidates: Vec<u32> = (0..self.slots())
            .filter(|&slot| book.slots[slot as usize].phase != Phase::Writing)
            .collect();
        // A free slot is older than every picture.
        candidates.sort_by_key(|&slot| match &book.slots[slot as usize] {
            Slot {
                phase: Phase::Ready,
                sequence,
                ..
            } => *sequence,
            _ => 0,
        });
        let consumers = book.consumer_bits();
        candidates.into_iter().find_map(|slot| {
            let generation = next_generation(book.slots[slot as usize].generation);
            let writing = SlotWord::new(generation, Phase::Writing);
            self.states.take(slot, consumers, writing).then(|| {
                let entry = &mut book.slots[slot as usize];
                *entry = Slot {
                    generation,
                    phase: Phase::Writing,
                    sequence: 0,
                    picture: None,
                    used: entry.used,
                };
                (slot, generation)
            })
        })
    }

    /// The picture in a slot is whole.
    pub(super) fn publish(
        &self,
        producer: SeatId,
        slot: u32,
        header: &PictureHeader,
    ) -> Result<FrameReference, Refused> {
        let mut book = self.book();
        check_seat(&book, producer)?;
        self.check_writing(&book, slot)?;
        let checked = header.check(self.slot_bytes());
        let layout = checked.map_err(|error| (Refusal::Header, crate::explain::one_line(&error)))?;
        let entry = &mut book.slots[slot as usize];
        // The layout was checked against the slot, and the broker's own view can be written.
        erase_around(&self.memory, slot, &layout, entry.used)
            .map_err(|error| (Refusal::Slot, crate::explain::one_line(&error)))?;
        entry.used = layout.end().unwrap_or(self.slot_bytes());
        book.sequence += 1;
        book.published += 1;
        let now = Instant::now();
        book.moments.push_back(now);
        while book.moments.len() > RATE_MOMENTS || book.moments.front().is_some_and(|at| now - *at > RATE_TIME) {
            book.moments.pop_front();
        }
        let sequence = book.sequence;
        let entry = &mut book.slots[slot as usize];
        entry.phase = Phase::Ready;
        entry.sequence = sequence;
        entry.picture = Some(SlotPicture {
            format: header.format,
            width: header.width,
            height: header.height,
        });
        self.states.set_header(slot, sequence, header);
        self.states.put(slot, SlotWord::new(entry.generation, Phase::Ready));
        self.states.ring();
        Ok(FrameReference::new(self.name.clone(), slot, entry.generation))
    }

    /// The producer does not want a slot any more.
    pub(super) fn abandon(&self, producer: SeatId, slot: u32) -> Result<(), Refused> {
        let mut book = self.book();
        check_seat(&book, producer)?;
        self.check_writing(&book, slot)?;
        self.free(&mut book, slot);
        Ok(())
    }

    fn check_writing(&self, book: &Book, slot: u32) -> Result<(), Refused> {
        match book.slots.get(slot as usize) {
            Some(Slot {
                phase: Phase::Writing, ..
            }) => Ok(()),
            Some(_) => Err((
                Refusal::Slot,
                format!("slot {slot} is not being written; acquire it first"),
            )),
            None => {
                let message = format!(
                    "there is no slot {slot}; the pool `{}` has {} slots",
                    self.name,
                    self.slots()
                );
                Err((Refusal::Slot, message))
            }
        }
    }

    /// The slot was being written and is so no more.
    fn free(&self, book: &mut Book, slot: u32) {
        let entry = &mut book.slots[slot as usize];
        entry.phase = Phase::Free;
        // How much of a picture was written before it was given up, nobody knows.
        entry.used = self.slot_bytes();
        self.states.put(slot, SlotWord::new(entry.generation, Phase::Free));
    }

    /// What an observer sees, with some slots from `from` on.
    pub(super) fn page(&self, from: u32) -> PoolStatus {
        let mut book = self.book();
        self.sweep(&mut book);
        let consumers = book.consumer_bits();
        let now = Instant::now();
        let lately = book.moments.iter().filter(|at| now - **at <= RATE_TIME).count();
        let over = (now - book.since).clamp(Duration::from_secs(1), RATE_TIME);
        let states = (from..self.slots()).take(SLOTS_A_PAGE).map(|slot| {
            let known = &book.slots[slot as usize];
            SlotStatus {
                phase: known.phase.as_str().to_owned(),
                generation: known.generation,
                holders: (self.states.get(slot).holders & consumers).count_ones(),
                picture: known.picture.clone(),
            }
        });
        PoolStatus {
            pool: self.name.to_string(),
            slots: self.slots(),
            slot_bytes: self.slot_bytes() as u64,
            huge_pages: *self.memory.huge_pages() == HugePages::Collapsed,
            producer: book.producer.is_some(),
            consumers: consumers.count_ones(),
            published: book.published,
            dropped: book.dropped,
            fps: (lately as f64 / over.as_secs_f64() * 10.0).round() / 10.0,
            from,
            states: states.collect(),
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // Each change of the book is whole before anything could panic.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the producer still has its seat; one that has hung up has not, even if something it said is still to be
/// read.
fn check_seat(book: &Book, producer: SeatId) -> Result<(), Refused> {
    match &book.producer {
        Some(seat) if seat.id == producer => Ok(()),
        _ => Err((Refusal::Role, "this producer has hung up".into())),
    }
}
