//! The consumer's side: from a reference to a picture that is leased for as long as somebody looks at it.
//!
//! A lease is one atomic exchange in memory that broker and consumers share; the broker is asked only when a pool is
//! seen for the first time. In order: set the bit, copy the header out, check the copy.

use super::connector::Connector;
use super::header::{HeaderError, PictureHeader};
use super::link::{Link, LinkError};
use super::memory::PoolMemory;
use super::message::{Reply, Role};
use super::reference::{FrameReference, PoolName};
use super::states::States;
use super::word::{HolderBit, Phase};
use crate::explain::{Explain, one_line};
use crate::failure::ErrorCode;
use crate::frame::Frame;
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often the newest picture is looked for again because it was overwritten meanwhile.
const TRIES: usize = 16;

/// Opens pictures of all pools of one broker. Connects when a pool is first needed, and again if the broker has been
/// replaced or has made the pool anew. Pictures keep their lease, and with it the connection, whatever becomes of the client.
#[derive(Debug)]
pub struct PoolClient {
    way: Way,
    pools: Mutex<HashMap<PoolName, Arc<Connection>>>,
}

/// Where somebody is who follows the pictures of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PoolMark {
    /// Tells the pool from all others, those of the same name included.
    pool: u64,
    /// The place of a picture in the order of publishing.
    sequence: u64,
}

/// Which of the pictures that were published later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// The first of them that is still there.
    Oldest,
    /// The last of them.
    Newest,
}

/// A picture, and where it stands among those of its pool.
#[derive(Debug)]
pub struct Published {
    /// What names it.
    pub reference: FrameReference,
    /// The picture, leased.
    pub frame: Frame,
    /// Its place in the order of publishing, from 1.
    pub sequence: u64,
    /// To find those that come later.
    pub mark: PoolMark,
    /// How long ago it was published, by the system's clock that nobody can set.
    pub age: Duration,
    /// How many were published between the picture of the mark and this one: they were overwritten, or not wanted.
    pub passed_over: u64,
}

/// How a client connects.
#[derive(Debug)]
enum Way {
    /// It connects to this socket.
    Direct(PathBuf),
    /// Another process connects for it.
    Through(Connector),
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// The broker cannot be reached, or has no such pool.
    #[error(transparent)]
    Broker(#[from] LinkError),
    /// The slot has been written again since, or never held this picture.
    #[error("`{0}` is stale: the slot has been written again since, or never held this picture")]
    Stale(FrameReference),
    /// The pool has fewer slots.
    #[error("the pool `{}` has {slots} slots, and no slot {}", reference.pool(), reference.slot())]
    NoSuchSlot {
        /// What was asked for.
        reference: FrameReference,
        /// How many slots there are.
        slots: u32,
    },
    /// The pool holds no picture.
    #[error("no picture has been published in the pool `{0}`")]
    Empty(PoolName),
    /// What is said about the picture cannot be.
    #[error("the picture in the pool cannot be used")]
    Header(#[from] HeaderError),
}

impl Explain for PoolError {
    fn code(&self) -> Cow<'static, str> {
        ErrorCode::ImageLoadFailed.as_str().into()
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::Broker(error) => return error.remedy(),
            Self::Stale(_) => {
                "ask while the picture is there: give the pool more slots, or call sooner after publishing"
            }
            Self::NoSuchSlot { .. } => "use the reference as the producer got it when it published the picture",
            Self::Empty(_) => "publish a picture first",
            Self::Header(_) => "look at what the producer publishes",
        };
        Some(remedy.into())
    }
}

