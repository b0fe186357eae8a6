//! The one thread that writes. It takes all results that wait, puts them into one transaction, and answers when the
//! commit has returned: one wait for the disk serves everybody who waited meanwhile.

use crate::error::ResultsError;
use crate::queue::{Queue, Record, Turn};
use crate::record::RowId;
use crate::row::{COLUMNS, PLACES, Row};
use crate::schema::BUSY;
use rusqlite::{CachedStatement, Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// Pages in the log from which on it is brought into the database. More would make that take longer, less would write
/// the same pages more often.
const LOG_PAGES: i64 = 1_000;
/// Pages of the log, those that are in the database included, from which on it is begun anew although that makes readers
/// wait: as long as somebody reads what was before, it only grows. Tried again each time as many have been added.
const MOST_LOG_PAGES: i64 = 32_000;
/// How long everybody waits for readers then.
const RESTART: Duration = Duration::from_millis(100);

/// Milliseconds of what `minutes` counts.
pub(crate) const MINUTE_MS: i64 = 60_000;

/// The thread. Dropping this waits until everything that was accepted is on disk.
pub(crate) struct Writer {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(path: &Path, connection: Connection, bound: usize) -> Result<Self, ResultsError> {
        let queue = Arc::new(Queue::new(bound));
        let work = Work {
            path: path.to_owned(),
            queue: Arc::clone(&queue),
        };
        let thread = std::thread::Builder::new()
            .name("results".to_owned())
            .spawn(move || work.run(connection))
            .map_err(|error| ResultsError::Thread(Arc::new(error)))?;
        let thread = Some(thread);
        Ok(Self { queue, thread })
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Records a row in a place, and resolves when it is on disk. The row is recorded even if nobody waits for that.
    pub(crate) async fn record(
        &self,
        row: Row,
        thumbnail: Option<Vec<u8>>,
        place: OwnedSemaphorePermit,
    ) -> Result<RowId, ResultsError> {
        let (answer, answered) = oneshot::channel();
        self.queue.put_record(Record {
            row,
            thumbnail,
            answer,
            place,
        })?;
        answered.await.unwrap_or(Err(ResultsError::Ended))
    }

    /// Runs something on the connection that writes, and waits for it.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> T + Send + 'static,
    ) -> Result<T, ResultsError> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.queue.put_chore(Box::new(move |connection| {
            // Whoever asked waits for it.
            let _ = answer.send(work(connection));
        }))?;
        answered.recv().map_err(|_| ResultsError::Ended)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            // If it panicked, everybody who waited was told.
            let _ = thread.join();
        }
    }
}

/// What the thread has.
struct Work {
    path: PathBuf,
    queue: Arc<Queue>,
}

impl Drop for Work {
    /// However the thread ends, nobody waits for it forever.
    fn drop(&mut self) {
        self.queue.abandon();
    }
}

impl Work {
    fn run(self, mut connection: Connection) {
        let mut most = MOST_LOG_PAGES;
        loop {
            match self.queue.next() {
                Turn::Records(records) => self.record(&mut connection, records),
                Turn::Chore(chore) => chore(&mut connection),
                Turn::End => return,
            }
            let log = LogPages::of(&connection);
            if log.is_none_or(|log| log.waiting >= LOG_PAGES) {
                checkpoint(&connection);
            }
            most = match log {
                Some(log) if log.all < MOST_LOG_PAGES => MOST_LOG_PAGES,
                Some(log) if log.all >= most => {
                    begin_log_anew(&connection);
                    log.all.saturating_add(MOST_LOG_PAGES)
                }
                _ => most,
            };
        }
    }

    fn record(&self, connection: &mut Connection, records: Vec<Record>) {
        let mut outcome = insert_all(connection, &records);
        if outcome.as_ref().is_err_and(lacks_room) {
            // A log that cannot grow can still be used from its beginning, once what it has is in the database.
            checkpoint(connection);
            outcome = insert_all(connection, &records);
        }
        match outcome {
            Ok(verdicts) => {
                for (record, verdict) in records.into_iter().zip(verdicts) {
                    answer(record, verdict);
                }
            }
            Err(error) => {
                let error = ResultsError::of(&self.path, error);
                for record in records {
                    answer(record, Err(error.clone()));
                }
            }
        }
    }
}

/// Whether the disk took no more. A limit of a file's size is an error of writing, not a lack of room.
fn lacks_room(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure)
    )
}

fn answer(record: Record, verdict: Result<RowId, ResultsError>) {
    // First the place, so that whoever is answered finds one.
    drop(record.place);
    // Whoever asked may have gone.
    let _ = record.answer.send(verdict);
}

/// Everything in one transaction. An error means that none of it is known to be there.
fn insert_all(connection: &mut Connection, records: &[Record]) -> rusqlite::Result<Vec<Result<RowId, ResultsError>>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut inserts = Inserts::prepare(&transaction)?;
    let verdicts = records
        .iter()
        .map(|record| inserts.insert(record))
        .collect::<Result<_, _>>()?;
    drop(inserts);
    transaction.commit()?;
    Ok(verdicts)
}

