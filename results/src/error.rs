//! What can go wrong, told apart by type, and what to do about it.

use crate::record::RowId;
use rusqlite::ErrorCode;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why something was not recorded, read, exported or swept. Clones share their causes: one commit can fail for many.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// The file cannot be opened or made.
    #[error("the results in {} cannot be opened", .path.display())]
    Open {
        /// The database.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// The file is something else than a database, or its first bytes are damaged.
    #[error("{} is not a SQLite database", .path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The database belongs to another program.
    #[error("{} is a database of something else (application id {application_id:#010x})", .path.display())]
    Foreign {
        /// The database.
        path: PathBuf,
        /// What its header says.
        application_id: i32,
    },
    /// The database was written by a newer version of this program.
    #[error(
        "the results in {} have version {version} of their schema; this program knows versions up to {known}",
        .path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// The version of its schema.
        version: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// What is in the database contradicts itself, or cannot be read any more.
    #[error("the results in {} are damaged: {detail}", .path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The file system cannot do what keeps results safe.
    #[error("the results in {} cannot be kept in a write-ahead log (the journal is `{mode}`)", .path.display())]
    NoLog {
        /// The database.
        path: PathBuf,
        /// What it uses in place of it.
        mode: String,
    },
    /// There is no room: the disk is full, or the file has reached [`Options::ceiling_bytes`](crate::Options).
    #[error("there is no room for more results in {}", .path.display())]
    DiskFull {
        /// The database.
        path: PathBuf,
    },
    /// Another program has kept the database locked for longer than is waited.
    #[error("another program keeps {} locked", .path.display())]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// The file, or its folder, cannot be written.
    #[error("{} cannot be written", .path.display())]
    ReadOnly {
        /// The database.
        path: PathBuf,
    },
    /// The disk, or the database engine, failed otherwise.
    #[error("the results in {} cannot be read or written", .path.display())]
    Storage {
        /// The database.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// A thread that is needed cannot be started.
    #[error("a thread that writes results cannot be started")]
    Thread(#[source] Arc<io::Error>),
    /// A result with this request id, but with other content, was recorded before.
    #[error("request `{request_id}` was recorded before as result {id}, with other content")]
    Conflict {
        /// The request.
        request_id: String,
        /// What was recorded first.
        id: RowId,
    },
    /// As many results wait to be written as may.
    #[error("{waiting} results wait to be written already")]
    Full {
        /// How many may.
        waiting: usize,
    },
    /// Something is larger than is kept.
    #[error("the {what} has {bytes} bytes of at most {bound}")]
    TooLarge {
        /// `result` or `thumbnail`.
        what: &'static str,
        /// How large it is.
        bytes: usize,
        /// How large it may be.
        bound: usize,
    },
    /// A value is none that can be stored or asked for.
    #[error("`{key}` cannot be used: {why}")]
    Invalid {
        /// Its key.
        key: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// More results would have to be looked at than one answer may take.
    #[error("more than {bound} results would have to be counted")]
    TooMany {
        /// How many are looked at.
        bound: usize,
    },
    /// The thread that writes has ended: it came upon a mistake in this program.
    #[error("results are no longer written")]
    Ended,
    /// What is exported cannot be written to where it goes.
    #[error("the export cannot be written")]
    Output(#[source] Arc<io::Error>),
}

impl ResultsError {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Open { .. } => "results-open",
            Self::NotADatabase { .. } => "results-not-a-database",
            Self::Foreign { .. } => "results-foreign",
            Self::Newer { .. } => "results-newer",
            Self::Damaged { .. } => "results-damaged",
            Self::NoLog { .. } => "results-no-log",
            Self::DiskFull { .. } => "results-disk-full",
            Self::Busy { .. } => "results-busy",
            Self::ReadOnly { .. } => "results-read-only",
            Self::Storage { .. } => "results-storage",
            Self::Thread(_) => "results-thread",
            Self::Conflict { .. } => "results-conflict",
            Self::Full { .. } => "results-queue-full",
            Self::TooLarge { .. } => "results-too-large",
            Self::Invalid { .. } => "results-invalid",
            Self::TooMany { .. } => "results-too-many",
            Self::Ended => "results-ended",
            Self::Output(_) => "results-output",
        }
    }

    /// What would mend it, as one sentence.
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Open { .. } => Some("make sure that its folder is there and may be written by the station's user"),
            Self::NotADatabase { .. } | Self::Foreign { .. } => {
                Some("name another file for the results, or move this one away; it was not changed")
            }
            Self::Newer { .. } => Some("use the newer program, or name another file; this one was not changed"),
            Self::Damaged { .. } => Some(
                "stop the station, move the file and those beside it with `-wal` and `-shm` away, save what can be \
                 saved with `sqlite3 FILE .recover`, and start again; a copy from before the damage is better",
            ),
            Self::NoLog { .. } => Some("keep results on a local disk; network file systems cannot share a log"),
            Self::DiskFull { .. } => Some("make room on the disk, or keep results for a shorter time"),
            Self::Busy { .. } => Some("end the other program that has the file open, such as a database tool"),
            Self::ReadOnly { .. } => Some("give the station's user the right to write the file and its folder"),
            Self::Storage { .. } => Some("look into the system's log for errors of the disk"),
            Self::Thread(_) => Some("give the station's user the right to more threads and memory"),
            Self::Full { .. } => Some("try again later; the disk is slower than results arrive"),
            Self::TooMany { .. } => Some("ask for a shorter time"),
            Self::Ended => Some("start the station again, and report what it logged"),
            Self::Conflict { .. } | Self::TooLarge { .. } | Self::Invalid { .. } | Self::Output(_) => None,
        }
    }

    /// What an error of the database engine means for the results in that file.
    pub(crate) fn of(path: &Path, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path },
            Some(ErrorCode::NotADatabase) => Self::NotADatabase { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged {
                path,
                detail: error.to_string(),
            },
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => Self::Open {
                path,
                source: Arc::new(error),
            },
            None if is_unreadable(&error) => Self::Damaged {
                path,
                detail: error.to_string(),
            },
            _ => Self::Storage {
                path,
                source: Arc::new(error),
            },
        }
    }
}

/// Whether a stored value is none that is ever stored.
fn is_unreadable(error: &rusqlite::Error) -> bool {
    use rusqlite::Error;
    matches!(
        error,
        Error::FromSqlConversionFailure(..) | Error::InvalidColumnType(..) | Error::IntegralValueOutOfRange(..)
    )
}
