//! The project's own commands, started as `cargo xtask COMMAND`.
//!
//! The exit code: 0 all is well, 1 a check failed or a verdict differs, 2 the command could not run.

mod bench;
mod broker;
mod chaos;
mod checks;
mod cli;
mod conformance;
mod demo;
mod deny;
mod folder;
mod host;
mod links;
mod load;
mod setup;
mod shell;
mod soak;
mod style;
mod summary;
mod toolchain;
mod workspace;

use std::process::ExitCode;

use cli::Command;
use workspace::Workspace;

/// What a command that ran to its end found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Finding {
    /// Everything is as it should be.
    Good,
    /// Something was judged and found wanting; the command has said what and how to repeat it.
    Bad,
}

fn main() -> ExitCode {
    match run() {
        Ok(Finding::Good) => ExitCode::SUCCESS,
        Ok(Finding::Bad) => ExitCode::from(1),
        Err(error) => {
            eprintln!("{} {error:#}", style::err("error:", style::RED));
            ExitCode::from(2)
        }
    }
}

fn run() -> anyhow::Result<Finding> {
    let command = cli::parse(lexopt::Parser::from_env())?;
    if command == Command::Help {
        print!("{}", cli::HELP);
        return Ok(Finding::Good);
    }
    let workspace = Workspace::find()?;
    match command {
        Command::Help => Ok(Finding::Good),
        Command::Setup => setup::run(&workspace),
        Command::Demo(asked) => demo::run(&workspace, &asked),
        Command::Test { quick } => checks::run(&workspace, quick),
        Command::Bench { args } => bench::run(&workspace, &args),
        Command::Peers { calls_only, json } => bench::peers::run(&workspace, calls_only, json),
        Command::Ways { json } => bench::ways::run(&workspace, json),
        Command::Page { only } => bench::page::run(&workspace, only),
        Command::Conformance(asked) => conformance::run(&workspace, &asked),
        Command::Chaos(asked) => chaos::run(&workspace, &asked),
        Command::Soak(asked) => soak::run(&workspace, &asked),
        Command::Load(asked) => load::run(&workspace, &asked),
        Command::Deny => deny::run(&workspace),
    }
}
