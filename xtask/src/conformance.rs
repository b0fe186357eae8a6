//! `cargo xtask conformance`: the runner protocol's cases, asked of this project's adapter and of the original ones, or of
//! any command line.

pub mod package;
mod page;
mod subjects;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use procvision_conformance::report::{Report, Row, Verdict};
use procvision_conformance::subject::Subject;
use procvision_conformance::suite::{self, Options};
use serde_json::json;

use crate::cli::Conformance;
use crate::workspace::Workspace;
use crate::{Finding, style};

/// How long one thing may take. On a machine that does something else, too, an adapter in Python needs seconds to start.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the cases and prints tables, or JSON.
///
/// The finding is about this project's adapter, or about the command line that was given: what the original ones do is
/// only shown.
pub fn run(workspace: &Workspace, asked: &Conformance) -> Result<Finding> {
    let folder = workspace.target_dir()?.join("conformance/pictures");
    let subjects = if asked.command.is_empty() {
        subjects::all(workspace, &asked.subjects)?
    } else {
        vec![subjects::of_command(&asked.command, asked.dialect)]
    };
    let mut reports = Vec::new();
    for subject in &subjects {
        announce(&format!("asking {}", subject.name));
        reports.push(examine(subject, asked, &folder)?);
    }
    if asked.json {
        let reports: Vec<_> = reports.iter().map(Report::json).collect();
        println!("{}", json!({ "schema": 1, "reports": reports }));
    } else {
        for report in &reports {
            println!("{}", report.text());
        }
    }
    if asked.write {
        page::write(workspace, &reports)?;
    }
    let first = reports.first().context("nothing was asked")?;
    Ok(if first.failed() == 0 {
        Finding::Good
    } else {
        Finding::Bad
    })
}

fn examine(subject: &Subject, asked: &Conformance, folder: &Path) -> Result<Report> {
    let options = Options {
        filter: asked.only.as_deref(),
        patience: asked.patience.unwrap_or(PATIENCE),
        folder,
    };
    let report = suite::run(subject, &options, tell)
        .with_context(|| format!("cannot write pictures to {}", folder.display()))?;
    if report.rows.is_empty() {
        bail!("no case of {} has a name with what --only says", subject.name);
    }
    Ok(report)
}

/// One line for each case, for somebody who waits.
fn tell(row: &Row) {
    let colour = match row.verdict {
        Verdict::Pass(_) => style::GREEN,
        Verdict::Fail(_) => style::RED,
        Verdict::NotApplicable(_) => style::BOLD,
    };
    let word = style::err(row.verdict.as_str(), colour);
    eprintln!("   {} {} {word} {}", row.dialect, row.id, row.verdict.note());
}

fn announce(what: &str) {
    eprintln!("{}", style::err(&format!("== {what}"), style::BOLD));
}
