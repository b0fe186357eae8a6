//! Picture files by path, for the person at the command line. Not for peers: whoever can name a path can have any file
//! read.

use super::FrameSource;
use super::content::agree;
use super::error::SourceError;
use super::meta::ImageMeta;
use crate::frame::Frame;
use std::path::Path;

/// What the identifiers begin with.
pub(super) const SCHEME: &str = "file:";

/// PNG and JPEG files anywhere on this machine, under `file:` and their path. Links are followed, as a person expects.
#[derive(Clone, Copy, Debug, Default)]
pub struct PictureFiles;

impl PictureFiles {
    /// All files that this process can read.
    pub fn new() -> Self {
        Self
    }

    /// The picture in a file.
    ///
    /// # Errors
    ///
    /// If it cannot be read, is no picture, or has another size than `meta` says.
    pub fn read(path: &Path, meta: &ImageMeta) -> Result<Frame, SourceError> {
        let frame = Frame::open(path)?;
        match agree(meta, (frame.width(), frame.height())) {
            Ok(()) => Ok(super::stamped(frame, meta)),
            Err(why) => Err(SourceError::OtherFile {
                path: path.to_owned(),
                why,
            }),
        }
    }
}

impl FrameSource for PictureFiles {
    fn kind(&self) -> &'static str {
        "file"
    }

    fn place(&self) -> &'static str {
        "the file system"
    }

    fn claims(&self, id: &str) -> bool {
        id.starts_with(SCHEME)
    }

    fn open(&self, id: &str, meta: &ImageMeta) -> Result<Frame, SourceError> {
        Self::read(Path::new(id.strip_prefix(SCHEME).unwrap_or(id)), meta)
    }
}
