//! The state of a slot in one word, so that it changes at once or not at all: which picture it holds (generation), who
//! looks at it (holders), and what may be done with it (phase).
//!
//! ```text
//!  63                                  28 27                      4 3      0
//! +--------------------------------------+-------------------------+--------+
//! |              generation              |         holders         | phase  |
//! +--------------------------------------+-------------------------+--------+
//! ```

use std::fmt;

const PHASE_BITS: u32 = 4;
const HOLDER_BITS: u32 = 24;
const GENERATION_BITS: u32 = 36;

/// The largest generation; the next one is 0.
pub(crate) const MAX_GENERATION: u64 = (1 << GENERATION_BITS) - 1;
/// How many consumers can be connected to one pool at a time: each has a bit of its own.
pub const MAX_CONSUMERS: usize = HOLDER_BITS as usize;

/// What may be done with a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Holds nothing.
    Free,
    /// Its producer writes a picture.
    Writing,
    /// Holds a picture, which consumers can lease.
    Ready,
}

impl Phase {
    /// The phase as it is written in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Writing => "writing",
            Self::Ready => "ready",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The bit of one consumer among the holders of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HolderBit(u32);

impl HolderBit {
    /// The bit of the consumer with this number, if there can be one.
    pub(crate) fn new(number: u32) -> Option<Self> {
        (number < HOLDER_BITS).then(|| Self(1 << number))
    }

    /// Its place in the whole word.
    pub(crate) fn in_word(self) -> u64 {
        u64::from(self.0) << PHASE_BITS
    }
}

/// A state word, taken apart. A word whose phase is none that is known counts as [`Phase::Writing`]: nobody may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SlotWord {
    /// At most [`MAX_GENERATION`].
    pub(crate) generation: u64,
    /// One bit for each consumer, at most 24 bits.
    pub(crate) holders: u32,
    pub(crate) phase: Phase,
}

impl SlotWord {
    pub(crate) fn new(generation: u64, phase: Phase) -> Self {
        Self {
            generation,
            holders: 0,
            phase,
        }
    }

    pub(crate) fn unpack(word: u64) -> Self {
        Self {
            generation: word >> (PHASE_BITS + HOLDER_BITS),
            holders: ((word >> PHASE_BITS) & ((1 << HOLDER_BITS) - 1)) as u32,
            phase: match word & ((1 << PHASE_BITS) - 1) {
                0 => Phase::Free,
                2 => Phase::Ready,
                _ => Phase::Writing,
            },
        }
    }

    pub(crate) fn pack(self) -> u64 {
        let phase = match self.phase {
            Phase::Free => 0,
            Phase::Writing => 1,
            Phase::Ready => 2,
        };
        (self.generation & MAX_GENERATION) << (PHASE_BITS + HOLDER_BITS) | u64::from(self.holders) << PHASE_BITS | phase
    }

    /// The same picture with one more holder, if there is a picture and it is the one of `generation`.
    pub(crate) fn leased(self, generation: u64, holder: HolderBit) -> Option<Self> {
        (self.phase == Phase::Ready && self.generation == generation).then_some(Self {
            holders: self.holders | holder.0,
            ..self
        })
    }

    #[cfg(test)]
    pub(crate) fn is_held_by(self, holder: HolderBit) -> bool {
        self.holders & holder.0 != 0
    }
}

/// The generation after another one.
pub(crate) fn next_generation(generation: u64) -> u64 {
    generation.wrapping_add(1) & MAX_GENERATION
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_comes_apart_as_it_was_put_together() {
        for generation in [0, 1, 12_345, MAX_GENERATION] {
            for holders in [0, 1, 0x80_0000, 0xff_ffff] {
                for phase in [Phase::Free, Phase::Writing, Phase::Ready] {
                    let word = SlotWord {
                        generation,
                        holders,
                        phase,
                    };
                    assert_eq!(SlotWord::unpack(word.pack()), word);
                }
            }
        }
        assert_eq!(SlotWord::unpack(15).phase, Phase::Writing);
    }

    #[test]
    fn a_holder_has_the_bit_that_is_its_own() {
        for number in 0..24 {
            let bit = HolderBit::new(number).unwrap();
            let word = SlotWord::new(7, Phase::Ready);
            let leased = word.leased(7, bit).unwrap();
            assert!(leased.is_held_by(bit));
            assert_eq!(leased.pack() & !bit.in_word(), word.pack());
            assert_eq!(leased.holders.count_ones(), 1);
        }
        assert_eq!(HolderBit::new(24), None);
    }

    #[test]
    fn the_generation_begins_again_after_the_last() {
        assert_eq!(next_generation(7), 8);
        assert_eq!(next_generation(MAX_GENERATION), 0);
    }
}
