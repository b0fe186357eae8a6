//! What is kept: results leave by age, and by how large the file becomes, oldest first. That happens in small steps
//! between those of recording, so that nothing waits for long.

use crate::error::ResultsError;
use crate::record::Outcome;
use crate::writer::{Writer, checkpoint};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Results that leave in one step.
const STEP_ROWS: i64 = 64;
/// Pages that are given back in one step.
const STEP_PAGES: i64 = 256;
/// Minutes without results that leave in one step.
const STEP_MINUTES: i64 = 1_000;
/// One of so many pages of the file may be free, for results to come; only more are given back.
const FREE_SHARE: i64 = 8;

/// Which pictures have thumbnails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThumbnailPolicy {
    /// None.
    Off,
    /// Those that were not OK.
    #[default]
    NotOk,
    /// All.
    All,
}

impl ThumbnailPolicy {
    /// Whether the thumbnail of a picture with that outcome is kept.
    pub fn keeps(self, outcome: Outcome) -> bool {
        match self {
            Self::Off => false,
            Self::NotOk => outcome != Outcome::Ok,
            Self::All => true,
        }
    }
}

/// What is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Results that were judged longer ago leave, by the clock of this machine: one that runs ahead makes them leave
    /// early.
    pub max_age: Option<Duration>,
    /// Bytes of the file; when it has more, those leave that were recorded first. The log beside it is some megabytes
    /// more.
    pub max_bytes: Option<u64>,
    /// Which thumbnails are kept. A change is one for results to come.
    pub thumbnails: ThumbnailPolicy,
}

impl Default for Retention {
    /// 90 days, 8 GiB, thumbnails of what was not OK.
    fn default() -> Self {
        Self {
            max_age: Some(Duration::from_secs(90 * 24 * 60 * 60)),
            max_bytes: Some(8 << 30),
            thumbnails: ThumbnailPolicy::default(),
        }
    }
}

/// What a sweep brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swept {
    /// Results that left because of their age.
    pub by_age: u64,
    /// Results that left because the file had become too large.
    pub by_size: u64,
    /// Bytes that the file gave back.
    pub freed_bytes: u64,
    /// Bytes that the file has now.
    pub file_bytes: u64,
}

/// Sweeps once.
pub(crate) fn sweep(path: &Path, writer: &Writer, retention: &Retention) -> Result<Swept, ResultsError> {
    let steps = Steps {
        path: path.to_owned(),
        writer,
    };
    let mut swept = Swept::default();
    if let Some(oldest) = retention.max_age.map(oldest_ms) {
        swept.by_age = steps.while_some(move |connection| delete_aged(connection, oldest))?;
    }
    if let Some(most) = retention.max_bytes {
        swept.by_size = steps.while_some(move |connection| delete_oversize(connection, most))?;
    }
    if swept.by_age + swept.by_size > 0 {
        steps.while_some(delete_minutes)?;
    }
    let most = retention.max_bytes;
    let freed_pages = steps.while_some(move |connection| give_back(connection, most))?;
    let (size, page_bytes) = steps.run(|connection| {
        // The file shrinks only now.
        checkpoint(connection);
        Ok((Size::of(connection)?, page_bytes(connection)?))
    })?;
    swept.freed_bytes = freed_pages.saturating_mul(page_bytes);
    swept.file_bytes = bytes(size.pages, page_bytes);
    Ok(swept)
}

/// Before when results are too old.
fn oldest_ms(max_age: Duration) -> i64 {
    let oldest = SystemTime::now().checked_sub(max_age);
    let since_1970 = oldest.and_then(|oldest| oldest.duration_since(SystemTime::UNIX_EPOCH).ok());
    since_1970.map_or(0, |time| i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
}

/// Steps on the thread that writes.
struct Steps<'a> {
    path: PathBuf,
    writer: &'a Writer,
}

impl Steps<'_> {
    fn run<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ResultsError> {
        let done = self.writer.run(step)?;
        done.map_err(|error| ResultsError::of(&self.path, error))
    }

    /// Repeats a step until it has nothing to do any more; the sum of what it did.
    fn while_some(
        &self,
        step: impl Fn(&mut Connection) -> rusqlite::Result<u64> + Clone + Send + 'static,
    ) -> Result<u64, ResultsError> {
        let mut sum = 0_u64;
        loop {
            match self.run(step.clone())? {
                0 => return Ok(sum),
                count => sum = sum.saturating_add(count),
            }
        }
    }
}

fn delete_aged(connection: &mut Connection, oldest: i64) -> rusqlite::Result<u64> {
    let deleted = connection
        .prepare_cached(
            "DELETE FROM results WHERE id IN \
             (SELECT id FROM results INDEXED BY results_by_time WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2)",
        )?
        .execute((oldest, STEP_ROWS))?;
    Ok(deleted as u64)
}

fn delete_oversize(connection: &mut Connection, most: u64) -> rusqlite::Result<u64> {
    let size = Size::of(connection)?;
    if bytes(size.pages - size.free, page_bytes(connection)?) <= most {
        return Ok(0);
    }
    let deleted = connection
        .prepare_cached("DELETE FROM results WHERE id IN (SELECT id FROM results ORDER BY id LIMIT ?1)")?
        .execute([STEP_ROWS])?;
    Ok(deleted as u64)
}

/// Among the oldest minutes. One that has results still is none of the oldest without, or is left for the next sweep.
fn delete_minutes(connection: &mut Connection) -> rusqlite::Result<u64> {
    let deleted = connection
        .prepare_cached(
            "DELETE FROM minutes WHERE minute IN (SELECT minute FROM minutes ORDER BY minute LIMIT ?1) \
             AND last_id < (SELECT coalesce(min(id), ?2) FROM results)",
        )?
        .execute((STEP_MINUTES, i64::MAX))?;
    Ok(deleted as u64)
}

/// Gives pages back to the file system: as long as the file is too large, or too much of it is free.
fn give_back(connection: &mut Connection, most: Option<u64>) -> rusqlite::Result<u64> {
    let before = Size::of(connection)?;
    let too_large = most.is_some_and(|most| page_bytes(connection).is_ok_and(|page| bytes(before.pages, page) > most));
    if before.free == 0 || !(too_large || before.free > before.pages / FREE_SHARE) {
        return Ok(0);
    }
    connection.execute_batch(&format!("PRAGMA incremental_vacuum({STEP_PAGES})"))?;
    let after = Size::of(connection)?;
    Ok(u64::try_from(before.pages - after.pages).unwrap_or(0))
}

/// Pages of the file.
struct Size {
    pages: i64,
    free: i64,
}

impl Size {
    fn of(connection: &Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            pages: connection.pragma_query_value(None, "page_count", |row| row.get(0))?,
            free: connection.pragma_query_value(None, "freelist_count", |row| row.get(0))?,
        })
    }
}

fn page_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    connection
        .pragma_query_value(None, "page_size", |row| row.get::<_, u32>(0))
        .map(u64::from)
}

fn bytes(pages: i64, page_bytes: u64) -> u64 {
    u64::try_from(pages).unwrap_or(0).saturating_mul(page_bytes)
}
