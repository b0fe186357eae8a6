//! Pictures whose bytes somebody handed over directly, held in this process until they are taken away.

use super::FrameSource;
use super::content::{Content, HEAD};
use super::error::{SourceError, Why};
use super::meta::ImageMeta;
use super::recent::Recent;
use crate::frame::Frame;
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the identifiers begin with.
pub(super) const SCHEME: &str = "upload:";

/// Bytes that were handed over, under `upload:` and a name of the holder's choice: a PNG or JPEG file, or raw pixels
/// whose size the station says. Clones share what they hold. How much that is altogether is for the holder to bound.
#[derive(Clone, Debug, Default)]
pub struct Uploads {
    held: Arc<Mutex<HashMap<String, Bytes>>>,
    recent: Arc<Recent>,
}

impl Uploads {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Holds bytes under a name, in place of what was held under it, and returns the picture's identifier. They are
    /// looked at when the picture is opened.
    pub fn hold(&self, name: &str, bytes: impl Into<Bytes>) -> String {
        let id = format!("{SCHEME}{name}");
        self.held().insert(id.clone(), bytes.into());
        id
    }

    /// Forgets the bytes under this identifier, and says whether there were any.
    pub fn forget(&self, id: &str) -> bool {
        self.held().remove(id).is_some()
    }

    /// The map is whole even if a thread panicked while it held it: each change is one call.
    fn held(&self) -> MutexGuard<'_, HashMap<String, Bytes>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn picture(&self, id: &str, meta: &ImageMeta) -> Result<Frame, Why> {
        let bytes = self.held().get(id).cloned().ok_or(Why::Missing)?;
        let length = bytes.len() as u64;
        let content = Content::of(&bytes[..bytes.len().min(HEAD)], length, meta)?;
        let needed = usize::try_from(content.needed(length)).unwrap_or(bytes.len());
        content.picture(bytes.slice(..needed.min(bytes.len())), meta, &self.recent)
    }
}

impl FrameSource for Uploads {
    fn kind(&self) -> &'static str {
        "upload"
    }

    fn place(&self) -> &'static str {
        "what was uploaded"
    }

    fn claims(&self, id: &str) -> bool {
        id.starts_with(SCHEME)
    }

    fn open(&self, id: &str, meta: &ImageMeta) -> Result<Frame, SourceError> {
        self.picture(id, meta)
            .map_err(|why| SourceError::unusable(id, self.place(), why))
    }
}
