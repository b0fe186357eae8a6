//! `cargo xtask demo`: builds host and examples, makes packages of them, judges each example's cases and leaves reports
//! and annotated pictures.
//!
//! In order: toolchain, output directory, host, packages, cases, overview.

mod answer;
mod case;
mod example;
mod output;
mod overview;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::shell::Line;
use crate::toolchain::{GUEST_TARGET, Part};
use crate::workspace::Workspace;
use crate::{Finding, host, setup, style};
use answer::Answer;
use case::Case;
use example::Example;
use output::{CaseFiles, Output};

/// Where results go unless `--out` says otherwise, under the project's root.
const DEFAULT_OUT: &str = "demo-output";

/// One case after it was judged.
struct Judged {
    package: String,
    case: Case,
    /// What the host said, or why it said nothing.
    answer: Result<Answer, String>,
    /// What differs from the expectation, in words; empty if nothing does.
    differences: Vec<String>,
    /// From the start of the program to its end.
    time: Duration,
    files: CaseFiles,
}

impl Judged {
    fn verdict(&self) -> &str {
        self.answer.as_ref().map_or("none", Answer::shown)
    }
}

/// Runs the whole demonstration. `out` is relative to the caller's directory.
pub fn run(workspace: &Workspace, out: Option<&Path>) -> Result<Finding> {
    let out = match out {
        Some(dir) => std::path::absolute(dir).with_context(|| format!("cannot find the place of {}", dir.display()))?,
        None => workspace.root().join(DEFAULT_OUT),
    };
    announce("checking the toolchain");
    setup::ensure(workspace, &[Part::Target(GUEST_TARGET)])?;
    let examples = Example::all(&workspace.root().join("examples"))?;
    let output = Output::prepare(&out)?;

    announce("building the host (the first time takes minutes: it contains a compiler)");
    let host = host::build(workspace)?;
    let mut packages = Vec::new();
    for example in &examples {
        announce(&format!("building and packaging {}", example.name()));
        let folder = example.folder();
        let line = Line::new(&host, workspace.root())
            .arg("build")
            .arg(relative(folder, workspace.root()));
        if !line.run()?.success() {
            bail!(
                "the example {} could not be built (see above); repeat with: {line}",
                example.name()
            );
        }
        packages.push(output.add_package(example)?);
    }

    announce("judging photographs");
    println!();
    let cases: usize = examples.iter().map(|example| example.cases().len()).sum();
    let mut table = Table::begin(&examples);
    let mut judged = Vec::with_capacity(cases);
    for (example, package) in examples.iter().zip(&packages) {
        for case in example.cases() {
            let files = output.case_files(example.name(), &case.name)?;
            let one = judge(workspace, &host, example, package, case, files)?;
            table.row(&one);
            judged.push(one);
        }
    }
    let index = output.write_index(&overview::page(&judged))?;
    Ok(conclude(&judged, &index))
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
fn conclude(judged: &[Judged], index: &Path) -> Finding {
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
        return Finding::Good;
    }
    let sentence = format!("{} of {} cases are not as expected.", differing.len(), judged.len());
    println!("{}", style::out(&sentence, style::RED));
    Finding::Bad
}

/// Rows appear as they are judged, so the widths come from the cases' names beforehand.
struct Table {
    widths: (usize, usize),
}

impl Table {
    fn begin(examples: &[Example]) -> Self {
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

    fn row(&mut self, one: &Judged) {
        let time = style::duration(one.time);
        let same = one.differences.is_empty();
        let mark = if same { "" } else { "differs" };
        let line = self.line([
            &one.package,
            &one.case.name,
            one.verdict(),
            one.case.expected(),
            &time,
            mark,
        ]);
        println!("{}", if same { line } else { style::out(&line, style::RED) });
    }

    fn line(&self, cells: [&str; 6]) -> String {
        let [package, case, verdict, expected, time, mark] = cells;
        let (first, second) = self.widths;
        let line = format!("{package:first$}  {case:second$}  {verdict:9}  {expected:9}  {time:>8}  {mark}");
        line.trim_end().to_owned()
    }
}

fn announce(what: &str) {
    eprintln!("{}", style::err(&format!("== {what}"), style::BOLD));
}

/// As the caller would type it.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    relative(path, &here).display().to_string()
}

fn relative<'a>(path: &'a Path, dir: &Path) -> &'a Path {
    path.strip_prefix(dir).unwrap_or(path)
}
