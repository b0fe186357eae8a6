//! Every case of every example, judged one by one with `procvision run`: what is left is a report and an annotated
//! picture for each.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::answer::Answer;
use super::case::Case;
use super::example::Example;
use super::output::{CaseFiles, Output};
use super::shown;
use crate::shell::Line;
use crate::style;
use crate::workspace::Workspace;

/// One case after it was judged.
pub struct Judged {
    pub package: String,
    pub case: Case,
    /// What the host said, or why it said nothing.
    pub answer: Result<Answer, String>,
    /// What differs from the expectation, in words; empty if nothing does.
    pub differences: Vec<String>,
    /// From the start of the program to its end.
    pub time: Duration,
    pub files: CaseFiles,
}

impl Judged {
    /// As tables and pages show it.
    pub fn verdict(&self) -> &str {
        self.answer.as_ref().map_or("none", Answer::shown)
    }
}

/// Judges all of them; each has a row as soon as it is judged. `packages` are the examples' folders.
pub fn judge_all(
    workspace: &Workspace,
    host: &Path,
    examples: &[Example],
    packages: &[PathBuf],
    output: &Output,
) -> Result<Vec<Judged>> {
    let mut table = Table::begin(examples);
    let mut judged = Vec::new();
    for (example, package) in examples.iter().zip(packages) {
        for case in example.cases() {
            let files = output.case_files(example.name(), &case.name)?;
            let one = judge(workspace, host, example, package, case, files)?;
            table.row(
                &one.package,
                &one.case,
                one.verdict(),
                one.time,
                !one.differences.is_empty(),
            );
            judged.push(one);
        }
    }
    Ok(judged)
}

fn judge(
    workspace: &Workspace,
    host: &Path,
    example: &Example,
    package: &Path,
    case: &Case,
    files: CaseFiles,
) -> Result<Judged> {
    let line = Line::new(host, workspace.root())
        .arg("run")
        .arg(package)
        .args(case.arguments(example.folder()))
        .arg("--annotate")
        .arg(&files.picture)
        .arg("--report")
        .arg(&files.report)
        .arg("--json");
    let begun = Instant::now();
    let output = line.capture()?;
    let time = begun.elapsed();
    files.keep_answer(&output.stdout)?;
    let answer = Answer::read(&output);
    let differences = match &answer {
        Ok(answer) => case.differences(answer),
        Err(reason) => vec![reason.clone()],
    };
    if !differences.is_empty() {
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        eprintln!("   repeat with: {line}");
    }
    Ok(Judged {
        package: example.name().to_owned(),
        case: case.clone(),
        answer,
        differences,
        time,
        files,
    })
}

/// The last lines: whether all is as expected, and where everything is.
pub fn conclude(judged: &[Judged], index: &Path) -> bool {
    let differing: Vec<&Judged> = judged.iter().filter(|one| !one.differences.is_empty()).collect();
    println!();
    for one in &differing {
        println!("{} {}: {}", one.package, one.case.name, one.differences.join("; "));
    }
    println!("Annotated pictures:");
    for one in judged.iter().filter(|one| one.files.picture.is_file()) {
        println!("  {}", shown(&one.files.picture));
    }
    println!("Overview, with a report for every case:\n  {}\n", shown(index));
    if differing.is_empty() {
        let sentence = format!("All {} verdicts are as expected.", judged.len());
        println!("{}", style::out(&sentence, style::GREEN));
        return true;
    }
    let sentence = format!("{} of {} cases are not as expected.", differing.len(), judged.len());
    println!("{}", style::out(&sentence, style::RED));
    false
}

/// Rows appear as they are judged, so the widths come from the cases' names beforehand.
pub struct Table {
    widths: (usize, usize),
}

impl Table {
    /// Prints the heading.
    pub fn begin(examples: &[Example]) -> Self {
        let names = examples
            .iter()
            .flat_map(|example| example.cases().iter().map(|case| case.name.chars().count()));
        let packages = examples.iter().map(|example| example.name().len());
        let table = Self {
            widths: (packages.max().unwrap_or(0).max(7), names.max().unwrap_or(0).max(4)),
        };
        let heading = table.line(["PACKAGE", "CASE", "VERDICT", "EXPECTED", "TIME", ""]);
        println!("{}", style::out(&heading, style::BOLD));
        table
    }

    /// Prints one case.
    pub fn row(&mut self, package: &str, case: &Case, verdict: &str, time: Duration, differs: bool) {
        let time = style::duration(time);
        let mark = if differs { "differs" } else { "" };
        let line = self.line([package, &case.name, verdict, case.expected(), &time, mark]);
        println!("{}", if differs { style::out(&line, style::RED) } else { line });
    }

    fn line(&self, cells: [&str; 6]) -> String {
        let [package, case, verdict, expected, time, mark] = cells;
        let (first, second) = self.widths;
        let line = format!("{package:first$}  {case:second$}  {verdict:9}  {expected:9}  {time:>8}  {mark}");
        line.trim_end().to_owned()
    }
}
