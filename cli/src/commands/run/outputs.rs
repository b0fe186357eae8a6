//! The annotated picture and the report as files.

use super::Run;
use crate::commands::error::CommandError;
use crate::commands::outputs::{check_place, unwritable, write_file};
use image::ImageFormat;
use procvision_host::annotate::{MOST_MARKS, annotate, marks};
use procvision_host::outcome::Warning;
use procvision_host::report::RunReport;
use std::io::Cursor;

/// Finds out before the work is done whether its results have a place to go to.
pub(super) fn check_places(run: &Run) -> Result<(), CommandError> {
    [&run.annotate, &run.report]
        .into_iter()
        .flatten()
        .try_for_each(|file| check_place(file))
}

/// Writes what was asked for and notes where.
pub(super) fn write(run: &Run, report: &mut RunReport) -> Result<(), CommandError> {
    if let Some(file) = &run.annotate {
        let outcomes: Vec<_> = report.steps().map(|step| &step.outcome).collect();
        let marks = marks(outcomes.iter().copied()).len();
        if marks > MOST_MARKS {
            report.warnings.push(Warning {
                kind: "rects_not_drawn",
                message: format!("the annotated picture shows {MOST_MARKS} of {marks} rects"),
            });
        }
        let outcomes: Vec<_> = report.steps().map(|step| &step.outcome).collect();
        let picture = annotate(&report.request.image.frame, &outcomes);
        let mut bytes = Cursor::new(Vec::new());
        picture
            .write_to(&mut bytes, ImageFormat::Png)
            .map_err(|error| unwritable(file, &error.to_string()))?;
        write_file(file, &bytes.into_inner())?;
        report.annotated = Some(file.clone());
    }
    if let Some(file) = &run.report {
        report.report = Some(file.clone());
        write_file(file, report.to_html()?.as_bytes())?;
    }
    Ok(())
}
