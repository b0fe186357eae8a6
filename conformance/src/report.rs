//! What a run found, for people and for programs.

use crate::step::{Step, Stop};
use crate::subject::Dialect;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::Duration;

/// What became of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The rule holds, and what was measured on the way.
    Pass(Option<String>),
    /// The rule is broken, and what was seen.
    Fail(String),
    /// The case cannot be asked of this subject, and why.
    NotApplicable(String),
}

impl Verdict {
    /// One word: `pass`, `fail` or `not applicable`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pass(_) => "pass",
            Self::Fail(_) => "fail",
            Self::NotApplicable(_) => "not applicable",
        }
    }

    /// What was measured or seen, or why it cannot be asked; empty if there is nothing to say.
    pub fn note(&self) -> &str {
        match self {
            Self::Pass(note) => note.as_deref().unwrap_or_default(),
            Self::Fail(note) | Self::NotApplicable(note) => note,
        }
    }
}

impl From<Step<Option<String>>> for Verdict {
    fn from(step: Step<Option<String>>) -> Self {
        match step {
            Ok(note) => Self::Pass(note),
            Err(Stop::Failed(seen)) => Self::Fail(seen),
            Err(Stop::NotApplicable(why)) => Self::NotApplicable(why),
        }
    }
}

/// One case and what became of it.
#[derive(Debug, Clone)]
pub struct Row {
    /// What the case is called.
    pub id: &'static str,
    /// The rule.
    pub rule: &'static str,
    /// Which version was spoken.
    pub dialect: Dialect,
    /// What became of it.
    pub verdict: Verdict,
    /// How long it took.
    pub took: Duration,
}

/// A whole run.
#[derive(Debug, Clone)]
pub struct Report {
    /// What was examined.
    pub subject: String,
    /// Every case, in the order of the documents, version by version.
    pub rows: Vec<Row>,
}

impl Report {
    /// How many rules hold.
    pub fn passed(&self) -> usize {
        self.count("pass")
    }

    /// How many rules are broken.
    pub fn failed(&self) -> usize {
        self.count("fail")
    }

    fn count(&self, word: &str) -> usize {
        self.rows.iter().filter(|row| row.verdict.as_str() == word).count()
    }

    /// The worst that became of a case, over the versions; `None` if it was not asked.
    pub fn verdict(&self, id: &str) -> Option<&Verdict> {
        let of_case = self.rows.iter().filter(|row| row.id == id).map(|row| &row.verdict);
        of_case.max_by_key(|verdict| match verdict {
            Verdict::NotApplicable(_) => 0,
            Verdict::Pass(_) => 1,
            Verdict::Fail(_) => 2,
        })
    }

    /// A table for people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let width = self.rows.iter().map(|row| row.id.len()).max().unwrap_or(0);
        for row in &self.rows {
            let line = format!(
                "{}  {:<width$}  {:<14}  {}",
                row.dialect,
                row.id,
                row.verdict.as_str(),
                row.verdict.note()
            );
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", line.trim_end());
            if let Verdict::Fail(_) = row.verdict {
                let _ = writeln!(text, "     {:<width$}  {:<14}  rule: {}", "", "", row.rule);
            }
        }
        let _ = writeln!(
            text,
            "{}: {} rules hold, {} are broken, {} cannot be asked.",
            self.subject,
            self.passed(),
            self.failed(),
            self.count("not applicable")
        );
        text
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                json!({
                    "id": row.id,
                    "rule": row.rule,
                    "version": row.dialect.as_str(),
                    "verdict": row.verdict.as_str().replace(' ', "_"),
                    "note": row.verdict.note(),
                    "ms": row.took.as_secs_f64() * 1000.0,
                })
            })
            .collect();
        json!({
            "schema": 1,
            "subject": self.subject,
            "counts": {
                "pass": self.passed(),
                "fail": self.failed(),
                "not_applicable": self.count("not applicable"),
            },
            "cases": rows,
        })
    }
}
