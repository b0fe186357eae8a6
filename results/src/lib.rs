//! What a station has judged, on disk before it is answered: one SQLite file, one thread that writes it, a few
//! connections that read it.
//!
//! | module | job |
//! | --- | --- |
//! | `record` | what is recorded |
//! | `row` | the same in the shape of the database's columns |
//! | `schema` | the database: tables, versions, opening |
//! | `queue` | what waits for the thread that writes |
//! | `writer` | that thread: one commit for all that wait |
//! | `reader` | connections that read; pages |
//! | `filter` | which results are meant, and the way to them |
//! | `statistics` | counts and times, by time |
//! | `export` | CSV and JSON |
//! | `retention` | what leaves, and when |
//! | `error` | what can go wrong, and the remedy |
//!
//! A result that was acknowledged is there after a crash of the process, and of the machine if its disk keeps what it
//! says it has written. If recording fails, or nobody learns how it ended, it can be tried again with the same request
//! id: that never makes a second row.

mod error;
mod export;
mod filter;
mod queue;
mod reader;
mod record;
mod retention;
mod row;
mod schema;
mod statistics;
mod writer;

pub use error::ResultsError;
pub use export::Format;
pub use filter::{DEFAULT_PAGE_ROWS, Filter, PAGE_ROWS};
pub use reader::Page;
pub use record::{
    NewResult, Outcome, Phase, Picture, REQUEST_ID_BYTES, RESULT_BYTES, RowId, StoredResult, THUMBNAIL_BYTES,
};
pub use retention::{Retention, Swept, ThumbnailPolicy};
pub use statistics::{BUCKETS, Bucket, COUNTED_ROWS};

use queue::Queue;
use reader::Readers;
use row::{Row, within};
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use writer::Writer;

/// How results are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What is kept.
    pub retention: Retention,
    /// Results that may wait to be written, those being written included; at least 1.
    pub queue: usize,
    /// Connections that read, at least 1: as many questions are answered at once.
    pub readers: usize,
    /// Bytes that the file never exceeds; recording fails with [`ResultsError::DiskFull`] before. None: what the disk
    /// has.
    pub ceiling_bytes: Option<u64>,
}

impl Default for Options {
    /// 256 waiting results, 4 readers, no ceiling.
    fn default() -> Self {
        Self {
            retention: Retention::default(),
            queue: 256,
            readers: 4,
            ceiling_bytes: None,
        }
    }
}

/// The results of a station. Clones are the same; when the last one goes, what was accepted is written to the end.
///
/// All but [`record`](Self::record) and [`try_record`](Self::try_record) keep the thread waiting that calls them.
#[derive(Clone)]
pub struct Results {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    retention: Retention,
    // The readers go first: the last connection, which is then the writer's, leaves one file behind and no log.
    readers: Readers,
    writer: Writer,
}

impl fmt::Debug for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Results")
            .field("path", &self.shared.path)
            .finish_non_exhaustive()
    }
}

impl Results {
    /// Opens the results in a file, or makes it; its folder is there. Everything but retention is the default.
    ///
    /// # Errors
    ///
    /// `Open`, `ReadOnly`, `DiskFull`, `Busy` and `Storage` for what the file system says; `NotADatabase`, `Foreign` and
    /// `Newer` for what the file is, which is not changed then; `Damaged`; `NoLog`, if the file system cannot share
    /// memory; `Thread`.
    pub fn open(path: &Path, retention: Retention) -> Result<Self, ResultsError> {
        let options = Options {
            retention,
            ..Options::default()
        };
        Self::open_with(path, options)
    }

    /// The same with all options.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open).
    pub fn open_with(path: &Path, options: Options) -> Result<Self, ResultsError> {
        let connection = schema::open_writer(path, options.ceiling_bytes)?;
        let readers = Readers::open(path, options.readers)?;
        let writer = Writer::start(path, connection, options.queue)?;
        Ok(Self {
            shared: Arc::new(Shared {
                path: path.to_owned(),
                retention: options.retention,
                readers,
                writer,
            }),
        })
    }

    /// Records a result, and its thumbnail if those of such results are kept. Resolves when it is on disk; waits
    /// while as many as may wait already. A result that was recorded before is that row, whatever its thumbnail is
    /// now. If the future is dropped, the result may be recorded or not.
    ///
    /// # Errors
    ///
    /// `Invalid` and `TooLarge`: it can never be recorded like this. `Conflict`: another result has its request id.
    /// `DiskFull`, `Busy`, `ReadOnly`, `Damaged` and `Storage`: it may be tried again. `Ended`.
    pub async fn record(&self, result: NewResult, thumbnail: Option<Vec<u8>>) -> Result<RowId, ResultsError> {
        let (row, thumbnail) = self.prepared(result, thumbnail)?;
        let place = self.queue().place().await?;
        self.shared.writer.record(row, thumbnail, place).await
    }

