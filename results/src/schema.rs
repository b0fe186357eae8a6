//! The database: what is in it, how it is opened, and how an older one becomes one of today.
//!
//! Nothing is written to a file before it is known to be ours, or empty.

use crate::error::ResultsError;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::path::Path;
use std::time::Duration;

/// What the header of the file says about whose it is: `PVRS`.
const APPLICATION_ID: i32 = 0x5056_5253;

/// How long another program may keep the database locked. The station itself never waits for itself: it has one writer.
pub(crate) const BUSY: Duration = Duration::from_secs(5);

/// What makes a database of version n, counted from 0, one of version n + 1. Steps are only ever added.
const MIGRATIONS: &[&str] = &[VERSION_1];

/// * `results`: AUTOINCREMENT, so that a number that was told once never means another result.
/// * The indices for outcomes leave out OK, which is nearly everything: whoever asks for OK finds it without an index.
/// * `results_by_time` has all that statistics need, so that these never touch the wide rows.
/// * `minutes` turns a time into numbers of results: the lowest and the highest of those that were judged in a minute.
///   Pages go by number, and so need not look at everything that is newer than the time asked for. It holds whatever
///   the clock does, as a clock that was set back only makes a minute's numbers lie further apart.
/// * `thumbnails` are apart from the results, so that reading these does not wade through pictures.
const VERSION_1: &str = "
CREATE TABLE results (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms       INTEGER NOT NULL,
    inspection  TEXT NOT NULL,
    request_id  TEXT NOT NULL UNIQUE,
    pid         TEXT NOT NULL,
    algorithm   TEXT NOT NULL,
    version     TEXT NOT NULL,
    digest      TEXT NOT NULL,
    line        TEXT,
    step_index  INTEGER NOT NULL,
    phase       TEXT NOT NULL CHECK (phase IN ('pre_execute', 'execute')),
    outcome     TEXT NOT NULL CHECK (outcome IN ('OK', 'NG', 'FAILED')),
    error_code  TEXT,
    message     TEXT NOT NULL,
    ng_reason   TEXT,
    defects     TEXT NOT NULL,
    picture     TEXT,
    params      TEXT NOT NULL,
    debug       TEXT NOT NULL,
    attempts    INTEGER NOT NULL,
    waited_us   INTEGER NOT NULL,
    took_us     INTEGER NOT NULL,
    context     TEXT NOT NULL
) STRICT;
CREATE INDEX results_by_inspection ON results (inspection);
CREATE INDEX results_by_pid ON results (pid);
CREATE INDEX results_by_pid_trouble ON results (pid, outcome) WHERE outcome <> 'OK';
CREATE INDEX results_by_trouble ON results (outcome) WHERE outcome <> 'OK';
CREATE INDEX results_by_algorithm ON results (algorithm);
CREATE INDEX results_by_release ON results (algorithm, version);
CREATE INDEX results_by_time ON results (at_ms, pid, algorithm, version, phase, outcome, attempts, took_us);
CREATE TABLE minutes (
    minute      INTEGER PRIMARY KEY,
    first_id    INTEGER NOT NULL,
    last_id     INTEGER NOT NULL
) STRICT;
CREATE TABLE thumbnails (
    result      INTEGER PRIMARY KEY REFERENCES results (id) ON DELETE CASCADE,
    picture     BLOB NOT NULL
) STRICT;
";

/// What is known of a database before anything is written to it.
#[derive(Debug, PartialEq, Eq)]
enum Owner {
    /// Nobody: it is empty.
    Nobody,
    /// This program, with that version of the schema.
    Us(i64),
}

/// Opens the connection that writes, making and bringing up to date what has to be. The file grows to at most that many
/// bytes; a file that is larger already does not grow.
pub(crate) fn open_writer(path: &Path, ceiling_bytes: Option<u64>) -> Result<Connection, ResultsError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(|error| ResultsError::of(path, error))?;
    let failed = |error| ResultsError::of(path, error);
    connection.busy_timeout(BUSY).map_err(failed)?;
    if owner(path, &connection, MIGRATIONS.len())? == Owner::Nobody {
        // This can be chosen only before the first page is written.
        connection
            .pragma_update(None, "auto_vacuum", "INCREMENTAL")
            .map_err(failed)?;
    }
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(failed)?;
    if mode != "wal" {
        let path = path.to_owned();
        return Err(ResultsError::NoLog { path, mode });
    }
    // A commit returns only when the log has reached the disk.
    connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    // The log is brought into the database by the writer, between two commits: nobody waits for that.
    connection
        .pragma_update(None, "wal_autocheckpoint", 0)
        .map_err(failed)?;
    settle(&connection).map_err(failed)?;
    migrate(path, &mut connection, MIGRATIONS)?;
    if let Some(name) = missing(&connection).map_err(failed)? {
        return Err(ResultsError::Damaged {
            path: path.to_owned(),
            detail: format!("`{name}` is missing, or not what it was made as"),
        });
    }
    if let Some(bytes) = ceiling_bytes {
        let page: u32 = connection
            .pragma_query_value(None, "page_size", |row| row.get(0))
            .map_err(failed)?;
        // 0 would be taken for a question, and more than the engine's own maximum for that.
        let pages = (bytes / u64::from(page.max(1))).clamp(1, u64::from(u32::MAX - 1)) as i64;
        connection
            .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
            .map_err(failed)?;
    }
    Ok(connection)
}

