//! Where pictures come from: an identifier and what was said about the picture go in, a [`Frame`] comes out.
//!
//! Each kind of place is a [`FrameSource`]; [`Sources`] finds the one an identifier belongs to and decides what happens
//! if there is no picture. `docs/pictures.md` lists identifiers, formats, and what is refused.
//!
//! # A picture of the development store
//!
//! ```
//! use procvision_host::policy::PicturePolicy;
//! use procvision_host::source::{DevStore, ImageMeta, Sources};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! // What a platform has written: four gray pixels, as `numpy.save` saves them.
//! let mut file = b"\x93NUMPY\x01\x00\x44\x00".to_vec();
//! file.extend(format!("{:<67}\n", "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), }").bytes());
//! file.extend([10, 20, 30, 40]);
//! std::fs::write(folder.path().join("dev-shm_s-1_cur.npy"), file)?;
//!
//! let sources = Sources::none().with(DevStore::new(folder.path()));
//! let meta = ImageMeta::from_json(&serde_json::json!({"width": 2, "height": 2, "camera_id": "cam-01"}))?;
//! let frame = sources.picture("dev-shm:s-1:cur", &meta, PicturePolicy::Strict)?;
//! assert_eq!((frame.row(1).as_ref(), frame.camera_id()), (&[30, 40][..], "cam-01"));
//!
//! // A picture that is not there fails the step, unless the station asks for a black one.
//! let missing = sources.picture("dev-shm:s-2", &meta, PicturePolicy::Strict);
//! assert_eq!(missing.unwrap_err().to_failure().code.as_str(), "1002");
//! let black = sources.picture("dev-shm:s-2", &meta, PicturePolicy::ZeroFill)?;
//! assert!(black.stand_in_reason().is_some());
//! # Ok(())
//! # }
//! ```

mod content;
pub(crate) mod dev_store;
mod error;
mod file;
mod meta;
mod npy;
pub(crate) mod plain_file;
mod pool;
pub(crate) mod posix;
mod recent;
mod upload;

pub use dev_store::DevStore;
pub use error::{SourceError, Why};
pub use file::PictureFiles;
pub use meta::{ColorSpace, ImageMeta, MetaError};
pub use npy::NpyError;
pub use pool::PoolFrames;
pub use posix::PosixObjects;
pub use upload::Uploads;

use crate::explain::one_line;
use crate::frame::Frame;
use crate::policy::PicturePolicy;
use std::path::PathBuf;

/// Most bytes of decoded pictures that the sources of a station keep: the development store and POSIX shared memory.
pub(crate) const MOST_RECENT_BYTES: u64 = 2 * recent::BYTES;

/// What identifiers begin with that belong to a source of their own, whether a station has it or not.
const SCHEMES: [&str; 4] = [pool::SCHEME, dev_store::SCHEME, file::SCHEME, upload::SCHEME];

/// A place that pictures come from.
pub trait FrameSource: Send + Sync {
    /// A word for programs, such as `dev-store`.
    fn kind(&self) -> &'static str;

    /// What people call it, such as `the development store`: a part of the sentence "there is no picture in ...".
    fn place(&self) -> &'static str;

    /// Whether identifiers of this shape belong here. Says nothing about whether there is such a picture.
    fn claims(&self, id: &str) -> bool;

    /// The folders in which its files lie, if its pictures are files. A process that gives up all other files keeps these.
    fn folders(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    /// The picture under an identifier that belongs here. Reads nothing but pictures, follows no links out of its
    /// place, and takes memory only for a size that was checked.
    ///
    /// # Errors
    ///
    /// See [`SourceError`].
    fn open(&self, id: &str, meta: &ImageMeta) -> Result<Frame, SourceError>;
}

/// The sources that a station has.
pub struct Sources {
    sources: Vec<Box<dyn FrameSource>>,
}

impl Sources {
    /// No source at all.
    pub fn none() -> Self {
        Self { sources: Vec::new() }
    }

    /// What a peer of a station may name: the development store of the environment, and POSIX shared memory.
    pub fn of_station() -> Self {
        Self::none()
            .with(DevStore::from_environment())
            .with(PosixObjects::new())
    }

    /// The same with one more source. If several claim an identifier, it belongs to the first of them.
    #[must_use]
    pub fn with(mut self, source: impl FrameSource + 'static) -> Self {
        self.sources.push(Box::new(source));
        self
    }

    /// The folders in which pictures lie as files.
    pub fn folders(&self) -> Vec<PathBuf> {
        self.sources.iter().flat_map(|source| source.folders()).collect()
    }

    /// The source that an identifier belongs to.
    pub fn of(&self, id: &str) -> Option<&dyn FrameSource> {
        let mut claiming = self.sources.iter().filter(|source| source.claims(id));
        claiming.next().map(Box::as_ref)
    }

    /// The picture under an identifier.
    ///
    /// # Errors
    ///
    /// See [`SourceError`]. What it says is for the station; algorithms must not be told.
    pub fn open(&self, id: &str, meta: &ImageMeta) -> Result<Frame, SourceError> {
        let source = self.of(id).ok_or_else(|| SourceError::unclaimed(id))?;
        Ok(stamped(source.open(id, meta)?, meta))
    }

    /// The picture under an identifier, or what the policy puts in its place. A step that judges a stand-in carries the
    /// warning `picture_zero_filled`.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); with [`PicturePolicy::ZeroFill`] only if `meta` does not say a size, or the picture is not
    /// missing or undecodable but another one than was said: a stale reference, another size, a refused file.
    pub fn picture(&self, id: &str, meta: &ImageMeta, policy: PicturePolicy) -> Result<Frame, SourceError> {
        or_stand_in(self.open(id, meta), meta, policy)
    }
}

/// The picture, or what the policy puts in its place if it cannot be had.
///
/// # Errors
///
/// The one that is passed in, unless the policy is [`PicturePolicy::ZeroFill`], the picture is missing or undecodable, and
/// `meta` says a size.
pub fn or_stand_in(
    picture: Result<Frame, SourceError>,
    meta: &ImageMeta,
    policy: PicturePolicy,
) -> Result<Frame, SourceError> {
    let error = match picture {
        Err(error) if policy == PicturePolicy::ZeroFill && error.may_stand_in() => error,
        decided => return decided,
    };
    let stand_in = |(width, height)| Frame::stand_in(width, height, one_line(&error)).ok();
    match meta.size().and_then(stand_in) {
        Some(black) => Ok(stamped(black, meta)),
        None => Err(error),
    }
}

/// The picture with the time and the camera that were said, where some were said.
fn stamped(mut frame: Frame, meta: &ImageMeta) -> Frame {
    if meta.timestamp_ms() > 0 {
        frame = frame.with_timestamp_ms(meta.timestamp_ms());
    }
    match meta.camera_id() {
        "" => frame,
        camera => frame.with_camera_id(camera),
    }
}
