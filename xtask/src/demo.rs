//! `cargo xtask demo`: builds host and examples, makes packages of them, and has a station judge photographs with them.
//!
//! On a terminal the station goes on, with a camera for each example, until somebody ends it ([`live`]). The short form
//! judges each example's cases once and leaves reports: one by one ([`reports`]), and through the station ([`once`]).
//!
//! In order: toolchain, output directory, host, packages, then either form.

mod answer;
mod case;
mod example;
mod live;
mod once;
mod output;
mod overview;
mod reports;
mod stage;

use std::io::{IsTerminal, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::cli::Demo;
use crate::shell::Line;
use crate::toolchain::{GUEST_TARGET, Part};
use crate::workspace::Workspace;
use crate::{Finding, host, setup, style};
use example::Example;
use output::Output;

/// Where results go unless `--out` says otherwise, under the project's root.
const DEFAULT_OUT: &str = "demo-output";

/// What both forms need.
struct Built {
    /// The program `procvision`.
    host: PathBuf,
    examples: Vec<Example>,
    /// The folder of each example's package.
    folders: Vec<PathBuf>,
    /// The archive of each example's package.
    archives: Vec<PathBuf>,
    output: Output,
}

/// Runs the whole demonstration.
pub fn run(workspace: &Workspace, asked: &Demo) -> Result<Finding> {
    let out = match &asked.out {
        Some(dir) => std::path::absolute(dir).with_context(|| format!("cannot find the place of {}", dir.display()))?,
        None => workspace.root().join(DEFAULT_OUT),
    };
    let unattended = unattended();
    let goes_on = asked.live || (!asked.once && unattended.is_none());
    if let Some(why) = unattended.filter(|_| !asked.live && !asked.once) {
        eprintln!(
            "note: {why}, so this is the short form, which ends by itself, as with --once; with --live the station goes on \
             until it is interrupted"
        );
    }
    let built = build(workspace, &out)?;
    match goes_on {
        true => live::run(workspace, &built),
        false => short(workspace, &built),
    }
}

/// Why nobody is there who would end what goes on, if that is so.
fn unattended() -> Option<&'static str> {
    if std::env::var_os("CI").is_some_and(|value| !value.is_empty()) {
        return Some("the variable CI is set");
    }
    (!std::io::stdout().is_terminal()).then_some("stdout is no terminal")
}

fn build(workspace: &Workspace, out: &Path) -> Result<Built> {
    announce("checking the toolchain");
    setup::ensure(workspace, &[Part::Target(GUEST_TARGET)])?;
    let examples = Example::all(&workspace.root().join("examples"))?;
    let output = Output::prepare(out)?;

    announce("building the host (the first time takes minutes: it contains a compiler)");
    let host = host::build(workspace)?;
    let (mut folders, mut archives) = (Vec::new(), Vec::new());
    for example in &examples {
        announce(&format!("building and packaging {}", example.name()));
        let folder = relative(example.folder(), workspace.root());
        let line = Line::new(&host, workspace.root()).arg("build").arg(folder);
        if !line.run()?.success() {
            bail!(
                "the example {} could not be built (see above); repeat with: {line}",
                example.name()
            );
        }
        folders.push(output.add_package(example)?);
        let archive = output.archive(example);
        let line = Line::new(&host, workspace.root())
            .args(["package", "--no-build", "--output"])
            .arg(&archive)
            .arg(folder);
        let made = line.capture()?;
        if !made.status.success() {
            // What it says stands above the sentence that says how to repeat it.
            let _ = std::io::stderr().write_all(&made.stderr);
            bail!(
                "no package could be made of the example {} (see above); repeat with: {line}",
                example.name()
            );
        }
        archives.push(archive);
    }
    Ok(Built {
        host,
        examples,
        folders,
        archives,
        output,
    })
}

/// Every case once, by both ways.
fn short(workspace: &Workspace, built: &Built) -> Result<Finding> {
    let Built {
        host,
        examples,
        folders,
        output,
        ..
    } = built;
    announce("judging photographs, one by one");
    println!();
    let judged = reports::judge_all(workspace, host, examples, folders, output)?;
    println!();
    announce("judging them again, through a station");
    println!();
    let station_good = once::run(workspace, built)?;
    let index = output.write_index(&overview::page(&judged))?;
    let good = reports::conclude(&judged, &index);
    Ok(if good && station_good {
        Finding::Good
    } else {
        Finding::Bad
    })
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
