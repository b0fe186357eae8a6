//! Where the pixels of a picture are: in this process's own memory, or in a slot of a frame pool.

use crate::pool::memory::PoolMemory;
use bytes::Bytes;
use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// What holds a slot for as long as somebody looks at it.
pub type Lease = Arc<dyn Any + Send + Sync>;

#[derive(Clone)]
pub(super) enum Storage {
    /// Bytes that cannot change any more.
    Own(Bytes),
    /// A slot that the lease keeps from being reused.
    Pool(PooledPicture),
}

/// A picture in a pool.
#[derive(Clone)]
pub(crate) struct PooledPicture {
    pub(crate) memory: Arc<PoolMemory>,
    /// Below `memory.slots()`.
    pub(crate) slot: u32,
    /// Kept for its drop.
    pub(super) _lease: Lease,
}

/// The layout was checked against the storage, so the bytes are there.
const CHECKED: &str = "the layout was checked when the frame was made";

impl Storage {
    /// Copies `target.len()` bytes from `offset` on.
    pub(super) fn copy(&self, offset: usize, target: &mut [u8]) {
        match self {
            Self::Own(bytes) => target.copy_from_slice(&bytes[offset..offset + target.len()]),
            Self::Pool(picture) => picture.memory.read(picture.slot, offset, target).expect(CHECKED),
        }
    }

    /// `len` bytes from `offset` on, copied only if they could change otherwise.
    pub(super) fn bytes(&self, offset: usize, len: usize) -> Cow<'_, [u8]> {
        match self {
            Self::Own(bytes) => Cow::Borrowed(&bytes[offset..offset + len]),
            Self::Pool(_) => {
                let mut copy = vec![0; len];
                self.copy(offset, &mut copy);
                Cow::Owned(copy)
            }
        }
    }

    /// Like [`bytes`](Self::bytes), with a copy in `scratch`, which is reused.
    pub(super) fn bytes_with<'a>(&'a self, offset: usize, len: usize, scratch: &'a mut Vec<u8>) -> &'a [u8] {
        match self {
            Self::Own(bytes) => &bytes[offset..offset + len],
            Self::Pool(_) => {
                scratch.resize(len, 0);
                self.copy(offset, scratch);
                scratch
            }
        }
    }
}

impl fmt::Debug for PooledPicture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PooledPicture")
            .field("slot", &self.slot)
            .finish_non_exhaustive()
    }
}