/// Opens a connection that only reads. The database is there already.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, ResultsError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let failed = |error| ResultsError::of(path, error);
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY).map_err(failed)?;
    settle(&connection).map_err(failed)?;
    Ok(connection)
}

/// What every connection needs.
fn settle(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "foreign_keys", true)?;
    // Schemas are not to be trusted to call anything, and pages not to be what they seem.
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    // What is put in order is small, and a station's service may have no folder for temporary files.
    connection.pragma_update(None, "temp_store", "MEMORY")
}

/// Whose database it is.
fn owner(path: &Path, connection: &Connection, known: usize) -> Result<Owner, ResultsError> {
    let failed = |error| ResultsError::of(path, error);
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let application_id = number("application_id").map_err(failed)?;
    let version = number("user_version").map_err(failed)?;
    let things: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(failed)?;
    let path = path.to_owned();
    if application_id == 0 && version == 0 && things == 0 {
        return Ok(Owner::Nobody);
    }
    if application_id != i64::from(APPLICATION_ID) {
        return Err(ResultsError::Foreign {
            path,
            // The header has 32 bits for it.
            application_id: application_id as i32,
        });
    }
    let known = i64::try_from(known).unwrap_or(i64::MAX);
    if version > known {
        return Err(ResultsError::Newer { path, version, known });
    }
    if version < 1 {
        return Err(ResultsError::Damaged {
            path,
            detail: format!("its schema has version {version}"),
        });
    }
    Ok(Owner::Us(version))
}

/// Takes the steps that are missing, all of them or none.
fn migrate(path: &Path, connection: &mut Connection, migrations: &[&str]) -> Result<(), ResultsError> {
    let failed = |error| ResultsError::of(path, error);
    if owner(path, connection, migrations.len())? == Owner::Us(as_version(migrations.len())) {
        return Ok(());
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    // Another program may have been faster.
    let done = match owner(path, &transaction, migrations.len())? {
        Owner::Nobody => 0,
        Owner::Us(version) => usize::try_from(version).unwrap_or(0),
    };
    step(&transaction, migrations, done).map_err(failed)?;
    transaction.commit().map_err(failed)
}

/// A table or an index that is not there as it was made. Others may be there beside them.
fn missing(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let model = Connection::open_in_memory()?;
    for migration in MIGRATIONS {
        model.execute_batch(migration)?;
    }
    let mut all = model.prepare("SELECT name, sql FROM sqlite_schema")?;
    let mut is_there = connection.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?1 AND sql IS ?2")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let (name, sql): (String, Option<String>) = (row.get(0)?, row.get(1)?);
        if !is_there.exists((&name, sql))? {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn step(transaction: &Transaction<'_>, migrations: &[&str], done: usize) -> rusqlite::Result<()> {
    for migration in migrations.iter().skip(done) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", as_version(migrations.len()))
}

fn as_version(migrations: usize) -> i64 {
    i64::try_from(migrations).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> Connection {
        Connection::open(path).unwrap()
    }

    #[test]
    fn only_the_steps_that_are_missing_are_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.db");
        let steps = [
            "CREATE TABLE a (x INTEGER)",
            "ALTER TABLE a ADD COLUMN y INTEGER; INSERT INTO a VALUES (1, 2)",
            "UPDATE a SET y = y + 1",
        ];
        migrate(&path, &mut open(&path), &steps[..1]).unwrap();
        migrate(&path, &mut open(&path), &steps).unwrap();
        migrate(&path, &mut open(&path), &steps).unwrap();
        let row = open(&path).query_row("SELECT x, y FROM a", [], |row| Ok((row.get(0)?, row.get(1)?)));
        assert_eq!(row.unwrap(), (1, 3));
        let newer = migrate(&path, &mut open(&path), &steps[..2]).unwrap_err();
        assert!(
            matches!(
                newer,
                ResultsError::Newer {
                    version: 3,
                    known: 2,
                    ..
                }
            ),
            "{newer:?}"
        );
    }

    #[test]
    fn a_step_that_fails_leaves_the_database_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.db");
        let steps = [
            "CREATE TABLE a (x INTEGER)",
            "CREATE TABLE b (x INTEGER)",
            "CREATE TABLE a (x INTEGER)",
        ];
        migrate(&path, &mut open(&path), &steps[..1]).unwrap();
        migrate(&path, &mut open(&path), &steps).unwrap_err();
        assert_eq!(owner(&path, &open(&path), 3).unwrap(), Owner::Us(1));
        let tables: i64 = open(&path)
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .unwrap();
        assert_eq!(tables, 1);
    }

    #[test]
    fn a_commit_returns_only_when_it_is_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let writer = open_writer(&folder.path().join("results.db"), None).unwrap();
        let pragma = |name| writer.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0));
        assert_eq!(pragma("synchronous").unwrap(), 2.into());
        assert_eq!(pragma("foreign_keys").unwrap(), 1.into());
        assert_eq!(pragma("auto_vacuum").unwrap(), 2.into());
        assert_eq!(pragma("journal_mode").unwrap(), "wal".to_owned().into());
    }
}
