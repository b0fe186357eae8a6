//! The memory that holds the states of a pool's slots, shared by the broker and the consumers, never with producers.
//!
//! A sealed memfd of 64-bit words, and nothing else: every word is read and written atomically, so that it does not
//! matter when another process writes it. Whoever reads a picture's header sets its bit in the slot's state word first,
//! then copies the header out, then checks the copy. `docs/frame-pool.md` draws the layout.
//!
//! This is the one file of the host that looks at memory in place that other processes write.

use crate::address_space::{AddressRange, Sharing};
use crate::pool::header::{HEADER_WORDS, PictureHeader};
use crate::pool::memory::PoolMemoryError;
use crate::pool::word::{HolderBit, Phase, SlotWord};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{MemfdFlags, SealFlags};
use std::io;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::Duration;

/// `PVPOOL` and two bytes that no text has.
const MAGIC: u64 = u64::from_le_bytes(*b"PVPOOL\xf0\x01");
/// Another number means another layout.
const VERSION: u64 = 2;
/// Words before the first slot: magic, version, slots, bytes of a slot, the bell, the pool's own number, and room.
const FILE_WORDS: usize = 8;
/// The bell is half of this word, used by itself; the other half is nothing.
const BELL: usize = 4;
const POOL: usize = 5;
/// Words of a slot: two cache lines.
const SLOT_WORDS: usize = 16;
/// Where the parts of a slot lie among its words.
const STATE: usize = 0;
const SEQUENCE: usize = 1;
const HEADER: usize = 2;
const PUBLISHED: usize = HEADER + HEADER_WORDS;

const _: () = assert!(PUBLISHED < SLOT_WORDS);

/// How often an exchange is tried again because somebody else was first. Those who keep to the rules change a state
/// once for each lease; only a process that does nothing else can be first so often.
const TRIES: usize = 64;
const PAGE: usize = 4096;
const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

/// The states of the slots of a pool.
#[derive(Debug)]
pub(crate) struct States {
    fd: OwnedFd,
    view: AddressRange,
    slots: u32,
}

impl States {
    /// New states: every slot is free. The first generation of each slot is a number that nobody can foresee, so that a
    /// reference from an earlier pool fits only by a chance of one in 2^36. `pool` tells the pool from all others, those
    /// of the same name included.
    pub(crate) fn create(
        slots: u32,
        slot_bytes: usize,
        pool: u64,
        first: impl Fn(u32) -> u64,
    ) -> Result<Self, PoolMemoryError> {
        let len = file_len(slots);
        let fd = rustix::fs::memfd_create("procvision-states", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)
            .map_err(system("create"))?;
        rustix::fs::ftruncate(&fd, len as u64).map_err(system("size"))?;
        rustix::fs::fcntl_add_seals(&fd, SEALS).map_err(system("seal"))?;
        let states = Self::map(fd, slots)?;
        for (index, value) in [MAGIC, VERSION, u64::from(slots), slot_bytes as u64]
            .into_iter()
            .enumerate()
        {
            states.word(index).store(value, Relaxed);
        }
        states.word(POOL).store(pool, Relaxed);
        for slot in 0..slots {
            states.put(slot, SlotWord::new(first(slot), Phase::Free));
        }
        Ok(states)
    }

    /// States that a broker handed over.
    pub(crate) fn from_fd(fd: OwnedFd, slots: u32, slot_bytes: usize) -> Result<Self, PoolMemoryError> {
        let seals = rustix::fs::fcntl_get_seals(&fd).unwrap_or(SealFlags::empty());
        if !seals.contains(SealFlags::SHRINK | SealFlags::GROW) {
            return Err(PoolMemoryError::NotSealed);
        }
        let stat = rustix::fs::fstat(&fd).map_err(system("inspect"))?;
        let (expected, actual) = (file_len(slots) as u64, u64::try_from(stat.st_size).unwrap_or(0));
        if actual != expected {
            return Err(PoolMemoryError::WrongSize { expected, actual });
        }
        let states = Self::map(fd, slots)?;
        let head = [0, 1, 2, 3].map(|index| states.word(index).load(Relaxed));
        if head != [MAGIC, VERSION, u64::from(slots), slot_bytes as u64] {
            return Err(PoolMemoryError::Layout);
        }
        Ok(states)
    }

