//! The development store of the original platform: pictures in files, where shared memory is not to be had. Read
//! without Python.

use super::FrameSource;
use super::content::{encoded, raw, within};
use super::error::{SourceError, Why};
use super::meta::ImageMeta;
use super::npy::{MOST_HEADER_BYTES, NpyHeader};
use super::plain_file::{PlainFile, open_folder};
use super::recent::Recent;
use crate::frame::Frame;
use crate::limits::PICTURE_FILE_BYTES;
use rustix::fd::OwnedFd;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the identifiers begin with.
pub(super) const SCHEME: &str = "dev-shm:";
/// What the names of all files begin with therefore.
pub(crate) const FILE_PREFIX: &str = "dev-shm_";
/// The environment variable that names the folder.
const FOLDER_VARIABLE: &str = "PROC_SHM_DIR";
/// The folder for temporary files holds the store otherwise.
const DEFAULT_FOLDER: &str = "procvision_dev_shm";

/// The development store in a folder. Identifiers are `dev-shm:` and whatever follows, such as `dev-shm:s-1` or
/// `dev-shm:s-1:cur`; a file's name is the identifier with every character outside `[A-Za-z0-9._-]` replaced by `_`,
/// and `.npy` for an array or `.bin` for a PNG or JPEG picture. If there are both, the array is taken.
///
/// The folder and its files must not be links. Whoever may write into the folder decides what is judged.
#[derive(Clone, Debug)]
pub struct DevStore {
    folder: PathBuf,
    recent: Arc<Recent>,
}

impl DevStore {
    /// The store in this folder, which need not be there yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            recent: Arc::default(),
        }
    }

    /// The store that the original would use: in `PROC_SHM_DIR`, else in `procvision_dev_shm` in the folder for
    /// temporary files.
    pub fn from_environment() -> Self {
        match std::env::var_os(FOLDER_VARIABLE).filter(|folder| !folder.is_empty()) {
            Some(folder) => Self::new(folder),
            None => Self::new(std::env::temp_dir().join(DEFAULT_FOLDER)),
        }
    }

    /// Makes its folder if it is not there yet, closed to other users.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn make_folder(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)
    }

    /// Where the files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn picture(&self, id: &str, meta: &ImageMeta) -> Result<Frame, Why> {
        let folder = open_folder(&self.folder).map_err(|source| Why::Folder {
            path: self.folder.clone(),
            source,
        })?;
        let name = file_name(id);
        match array(&folder, &format!("{name}.npy"), meta) {
            Err(Why::Missing) => file(&folder, &format!("{name}.bin"), meta, &self.recent),
            found => found,
        }
    }
}

/// The identifier as the name of a file: it has no slash, and cannot be `.` or `..`, since something follows it.
fn file_name(id: &str) -> String {
    let safe = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    id.chars()
        .map(|letter| if safe(letter) { letter } else { '_' })
        .collect()
}

fn array(folder: &OwnedFd, name: &str, meta: &ImageMeta) -> Result<Frame, Why> {
    let file = PlainFile::open(folder, name)?;
    let header = NpyHeader::read(&file.head(MOST_HEADER_BYTES)?)?;
    let layout = header.layout(file.len(), meta)?;
    let pixels = file.copy(header.offset, file.len() - header.offset)?;
    file.unchanged()?;
    Ok(raw(layout, pixels)?)
}

fn file(folder: &OwnedFd, name: &str, meta: &ImageMeta, recent: &Recent) -> Result<Frame, Why> {
    let file = PlainFile::open(folder, name)?;
    if file.len() == 0 {
        return Err(Why::Empty);
    }
    within(file.len(), PICTURE_FILE_BYTES)?;
    let bytes = file.copy(0, file.len())?;
    file.unchanged()?;
    encoded(bytes.into(), meta, recent)
}

impl FrameSource for DevStore {
    fn kind(&self) -> &'static str {
        "dev-store"
    }

    fn place(&self) -> &'static str {
        "the development store"
    }

    fn claims(&self, id: &str) -> bool {
        id.starts_with(SCHEME)
    }

    fn folders(&self) -> Vec<PathBuf> {
        vec![self.folder.clone()]
    }

    fn open(&self, id: &str, meta: &ImageMeta) -> Result<Frame, SourceError> {
        self.picture(id, meta)
            .map_err(|why| SourceError::unusable(id, self.place(), why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_identifier_becomes_a_path() {
        assert_eq!(file_name(SCHEME), FILE_PREFIX);
        assert_eq!(file_name("dev-shm:s-1:cur"), "dev-shm_s-1_cur");
        assert_eq!(file_name("dev-shm:../../etc/passwd\0"), "dev-shm_.._.._etc_passwd_");
        assert_eq!(file_name("dev-shm:\u{202e}缺"), "dev-shm___");
    }
}
