//! Reading: a few connections of their own, which the writer does not wait for, and questions whose cost has a bound.

use crate::error::ResultsError;
use crate::filter::Filter;
use crate::record::{RowId, StoredResult};
use crate::row::{COLUMNS, Row};
use crate::schema;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Transaction, params_from_iter};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};

/// Results that are looked at for one page; after them it ends, however few it has.
pub(crate) const EXAMINED_ROWS: usize = 20_000;
/// Bytes of results after which a page ends.
const PAGE_BYTES: usize = 4 << 20;

/// A part of the results, those that were recorded last first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// At most as many as asked for. There can be fewer, even none, with more to come: a page ends once many results
    /// that do not fit have been looked at, and when its results are large.
    pub results: Vec<StoredResult>,
    /// What the next page is to begin [before](Filter::before), if there can be one.
    pub next: Option<RowId>,
}

/// Connections that read.
pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    returned: Condvar,
}

impl Readers {
    /// Opens that many; at least one.
    pub(crate) fn open(path: &Path, count: usize) -> Result<Self, ResultsError> {
        let idle = (0..count.max(1))
            .map(|_| schema::open_reader(path))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            path: path.to_owned(),
            idle: Mutex::new(idle),
            returned: Condvar::new(),
        })
    }

    /// Reads, as soon as a connection is free, what was there at one moment.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Transaction<'_>) -> Result<T, ReadError>,
    ) -> Result<T, ResultsError> {
        let mut borrowed = self.borrow();
        let failed = |error| match error {
            ReadError::Engine(error) => ResultsError::of(&self.path, error),
            ReadError::Unreadable(detail) => ResultsError::Damaged {
                path: self.path.clone(),
                detail,
            },
            ReadError::Refused(error) => error,
        };
        let connection = borrowed.connection.as_mut().ok_or(ResultsError::Ended)?;
        let transaction = connection.transaction().map_err(|error| failed(error.into()))?;
        read(&transaction).map_err(failed)
    }

    fn borrow(&self) -> Borrowed<'_> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(connection) = idle.pop() {
                return Borrowed {
                    readers: self,
                    connection: Some(connection),
                };
            }
            idle = self.returned.wait(idle).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A connection that goes back whatever happens.
struct Borrowed<'a> {
    readers: &'a Readers,
    connection: Option<Connection>,
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            let mut idle = self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(connection);
            self.readers.returned.notify_one();
        }
    }
}

/// Why something cannot be read, before it is known where from.
pub(crate) enum ReadError {
    Engine(rusqlite::Error),
    /// A row is there, but not as any is stored.
    Unreadable(String),
    /// It is not even tried, or given up.
    Refused(ResultsError),
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error)
    }
}

/// What is the same in every question for stored results: the columns that [`stored`] reads.
fn selected() -> String {
    format!("id, EXISTS (SELECT 1 FROM thumbnails WHERE result = results.id), {COLUMNS}")
}

/// One result, from its number on, which is the column of that index; and its bytes.
fn stored(row: &rusqlite::Row<'_>, first: usize) -> Result<(StoredResult, usize), ReadError> {
    let id = RowId(row.get(first)?);
    let has_thumbnail = row.get(first + 1)?;
    let row = Row::read(row, first + 2)?;
    let bytes = row.bytes();
    let result = row
        .into_result()
        .map_err(|why| ReadError::Unreadable(format!("result {id}: {why}")))?;
    let stored = StoredResult {
        id,
        result,
        has_thumbnail,
    };
    Ok((stored, bytes))
}

/// One result.
pub(crate) fn get(transaction: &Transaction<'_>, id: RowId) -> Result<Option<StoredResult>, ReadError> {
    let mut statement = transaction.prepare_cached(&format!("SELECT {} FROM results WHERE id = ?1", selected()))?;
    let mut rows = statement.query([id.0])?;
    let row = rows.next()?;
    row.map(|row| stored(row, 0).map(|(result, _)| result)).transpose()
}

/// The thumbnail of a result.
pub(crate) fn thumbnail(transaction: &Transaction<'_>, id: RowId) -> Result<Option<Vec<u8>>, ReadError> {
    let mut statement = transaction.prepare_cached("SELECT picture FROM thumbnails WHERE result = ?1")?;
    Ok(statement.query_row([id.0], |row| row.get(0)).optional()?)
}

