//! A result in the shape of the database's columns. It is made and taken apart where there is time for it: not on the
//! thread that writes.

use crate::error::ResultsError;
use crate::record::{NewResult, Outcome, Phase, REQUEST_ID_BYTES, RESULT_BYTES};
use rusqlite::Statement;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The columns, in the order in which they are bound and read.
pub(crate) const COLUMNS: &str = "at_ms, inspection, request_id, pid, algorithm, version, digest, line, step_index, \
     phase, outcome, error_code, message, ng_reason, defects, picture, params, debug, attempts, waited_us, took_us, \
     context";

/// What is bound to them.
pub(crate) const PLACES: &str = "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?";

/// One row; lists and objects are JSON.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub at_ms: i64,
    pub inspection: String,
    pub request_id: String,
    pub pid: String,
    pub algorithm: String,
    pub version: String,
    pub digest: String,
    pub line: Option<String>,
    pub step_index: u32,
    pub phase: Phase,
    pub outcome: Outcome,
    pub error_code: Option<String>,
    pub message: String,
    pub ng_reason: Option<String>,
    pub defects: String,
    pub picture: Option<String>,
    pub params: String,
    pub debug: String,
    pub attempts: u32,
    pub waited_us: i64,
    pub took_us: i64,
    pub context: String,
}

impl Row {
    /// # Errors
    ///
    /// `Invalid` and `TooLarge`, naming what is.
    pub(crate) fn new(result: NewResult) -> Result<Self, ResultsError> {
        let length = result.request_id.len();
        if !(1..=REQUEST_ID_BYTES).contains(&length) {
            return Err(ResultsError::Invalid {
                key: "request_id",
                why: format!("it has {length} bytes; 1 to {REQUEST_ID_BYTES} are accepted"),
            });
        }
        let picture = result.picture.as_ref();
        let row = Self {
            at_ms: storable("at_ms", result.at_ms)?,
            defects: json("defects", &result.defects)?,
            picture: picture.map(|picture| json("picture", picture)).transpose()?,
            params: json("params", &result.params)?,
            debug: json("debug", &result.debug)?,
            waited_us: storable("waited_us", result.waited_us)?,
            took_us: storable("took_us", result.took_us)?,
            context: json("context", &result.context)?,
            inspection: result.inspection,
            request_id: result.request_id,
            pid: result.pid,
            algorithm: result.algorithm,
            version: result.version,
            digest: result.digest,
            line: result.line,
            step_index: result.step_index,
            phase: result.phase,
            outcome: result.outcome,
            error_code: result.error_code,
            message: result.message,
            ng_reason: result.ng_reason,
            attempts: result.attempts,
        };
        within("result", row.bytes(), RESULT_BYTES)?;
        Ok(row)
    }

    /// Whether both are the same result: the keys of an object may stand in any order.
    pub(crate) fn says_the_same_as(&self, other: &Self) -> bool {
        let result = |row: &Self| row.clone().into_result().ok();
        self == other || result(self).is_some_and(|result_here| Some(result_here) == result(other))
    }

    /// Bytes of all texts.
    pub(crate) fn bytes(&self) -> usize {
        let always = [
            &self.inspection,
            &self.request_id,
            &self.pid,
            &self.algorithm,
            &self.version,
            &self.digest,
            &self.message,
            &self.defects,
            &self.params,
            &self.debug,
            &self.context,
        ];
        let perhaps = [&self.line, &self.error_code, &self.ng_reason, &self.picture];
        let always = always.into_iter().map(String::len).sum::<usize>();
        always + perhaps.into_iter().flatten().map(String::len).sum::<usize>()
    }

    /// Binds all columns and runs what inserts them. Says whether there was no row of that request.
    pub(crate) fn insert(&self, statement: &mut Statement<'_>) -> rusqlite::Result<bool> {
        let values: [&dyn ToSql; 22] = [
            &self.at_ms,
            &self.inspection,
            &self.request_id,
            &self.pid,
            &self.algorithm,
            &self.version,
            &self.digest,
            &self.line,
            &self.step_index,
            &self.phase,
            &self.outcome,
            &self.error_code,
            &self.message,
            &self.ng_reason,
            &self.defects,
            &self.picture,
            &self.params,
            &self.debug,
            &self.attempts,
            &self.waited_us,
            &self.took_us,
            &self.context,
        ];
        Ok(statement.execute(&values[..])? == 1)
    }

    /// Reads the columns, of which that one is the first.
    pub(crate) fn read(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            at_ms: row.get(first)?,
            inspection: row.get(first + 1)?,
            request_id: row.get(first + 2)?,
            pid: row.get(first + 3)?,
            algorithm: row.get(first + 4)?,
            version: row.get(first + 5)?,
            digest: row.get(first + 6)?,
            line: row.get(first + 7)?,
            step_index: row.get(first + 8)?,
            phase: row.get(first + 9)?,
            outcome: row.get(first + 10)?,
            error_code: row.get(first + 11)?,
            message: row.get(first + 12)?,
            ng_reason: row.get(first + 13)?,
            defects: row.get(first + 14)?,
            picture: row.get(first + 15)?,
            params: row.get(first + 16)?,
            debug: row.get(first + 17)?,
            attempts: row.get(first + 18)?,
            waited_us: row.get(first + 19)?,
            took_us: row.get(first + 20)?,
            context: row.get(first + 21)?,
        })
    }

    /// What was recorded.
    ///
    /// # Errors
    ///
    /// What is wrong with a value that was not stored like this.
    pub(crate) fn into_result(self) -> Result<NewResult, String> {
        Ok(NewResult {
            at_ms: natural("at_ms", self.at_ms)?,
            inspection: self.inspection,
            request_id: self.request_id,
            pid: self.pid,
            algorithm: self.algorithm,
            version: self.version,
            digest: self.digest,
            line: self.line,
            step_index: self.step_index,
            phase: self.phase,
            outcome: self.outcome,
            error_code: self.error_code,
            message: self.message,
            ng_reason: self.ng_reason,
            defects: parsed("defects", &self.defects)?,
            picture: self.picture.map(|picture| parsed("picture", &picture)).transpose()?,
            params: parsed("params", &self.params)?,
            debug: parsed("debug", &self.debug)?,
            attempts: self.attempts,
            waited_us: natural("waited_us", self.waited_us)?,
            took_us: natural("took_us", self.took_us)?,
            context: parsed("context", &self.context)?,
        })
    }
}

/// Whether something is as small as it has to be.
pub(crate) fn within(what: &'static str, bytes: usize, bound: usize) -> Result<(), ResultsError> {
    match bytes <= bound {
        true => Ok(()),
        false => Err(ResultsError::TooLarge { what, bytes, bound }),
    }
}

fn storable(key: &'static str, number: u64) -> Result<i64, ResultsError> {
    i64::try_from(number).map_err(|_| ResultsError::Invalid {
        key,
        why: format!("{number} is above {}", i64::MAX),
    })
}

fn natural(key: &'static str, number: i64) -> Result<u64, String> {
    u64::try_from(number).map_err(|_| format!("`{key}` is {number}"))
}

fn json(key: &'static str, value: &impl Serialize) -> Result<String, ResultsError> {
    serde_json::to_string(value).map_err(|error| ResultsError::Invalid {
        key,
        why: error.to_string(),
    })
}

fn parsed<T: DeserializeOwned>(key: &'static str, text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("`{key}` cannot be read: {error}"))
}

impl ToSql for Phase {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.as_str().into())
    }
}

impl FromSql for Phase {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_text(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl ToSql for Outcome {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.as_str().into())
    }
}

impl FromSql for Outcome {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_text(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}
