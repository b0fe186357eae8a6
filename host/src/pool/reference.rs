//! How a picture in a pool is named in a call: `pool:<name>/<slot>/<generation>`.

use crate::explain::Explain;
use crate::failure::ErrorCode;
use crate::pool::word::MAX_GENERATION;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

const SCHEME: &str = "pool:";
/// Most bytes of a pool's name.
pub const POOL_NAME_BYTES: usize = 32;

/// The name of a pool: lower-case letters, digits, `-` and `_`, the first a letter or digit, at most
/// [`POOL_NAME_BYTES`]. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PoolName(Arc<str>);

impl PoolName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PoolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PoolName {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        let bytes = text.as_bytes();
        let first = bytes.first().is_some_and(u8::is_ascii_alphanumeric);
        if first && bytes.len() <= POOL_NAME_BYTES && bytes.iter().all(inner) {
            Ok(Self(text.into()))
        } else {
            Err(ReferenceError::PoolName)
        }
    }
}

/// Names one picture in one slot of a pool; once the slot is written again, it names nothing any more.
///
/// The text form is `pool:<name>/<slot>/<generation>`, numbers in decimal without signs or leading zeros.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FrameReference {
    pool: PoolName,
    slot: u32,
    generation: u64,
}

impl FrameReference {
    pub(crate) fn new(pool: PoolName, slot: u32, generation: u64) -> Self {
        Self { pool, slot, generation }
    }

    /// Whether a `shared_mem_id` names a picture in a pool at all, well-formed or not.
    pub fn is_meant_by(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// The pool.
    pub fn pool(&self) -> &PoolName {
        &self.pool
    }

    /// The slot, from 0.
    pub fn slot(&self) -> u32 {
        self.slot
    }

    /// Counts what was written into the slot, from a number that nobody can foresee.
    pub fn generation(&self) -> u64 {
        self.generation
    }
}

impl fmt::Display for FrameReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/{}/{}", self.pool, self.slot, self.generation)
    }
}

impl FromStr for FrameReference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let rest = text.strip_prefix(SCHEME).ok_or(ReferenceError::Scheme)?;
        let mut parts = rest.split('/');
        let (Some(pool), Some(slot), Some(generation), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(ReferenceError::Parts);
        };
        Ok(Self {
            pool: pool.parse()?,
            slot: u32::try_from(number(slot, u64::from(u32::MAX))?).map_err(|_| ReferenceError::Number)?,
            generation: number(generation, MAX_GENERATION)?,
        })
    }
}

/// A number as [`FrameReference`] writes it.
fn number(text: &str, most: u64) -> Result<u64, ReferenceError> {
    let digits = !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit());
    let written_so = digits && (text.len() == 1 || !text.starts_with('0'));
    let value = written_so.then(|| text.parse().ok()).flatten();
    value.filter(|value| *value <= most).ok_or(ReferenceError::Number)
}

/// Why a text names no picture in a pool. The text itself is not repeated: it comes from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// It does not begin with `pool:`.
    #[error("a reference to a picture in a pool begins with `pool:`")]
    Scheme,
    /// It does not have three parts.
    #[error("a reference to a picture in a pool has three parts: `pool:<name>/<slot>/<generation>`")]
    Parts,
    /// There can be no pool of that name.
    #[error(
        "the name of a pool is made of 1 to {POOL_NAME_BYTES} lower-case letters, digits, `-` and `_`, the first a \
         letter or digit"
    )]
    PoolName,
    /// A slot or generation is not a number, or one that cannot be.
    #[error("the slot and the generation of a reference are decimal numbers without signs or leading zeros")]
    Number,
}

impl Explain for ReferenceError {
    fn code(&self) -> Cow<'static, str> {
        ErrorCode::ImageLoadFailed.as_str().into()
    }

    fn remedy(&self) -> Option<String> {
        Some("use the reference as the producer got it when it published the picture".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_as_it_is_written() {
        for text in ["pool:cam-01/0/0", "pool:a/4294967295/68719476735", "pool:0_x/17/1"] {
            assert_eq!(text.parse::<FrameReference>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn only_one_way_of_writing_is_accepted() {
        use ReferenceError::{Number, Parts, PoolName, Scheme};
        for (text, error) in [
            ("", Scheme),
            ("dev-shm:1", Scheme),
            ("POOL:a/0/0", Scheme),
            ("pool:", Parts),
            ("pool:a", Parts),
            ("pool:a/1", Parts),
            ("pool:a/1/2/3", Parts),
            ("pool:a/1/2/", Parts),
            ("pool:/1/2", PoolName),
            ("pool:-a/1/2", PoolName),
            ("pool:A/1/2", PoolName),
            ("pool:a b/1/2", PoolName),
            ("pool:\u{e4}/1/2", PoolName),
            ("pool:../1", Parts),
            ("pool:..//1", PoolName),
            ("pool:a//2", Number),
            ("pool:a/+1/2", Number),
            ("pool:a/-1/2", Number),
            ("pool:a/01/2", Number),
            ("pool:a/1/00", Number),
            ("pool:a/ 1/2", Number),
            ("pool:a/1/0x2", Number),
            ("pool:a/4294967296/2", Number),
            ("pool:a/1/68719476736", Number),
            ("pool:a/1/99999999999999999999", Number),
            ("pool:a/1/999999999999999999999999999999", Number),
        ] {
            assert_eq!(text.parse::<FrameReference>(), Err(error), "{text}");
        }
        assert!("x".repeat(32).parse::<super::PoolName>().is_ok());
        assert!("x".repeat(33).parse::<super::PoolName>().is_err());
    }
}