/// A page of at most that many results.
pub(crate) fn page(transaction: &Transaction<'_>, filter: &Filter, most: usize) -> Result<Page, ReadError> {
    let mut page = Page {
        results: Vec::new(),
        next: None,
    };
    let Some(numbers) = filter.numbers(transaction)? else {
        return Ok(page);
    };
    let (text, values) = question(filter, numbers);
    let mut statement = transaction.prepare_cached(&text)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let (mut examined, mut bytes) = (0, 0);
    while let Some(row) = rows.next()? {
        if examined == EXAMINED_ROWS {
            // The row before this one was the last that was looked at.
            page.next = Some(RowId(row.get::<_, i64>(1)?.saturating_add(1)));
            break;
        }
        examined += 1;
        if !row.get::<_, bool>(0)? {
            continue;
        }
        if let Some(last) = page.results.last()
            && (page.results.len() == most || bytes >= PAGE_BYTES)
        {
            page.next = Some(last.id);
            break;
        }
        let (result, of_this) = stored(row, 1)?;
        bytes += of_this;
        page.results.push(result);
    }
    Ok(page)
}

/// Goes through what the way leads past, newest first, and says of each result whether it fits.
fn question(filter: &Filter, (lowest, highest): (i64, i64)) -> (String, Vec<Value>) {
    let fits = filter.condition();
    let way = filter.way();
    let text = format!(
        "SELECT ({}), {} FROM results {} WHERE {} AND id >= ? AND id <= ? ORDER BY id DESC",
        fits.text(),
        selected(),
        way.hint(),
        way.condition.text()
    );
    let mut values = fits.values;
    values.extend(way.condition.values);
    values.extend([lowest.into(), highest.into()]);
    (text, values)
}

/// Looks for damage in the whole database.
pub(crate) fn check(transaction: &Transaction<'_>) -> Result<(), ReadError> {
    let found: String = transaction.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    match found.as_str() {
        "ok" => Ok(()),
        _ => Err(ReadError::Unreadable(found)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Outcome, Phase};

    /// How the database goes about a question.
    fn plan(connection: &Connection, text: &str, values: Vec<Value>) -> Vec<String> {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
        let steps = statement.query_map(params_from_iter(values), |row| row.get(3)).unwrap();
        steps.collect::<Result<_, _>>().unwrap()
    }

    /// Every way to fill a filter, times aside.
    fn filters() -> Vec<Filter> {
        let text = |wanted: bool| wanted.then(|| "x".to_owned());
        let outcomes = [None, Some(Outcome::Ok), Some(Outcome::Ng), Some(Outcome::Failed)];
        let mut filters = Vec::new();
        for bits in 0..32 {
            for outcome in outcomes {
                filters.push(Filter {
                    pid: text(bits & 1 != 0),
                    algorithm: text(bits & 2 != 0),
                    version: text(bits & 4 != 0),
                    inspection: text(bits & 8 != 0),
                    phase: (bits & 16 != 0).then_some(Phase::Execute),
                    outcome,
                    ..Filter::default()
                });
            }
        }
        filters
    }

    #[test]
    fn every_page_goes_through_its_index_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let connection = schema::open_writer(&folder.path().join("results.db"), None).unwrap();
        for filter in filters() {
            let (text, values) = question(&filter, (1, 9));
            let steps = plan(&connection, &text, values);
            let way = match filter.way().index {
                Some(index) => format!("INDEX {index} ("),
                None => "INTEGER PRIMARY KEY (rowid>? AND rowid<?)".to_owned(),
            };
            let first = &steps[0];
            assert!(
                first.starts_with("SEARCH results USING") && first.contains(&way),
                "{filter:?}: {steps:?}"
            );
            assert!(first.contains("rowid>? AND rowid<?"), "{filter:?}: {steps:?}");
            // Nothing is sorted, nothing is gone through as a whole.
            let as_wanted = |step: &String| step.starts_with("SEARCH") || step.starts_with("CORRELATED");
            assert!(steps.iter().all(as_wanted), "{filter:?}: {steps:?}");
        }
    }

    #[test]
    fn single_results_are_found_by_their_number() {
        let folder = tempfile::tempdir().unwrap();
        let connection = schema::open_writer(&folder.path().join("results.db"), None).unwrap();
        let text = format!("SELECT {} FROM results WHERE id = 1", selected());
        let steps = plan(&connection, &text, Vec::new());
        assert!(
            steps[0].starts_with("SEARCH results USING INTEGER PRIMARY KEY"),
            "{steps:?}"
        );
        let by_time = "SELECT min(first_id), max(last_id) FROM minutes WHERE minute BETWEEN 1 AND 2";
        let steps = plan(&connection, by_time, Vec::new());
        assert_eq!(
            steps,
            ["SEARCH minutes USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"]
        );
        let by_request = format!("SELECT id, {COLUMNS} FROM results WHERE request_id = 'x'");
        let steps = plan(&connection, &by_request, Vec::new());
        assert!(steps[0].contains("(request_id=?)"), "{steps:?}");
    }
}
