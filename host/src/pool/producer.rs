//! The producer's side of a pool: a camera, or a program that reads one.

use super::header::{HeaderError, PictureHeader};
use super::link::{Link, LinkError};
use super::memory::{HugePages, PoolMemory, WriteError};
use super::message::{Reply, Request, Role};
use super::reference::{FrameReference, PoolName};
use crate::explain::Explain;
use crate::frame::{PictureLayout, PixelFormat};
use std::borrow::Cow;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Writes pictures into one pool. Can be shared by threads; when it is dropped, what it had begun to write is free, and
/// what it has published can be leased until the slots are needed again.
#[derive(Debug)]
pub struct Producer {
    pool: PoolName,
    memory: PoolMemory,
    link: Mutex<Link>,
}

/// Why a picture was not published. The slot is free again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The header is wrong.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The pixels were not written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The broker did not take it.
    #[error(transparent)]
    Link(#[from] LinkError),
}

impl Explain for PublishError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Header(_) => "header".into(),
            Self::Write(_) => "slot".into(),
            Self::Link(error) => error.code(),
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Header(_) | Self::Write(_) => None,
            Self::Link(error) => error.remedy(),
        }
    }
}

/// Who took a picture, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Camera {
    /// Milliseconds since 1970-01-01T00:00:00Z; 0 if unknown.
    pub timestamp_ms: u64,
    /// At most [`CAMERA_ID_BYTES`](super::CAMERA_ID_BYTES); empty if unknown.
    pub id: String,
}

impl Producer {
    /// Connects to the broker at `socket` as the producer of `pool`, which is made if it is not there: `slots` slots, 1
    /// to [`MAX_SLOTS`](super::broker::MAX_SLOTS), of `slot_bytes` bytes, a multiple of
    /// [`SLOT_GRANULE`](super::memory::SLOT_GRANULE).
    ///
    /// # Errors
    ///
    /// If there is no broker, or it refuses: there is another producer, or no room, or the pool has another geometry
    /// and is in use.
    pub fn connect(socket: impl AsRef<Path>, pool: PoolName, slots: u32, slot_bytes: usize) -> Result<Self, LinkError> {
        let role = Role::Producer {
            pool: pool.to_string(),
            slots,
            slot_bytes: slot_bytes as u64,
        };
        let (link, reply, fds) = Link::connect(socket.as_ref(), role)?;
        let (Reply::Producer { .. }, Ok([fd])) = (reply, <[_; 1]>::try_from(fds)) else {
            return Err(LinkError::Unexpected);
        };
        Ok(Self {
            pool,
            memory: PoolMemory::from_fd(fd, slots, slot_bytes)?,
            link: Mutex::new(link),
        })
    }

    /// The pool.
    pub fn pool(&self) -> &PoolName {
        &self.pool
    }

    /// How many slots it has.
    pub fn slots(&self) -> u32 {
        self.memory.slots()
    }

    /// Bytes of a slot.
    pub fn slot_bytes(&self) -> usize {
        self.memory.slot_bytes()
    }

    /// What the kernel said about huge pages.
    pub fn huge_pages(&self) -> &HugePages {
        self.memory.huge_pages()
    }

    /// A slot to write: a free one, else the one with the oldest picture that nobody looks at. `None` if every slot is
    /// leased or being written: then the picture is lost, and the broker counts it.
    ///
    /// # Errors
    ///
    /// If the broker is gone.
    pub fn acquire(&self) -> Result<Option<SlotWriter<'_>>, LinkError> {
        match self.link().ask(&Request::Acquire {})? {
            Reply::Slot { slot, .. } if slot < self.slots() => Ok(Some(SlotWriter {
                producer: self,
                slot,
                owned: true,
            })),
            Reply::Busy {} => Ok(None),
            _ => Err(LinkError::Unexpected),
        }
    }

    fn link(&self) -> MutexGuard<'_, Link> {
        // A link whose conversation was broken off says so itself.
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A slot that belongs to the producer until the picture is published. Dropped without that, it is free again.
#[derive(Debug)]
#[must_use]
pub struct SlotWriter<'a> {
    producer: &'a Producer,
    slot: u32,
    owned: bool,
}

impl SlotWriter<'_> {
    /// Which slot it is.
    pub fn slot(&self) -> u32 {
        self.slot
    }

    /// Copies bytes into the slot, from `offset` on.
    ///
    /// # Errors
    ///
    /// If they are not all inside the slot.
    pub fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), WriteError> {
        self.producer.memory.write(self.slot, offset, bytes)
    }

    /// Makes the picture known: whoever gets the reference can look at it.
    ///
    /// # Errors
    ///
    /// If the slot holds no such picture, or the broker is gone.
    pub fn publish(mut self, header: &PictureHeader) -> Result<FrameReference, PublishError> {
        header.check(self.producer.slot_bytes())?;
        let request = Request::Publish {
            slot: self.slot,
            header: serde_json::to_value(header).map_err(|_| LinkError::Unexpected)?,
        };
        match self.producer.link().ask(&request)? {
            Reply::Published { slot, generation, .. } if slot == self.slot => {
                self.owned = false;
                Ok(FrameReference::new(self.producer.pool.clone(), slot, generation))
            }
            _ => Err(LinkError::Unexpected.into()),
        }
    }

    /// Writes pixels to the start of the slot and publishes them: `height` rows of `stride` bytes each, of which the
    /// first `width * format.bytes_per_pixel()` are pixels. The last row may end after its pixels.
    ///
    /// # Errors
    ///
    /// If there are too few pixels or too many for the slot, or the broker is gone.
    pub fn publish_pixels(
        self,
        format: PixelFormat,
        width: u32,
        height: u32,
        stride: usize,
        pixels: &[u8],
        camera: &Camera,
    ) -> Result<FrameReference, PublishError> {
        let layout = PictureLayout {
            format,
            width,
            height,
            stride,
            offset: 0,
        };
        let header = PictureHeader {
            timestamp_ms: camera.timestamp_ms,
            camera_id: camera.id.clone(),
            ..PictureHeader::of_layout(layout)
        };
        layout.check(pixels.len()).map_err(HeaderError::from)?;
        header.check(self.producer.slot_bytes())?;
        // Checked: it does not overflow, and both the pixels and the slot have so many bytes.
        let len = stride * (height as usize - 1) + layout.row_bytes();
        self.write(0, &pixels[..len])?;
        self.publish(&header)
    }
}

impl Drop for SlotWriter<'_> {
    fn drop(&mut self) {
        if self.owned
            && let Err(error) = self.producer.link().ask(&Request::Abandon { slot: self.slot })
        {
            // A broker that is gone has no slots.
            tracing::debug!(%error, slot = self.slot, "a slot was not given back");
        }
    }
}
