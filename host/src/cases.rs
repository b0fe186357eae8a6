//! Golden cases: pictures with the answers that are expected, shipped inside a package as `cases.json` and `pictures/`.
//!
//! They are an algorithm's own proof: `procvision validate` replays them, and a station does before a new version goes
//! live. In order: the file is read and checked (`format.rs`), pictures are found, the algorithm is asked (`replay.rs`) and
//! its answers compared (`comparison.rs`).

mod comparison;
mod error;
mod format;
mod replay;

pub use error::{CasesError, Fault};
pub use format::{Case, CaseList, ExpectedPre, ExpectedRect, ExpectedVerdict};
pub use replay::{CaseResult, replay};

use crate::archive::{self, Archive, ArchiveError};
use crate::bounded_file::{self, BoundedFileError};
use crate::frame::{Frame, FrameError};
use crate::limits::{CASES, CASES_BYTES};
use crate::strict_json;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The golden cases of one package.
#[derive(Clone, Debug)]
pub struct Cases {
    cases: Vec<Case>,
    place: Place,
}

/// Where the pictures are.
#[derive(Clone, Debug)]
enum Place {
    Folder(PathBuf),
    Archive(Arc<Archive>),
}

impl Cases {
    /// The cases of the package in a folder; `None` if it has none.
    ///
    /// # Errors
    ///
    /// See [`CasesError`]. Pictures are looked for, but not decoded.
    pub fn read(folder: &Path) -> Result<Option<Self>, CasesError> {
        let path = folder.join(archive::CASES);
        let text = match bounded_file::read(&path, CASES_BYTES) {
            Ok(text) => text,
            Err(BoundedFileError::Missing(_)) => return Ok(None),
            Err(error) => {
                return Err(CasesError::Unreadable {
                    path,
                    source: said(error),
                });
            }
        };
        Self::parse(&text, &path, Place::Folder(folder.to_owned())).map(Some)
    }

    /// The cases of a package archive; `None` if it has none.
    ///
    /// # Errors
    ///
    /// See [`CasesError`]. Pictures are looked for, but not decoded.
    pub fn of_archive(archive: &Arc<Archive>) -> Result<Option<Self>, CasesError> {
        let path = archive.path().join(archive::CASES);
        let text = match archive.content(archive::CASES) {
            Ok(Some(text)) => text,
            Ok(None) => return Ok(None),
            Err(error) => {
                return Err(CasesError::Unreadable {
                    path,
                    source: io::Error::other(error),
                });
            }
        };
        if text.len() as u64 > CASES_BYTES {
            let source = said(BoundedFileError::TooLarge(text.len() as u64));
            return Err(CasesError::Unreadable { path, source });
        }
        Self::parse(&text, &path, Place::Archive(archive.clone())).map(Some)
    }

    fn parse(text: &[u8], path: &Path, place: Place) -> Result<Self, CasesError> {
        let cases: Vec<Case> = strict_json::parse_list(text, path)?;
        if cases.is_empty() {
            return Err(CasesError::Empty(path.to_owned()));
        }
        if cases.len() > CASES {
            return Err(CasesError::TooMany {
                path: path.to_owned(),
                cases: cases.len(),
            });
        }
        let this = Self { cases, place };
        let mut names = BTreeSet::new();
        for case in &this.cases {
            let about = |fault| CasesError::Case {
                path: path.to_owned(),
                case: case.name.clone(),
                fault,
            };
            if !names.insert(&case.name) {
                return Err(about(Fault::NameTwice));
            }
            case.check().map_err(about)?;
            for picture in case.pictures() {
                this.find(picture).map_err(about)?;
            }
        }
        Ok(this)
    }

    /// The cases, in the order of the file.
    pub fn list(&self) -> &[Case] {
        &self.cases
    }

    fn find(&self, picture: &str) -> Result<(), Fault> {
        let is_there = match &self.place {
            Place::Folder(folder) => {
                let mut path = folder.clone();
                let mut last = None;
                for part in Path::new(picture).components() {
                    path.push(part);
                    let kind = fs::symlink_metadata(&path).map(|metadata| metadata.file_type()).ok();
                    // It could lead out of the package.
                    if kind.is_some_and(|kind| kind.is_symlink()) {
                        return Err(Fault::PictureLink(picture.to_owned()));
                    }
                    last = kind;
                }
                last.is_some_and(|kind| kind.is_file())
            }
            Place::Archive(archive) => archive.entries().any(|entry| entry.name == picture),
        };
        match is_there {
            true => Ok(()),
            false => Err(Fault::PictureMissing(picture.to_owned())),
        }
    }

    /// A picture that a case names.
    fn picture(&self, name: &str) -> Result<Frame, PictureError> {
        match &self.place {
            Place::Folder(folder) => Ok(Frame::open(folder.join(name))?),
            Place::Archive(archive) => match archive.content(name)? {
                Some(encoded) => Ok(Frame::decode(&encoded)?),
                None => Err(PictureError::Gone),
            },
        }
    }
}

/// Why a picture cannot be shown to the algorithm.
#[derive(Debug, thiserror::Error)]
enum PictureError {
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("it is not there any more")]
    Gone,
}

fn said(error: BoundedFileError) -> io::Error {
    match error {
        BoundedFileError::Missing(source) | BoundedFileError::Io(source) => source,
        BoundedFileError::NotAFile => io::Error::other("it is not a file"),
        BoundedFileError::TooLarge(bytes) => io::Error::other(format!("it has {bytes} bytes of at most {CASES_BYTES}")),
    }
}
