//! `procvision bench`: what the sandbox costs on this machine.

mod text;

use super::error::CommandError;
use super::exit::Exit;
use super::terminal::TerminalArgs;
use super::{help, outputs, terminal};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use procvision_host::bench::{self, Options, Progress, Section};
use std::path::PathBuf;
use std::time::Duration;

/// Measure what the sandbox costs on this machine
///
/// Pictures on their way into an algorithm, calls, the SDK's kernels and starts, each beside a baseline that is measured
/// in the same run. Takes some minutes; leave the machine alone meanwhile. Nothing but the program is needed: the
/// algorithm that is measured is inside it.
#[derive(Args)]
#[command(after_help = help::BENCH)]
pub struct Bench {
    /// What to measure; may be given several times [default: everything]
    #[arg(short, long = "section", value_enum, value_name = "SECTION")]
    sections: Vec<SectionArg>,

    /// Measure only the smallest picture, with few samples: seconds instead of minutes, and figures to be trusted less
    #[arg(long)]
    quick: bool,

    /// Write a report for people with plots, as one HTML file
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

/// [`Section`] as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SectionArg {
    /// Pictures on their way into an algorithm
    Frames,
    /// A step that looks at no picture
    Calls,
    /// The SDK's kernels, in the sandbox and outside
    Kernels,
    /// From a package to a first answer
    Start,
}

impl From<SectionArg> for Section {
    fn from(section: SectionArg) -> Self {
        match section {
            SectionArg::Frames => Self::Frames,
            SectionArg::Calls => Self::Calls,
            SectionArg::Kernels => Self::Kernels,
            SectionArg::Start => Self::Start,
        }
    }
}

impl Bench {
    /// Measures and says what came of it. Missing an aim is no failure of the command.
    pub fn run(&self, terminal: &TerminalArgs) -> Result<Exit, CommandError> {
        if let Some(report) = &self.report {
            outputs::check_place(report)?;
        }
        let sections = match self.sections.as_slice() {
            [] => Section::ALL.to_vec(),
            some => some.iter().copied().map(Section::from).collect(),
        };
        let options = Options {
            sections,
            quick: self.quick,
        };
        let bar = bar(terminal.quiet);
        let results = bench::run(&options, &mut |progress| show(&bar, progress))?;
        bar.finish_and_clear();
        if let Some(report) = &self.report {
            outputs::write_file(report, results.to_html()?.as_bytes())?;
        }
        if self.json {
            let value = serde_json::to_value(&results).map_err(|error| {
                CommandError::could_not_run(
                    "bench-failed",
                    format!("the figures cannot be written as JSON: {error}"),
                )
            })?;
            terminal::print_json(&value)?;
        } else {
            terminal::print(&text::of(&results, self.report.as_deref()))?;
        }
        Ok(Exit::Good)
    }
}

/// A bar; nothing where that is not a terminal.
fn bar(quiet: bool) -> ProgressBar {
    let target = if quiet {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    };
    let bar = ProgressBar::with_draw_target(None, target);
    bar.enable_steady_tick(Duration::from_millis(500));
    match ProgressStyle::with_template("{msg:24!} {wide_bar} {pos}/{len} parts, {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn show(bar: &ProgressBar, progress: Progress<'_>) {
    bar.set_length(progress.total.into());
    bar.set_position(progress.done.into());
    bar.set_message(progress.doing.to_owned());
}
