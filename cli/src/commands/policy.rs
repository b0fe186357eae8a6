//! `procvision policy`: a station's policy, as it holds.

mod show;

use super::error::CommandError;
use super::exit::Exit;
use super::help;
use clap::{Args, Subcommand};

/// Look at a station's policy
#[derive(Args)]
#[command(after_help = help::POLICY, arg_required_else_help = true)]
pub struct Policy {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Show(show::Show),
}

impl Policy {
    /// Whether the answer is for a program.
    pub fn json(&self) -> bool {
        match &self.command {
            Command::Show(command) => command.json,
        }
    }

    /// Runs the command.
    pub fn run(&self) -> Result<Exit, CommandError> {
        match &self.command {
            Command::Show(command) => command.run(),
        }
    }
}
