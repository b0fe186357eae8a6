//! Pictures in POSIX shared-memory objects that a platform makes, by their names. They are copied, never mapped, since
//! whoever made one can cut it off.

use super::content::{Content, HEAD};
use super::error::{SourceError, Why};
use super::meta::ImageMeta;
use super::plain_file::{PlainFile, open_folder};
use super::recent::Recent;
use super::{FrameSource, SCHEMES};
use crate::frame::Frame;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where Linux keeps shared-memory objects.
pub(crate) const FOLDER: &str = "/dev/shm";
/// Bytes of a name.
const NAME_BYTES: usize = 255;

/// POSIX shared-memory objects of this machine. An identifier is the object's name, with or without its slash; no
/// identifier that begins like another source's belongs here.
///
/// An object holds a PNG or JPEG file, or raw pixels whose size the station says; then its length is that of the
/// pixels, perhaps rounded up to whole memory pages.
#[derive(Clone, Debug, Default)]
pub struct PosixObjects {
    recent: Arc<Recent>,
}

impl PosixObjects {
    /// All objects of this machine.
    pub fn new() -> Self {
        Self::default()
    }

    /// The name of an object as the folder of all objects has it.
    pub(crate) fn file_name(name: &str) -> Result<&str, Why> {
        let name = name.strip_prefix('/').unwrap_or(name);
        match name {
            "" => Err(Why::BadName("is empty")),
            "." | ".." => Err(Why::BadName("is that of a folder")),
            name if name.contains('/') => Err(Why::BadName("has a slash inside")),
            name if name.contains('\0') => Err(Why::BadName("has a NUL character")),
            name if name.len() > NAME_BYTES => Err(Why::BadName("has more than 255 bytes")),
            name => Ok(name),
        }
    }

    fn picture(&self, id: &str, meta: &ImageMeta) -> Result<Frame, Why> {
        let name = Self::file_name(id)?;
        let folder = open_folder(Path::new(FOLDER)).map_err(|source| Why::Folder {
            path: PathBuf::from(FOLDER),
            source,
        })?;
        let object = PlainFile::open(folder, name)?;
        let content = Content::of(&object.head(HEAD)?, object.len(), meta)?;
        let bytes = object.copy(0, content.needed(object.len()))?;
        object.unchanged()?;
        content.picture(bytes, meta, &self.recent)
    }
}

impl FrameSource for PosixObjects {
    fn kind(&self) -> &'static str {
        "posix"
    }

    fn place(&self) -> &'static str {
        "POSIX shared memory"
    }

    fn claims(&self, id: &str) -> bool {
        !SCHEMES.iter().any(|scheme| id.starts_with(scheme))
    }

    fn folders(&self) -> Vec<PathBuf> {
        vec![FOLDER.into()]
    }

    fn open(&self, id: &str, meta: &ImageMeta) -> Result<Frame, SourceError> {
        self.picture(id, meta)
            .map_err(|why| SourceError::unusable(id, self.place(), why))
    }
}