    /// `fd` is sealed against shrinking and `file_len(slots)` bytes long.
    fn map(fd: OwnedFd, slots: u32) -> Result<Self, PoolMemoryError> {
        let len = file_len(slots);
        let view = AddressRange::reserve(len).map_err(system("reserve address space for"))?;
        // SAFETY: nobody knows the range yet. The callers have made sure that the file has `len` bytes and cannot
        // shrink. The bytes are only ever accessed as atomic words, through `word`.
        unsafe { view.lay_file(0, len, fd.as_fd(), 0, Sharing::Shared) }.map_err(system("map"))?;
        Ok(Self { fd, view, slots })
    }

    /// The memory itself, to hand it to a consumer.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// How many slots there are.
    pub(crate) fn slots(&self) -> u32 {
        self.slots
    }

    /// The state of a slot as it is at this moment.
    pub(crate) fn get(&self, slot: u32) -> SlotWord {
        SlotWord::unpack(self.state(slot).load(Acquire))
    }

    /// Gives a slot another state, whatever its state is. For the broker only.
    pub(crate) fn put(&self, slot: u32, word: SlotWord) {
        self.state(slot).store(word.pack(), Release);
    }

    /// Makes the state of a slot any number, as a process could that keeps to no rule.
    #[cfg(test)]
    pub(crate) fn put_raw(&self, slot: u32, word: u64) {
        self.state(slot).store(word, Release);
    }

    /// Gives a slot another state, unless one of these consumers holds it. What else the state says does not count: the
    /// broker knows better. A slot whose state does not stand still counts as held. For the broker only.
    pub(crate) fn take(&self, slot: u32, consumers: u32, new: SlotWord) -> bool {
        let state = self.state(slot);
        let mut seen = state.load(Acquire);
        for _ in 0..TRIES {
            if SlotWord::unpack(seen).holders & consumers != 0 {
                break;
            }
            match state.compare_exchange_weak(seen, new.pack(), AcqRel, Acquire) {
                Ok(_) => return true,
                Err(now) => seen = now,
            }
        }
        false
    }

    /// Sets the consumer's bit if the slot holds the picture of `generation`; else, or if the state does not stand
    /// still, says what it is in.
    pub(crate) fn lease(&self, slot: u32, generation: u64, holder: HolderBit) -> Result<(), SlotWord> {
        let state = self.state(slot);
        let mut seen = state.load(Acquire);
        for _ in 0..TRIES {
            let word = SlotWord::unpack(seen);
            let leased = word.leased(generation, holder).ok_or(word)?;
            match state.compare_exchange_weak(seen, leased.pack(), AcqRel, Acquire) {
                Ok(_) => return Ok(()),
                Err(now) => seen = now,
            }
        }
        Err(SlotWord::unpack(seen))
    }

    /// Clears the consumer's bit.
    pub(crate) fn release(&self, slot: u32, holder: HolderBit) {
        self.state(slot).fetch_and(!holder.in_word(), Release);
    }

    /// Writes what is said about the picture of a slot that is being written, its place in the order of publishing, and
    /// that it is published now. For the broker only.
    pub(crate) fn set_header(&self, slot: u32, sequence: u64, header: &PictureHeader) {
        self.slot_word(slot, SEQUENCE).store(sequence, Relaxed);
        self.slot_word(slot, PUBLISHED).store(monotonic_ns(), Relaxed);
        for (index, value) in header.to_words().into_iter().enumerate() {
            self.slot_word(slot, HEADER + index).store(value, Relaxed);
        }
    }

    /// A copy of what is said about the picture of a slot. It belongs together if the slot is leased.
    pub(crate) fn header(&self, slot: u32) -> [u64; HEADER_WORDS] {
        std::array::from_fn(|index| self.slot_word(slot, HEADER + index).load(Relaxed))
    }

    /// The place of the slot's picture in the order of publishing. It belongs to the picture if the slot is leased.
    pub(crate) fn sequence(&self, slot: u32) -> u64 {
        self.slot_word(slot, SEQUENCE).load(Relaxed)
    }

