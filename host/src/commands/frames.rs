//! `procvision frames`: what goes on in the places that pictures come from.

mod gc;

use super::error::CommandError;
use super::exit::Exit;
use super::help;
use clap::{Args, Subcommand};

/// Look after the places that pictures come from
#[derive(Args)]
#[command(after_help = help::FRAMES, arg_required_else_help = true)]
pub struct Frames {
    #[command(subcommand)]
    command: FramesCommand,
}

#[derive(Subcommand)]
enum FramesCommand {
    Gc(gc::Gc),
}

impl Frames {
    /// Whether the answer is for a program.
    pub fn json(&self) -> bool {
        match &self.command {
            FramesCommand::Gc(command) => command.json,
        }
    }

    /// Runs the one that was asked for.
    pub fn run(&self) -> Result<Exit, CommandError> {
        match &self.command {
            FramesCommand::Gc(command) => command.run(),
        }
    }
}
