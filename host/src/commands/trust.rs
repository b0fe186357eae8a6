//! `procvision trust`: whose signatures a station believes.

mod add;
mod list;
mod revoke;

use super::error::CommandError;
use super::exit::Exit;
use super::help;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Say whose signatures a station believes: list, add and revoke public keys
///
/// Trust is a folder of public keys, NAME.pub; those in its folder `revoked` are trusted no longer.
#[derive(Args)]
#[command(after_help = help::TRUST, arg_required_else_help = true)]
pub struct Trust {
    #[command(subcommand)]
    command: TrustCommand,
}

#[derive(Subcommand)]
enum TrustCommand {
    List(list::List),
    Add(add::Add),
    Revoke(revoke::Revoke),
}

/// Which folder it is about.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct Folder {
    /// Folder of the public keys
    #[arg(long, value_name = "DIR")]
    trust: Option<PathBuf>,

    /// Folder of a station's store, whose keys lie in `trusted`
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
}

impl Folder {
    fn path(&self) -> PathBuf {
        match (&self.trust, &self.store) {
            (Some(folder), _) => folder.clone(),
            (None, store) => store.clone().unwrap_or_default().join("trusted"),
        }
    }
}

impl Trust {
    /// Whether the answer is for a program.
    pub fn json(&self) -> bool {
        match &self.command {
            TrustCommand::List(command) => command.json,
            TrustCommand::Add(command) => command.json,
            TrustCommand::Revoke(command) => command.json,
        }
    }

    /// Does what the subcommand says.
    pub fn run(&self) -> Result<Exit, CommandError> {
        match &self.command {
            TrustCommand::List(command) => command.run(),
            TrustCommand::Add(command) => command.run(),
            TrustCommand::Revoke(command) => command.run(),
        }
    }
}