    /// How long ago the slot's picture was published. It belongs to the picture if the slot is leased.
    pub(crate) fn age(&self, slot: u32) -> Duration {
        let published = self.slot_word(slot, PUBLISHED).load(Relaxed);
        Duration::from_nanos(monotonic_ns().saturating_sub(published))
    }

    /// What tells the pool from all others.
    pub(crate) fn pool(&self) -> u64 {
        self.word(POOL).load(Relaxed)
    }

    /// How often the bell was rung, modulo 2^32.
    pub(crate) fn rung(&self) -> u32 {
        self.bell().load(Acquire)
    }

    /// Wakes everybody who waits for a picture, after the states have changed. For the broker only. A system call of
    /// less than a microsecond when nobody waits.
    pub(crate) fn ring(&self) {
        let bell = self.bell();
        bell.fetch_add(1, Release);
        // SAFETY: the address is that of a word of the view, which lives as long as `self`; FUTEX_WAKE looks up who
        // waits there and touches no memory.
        unsafe { libc::syscall(libc::SYS_futex, bell.as_ptr(), libc::FUTEX_WAKE, libc::c_int::MAX) };
    }

    // A futex, because it wakes within microseconds, costs nothing while nothing happens, and leaves the broker's protocol
    // alone. A packet to each consumer would have the broker speak first, and fill the sockets of those that do not read;
    // looking again and again costs the processor all the time what this costs once a picture.
    /// Waits until the bell is rung after it was `seen`, but not for longer than `patience`. May also return sooner;
    /// whoever waits looks at the states before and after.
    pub(crate) fn wait(&self, seen: u32, patience: Duration) {
        let bell = self.bell();
        let patience = libc::timespec {
            tv_sec: patience.as_secs().try_into().unwrap_or(libc::time_t::MAX),
            tv_nsec: patience.subsec_nanos().into(),
        };
        // SAFETY: as in `ring`; FUTEX_WAIT reads the word, which any process may change meanwhile, and `patience`, which
        // outlives the call. Whatever it returns means no more than that it is time to look.
        unsafe {
            libc::syscall(
                libc::SYS_futex,
                bell.as_ptr(),
                libc::FUTEX_WAIT,
                seen,
                &raw const patience,
            )
        };
    }

    fn bell(&self) -> &AtomicU32 {
        let offset = BELL * size_of::<AtomicU64>();
        assert!(offset + size_of::<AtomicU32>() <= file_len(self.slots));
        // SAFETY: as in `word`. Nobody who keeps to the layout accesses these four bytes in any other way than as this
        // 32-bit word.
        unsafe { AtomicU32::from_ptr(self.view.base().add(offset).as_ptr().cast()) }
    }

    fn state(&self, slot: u32) -> &AtomicU64 {
        self.slot_word(slot, STATE)
    }

    fn slot_word(&self, slot: u32, index: usize) -> &AtomicU64 {
        assert!(slot < self.slots, "slot {slot} of {}", self.slots);
        self.word(FILE_WORDS + slot as usize * SLOT_WORDS + index)
    }

    fn word(&self, index: usize) -> &AtomicU64 {
        let offset = index * size_of::<AtomicU64>();
        assert!(offset + size_of::<AtomicU64>() <= file_len(self.slots), "word {index}");
        // SAFETY: the word lies in the view (asserted), which `map` has backed by a file that cannot shrink and which
        // lives as long as `self`. It is aligned, since the view begins at a page. Every access to these bytes, in this
        // process and in others that keep to the layout, is an atomic access to the same 64-bit word; others cannot
        // make it anything but a 64-bit number, which has no invalid value.
        unsafe { AtomicU64::from_ptr(self.view.base().add(offset).as_ptr().cast()) }
    }
}

/// Bytes of the memory for so many slots: whole pages.
fn file_len(slots: u32) -> usize {
    ((FILE_WORDS + slots as usize * SLOT_WORDS) * size_of::<u64>()).next_multiple_of(PAGE)
}

/// The system's clock that no one can set, in nanoseconds; the same in all processes of the machine.
fn monotonic_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000) + u64::try_from(now.tv_nsec).unwrap_or(0)
}

