//! Files that are not what they should be.

use crate::sample::{self, sample, wait};
use procvision_results::{Filter, Results, ResultsError};
use rusqlite::Connection;
use std::fs;
use std::path::Path;

fn refusal(path: &Path) -> ResultsError {
    Results::open(path, sample::ALL).unwrap_err()
}

/// The refusal, having changed nothing.
fn refusal_untouched(path: &Path) -> ResultsError {
    let before = fs::read(path).unwrap();
    let error = refusal(path);
    assert!(fs::read(path).unwrap() == before, "the file was changed");
    assert!(error.remedy().is_some());
    assert!(error.to_string().contains("results.db"), "{error}");
    error
}

/// A database with some results, closed.
fn filled(path: &Path) {
    let results = Results::open(path, sample::ALL).unwrap();
    sample::record_all(&results, (0..500).map(|n| sample(0, n)));
}

#[test]
fn an_empty_file_becomes_a_database() {
    let (_folder, path) = sample::file();
    fs::write(&path, "").unwrap();
    let results = Results::open(&path, sample::ALL).unwrap();
    wait(results.record(sample(0, 1), None)).unwrap();
}

#[test]
fn a_text_is_no_database() {
    let (_folder, path) = sample::file();
    fs::write(&path, "what somebody wrote ".repeat(1_000)).unwrap();
    let error = refusal_untouched(&path);
    assert!(matches!(error, ResultsError::NotADatabase { .. }), "{error:?}");
}

#[test]
fn a_database_of_something_else_is_left_alone() {
    let (_folder, path) = sample::file();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE results (id INTEGER)").unwrap();
    drop(other);
    let error = refusal_untouched(&path);
    assert!(
        matches!(error, ResultsError::Foreign { application_id: 0, .. }),
        "{error:?}"
    );

    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("PRAGMA application_id = -7; PRAGMA user_version = 1")
        .unwrap();
    drop(other);
    let error = refusal_untouched(&path);
    assert!(
        matches!(error, ResultsError::Foreign { application_id: -7, .. }),
        "{error:?}"
    );
}

#[test]
fn a_newer_version_is_refused() {
    let (_folder, path) = sample::file();
    filled(&path);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(other);
    let error = refusal_untouched(&path);
    assert!(
        matches!(
            error,
            ResultsError::Newer {
                version: 99,
                known: 1,
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn a_version_that_never_was_is_damage() {
    let (_folder, path) = sample::file();
    filled(&path);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA user_version = 0").unwrap();
    drop(other);
    let error = refusal_untouched(&path);
    assert!(matches!(error, ResultsError::Damaged { .. }), "{error:?}");
}

#[test]
fn a_table_or_an_index_that_is_missing_is_damage() {
    for change in [
        "DROP INDEX results_by_pid",
        "DROP TABLE minutes",
        "ALTER TABLE thumbnails ADD COLUMN more TEXT",
    ] {
        let (_folder, path) = sample::file();
        filled(&path);
        let other = Connection::open(&path).unwrap();
        other.execute_batch(change).unwrap();
        drop(other);
        let error = refusal(&path);
        assert!(matches!(error, ResultsError::Damaged { .. }), "{change}: {error:?}");
    }
    // What somebody has added is left alone.
    let (_folder, path) = sample::file();
    filled(&path);
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE INDEX mine ON results (message); CREATE TABLE notes (x TEXT)")
        .unwrap();
    drop(other);
    assert_eq!(
        sample::everything(&Results::open(&path, sample::ALL).unwrap()).len(),
        500
    );
}

#[test]
fn what_cannot_be_opened_is_told() {
    let (folder, path) = sample::file();
    let error = refusal(&path.join("below"));
    assert!(matches!(error, ResultsError::Open { .. }), "{error:?}");
    let error = refusal(folder.path());
    assert!(matches!(error, ResultsError::Open { .. }), "{error:?}");
}

/// Pages in the middle are overwritten: whoever comes upon them is told, and so is whoever looks for it.
#[test]
fn overwritten_pages_are_damage() {
    let (_folder, path) = sample::file();
    filled(&path);
    let mut bytes = fs::read(&path).unwrap();
    assert!(bytes.len() > 40 * 4_096);
    bytes[15 * 4_096..].fill(0xA5);
    fs::write(&path, &bytes).unwrap();
    let results = Results::open(&path, sample::ALL).unwrap();
    let found = results.check().unwrap_err();
    assert!(matches!(found, ResultsError::Damaged { .. }), "{found:?}");
    let error = results
        .export(&Filter::default(), std::io::sink(), procvision_results::Format::Csv)
        .unwrap_err();
    assert!(matches!(error, ResultsError::Damaged { .. }), "{error:?}");
    let error = wait(results.record(sample(0, 1_000), None)).unwrap_err();
    assert!(matches!(error, ResultsError::Damaged { .. }), "{error:?}");
}

#[test]
fn a_file_that_was_cut_is_damage() {
    let (_folder, path) = sample::file();
    filled(&path);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let error = match Results::open(&path, sample::ALL) {
        Ok(results) => results.check().unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(error, ResultsError::Damaged { .. }), "{error:?}");
}

/// A value that was put there by hand is not taken for a result.
#[test]
fn a_row_that_cannot_be_read_is_damage() {
    for change in [
        "defects = 'no JSON'",
        "took_us = -1",
        "picture = '{}'",
        "step_index = -1",
        "message = x'FF00'",
    ] {
        let (_folder, path) = sample::file();
        filled(&path);
        let other = Connection::open(&path).unwrap();
        let changed = other.execute(&format!("UPDATE results SET {change} WHERE id = 7"), []);
        if changed.is_err() {
            // The columns themselves are strict.
            continue;
        }
        let results = Results::open(&path, sample::ALL).unwrap();
        let error = results.get(procvision_results::RowId(7)).unwrap_err();
        assert!(matches!(error, ResultsError::Damaged { .. }), "{change}: {error:?}");
        assert!(results.get(procvision_results::RowId(8)).unwrap().is_some());
    }
}
