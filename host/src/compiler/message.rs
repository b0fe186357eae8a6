//! What a host and its compiler say to each other: arguments, request, exit status. One version of each; host and
//! compiler are the same program.

use crate::engine::{EngineSettings, FINGERPRINT_BYTES, Metering};
use crate::limits::CompileLimits;
use std::ffi::{OsStr, OsString};

/// The word by which a program knows that it is to compile. Not a command for people.
pub(super) const WORD: &str = "compile-in-child";

/// Begins a request; another form has another mark.
const MARK: &[u8; 16] = b"pv-compile-0001\n";
/// Length of a request without the component.
pub(super) const HEADER_BYTES: usize = MARK.len() + 2 + FINGERPRINT_BYTES;

/// What stands behind [`WORD`], so that it holds before anything else is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arguments {
    /// The host's process.
    pub(super) host: i32,
    /// What the compiler may use. Wall-clock time is the host's to watch.
    pub(super) limits: CompileLimits,
}

impl Arguments {
    pub(super) fn to_words(self) -> [OsString; 4] {
        [
            WORD.into(),
            self.host.to_string().into(),
            self.limits.memory_bytes.to_string().into(),
            self.limits.cpu_seconds.to_string().into(),
        ]
    }

    /// From the words behind [`WORD`].
    pub(super) fn from_words(words: impl Iterator<Item = OsString>) -> Option<Self> {
        fn number<T: std::str::FromStr>(word: &OsStr) -> Option<T> {
            word.to_str()?.parse().ok()
        }
        let [host, memory, cpu] = <[OsString; 3]>::try_from(words.take(4).collect::<Vec<_>>()).ok()?;
        Some(Self {
            host: number(&host)?,
            limits: CompileLimits {
                memory_bytes: number(&memory)?,
                cpu_seconds: number(&cpu)?,
                ..CompileLimits::default()
            },
        })
    }
}

/// What stands before the component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// How the engine is to be made.
    pub(super) settings: EngineSettings,
    /// What it must then be like.
    pub(super) fingerprint: [u8; FINGERPRINT_BYTES],
}

impl Request {
    pub(super) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let EngineSettings { metering, line_tables } = self.settings;
        let flags = [u8::from(metering == Metering::On), u8::from(line_tables)];
        let mut bytes = [0; HEADER_BYTES];
        let parts = MARK.iter().chain(&flags).chain(&self.fingerprint);
        bytes.iter_mut().zip(parts).for_each(|(byte, part)| *byte = *part);
        bytes
    }

    /// The request at the beginning of `bytes`, and the component behind it.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let bytes = bytes.strip_prefix(MARK)?;
        let (&[metered, line_tables], bytes) = bytes.split_first_chunk()?;
        let (&fingerprint, component) = bytes.split_first_chunk()?;
        let settings = EngineSettings {
            metering: match flag(metered)? {
                true => Metering::On,
                false => Metering::Off,
            },
            line_tables: flag(line_tables)?,
        };
        Some((Self { settings, fingerprint }, component))
    }
}

fn flag(byte: u8) -> Option<bool> {
    match byte {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

/// How the compiler ends when it has not crashed, as its exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Ending {
    /// Its stdout is the artifact.
    Compiled = 0,
    /// It was started by hand.
    ByHand = 2,
    /// Its stdout is why the engine refuses the component.
    Refused = 65,
    /// Its engine is another one than the host's.
    OtherEngine = 66,
    /// There was no memory left.
    OutOfMemory = 67,
    /// What it was asked has another form than it knows.
    BadRequest = 68,
}

impl Ending {
    const ALL: [Self; 6] = [
        Self::Compiled,
        Self::ByHand,
        Self::Refused,
        Self::OtherEngine,
        Self::OutOfMemory,
        Self::BadRequest,
    ];

    pub(super) fn from_status(status: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|ending| *ending as i32 == status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_what_is_understood() {
        let arguments = Arguments {
            host: 17,
            limits: CompileLimits {
                memory_bytes: 1 << 40,
                cpu_seconds: 3,
                ..CompileLimits::default()
            },
        };
        let words = arguments.to_words();
        assert_eq!(words[0], WORD);
        assert_eq!(Arguments::from_words(words.into_iter().skip(1)), Some(arguments));
        for (metering, line_tables) in [(Metering::On, false), (Metering::Off, true)] {
            let request = Request {
                settings: EngineSettings { metering, line_tables },
                fingerprint: std::array::from_fn(|index| index as u8),
            };
            let bytes = [request.to_bytes().as_slice(), b"component"].concat();
            assert_eq!(Request::from_bytes(&bytes), Some((request, b"component".as_slice())));
            assert_eq!(Request::from_bytes(&bytes[..HEADER_BYTES - 1]), None);
            let mut other = bytes.clone();
            other[MARK.len()] = 2;
            assert_eq!(Request::from_bytes(&other), None);
        }
    }

    #[test]
    fn other_words_are_not_understood() {
        for words in [
            &[][..],
            &["1", "2"],
            &["1", "2", "3", "4"],
            &["1", "2", "x"],
            &["1", "-2", "3"],
        ] {
            assert_eq!(
                Arguments::from_words(words.iter().map(OsString::from)),
                None,
                "{words:?}"
            );
        }
    }
}
