//! `procvision trust`: whose signatures a station believes.

mod add;
mod list;
mod revoke;

use super::error::CommandError;
use super::exit::Exit;
use super::help;
use super::store::named_by_environment;
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
#[group(multiple = false)]
struct Folder {
    /// Folder of the public keys
    #[arg(long, value_name = "DIR")]
    trust: Option<PathBuf>,

    /// Folder of a station's store, whose keys lie in `trusted`; without either option the environment variable
    /// PROCVISION_STORE names it
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
}

impl Folder {
    fn path(&self) -> Result<PathBuf, CommandError> {
        if let Some(folder) = &self.trust {
            return Ok(folder.clone());
        }
        let store = self.store.clone().or_else(named_by_environment);
        let store = store.ok_or_else(|| {
            let message = "no folder is named, neither by --trust nor by --store nor by PROCVISION_STORE";
            CommandError::could_not_run("usage", message).help("give --trust DIR or --store DIR")
        })?;
        Ok(store.join("trusted"))
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
