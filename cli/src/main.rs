//! The command line `procvision`.

mod commands;

use clap::{Parser, Subcommand};
#[cfg(feature = "bench")]
use commands::bench;
use commands::error::CommandError;
use commands::exit::Exit;
use commands::terminal::{self, TerminalArgs};
use commands::{
    adapter, build, completions, doctor, frames, init, inspect, keygen, package, policy, run, schema, serve, sign,
    store, trust, validate, verify,
};
use procvision_host::compiler::{self, BoundedAllocator};
use procvision_host::lockdown;
use procvision_host::pool::connector;
use std::process::ExitCode;
use tracing_subscriber::filter::LevelFilter;

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
    Adapter(Box<adapter::Adapter>),
    Validate(validate::Validate),
    Package(package::Package),
    Inspect(inspect::Inspect),
    Keygen(keygen::Keygen),
    Sign(sign::Sign),
    Verify(verify::Verify),
    Trust(trust::Trust),
    Frames(frames::Frames),
    Store(Box<store::Store>),
    Serve(Box<serve::Serve>),
    Policy(policy::Policy),
    Schema(schema::Schema),
    Doctor(doctor::Doctor),
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
            Self::Adapter(_) => false,
            Self::Validate(command) => command.json,
            Self::Package(command) => command.json,
            Self::Inspect(command) => command.json,
            Self::Keygen(command) => command.json,
            Self::Sign(command) => command.json,
            Self::Verify(command) => command.json,
            Self::Trust(command) => command.json(),
            Self::Frames(command) => command.json(),
            Self::Store(command) => command.json(),
            Self::Serve(command) => command.json(),
            Self::Policy(command) => command.json(),
            Self::Schema(command) => command.json,
            Self::Doctor(command) => command.json,
            #[cfg(feature = "bench")]
            Self::Bench(command) => command.json,
            Self::Completions(_) => false,
        }
    }

    /// Whether stderr is for a program, too.
    fn logs_by_itself(&self) -> bool {
        matches!(self, Self::Adapter(_))
    }

    /// What is told on stderr without being asked for.
    fn usual_level(&self) -> LevelFilter {
        match self {
            // Nobody reads an answer of it.
            Self::Serve(_) => LevelFilter::WARN,
            // What went wrong with an algorithm is in the answer; a log would repeat it.
            _ => LevelFilter::ERROR,
        }
    }

    fn run(&self, terminal: &TerminalArgs) -> Result<Exit, CommandError> {
        match self {
            Self::Init(command) => command.run(),
            Self::Build(command) => command.run(terminal),
            Self::Run(command) => command.run(terminal),
            Self::Adapter(command) => command.run(),
            Self::Validate(command) => command.run(terminal),
            Self::Package(command) => command.run(terminal),
            Self::Inspect(command) => command.run(terminal),
            Self::Keygen(command) => command.run(),
            Self::Sign(command) => command.run(),
            Self::Verify(command) => command.run(),
            Self::Trust(command) => command.run(),
            Self::Frames(command) => command.run(terminal),
            Self::Store(command) => command.run(terminal),
            Self::Serve(command) => command.run(terminal),
            Self::Policy(command) => command.run(),
            Self::Schema(command) => command.run(),
            Self::Doctor(command) => command.run(),
            #[cfg(feature = "bench")]
            Self::Bench(command) => command.run(terminal),
            Self::Completions(command) => command.run::<Cli>(),
        }
    }
}

/// Tells the program's own compiler that its memory is used up.
#[global_allocator]
static ALLOCATOR: BoundedAllocator = BoundedAllocator;

fn main() -> ExitCode {
    let asked = compiler::serve_if_asked().or_else(connector::serve_if_asked);
    if let Some(exit) = asked.or_else(lockdown::serve_if_asked) {
        return exit;
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return commands::usage::answer(&error),
    };
    if !cli.command.logs_by_itself() {
        cli.terminal.apply(cli.command.usual_level());
    }
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