/// The statements that record.
struct Inserts<'a> {
    connection: &'a Connection,
    result: CachedStatement<'a>,
    minute: CachedStatement<'a>,
    thumbnail: CachedStatement<'a>,
    earlier: CachedStatement<'a>,
}

impl<'a> Inserts<'a> {
    fn prepare(transaction: &'a Transaction<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            connection: transaction,
            // Without RETURNING, which has the engine keep a copy of each page for the case that a row fails.
            result: transaction.prepare_cached(&format!(
                "INSERT INTO results ({COLUMNS}) VALUES ({PLACES}) ON CONFLICT (request_id) DO NOTHING"
            ))?,
            minute: transaction.prepare_cached(
                "INSERT INTO minutes (minute, first_id, last_id) VALUES (?1, ?2, ?2) ON CONFLICT (minute) DO UPDATE \
                 SET first_id = min(first_id, excluded.first_id), last_id = max(last_id, excluded.last_id)",
            )?,
            thumbnail: transaction.prepare_cached("INSERT INTO thumbnails (result, picture) VALUES (?1, ?2)")?,
            earlier: transaction.prepare_cached(&format!("SELECT id, {COLUMNS} FROM results WHERE request_id = ?1"))?,
        })
    }

    fn insert(&mut self, record: &Record) -> rusqlite::Result<Result<RowId, ResultsError>> {
        if !record.row.insert(&mut self.result)? {
            return self.again(record);
        }
        let id = self.connection.last_insert_rowid();
        self.minute.execute((record.row.at_ms / MINUTE_MS, id))?;
        if let Some(picture) = &record.thumbnail {
            self.thumbnail.execute((id, picture))?;
        }
        Ok(Ok(RowId(id)))
    }

    /// The same request was recorded before.
    fn again(&mut self, record: &Record) -> rusqlite::Result<Result<RowId, ResultsError>> {
        let request_id = &record.row.request_id;
        let earlier = self
            .earlier
            .query_row([request_id], |row| Ok((row.get(0)?, Row::read(row, 1)?)))
            .optional()?;
        let (id, earlier) = earlier.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        Ok(match record.row.says_the_same_as(&earlier) {
            true => Ok(RowId(id)),
            false => Err(ResultsError::Conflict {
                request_id: request_id.clone(),
                id: RowId(id),
            }),
        })
    }
}

/// How long the log is, in pages.
#[derive(Clone, Copy)]
struct LogPages {
    /// Everything that was written since it was begun.
    all: i64,
    /// What is not in the database yet.
    waiting: i64,
}

impl LogPages {
    /// If that can be told.
    fn of(connection: &Connection) -> Option<Self> {
        let pages = connection.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| {
            let all = row.get(1)?;
            Ok(Self {
                all,
                waiting: all - row.get::<_, i64>(2)?,
            })
        });
        pages.ok()
    }
}

/// Has the log begin anew with what is written next, if nobody reads what was before for too long.
fn begin_log_anew(connection: &Connection) {
    // Nothing is lost if it fails: the log goes on.
    let _ = connection.busy_timeout(RESTART);
    let _ = connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()));
    let _ = connection.busy_timeout(BUSY);
}

/// Brings the log into the database as far as nobody still reads what was before.
pub(crate) fn checkpoint(connection: &Connection) {
    // Nothing is lost if it fails: the log stays, and the next attempt does it. Results are safe in the log.
    let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    #[test]
    fn a_log_that_readers_keep_alive_begins_anew_when_they_have_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.db");
        let writer = schema::open_writer(&path, None).unwrap();
        let write = || writer.execute_batch("CREATE TABLE IF NOT EXISTS other (x); INSERT INTO other VALUES (1)");
        let all = || LogPages::of(&writer).unwrap().all;
        write().unwrap();
        let mut reader = schema::open_reader(&path).unwrap();
        let reading = reader.transaction().unwrap();
        let count: i64 = reading
            .query_row("SELECT count(*) FROM other", [], |row| row.get(0))
            .unwrap();
        assert_eq!(count, 1);
        write().unwrap();
        checkpoint(&writer);
        begin_log_anew(&writer);
        let before = all();
        write().unwrap();
        assert!(all() > before, "somebody reads what was before");
        drop(reading);
        begin_log_anew(&writer);
        write().unwrap();
        assert!(all() < before, "{} {before}", all());
    }

    /// A mistake of this program on that thread is told to everybody, those who come later included.
    #[test]
    fn nobody_waits_for_a_thread_that_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.db");
        let writer = Writer::start(&path, schema::open_writer(&path, None).unwrap(), 2).unwrap();
        let answer = writer.run(|_| -> () { panic!("a mistake, as this test wants it") });
        assert!(matches!(answer, Err(ResultsError::Ended)), "{answer:?}");
        let answer = writer.run(|_| ());
        assert!(matches!(answer, Err(ResultsError::Ended)), "{answer:?}");
        let place = writer.queue().place_now();
        assert!(matches!(place, Err(ResultsError::Ended)), "{place:?}");
    }
}
