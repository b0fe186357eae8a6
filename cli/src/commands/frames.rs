//! `procvision frames`: pictures on their way from cameras to algorithms.

mod broker;
mod gc;
mod list;
mod publish;
mod signals;
mod socket;

use super::error::CommandError;
use super::exit::Exit;
use super::help;
use super::terminal::TerminalArgs;
use clap::{Args, Subcommand};

/// Share pictures between cameras and algorithms, without a copy
#[derive(Args)]
#[command(after_help = help::FRAMES, arg_required_else_help = true)]
pub struct Frames {
    #[command(subcommand)]
    command: FramesCommand,
}

#[derive(Subcommand)]
enum FramesCommand {
    Broker(broker::Broker),
    Publish(publish::Publish),
    List(list::List),
    Gc(gc::Gc),
}

impl Frames {
    /// Whether the answer is for a program.
    pub fn json(&self) -> bool {
        match &self.command {
            FramesCommand::Broker(command) => command.json,
            FramesCommand::Publish(command) => command.json,
            FramesCommand::List(command) => command.json,
            FramesCommand::Gc(command) => command.json,
        }
    }

    /// Does what the subcommand says.
    pub fn run(&self, terminal: &TerminalArgs) -> Result<Exit, CommandError> {
        match &self.command {
            FramesCommand::Broker(command) => command.run(terminal),
            FramesCommand::Publish(command) => command.run(terminal),
            FramesCommand::List(command) => command.run(),
            FramesCommand::Gc(command) => command.run(),
        }
    }
}
