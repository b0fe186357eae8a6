//! What goes where: data to stdout, everything else to stderr, colours only where they are wanted.

use super::error::CommandError;
use super::failure;
use anstyle::{AnsiColor, Style};
use clap::{Args, ValueEnum};
use procvision_host::component_build::CargoColor;
use procvision_host::visible;
use std::io::{self, IsTerminal, Write};
use tracing_subscriber::filter::LevelFilter;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HELP: Style = AnsiColor::Cyan.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// For the line that says what was done.
pub const DONE: Style = AnsiColor::Green.on_default().bold();

const HEADING: &str = "Options of every command";

/// Options that every command has.
#[derive(Args)]
pub struct TerminalArgs {
    /// Use colours: auto (on terminals, unless NO_COLOR is set), always or never
    #[arg(long, global = true, value_enum, value_name = "WHEN", help_heading = HEADING)]
    #[arg(default_value_t = Color::Auto, hide_possible_values = true)]
    color: Color,

    /// Say more on stderr; twice for details, thrice for everything
    #[arg(short, long, global = true, help_heading = HEADING)]
    #[arg(action = clap::ArgAction::Count, conflicts_with = "quiet")]
    verbose: u8,

    /// Say nothing on stderr but errors
    #[arg(short, long, global = true, help_heading = HEADING)]
    pub quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

impl TerminalArgs {
    /// Makes the choices hold for the whole program.
    ///
    /// `usual` is what is told without being asked for.
    pub fn apply(&self, usual: LevelFilter) {
        match self.color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
        .write_global();
        let level = match (self.quiet, self.verbose) {
            (true, _) => LevelFilter::ERROR,
            (false, 0) => usual,
            (false, 1) => LevelFilter::INFO,
            (false, 2) => LevelFilter::DEBUG,
            (false, _) => LevelFilter::TRACE,
        };
        let colored = anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
        tracing_subscriber::fmt()
            .with_max_level(level)
            .with_writer(io::stderr)
            .with_ansi(colored)
            .init();
    }

    /// Tells people on stderr what is about to be done.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            // Where stderr cannot be written to there is nobody to tell.
            let _ = writeln!(anstream::stderr().lock(), "{}", visible::line(text));
        }
    }

    /// The same choice for cargo.
    pub fn cargo_color(&self) -> CargoColor {
        match self.color {
            Color::Auto => CargoColor::Auto,
            Color::Always => CargoColor::Always,
            Color::Never => CargoColor::Never,
        }
    }
}

/// A line for the end of an answer, beginning with a line break: somebody should look at this.
pub fn warning(message: &str) -> String {
    format!("\n{WARNING}WARNING{WARNING:#}  {}", visible::line(message))
}

/// Writes text, with a line break after it, to stdout. A reader that has gone away is no error.
pub fn print(text: &str) -> Result<(), CommandError> {
    written(writeln!(anstream::stdout().lock(), "{text}"))
}

/// Writes one line of many to stdout; says whether somebody still reads.
pub fn print_on(text: &str) -> Result<bool, CommandError> {
    match writeln!(anstream::stdout().lock(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        result => written(result).map(|()| true),
    }
}

/// Writes a value as JSON to stdout: for eyes on a terminal, else in one line.
pub fn print_json(value: &serde_json::Value) -> Result<(), CommandError> {
    let mut out = io::stdout().lock();
    written(if out.is_terminal() {
        // JSON itself escapes only the first 32 characters; an algorithm's text may steer a terminal with others.
        writeln!(out, "{}", visible::json(&format!("{value:#}")))
    } else {
        writeln!(out, "{value}")
    })
}

fn written(result: io::Result<()>) -> Result<(), CommandError> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CommandError::could_not_run(
            "unwritable",
            format!("cannot write to stdout: {error}"),
        )),
        _ => Ok(()),
    }
}

/// Shows an error: on stderr for people, on stdout for programs. Where that fails too there is nobody left to tell.
pub fn report(error: &CommandError, json: bool) {
    if json && print_json(&error.to_json()).is_ok() {
        return;
    }
    let mut out = anstream::stderr().lock();
    // A message may quote an algorithm.
    let _ = writeln!(out, "{ERROR}error:{ERROR:#} {}", visible::line(error.message()));
    if let Some(cause) = error.cause() {
        let _ = write!(out, "{}", failure::details(cause));
    }
    if let Some(help) = error.remedy() {
        let _ = writeln!(out, "{HELP}help:{HELP:#} {}", visible::line(help));
    }
}
