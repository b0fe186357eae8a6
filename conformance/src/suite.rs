//! Running the cases, one after the other, each with a process of its own.

use crate::bench::Bench;
use crate::cases::{self, Case};
use crate::report::{Report, Row, Verdict};
use crate::subject::{Dialect, Subject};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// How cases are run.
pub struct Options<'a> {
    /// Only cases whose name contains this.
    pub filter: Option<&'a str>,
    /// How long one thing may take.
    pub patience: Duration,
    /// A folder for pictures, which is made.
    pub folder: &'a Path,
}

/// Runs every case in every version that the subject speaks, and tells `progress` of each when it has run.
///
/// # Errors
///
/// If the folder cannot be written. That the subject cannot be started is a broken rule of every case.
pub fn run(subject: &Subject, options: &Options<'_>, mut progress: impl FnMut(&Row)) -> io::Result<Report> {
    let mut rows = Vec::new();
    for &dialect in &subject.dialects {
        let bench = Bench::new(subject, dialect, options.folder, options.patience)?;
        for case in chosen(dialect, options.filter) {
            let begun = Instant::now();
            let verdict = Verdict::from(case.run(&bench));
            let row = Row {
                id: case.id,
                rule: case.rule,
                dialect,
                verdict,
                took: begun.elapsed(),
            };
            progress(&row);
            rows.push(row);
        }
    }
    Ok(Report {
        subject: subject.name.clone(),
        rows,
    })
}

/// The cases of a version whose name contains `filter`.
pub fn chosen(dialect: Dialect, filter: Option<&str>) -> impl Iterator<Item = &'static Case> {
    let of_version = cases::all().filter(move |case| case.dialects.contains(&dialect));
    of_version.filter(move |case| filter.is_none_or(|filter| case.id.contains(filter)))
}
