//! Why there is no picture under an identifier, for the station. Algorithms are never told identifiers or names.

use super::npy::NpyError;
use crate::explain::{Explain, one_line};
use crate::failure::{ErrorCode, Failure};
use crate::frame::FrameError;
use crate::pool::ReferenceError;
use crate::pool::consumer::PoolError;
use crate::visible;
use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

/// Characters of an identifier that an error quotes.
const QUOTED: usize = 200;

/// Why a picture cannot be had. Quotes the identifier in one line that steers no terminal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// No source has pictures under identifiers of this shape.
    #[error("there is no picture `{id}`: no source of this station has identifiers of this shape")]
    Unclaimed {
        /// The identifier, made safe to show.
        id: String,
    },
    /// The source has no usable picture under this identifier.
    #[error("there is no usable picture `{id}` in {place}")]
    Unusable {
        /// The identifier, made safe to show.
        id: String,
        /// The source.
        place: &'static str,
        /// What is wrong.
        #[source]
        why: Why,
    },
    /// A file that a person named cannot be used.
    #[error(transparent)]
    File(#[from] FrameError),
    /// The picture in a file that a person named is not as was said.
    #[error("cannot use picture {}", path.display())]
    OtherFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        why: Why,
    },
}

/// What is wrong with what lies under an identifier.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// The name cannot be one of this source's.
    #[error("its name {0}")]
    BadName(&'static str),
    /// There is nothing under this name.
    #[error("there is nothing under this name")]
    Missing,
    /// It cannot be opened.
    #[error("it cannot be opened")]
    Open(#[source] io::Error),
    /// The folder that holds the pictures cannot be opened.
    #[error("the folder {} cannot be opened", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no plain file, but a link, a folder, a pipe or the like.
    #[error("it is {0}, not a plain file")]
    NotPlain(&'static str),
    /// It has several names, so that it may be a file of somebody else's.
    #[error("it has {0} names in the file system, so that it may be somebody else's")]
    Linked(u64),
    /// Nothing is in it.
    #[error("it is empty")]
    Empty,
    /// More bytes than are accepted.
    #[error("it has {actual} bytes, more than the {limit} that are accepted")]
    TooLarge {
        /// In bytes.
        actual: u64,
        /// In bytes.
        limit: u64,
    },
    /// It cannot be read.
    #[error("it cannot be read")]
    Read(#[source] io::Error),
    /// It lost bytes between being opened and being read.
    #[error("it was cut off while it was read")]
    CutOff,
    /// Somebody wrote into it meanwhile, so that parts of two pictures may have been read.
    #[error("it was written to while it was read")]
    Changed,
    /// Raw pixels say nothing about their size.
    #[error("it holds raw pixels, and `image_meta` does not say their width and height")]
    NeedsSize,
    /// As many bytes as no format has for this size.
    #[error("it has {bytes} bytes, but {width} x {height} raw pixels are {gray} in gray or {colour} in colour")]
    OtherLength {
        /// How many there are.
        bytes: u64,
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// Bytes of such a gray picture.
        gray: u64,
        /// Bytes of such a colour picture.
        colour: u64,
    },
    /// Rounded up to a whole memory page, gray and colour have the same length.
    #[error(
        "it has {0} bytes, which a gray picture of this size rounded up to memory pages has as well as a colour one"
    )]
    Ambiguous(u64),
    /// The array in a file of NumPy's is not a picture.
    #[error("its array is no picture")]
    Array(#[from] NpyError),
    /// The picture has another size than was said.
    #[error("`image_meta` says {} x {} pixels, but the picture has {} x {}", said.0, said.1, found.0, found.1)]
    OtherSize {
        /// What was said.
        said: (u32, u32),
        /// What there is.
        found: (u32, u32),
    },
    /// It is no reference to a picture in a pool.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// The pool has no such picture, or cannot be reached.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// It is no picture.
    #[error(transparent)]
    Picture(#[from] FrameError),
}

impl SourceError {
    pub(super) fn unclaimed(id: &str) -> Self {
        Self::Unclaimed { id: quoted(id) }
    }

    pub(super) fn unusable(id: &str, place: &'static str, why: impl Into<Why>) -> Self {
        let (id, why) = (quoted(id), why.into());
        Self::Unusable { id, place, why }
    }

    /// Whether a black picture may take its place where the station wants that: nobody knows the picture, or its bytes
    /// are none. A picture that is there but not the one that was spoken of is another matter: a reference to a pool that
    /// is stale or forged, another size, a kind of file that is refused, a picture that changed meanwhile.
    pub(super) fn may_stand_in(&self) -> bool {
        match self {
            Self::Unclaimed { .. } | Self::File(_) => true,
            Self::OtherFile { why, .. } | Self::Unusable { why, .. } => match why {
                // A name that no picture can have is one that nobody knows.
                Why::BadName(_) | Why::Missing | Why::Folder { .. } | Why::Open(_) | Why::Read(_) => true,
                Why::Empty | Why::CutOff | Why::NeedsSize | Why::OtherLength { .. } | Why::Ambiguous(_) => true,
                Why::Array(_) | Why::Picture(_) => true,
                Why::NotPlain(_) | Why::Linked(_) | Why::TooLarge { .. } => false,
                Why::Changed | Why::OtherSize { .. } | Why::Reference(_) | Why::Pool(_) => false,
            },
        }
    }

    /// The failure of a step that needed the picture: 1002, refused before the algorithm is called.
    pub fn to_failure(&self) -> Failure {
        Failure::refused(ErrorCode::ImageLoadFailed, visible::line(&one_line(self)))
    }
}

/// The beginning of an identifier, without anything that steers a terminal.
fn quoted(id: &str) -> String {
    match id.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}...", visible::line(&id[..end])),
        None => visible::line(id).into_owned(),
    }
}

impl Explain for SourceError {
    fn code(&self) -> Cow<'static, str> {
        ErrorCode::ImageLoadFailed.as_str().into()
    }

    fn remedy(&self) -> Option<String> {
        let why = match self {
            Self::Unclaimed { .. } => return Some("docs/pictures.md lists the identifiers there are".into()),
            Self::File(error) => return error.remedy(),
            Self::OtherFile { why, .. } | Self::Unusable { why, .. } => why,
        };
        let remedy = match why {
            Why::BadName(_) => "name it as the one who wrote it did",
            Why::Missing => "write the picture before asking about it, and remove it only after the answer",
            Why::Open(_) | Why::Read(_) => "let the user that runs this program read it",
            Why::Folder { .. } => "make the folder, or name another one in PROC_SHM_DIR",
            Why::NotPlain(_) | Why::Linked(_) => "write the picture as a plain file of its own",
            Why::Empty | Why::CutOff | Why::Changed => "write the whole picture before asking about it",
            Why::TooLarge { .. } => "give a picture of another size",
            Why::NeedsSize => "say width and height",
            Why::OtherLength { .. } | Why::OtherSize { .. } => "say the size that the picture has",
            Why::Ambiguous(_) => "write exactly as many bytes as the pixels have",
            Why::Array(_) => "save an array of unsigned bytes: H x W, H x W x 1 or H x W x 3, in C order",
            Why::Reference(error) => return error.remedy(),
            Why::Pool(error) => return error.remedy(),
            Why::Picture(error) => return error.remedy(),
        };
        Some(remedy.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_quoted_without_what_steers_a_terminal() {
        let error = SourceError::unclaimed("a/\u{1b}[2J\n\u{202e}b");
        assert_eq!(
            error.to_string(),
            r"there is no picture `a/\u{1b}[2J\n\u{202e}b`: no source of this station has identifiers of this shape"
        );
        assert!(SourceError::unclaimed(&"\u{1f600}".repeat(10_000)).to_string().len() < 1_000);
        let failure = error.to_failure();
        assert_eq!(failure.code, ErrorCode::ImageLoadFailed);
    }
}
