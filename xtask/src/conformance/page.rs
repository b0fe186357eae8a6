//! The tables of `docs/protocol.md` that a run makes.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, bail};
use procvision_conformance::cases;
use procvision_conformance::report::{Report, Verdict};

use super::subjects::{ORIGINALS, OURS};
use crate::workspace::Workspace;

/// Where the tables begin and end on the page.
const MARKS: (&str, &str) = ("<!-- conformance:begin -->\n", "<!-- conformance:end -->");

/// Puts the tables of `reports` onto the page, in place of those that are there.
pub fn write(workspace: &Workspace, reports: &[Report]) -> Result<()> {
    let path = workspace.root().join("docs/protocol.md");
    let page = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let (before, rest) = page
        .split_once(MARKS.0)
        .context("docs/protocol.md does not say where the tables begin")?;
    let (_, after) = rest
        .split_once(MARKS.1)
        .context("docs/protocol.md does not say where the tables end")?;
    let page = [before, MARKS.0, &tables(reports)?, MARKS.1, after].concat();
    fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))
}

fn tables(reports: &[Report]) -> Result<String> {
    let names = [OURS, ORIGINALS[0].0, ORIGINALS[1].0];
    let mut columns = Vec::new();
    for name in names {
        let report = reports.iter().find(|report| report.subject == name);
        columns
            .push(report.with_context(|| format!("{name} was not asked; the page needs all of {}", names.join(", ")))?);
    }
    let mut text = format!(
        "| case | rule | {} | {} | {} |\n| --- | --- | --- | --- | --- |\n",
        names[0], names[1], names[2]
    );
    let mut departures = String::new();
    for case in cases::all() {
        let versions: Vec<&str> = case.dialects.iter().map(|dialect| dialect.as_str()).collect();
        let cells: Vec<&str> = columns.iter().map(|report| cell(report.verdict(case.id))).collect();
        if cells.iter().all(|cell| cell.is_empty()) {
            bail!("{} was not asked; the page needs every case", case.id);
        }
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| `{}` | {} ({}) | {} |",
            case.id,
            case.rule,
            versions.join(", "),
            cells.join(" | ")
        );
        for (name, report) in names.iter().zip(&columns).skip(1) {
            if let Some(Verdict::Fail(seen)) = report.verdict(case.id) {
                let _ = writeln!(departures, "| `{}` | {name} | {} |", case.id, seen.replace('|', "\\|"));
            }
        }
    }
    let _ = write!(
        text,
        "\nWhat was seen of the original adapters where a rule does not hold:\n\n| case | adapter | seen |\n| --- | --- | --- |\n{departures}"
    );
    Ok(text)
}

const fn cell(verdict: Option<&Verdict>) -> &'static str {
    match verdict {
        None => "",
        Some(Verdict::Pass(_)) => "yes",
        Some(Verdict::Fail(_)) => "**no**",
        Some(Verdict::NotApplicable(_)) => "not asked",
    }
}
