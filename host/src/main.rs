//! The command line `procvision`.

mod commands;

use clap::{Parser, Subcommand};
#[cfg(feature = "bench")]
use commands::bench;
use commands::error::CommandError;
use commands::exit::Exit;
use commands::terminal::{self, TerminalArgs};
use commands::{build, completions, frames, init, keygen, run, sign, trust, validate, verify};
use std::process::ExitCode;

/// Write, check and run inspection algorithms that work inside a sandbox.
#[derive(Parser)]
#[command(
    name = "procvision",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = commands::help::TOP
)]
struct Cli {
    #[command(flatten)]
    terminal: TerminalArgs,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Init(init::Init),
    Build(build::Build),
    Run(Box<run::Run>),
    Validate(validate::Validate),
    Keygen(keygen::Keygen),
    Sign(sign::Sign),
    Verify(verify::Verify),
    Trust(trust::Trust),
    Frames(frames::Frames),
    #[cfg(feature = "bench")]
    Bench(bench::Bench),
    Completions(completions::Completions),
}

impl Command {
    /// Whether the answer, and so an error too, is for a program.
    fn json(&self) -> bool {
        match self {
            Self::Init(command) => command.json,
            Self::Build(command) => command.json,
            Self::Run(command) => command.json,
            Self::Validate(command) => command.json,
            Self::Keygen(command) => command.json,
            Self::Sign(command) => command.json,
            Self::Verify(command) => command.json,
            Self::Trust(command) => command.json(),
            Self::Frames(command) => command.json(),
            #[cfg(feature = "bench")]
            Self::Bench(command) => command.json,
            Self::Completions(_) => false,
        }
    }

    fn run(&self, terminal: &TerminalArgs) -> Result<Exit, CommandError> {
        match self {
            Self::Init(command) => command.run(),
            Self::Build(command) => command.run(terminal),
            Self::Run(command) => command.run(terminal),
            Self::Validate(command) => command.run(terminal),
            Self::Keygen(command) => command.run(),
            Self::Sign(command) => command.run(),
            Self::Verify(command) => command.run(),
            Self::Trust(command) => command.run(),
            Self::Frames(command) => command.run(terminal),
            #[cfg(feature = "bench")]
            Self::Bench(command) => command.run(terminal),
            Self::Completions(command) => command.run::<Cli>(),
        }
    }
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return commands::usage::answer(&error),
    };
    cli.terminal.apply();
    let json = cli.command.json();
    let exit = match cli.command.run(&cli.terminal) {
        Ok(exit) => exit,
        Err(error) => {
            terminal::report(&error, json);
            error.exit()
        }
    };
    exit.into()
}