    /// The same, but does not wait while as many as may wait already.
    ///
    /// # Errors
    ///
    /// Those of [`record`](Self::record), and `Full`.
    pub async fn try_record(&self, result: NewResult, thumbnail: Option<Vec<u8>>) -> Result<RowId, ResultsError> {
        let (row, thumbnail) = self.prepared(result, thumbnail)?;
        let place = self.queue().place_now()?;
        self.shared.writer.record(row, thumbnail, place).await
    }

    fn prepared(&self, result: NewResult, thumbnail: Option<Vec<u8>>) -> Result<(Row, Option<Vec<u8>>), ResultsError> {
        let thumbnail = thumbnail.filter(|_| self.keeps_thumbnail(result.outcome));
        within("thumbnail", thumbnail.as_ref().map_or(0, Vec::len), THUMBNAIL_BYTES)?;
        Ok((Row::new(result)?, thumbnail))
    }

    fn queue(&self) -> &Queue {
        self.shared.writer.queue()
    }

    /// Whether thumbnails of results with that outcome are kept, so that others need not be made.
    pub fn keeps_thumbnail(&self, outcome: Outcome) -> bool {
        self.shared.retention.thumbnails.keeps(outcome)
    }

    /// A page of results, those recorded last first. Following [`Page::next`] visits each result that fits once,
    /// whatever is recorded meanwhile.
    ///
    /// # Errors
    ///
    /// `Invalid` for a limit; what the database says.
    pub fn query(&self, filter: &Filter) -> Result<Page, ResultsError> {
        let rows = filter.page_rows()?;
        self.shared
            .readers
            .read(|transaction| reader::page(transaction, filter, rows))
    }

    /// One result, if it is there.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub fn get(&self, id: RowId) -> Result<Option<StoredResult>, ResultsError> {
        self.shared.readers.read(|transaction| reader::get(transaction, id))
    }

    /// The thumbnail of a result as it was given, if there is one.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub fn thumbnail(&self, id: RowId) -> Result<Option<Vec<u8>>, ResultsError> {
        self.shared
            .readers
            .read(|transaction| reader::thumbnail(transaction, id))
    }

    /// Writes all results that fit, those recorded last first, and says how many. Neither all of them are in memory,
    /// nor does recording wait.
    ///
    /// # Errors
    ///
    /// `Output`, if they cannot be written; `Invalid` for a limit of 0; what the database says. What was written until
    /// then is no whole document.
    pub fn export(&self, filter: &Filter, to: impl Write, format: Format) -> Result<u64, ResultsError> {
        export::export(&self.shared.readers, filter, to, format)
    }

    /// Counts and times of the results that fit, for each `bucket_ms` milliseconds in which there are some. Counts are
    /// exact; percentiles are times that were measured, at the nearest rank among all questions that were asked, those
    /// that failed included.
    ///
    /// # Errors
    ///
    /// `Invalid` for a `bucket_ms` of 0 or one that makes more than [`BUCKETS`], and for a filter with `before` or
    /// `limit`; `TooMany`, if there are more than [`COUNTED_ROWS`] results in that time; what the database says.
    pub fn statistics(&self, filter: &Filter, bucket_ms: u64) -> Result<Vec<Bucket>, ResultsError> {
        self.shared
            .readers
            .read(|transaction| statistics::buckets(transaction, filter, bucket_ms))
    }

    /// Has leave what is not to be kept, oldest first, and gives back what the file no longer needs. Recording goes on
    /// meanwhile. To be called now and then, such as once a minute.
    ///
    /// # Errors
    ///
    /// What the database says; `Ended`. What has left until then has left.
    pub fn sweep(&self) -> Result<Swept, ResultsError> {
        retention::sweep(&self.shared.path, &self.shared.writer, &self.shared.retention)
    }

    /// Looks for damage in the whole file, which takes long if it is large.
    ///
    /// # Errors
    ///
    /// `Damaged`, if there is some; what the database says.
    pub fn check(&self) -> Result<(), ResultsError> {
        self.shared.readers.read(reader::check)
    }
}
