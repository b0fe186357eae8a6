//! `procvision store`: which packages are installed at a station, and which version judges which product model.

mod activate;
mod deactivate;
mod gc;
mod install;
mod list;
mod place;
mod progress;
mod release;
mod rollback;
mod switch;
mod text;
mod uninstall;
mod verify;

use super::error::CommandError;
use super::exit::Exit;
use super::help;
use super::terminal::TerminalArgs;
use clap::{Args, Subcommand};
use place::PlaceArgs;

pub(super) use place::named_by_environment;
pub(super) use release::parse_release;

/// Install packages at a station, and say which version judges which product model
///
/// A store is a folder. Whatever kills an operation, the store is as before it or as after it. Every change is written
/// to the store's audit log.
#[derive(Args)]
#[command(after_help = help::STORE, arg_required_else_help = true)]
pub struct Store {
    #[command(flatten)]
    place: PlaceArgs,

    #[command(subcommand)]
    command: StoreCommand,
}

#[derive(Subcommand)]
enum StoreCommand {
    Install(install::Install),
    List(list::List),
    Activate(activate::Activate),
    Switch(switch::Switch),
    Rollback(rollback::Rollback),
    Deactivate(deactivate::Deactivate),
    Uninstall(uninstall::Uninstall),
    Verify(verify::Verify),
    Gc(gc::Gc),
}

impl Store {
    /// Whether the answer is for a program.
    pub fn json(&self) -> bool {
        self.place.json
    }

    /// Does what the subcommand says.
    pub fn run(&self, terminal: &TerminalArgs) -> Result<Exit, CommandError> {
        let place = &self.place;
        match &self.command {
            StoreCommand::Install(command) => command.run(place, terminal),
            StoreCommand::List(command) => command.run(place),
            StoreCommand::Activate(command) => command.run(place, terminal),
            StoreCommand::Switch(command) => command.run(place, terminal),
            StoreCommand::Rollback(command) => command.run(place, terminal),
            StoreCommand::Deactivate(command) => command.run(place),
            StoreCommand::Uninstall(command) => command.run(place, terminal),
            StoreCommand::Verify(command) => command.run(place, terminal),
            StoreCommand::Gc(command) => command.run(place, terminal),
        }
    }
}
