//! What can be wrong with the golden cases of a package, before anybody replays them.

use crate::archive::PICTURES;
use crate::explain::Explain;
use crate::limits::CASES;
use crate::strict_json::StrictJsonError;
use crate::visible;
use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why the cases of a package cannot be replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CasesError {
    /// The file cannot be read, or is too large.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not a list of cases.
    #[error(transparent)]
    Json(#[from] StrictJsonError),
    /// There is no case in it.
    #[error("{} holds no case", .0.display())]
    Empty(PathBuf),
    /// There are more cases in it than a package may have.
    #[error("{} holds {cases} cases of at most {CASES}", path.display())]
    TooMany {
        /// The file.
        path: PathBuf,
        /// How many.
        cases: usize,
    },
    /// One case cannot be.
    #[error("{}: case `{}` {fault}", path.display(), visible::line(case))]
    Case {
        /// The file.
        path: PathBuf,
        /// The name of the case.
        case: String,
        /// Why not.
        fault: Fault,
    },
}

/// Why a case cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Its name is empty or longer than a line.
    Name,
    /// Another case has its name.
    NameTwice,
    /// A picture is not named as a file under `pictures/` is.
    PicturePath(String),
    /// A picture is not in the package.
    PictureMissing(String),
    /// A picture, or a folder to it, is a symbolic link.
    PictureLink(String),
    /// There is no step 0, and no reference without a name.
    Zero(&'static str),
    /// It expects a verdict although the conditions are not right or the algorithm fails.
    VerdictWithoutQuestion,
    /// It says something about a defect, but expects another answer than NG.
    DefectWithoutNg,
    /// An area of it is empty.
    EmptyArea,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("needs a name of 1 to 200 bytes"),
            Self::NameTwice => f.write_str("is there twice"),
            Self::PicturePath(path) => {
                write!(
                    f,
                    "names the picture `{}`, which is not a path below {PICTURES}",
                    visible::line(path)
                )
            }
            Self::PictureMissing(path) => write!(f, "names the picture `{}`, which is missing", visible::line(path)),
            Self::PictureLink(path) => write!(
                f,
                "names the picture `{}`, which is a link and could lead out of the package",
                visible::line(path)
            ),
            Self::Zero(what) => write!(f, "has {what}"),
            Self::VerdictWithoutQuestion => {
                f.write_str("has a verdict, but with `pre` not_ready or failed nobody asks for one")
            }
            Self::DefectWithoutNg => f.write_str("has ng_reason_contains or defect_rects, which only NG has"),
            Self::EmptyArea => f.write_str("has an area without width or height"),
        }
    }
}

impl Explain for CasesError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Case {
                fault: Fault::PictureMissing(_),
                ..
            } => "2004",
            _ => "2005",
        }
        .into()
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::Unreadable { .. } => "make it a readable file of at most a mebibyte",
            Self::Empty(_) => "add a case, or remove the file",
            Self::TooMany { .. } => "keep the cases that say most",
            Self::Case {
                fault: Fault::PictureMissing(_) | Fault::PicturePath(_) | Fault::PictureLink(_),
                ..
            } => "put the picture into the package's folder pictures/, or correct its name",
            Self::Json(_) | Self::Case { .. } => "correct cases.json; docs/authoring.md describes it",
        };
        Some(remedy.into())
    }

    fn subject_failed(&self) -> bool {
        true
    }
}
