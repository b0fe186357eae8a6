//! `procvision inspect`: what a security reviewer wants to know before anybody runs a package.

mod text;

use super::error::CommandError;
use super::exit::Exit;
use super::terminal::TerminalArgs;
use super::{help, outputs, terminal};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use procvision_host::inspection::point::Verdict;
use procvision_host::inspection::{Inspection, Station};
use procvision_host::package::PackageError;
use procvision_host::visible;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often the sign of life moves.
const TURN: Duration = Duration::from_millis(120);

/// Say what a package is, what it asks for and what a reviewer must decide
///
/// Reads everything from the files themselves: what the component imports and which functions of it
/// reach its code, limits, signature, what it is made of, assets, text that looks like addresses or
/// commands. Nothing is compiled or run.
#[derive(Args)]
#[command(after_help = help::INSPECT)]
pub struct Inspect {
    /// A package, its folder, or a .wasm component
    #[arg(value_name = "ZIP|DIR|WASM")]
    source: PathBuf,

    /// An older package to compare with
    #[arg(long, value_name = "ZIP|DIR|WASM")]
    against: Option<PathBuf>,

    /// The policy of the station that would run it; without one the defaults are judged
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Write the whole as one HTML file
    #[arg(long, value_name = "HTML")]
    report: Option<PathBuf>,

    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

impl Inspect {
    /// Looks at it and says what came of it.
    pub fn run(&self, terminal: &TerminalArgs) -> Result<Exit, CommandError> {
        for path in self.against.iter().chain([&self.source]) {
            if !path.exists() {
                return Err(PackageError::NotFound(path.clone()).into());
            }
        }
        if let Some(report) = &self.report {
            outputs::check_place(report)?;
        }
        let station = match &self.policy {
            Some(policy) => Station::read(policy)?,
            None => Station::default(),
        };
        let mut inspection = look(&self.source, &station, terminal)?;
        if let Some(old) = &self.against {
            inspection = inspection.against(&look(old, &station, terminal)?);
        }
        if let Some(report) = &self.report {
            outputs::write_file(report, inspection.to_html()?.as_bytes())?;
        }
        if self.json {
            let mut answer = inspection.to_json();
            answer["report"] = json!(self.report);
            terminal::print_json(&answer)?;
        } else {
            terminal::print(&text::of(&inspection, self.report.as_deref()))?;
        }
        Ok(match inspection.verdict() {
            Verdict::Clear | Verdict::Look => Exit::Good,
            Verdict::Refused => Exit::SubjectFailed,
        })
    }
}

/// Inspects, with a sign of life on terminals for those who wait.
fn look(source: &Path, station: &Station, terminal: &TerminalArgs) -> Result<Inspection, CommandError> {
    let bar = match terminal.quiet {
        true => ProgressBar::hidden(),
        // Hidden by itself unless stderr is a terminal.
        false => ProgressBar::new_spinner(),
    };
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} looking at {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TURN);
    let inspection = Inspection::open(source, station, &mut |what| {
        // Names of files are the package's own.
        bar.set_message(visible::line(what).into_owned());
    });
    bar.finish_and_clear();
    inspection.map_err(CommandError::from)
}