impl PoolClient {
    /// A client of the broker at `socket`. Nothing is connected yet.
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self::by(Way::Direct(socket.into()))
    }

    /// A client whose connections another process makes, because this one cannot or soon will not be able to.
    pub fn through(connector: Connector) -> Self {
        Self::by(Way::Through(connector))
    }

    fn by(way: Way) -> Self {
        Self {
            way,
            pools: Mutex::default(),
        }
    }

    /// The broker's socket.
    pub fn socket(&self) -> &Path {
        match &self.way {
            Way::Direct(socket) => socket,
            Way::Through(connector) => connector.socket(),
        }
    }

    /// The picture that a reference names. Its slot is not written again until the last clone of the frame is dropped.
    ///
    /// # Errors
    ///
    /// If the reference is stale or forged, or the broker cannot be reached. All of them mean that there is no picture.
    pub fn open(&self, reference: &FrameReference) -> Result<Frame, PoolError> {
        self.ask(reference.pool(), |connection| connection.open(reference))
    }

    /// The picture of a pool that was published last, and its reference.
    ///
    /// # Errors
    ///
    /// If there is none, or the broker cannot be reached.
    pub fn newest(&self, pool: &PoolName) -> Result<(FrameReference, Frame), PoolError> {
        self.ask(pool, |connection| connection.open_newest(pool))
    }

    /// A picture of a pool that was published after the one of `mark`, leased. `None` if there is none yet. Without a
    /// mark, or with one of another pool of the same name (its broker was replaced, or it was made anew), every picture
    /// of the pool is later.
    ///
    /// Whoever gives each picture's mark to the next call sees every picture in the order of publishing, as long as the
    /// pool's slots suffice, and none twice.
    ///
    /// # Errors
    ///
    /// If the broker cannot be reached, or has no such pool. A picture of which something is said that cannot be is
    /// passed over.
    pub fn after(
        &self,
        pool: &PoolName,
        mark: Option<PoolMark>,
        which: Follow,
    ) -> Result<Option<Published>, PoolError> {
        self.ask(pool, |connection| connection.open_after(pool, mark, which))
    }

    /// Waits until there is a picture that was published after the one of `mark`, but not for longer than `patience`.
    /// May return sooner. A broker that dies meanwhile wakes nobody: [`after`](Self::after) notices.
    ///
    /// # Errors
    ///
    /// If the broker cannot be reached.
    pub fn wait_after(&self, pool: &PoolName, mark: Option<PoolMark>, patience: Duration) -> Result<(), PoolError> {
        let connection = self.connection(pool)?;
        // In this order: a picture that is published after the look has rung the bell since.
        let rung = connection.states.rung();
        if connection.later(connection.last(mark), Follow::Newest).is_none() {
            connection.states.wait(rung, patience);
        }
        Ok(())
    }

    /// What a connection answers, if somebody still keeps the pool at its other end; else what a new one does. Looked
    /// at afterwards: a lease protects only if the broker knew the bit when it was set.
    fn ask<T>(
        &self,
        pool: &PoolName,
        question: impl Fn(&Arc<Connection>) -> Result<T, PoolError>,
    ) -> Result<T, PoolError> {
        let connection = self.connection(pool)?;
        let answer = question(&connection);
        if !connection.link.is_hung_up() {
            return answer;
        }
        drop(answer);
        self.forget(pool, &connection);
        question(&self.connection(pool)?)
    }

    fn connection(&self, pool: &PoolName) -> Result<Arc<Connection>, PoolError> {
        if let Some(connection) = self.pools().get(pool) {
            return Ok(Arc::clone(connection));
        }
        // Connected without the lock, so that a broker that does not answer keeps nobody from the pools that are there.
        let new = Arc::new(Connection::connect(&self.way, pool)?);
        let mut pools = self.pools();
        pools.retain(|_, connection| !connection.link.is_hung_up());
        Ok(Arc::clone(pools.entry(pool.clone()).or_insert(new)))
    }

    fn forget(&self, pool: &PoolName, connection: &Arc<Connection>) {
        let mut pools = self.pools();
        if pools.get(pool).is_some_and(|known| Arc::ptr_eq(known, connection)) {
            pools.remove(pool);
        }
    }

    fn pools(&self) -> MutexGuard<'_, HashMap<PoolName, Arc<Connection>>> {
        // Each change of the map is whole before anything could panic.
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One pool, as this process sees it.
#[derive(Debug)]
struct Connection {
    /// Kept open: when it closes, the broker takes the leases back.
    link: Link,
    memory: Arc<PoolMemory>,
    states: States,
    holder: HolderBit,
    /// How many leases this process has of each slot. The bit in the shared state is set while there is one.
    leases: Box<[Mutex<u32>]>,
}

impl Connection {
    fn connect(way: &Way, pool: &PoolName) -> Result<Self, LinkError> {
        let role = Role::Consumer { pool: pool.to_string() };
        let (link, reply, fds) = match way {
            Way::Direct(socket) => Link::connect(socket, role)?,
            Way::Through(connector) => Link::hello(connector.connect()?, role)?,
        };
        let Reply::Consumer {
            slots,
            slot_bytes,
            holder,
            ..
        } = reply
        else {
            return Err(LinkError::Unexpected);
        };
        let (Ok([pixels, states]), Ok(slot_bytes)) = (<[_; 2]>::try_from(fds), usize::try_from(slot_bytes)) else {
            return Err(LinkError::Unexpected);
        };
        Ok(Self {
            link,
            memory: Arc::new(PoolMemory::from_fd(pixels, slots, slot_bytes)?),
            states: States::from_fd(states, slots, slot_bytes)?,
            holder: HolderBit::new(holder).ok_or(LinkError::Unexpected)?,
            leases: (0..slots).map(|_| Mutex::new(0)).collect(),
        })
    }

    /// The slot and generation of the picture that was published last.
    fn newest(&self) -> Option<(u32, u64)> {
        // A picture that is overwritten while the words are read is found out when it is leased.
        (0..self.states.slots())
            .map(|slot| (slot, self.states.get(slot)))
            .filter(|(_, word)| word.phase == Phase::Ready)
            .max_by_key(|(slot, _)| self.states.sequence(*slot))
            .map(|(slot, word)| (slot, word.generation))
    }