fn system<E: Into<io::Error>>(doing: &'static str) -> impl FnOnce(E) -> PoolMemoryError {
    move |error| PoolMemoryError::System {
        doing,
        source: error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::PixelFormat;
    use crate::pool::word::MAX_GENERATION;

    const SLOT_BYTES: usize = 2 << 20;

    fn pair(slots: u32) -> (States, States) {
        let states = States::create(slots, SLOT_BYTES, 77, |slot| u64::from(slot) * 10).unwrap();
        let other = States::from_fd(states.fd().try_clone_to_owned().unwrap(), slots, SLOT_BYTES).unwrap();
        (states, other)
    }

    #[test]
    fn a_lease_needs_the_right_generation_of_a_finished_picture() {
        let (broker, consumer) = pair(3);
        let me = HolderBit::new(5).unwrap();
        for phase in [Phase::Free, Phase::Writing] {
            broker.put(1, SlotWord::new(7, phase));
            assert_eq!(consumer.lease(1, 7, me), Err(SlotWord::new(7, phase)));
        }
        broker.put(1, SlotWord::new(7, Phase::Ready));
        for wrong in [6, 8, 0, MAX_GENERATION] {
            assert!(consumer.lease(1, wrong, me).is_err());
        }
        consumer.lease(1, 7, me).unwrap();
        assert!(broker.get(1).is_held_by(me));
        let word = broker.get(1);
        assert_eq!(word.generation, 7);
        assert!(!broker.take(1, 0xff_ffff, SlotWord::new(8, Phase::Writing)));
        consumer.release(1, me);
        assert_eq!(broker.get(1), SlotWord::new(7, Phase::Ready));
        assert!(broker.take(1, 0xff_ffff, SlotWord::new(8, Phase::Writing)));
        assert!(consumer.lease(1, 7, me).is_err() && consumer.lease(1, 8, me).is_err());
    }

    #[test]
    fn headers_cross_from_one_mapping_to_the_other() {
        let (broker, consumer) = pair(256);
        let header = PictureHeader {
            format: PixelFormat::BayerGB8,
            width: 3,
            height: 4,
            stride: 5,
            offset: 6,
            timestamp_ms: u64::MAX,
            camera_id: "x".repeat(64),
        };
        broker.set_header(255, 99, &header);
        assert_eq!(PictureHeader::from_words(consumer.header(255)).unwrap(), header);
        assert_eq!(consumer.sequence(255), 99);
        assert_eq!(consumer.sequence(254), 0);
    }

    #[test]
    fn whoever_waits_is_woken_through_the_other_mapping() {
        let (broker, consumer) = pair(1);
        assert_eq!(consumer.pool(), 77);
        let seen = consumer.rung();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                while consumer.rung() == seen {
                    consumer.wait(seen, Duration::from_secs(600));
                }
            });
            broker.ring();
            waiting.join().unwrap();
        });
        // Rung since: no reason to wait.
        consumer.wait(seen, Duration::from_secs(600));
        // And nobody waits for longer than they want.
        consumer.wait(consumer.rung(), Duration::from_millis(1));
    }

    #[test]
    fn memory_that_is_something_else_is_refused() {
        let (states, _) = pair(2);
        let again = |slots, slot_bytes| States::from_fd(states.fd().try_clone_to_owned().unwrap(), slots, slot_bytes);
        assert!(matches!(again(3, SLOT_BYTES), Err(PoolMemoryError::Layout)));
        assert!(matches!(again(2, 2 * SLOT_BYTES), Err(PoolMemoryError::Layout)));
        assert!(matches!(again(200, SLOT_BYTES), Err(PoolMemoryError::WrongSize { .. })));
        states.word(1).store(VERSION - 1, Relaxed);
        assert!(matches!(again(2, SLOT_BYTES), Err(PoolMemoryError::Layout)));
        assert!(rustix::fs::ftruncate(states.fd(), 0).is_err());
        let file = OwnedFd::from(tempfile::tempfile().unwrap());
        assert!(matches!(
            States::from_fd(file, 2, SLOT_BYTES),
            Err(PoolMemoryError::NotSealed)
        ));
    }
}
