//! Which results are meant, and how the database finds them: the index is chosen here, not by the engine's guess, so
//! that what a question costs is known.

use crate::error::ResultsError;
use crate::record::{Outcome, Phase, RowId};
use crate::writer::MINUTE_MS;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

/// Most results of one page.
pub const PAGE_ROWS: u32 = 1_000;
/// Results of a page if nothing is said.
pub const DEFAULT_PAGE_ROWS: u32 = 100;

/// Which results: those that fit everything that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Of that product model.
    pub pid: Option<String>,
    /// Of that algorithm.
    pub algorithm: Option<String>,
    /// Of that version of whatever algorithm.
    pub version: Option<String>,
    /// Of that question. Without it, statistics count whether conditions were right beside whether products were good.
    pub phase: Option<Phase>,
    /// With that outcome.
    pub outcome: Option<Outcome>,
    /// Of that inspection.
    pub inspection: Option<String>,
    /// Judged then or later: milliseconds since 1970.
    pub since_ms: Option<u64>,
    /// Judged before: milliseconds since 1970.
    pub until_ms: Option<u64>,
    /// Recorded before that one. For pages and exports.
    pub before: Option<RowId>,
    /// At most that many, at least 1: of a page at most [`PAGE_ROWS`] and by default [`DEFAULT_PAGE_ROWS`], of an
    /// export by default all.
    pub limit: Option<u32>,
}

impl Filter {
    /// How many results a page has.
    ///
    /// # Errors
    ///
    /// `Invalid`, if that is none or more than one page has.
    pub(crate) fn page_rows(&self) -> Result<usize, ResultsError> {
        let rows = self.limit.unwrap_or(DEFAULT_PAGE_ROWS);
        if !(1..=PAGE_ROWS).contains(&rows) {
            return Err(ResultsError::Invalid {
                key: "limit",
                why: format!("it is {rows}; 1 to {PAGE_ROWS} are accepted"),
            });
        }
        Ok(rows as usize)
    }

    /// How many results an export has at most.
    ///
    /// # Errors
    ///
    /// `Invalid`, if that is none.
    pub(crate) fn export_rows(&self) -> Result<u64, ResultsError> {
        match self.limit {
            Some(0) => Err(ResultsError::Invalid {
                key: "limit",
                why: "it is 0; an export has at least 1 result".to_owned(),
            }),
            limit => Ok(limit.map_or(u64::MAX, u64::from)),
        }
    }

    /// # Errors
    ///
    /// `Invalid`, if it says what makes no sense for statistics.
    pub(crate) fn is_for_statistics(&self) -> Result<(), ResultsError> {
        let given = [("before", self.before.is_some()), ("limit", self.limit.is_some())];
        match given.into_iter().find(|(_, is_given)| *is_given) {
            Some((key, _)) => Err(ResultsError::Invalid {
                key,
                why: "statistics are of all results of a time".to_owned(),
            }),
            None => Ok(()),
        }
    }

    /// From when, and before when, as the database has it.
    pub(crate) fn times(&self) -> (i64, i64) {
        // What is beyond what can be stored is beyond all that is stored.
        let time = |ms: Option<u64>, default| ms.map_or(default, |ms| i64::try_from(ms).unwrap_or(i64::MAX));
        (time(self.since_ms, 0), time(self.until_ms, i64::MAX))
    }

    /// The condition for everything but what a page begins with.
    pub(crate) fn condition(&self) -> Condition {
        let mut condition = Condition::default();
        condition.equal("pid", self.pid.as_ref());
        condition.equal("algorithm", self.algorithm.as_ref());
        condition.equal("version", self.version.as_ref());
        condition.equal("phase", self.phase.map(Phase::as_str));
        condition.equal("outcome", self.outcome.map(Outcome::as_str));
        condition.equal("inspection", self.inspection.as_ref());
        let (since, until) = self.times();
        if self.since_ms.is_some() {
            condition.and("at_ms >=", since.into());
        }
        if self.until_ms.is_some() {
            condition.and("at_ms <", until.into());
        }
        condition
    }

    /// The way on which the fewest results that do not fit are come upon.
    pub(crate) fn way(&self) -> Way {
        let trouble = self.outcome.filter(|outcome| *outcome != Outcome::Ok);
        let mut way = Way::default();
        if let Some(inspection) = &self.inspection {
            way.through("results_by_inspection");
            way.condition.equal("inspection", Some(inspection));
        } else if let (Some(pid), Some(outcome)) = (&self.pid, trouble) {
            way.through("results_by_pid_trouble");
            way.condition.equal("pid", Some(pid));
            way.trouble(outcome);
        } else if let Some(outcome) = trouble {
            way.through("results_by_trouble");
            way.trouble(outcome);
        } else if let (Some(algorithm), Some(version)) = (&self.algorithm, &self.version) {
            way.through("results_by_release");
            way.condition.equal("algorithm", Some(algorithm));
            way.condition.equal("version", Some(version));
        } else if let Some(pid) = &self.pid {
            way.through("results_by_pid");
            way.condition.equal("pid", Some(pid));
        } else if let Some(algorithm) = &self.algorithm {
            way.through("results_by_algorithm");
            way.condition.equal("algorithm", Some(algorithm));
        }
        way
    }

    /// The lowest and the highest number that can fit, if any can.
    pub(crate) fn numbers(&self, connection: &Connection) -> rusqlite::Result<Option<(i64, i64)>> {
        let highest = self.before.map_or(i64::MAX, |before| before.0.saturating_sub(1));
        if self.since_ms.is_none() && self.until_ms.is_none() {
            return Ok(Some((1, highest)));
        }
        let (since, until) = self.times();
        let minutes = (since / MINUTE_MS, until.saturating_sub(1) / MINUTE_MS);
        let of_minutes: Option<(Option<i64>, Option<i64>)> = connection
            .prepare_cached("SELECT min(first_id), max(last_id) FROM minutes WHERE minute BETWEEN ?1 AND ?2")?
            .query_row(minutes, |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(match of_minutes {
            Some((Some(first), Some(last))) => Some((first, last.min(highest))),
            _ => None,
        })
    }
}

/// A condition of SQL, and what is bound in it.
#[derive(Debug, Default)]
pub(crate) struct Condition {
    text: String,
    pub(crate) values: Vec<Value>,
}

impl Condition {
    fn equal(&mut self, column: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.and(&format!("{column} ="), value.to_string().into());
        }
    }

    pub(crate) fn and(&mut self, column_and_operator: &str, value: Value) {
        self.and_text(&format!("{column_and_operator} ?"));
        self.values.push(value);
    }

    fn and_text(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push_str(" AND ");
        }
        self.text.push_str(text);
    }

    /// What is always true if nothing is asked for.
    pub(crate) fn text(&self) -> &str {
        match self.text.as_str() {
            "" => "TRUE",
            text => text,
        }
    }
}

/// An index, and what is looked for in it.
#[derive(Debug, Default)]
pub(crate) struct Way {
    /// None: the results in their order.
    pub(crate) index: Option<&'static str>,
    pub(crate) condition: Condition,
}

impl Way {
    fn through(&mut self, index: &'static str) {
        self.index = Some(index);
    }

    fn trouble(&mut self, outcome: Outcome) {
        // A partial index is used only if the text says that the condition of the index holds.
        self.condition.and_text("outcome <> 'OK'");
        self.condition.equal("outcome", Some(outcome.as_str()));
    }

    /// As it stands behind the table's name.
    pub(crate) fn hint(&self) -> String {
        match self.index {
            Some(index) => format!("INDEXED BY {index}"),
            None => "NOT INDEXED".to_owned(),
        }
    }
}
