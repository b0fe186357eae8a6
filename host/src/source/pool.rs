//! Pictures in frame pools, by the reference that the producer got when it published one. Leased, not copied.

use super::FrameSource;
use super::content::agree;
use super::error::{SourceError, Why};
use super::meta::ImageMeta;
use crate::frame::Frame;
use crate::pool::consumer::PoolClient;
use crate::pool::{FrameReference, PoolName};

/// What the identifiers begin with.
pub(super) const SCHEME: &str = "pool:";

/// The frame pools of one broker, under references such as `pool:cam-01/3/17`. A pool knows size, format, time and
/// camera of its pictures; the size that a station says must be the same.
#[derive(Debug)]
pub struct PoolFrames {
    client: PoolClient,
}

impl PoolFrames {
    /// The pools that this client reaches.
    pub fn new(client: PoolClient) -> Self {
        Self { client }
    }

    /// The picture of a pool that was published last, and its reference.
    ///
    /// # Errors
    ///
    /// As [`FrameSource::open`], or if nothing was published.
    pub fn newest(&self, pool: &PoolName, meta: &ImageMeta) -> Result<(FrameReference, Frame), SourceError> {
        let newest = || {
            let (reference, frame) = self.client.newest(pool)?;
            agree(meta, (frame.width(), frame.height()))?;
            Ok((reference, super::stamped(frame, meta)))
        };
        newest().map_err(|why: Why| SourceError::unusable(&format!("{SCHEME}{pool}"), self.place(), why))
    }

    fn picture(&self, id: &str, meta: &ImageMeta) -> Result<Frame, Why> {
        let reference: FrameReference = id.parse()?;
        let frame = self.client.open(&reference)?;
        agree(meta, (frame.width(), frame.height()))?;
        Ok(frame)
    }
}

impl FrameSource for PoolFrames {
    fn kind(&self) -> &'static str {
        "pool"
    }

    fn place(&self) -> &'static str {
        "the frame pools"
    }

    fn claims(&self, id: &str) -> bool {
        id.starts_with(SCHEME)
    }

    fn open(&self, id: &str, meta: &ImageMeta) -> Result<Frame, SourceError> {
        self.picture(id, meta)
            .map_err(|why| SourceError::unusable(id, self.place(), why))
    }
}
