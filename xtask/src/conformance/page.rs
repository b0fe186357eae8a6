//! The tables of `docs/protocol.md` that a run makes. What was not asked in this run stays as it is on the page.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, bail};
use procvision_conformance::cases::{self, Case};
use procvision_conformance::report::{Report, Verdict};

use super::subjects::{ORIGINALS, OURS};
use crate::workspace::Workspace;

/// Where the tables begin and end on the page.
const MARKS: (&str, &str) = ("<!-- conformance:begin -->\n", "<!-- conformance:end -->");
/// The columns, in their order.
const COLUMNS: [&str; 3] = [OURS, ORIGINALS[0].0, ORIGINALS[1].0];

/// Puts the tables of `reports` onto the page, in place of those that are there.
pub fn write(workspace: &Workspace, reports: &[Report]) -> Result<()> {
    let path = workspace.root().join("docs/protocol.md");
    let page = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let (before, rest) = page
        .split_once(MARKS.0)
        .context("docs/protocol.md does not say where the tables begin")?;
    let (old, after) = rest
        .split_once(MARKS.1)
        .context("docs/protocol.md does not say where the tables end")?;
    let page = [before, MARKS.0, &tables(reports, old)?, MARKS.1, after].concat();
    fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))
}

fn tables(reports: &[Report], old: &str) -> Result<String> {
    let [ours, first, second] = COLUMNS;
    let mut text = format!("| case | rule | {ours} | {first} | {second} |\n| --- | --- | --- | --- | --- |\n");
    let mut departures = String::new();
    for case in cases::all() {
        let versions: Vec<&str> = case.dialects.iter().map(|dialect| dialect.as_str()).collect();
        let mut cells = Vec::new();
        for (place, name) in COLUMNS.into_iter().enumerate() {
            let (cell, seen) = match reports.iter().find(|report| report.subject == name) {
                Some(report) => new(report, case),
                None => kept(old, case, place, name)?,
            };
            cells.push(cell);
            if let Some(seen) = seen.filter(|_| name != OURS) {
                // Writing to a string cannot fail.
                let _ = writeln!(departures, "| `{}` | {name} | {seen} |", case.id);
            }
        }
        let _ = writeln!(
            text,
            "| `{}` | {} ({}) | {} |",
            case.id,
            case.rule,
            versions.join(", "),
            cells.join(" | ")
        );
    }
    let _ = write!(
        text,
        "\nWhat was seen of the original adapters where a rule does not hold:\n\n\
         | case | adapter | seen |\n| --- | --- | --- |\n{departures}"
    );
    Ok(text)
}

/// The cell of a case that was asked, and what was seen if the rule is broken.
fn new(report: &Report, case: &Case) -> (String, Option<String>) {
    let (cell, seen) = match report.verdict(case.id) {
        None => ("", None),
        Some(Verdict::Pass(_)) => ("yes", None),
        Some(Verdict::Fail(seen)) => ("**no**", Some(seen.replace('|', "\\|"))),
        Some(Verdict::NotApplicable(_)) => ("not asked", None),
    };
    (cell.to_owned(), seen)
}

/// The same as it stands on the page.
fn kept(old: &str, case: &Case, place: usize, name: &str) -> Result<(String, Option<String>)> {
    let of_case = format!("| `{}` | ", case.id);
    let mut rows = old
        .lines()
        .filter_map(|line| line.strip_prefix(&of_case)?.strip_suffix('|'));
    let cell = rows
        .next()
        .and_then(|row| row.rsplit('|').nth(COLUMNS.len() - 1 - place));
    let Some(cell) = cell else {
        bail!("{} is not on the page yet; ask {name}, too", case.id);
    };
    let of_name = format!("{of_case}{name} | ");
    let seen = old
        .lines()
        .find_map(|line| line.strip_prefix(&of_name)?.strip_suffix(" |"));
    Ok((cell.trim().to_owned(), seen.map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use procvision_conformance::report::Row;
    use procvision_conformance::subject::Dialect;
    use std::time::Duration;

    fn report(subject: &str, verdict: &Verdict) -> Report {
        let row = |case: &'static Case| Row {
            id: case.id,
            rule: case.rule,
            dialect: Dialect::V02,
            verdict: verdict.clone(),
            took: Duration::ZERO,
        };
        Report {
            subject: subject.to_owned(),
            rows: cases::all().map(row).collect(),
        }
    }

    #[test]
    fn what_is_not_asked_stays_as_it_is() {
        let [ours, first, second] = COLUMNS;
        let reports = [
            report(ours, &Verdict::Pass(None)),
            report(first, &Verdict::Fail("a|b".to_owned())),
            report(second, &Verdict::NotApplicable(String::new())),
        ];
        let whole = tables(&reports, "").unwrap();
        assert!(whole.contains(" | yes | **no** | not asked |\n"), "{whole}");
        assert!(whole.contains(" | 0.0.7 | a\\|b |\n"), "{whole}");
        assert_eq!(tables(&reports[..1], &whole).unwrap(), whole);
        assert_eq!(tables(&reports[1..2], &whole).unwrap(), whole);
        assert!(tables(&reports[..1], "").is_err());
    }
}