    fn open_newest(self: &Arc<Self>, pool: &PoolName) -> Result<(FrameReference, Frame), PoolError> {
        for _ in 0..TRIES {
            let (slot, generation) = self.newest().ok_or_else(|| PoolError::Empty(pool.clone()))?;
            let reference = FrameReference::new(pool.clone(), slot, generation);
            match self.open(&reference) {
                Err(PoolError::Stale(_)) => {}
                opened => return opened.map(|frame| (reference, frame)),
            }
        }
        Err(PoolError::Empty(pool.clone()))
    }

    /// Slot, generation and place of a picture that was published after the one that was the `last`.
    fn later(&self, last: u64, which: Follow) -> Option<(u32, u64, u64)> {
        let later = (0..self.states.slots())
            .map(|slot| (slot, self.states.get(slot)))
            .filter(|(_, word)| word.phase == Phase::Ready)
            .map(|(slot, word)| (slot, word.generation, self.states.sequence(slot)))
            .filter(|(.., sequence)| *sequence > last);
        match which {
            Follow::Oldest => later.min_by_key(|(.., sequence)| *sequence),
            Follow::Newest => later.max_by_key(|(.., sequence)| *sequence),
        }
    }

    /// The place that the mark is about; 0, which is before the first, if it is none of this pool.
    fn last(&self, mark: Option<PoolMark>) -> u64 {
        let mark = mark.filter(|mark| mark.pool == self.states.pool());
        mark.map_or(0, |mark| mark.sequence)
    }

    fn open_after(
        self: &Arc<Self>,
        pool: &PoolName,
        mark: Option<PoolMark>,
        which: Follow,
    ) -> Result<Option<Published>, PoolError> {
        let last = self.last(mark);
        let mut from = last;
        for _ in 0..TRIES {
            let Some(mut found) = self.later(from, which) else {
                return Ok(None);
            };
            if which == Follow::Oldest && found.2 > from.saturating_add(1) {
                // Those between were published before this one. One that was published while the slots were looked at,
                // into a slot that had been looked at, is there now.
                found = self.later(from, which).unwrap_or(found);
            }
            let (slot, generation, found) = found;
            let reference = FrameReference::new(pool.clone(), slot, generation);
            let frame = match self.open(&reference) {
                Err(PoolError::Stale(_)) => continue,
                Err(error @ PoolError::Header(_)) => {
                    // Another consumer has lied about it. Whoever waits for its end waits for nothing.
                    tracing::warn!(%pool, "a picture is passed over: {}", one_line(&error));
                    from = found;
                    continue;
                }
                opened => opened?,
            };
            // Leased: now it belongs to this picture.
            let sequence = self.states.sequence(slot);
            return Ok(Some(Published {
                reference,
                frame,
                sequence,
                mark: PoolMark {
                    pool: self.states.pool(),
                    sequence,
                },
                age: self.states.age(slot),
                passed_over: sequence.saturating_sub(last).saturating_sub(1),
            }));
        }
        // Pictures come faster than they can be looked at. The next call looks again.
        Ok(None)
    }

    fn open(self: &Arc<Self>, reference: &FrameReference) -> Result<Frame, PoolError> {
        let lease = self.lease(reference)?;
        // Leased: the broker does not write the header until the lease ends. It is copied first and believed later.
        let header = PictureHeader::from_words(self.states.header(reference.slot()))?;
        let layout = header.check(self.memory.slot_bytes())?;
        let frame = Frame::in_pool(Arc::clone(&self.memory), reference.slot(), layout, Arc::new(lease));
        let frame = frame.map_err(HeaderError::from)?;
        Ok(frame
            .with_timestamp_ms(header.timestamp_ms)
            .with_camera_id(header.camera_id))
    }

    fn lease(self: &Arc<Self>, reference: &FrameReference) -> Result<Lease, PoolError> {
        let slot = reference.slot();
        let Some(leases) = self.leases.get(slot as usize) else {
            return Err(PoolError::NoSuchSlot {
                reference: reference.clone(),
                slots: self.states.slots(),
            });
        };
        let mut leases = leases.lock().unwrap_or_else(PoisonError::into_inner);
        // With leases of this process the bit is set already, and setting it again checks the generation all the same.
        let leased = self.states.lease(slot, reference.generation(), self.holder);
        leased.map_err(|_| PoolError::Stale(reference.clone()))?;
        *leases += 1;
        Ok(Lease {
            connection: Arc::clone(self),
            slot,
        })
    }
}

/// Keeps a slot from being written. One of those that this process has of the slot.
#[derive(Debug)]
struct Lease {
    connection: Arc<Connection>,
    slot: u32,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Connection {
            leases, states, holder, ..
        } = &*self.connection;
        let mut leases = leases[self.slot as usize]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *leases -= 1;
        if *leases == 0 {
            states.release(self.slot, *holder);
        }
    }
}
