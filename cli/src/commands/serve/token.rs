//! `procvision serve token`: makes a token, whose text is written nowhere else.

use crate::commands::error::CommandError;
use crate::commands::exit::Exit;
use crate::commands::{help, terminal};
use clap::{Args, ValueEnum};
use procvision_station::config::{Role, TokenConfig};
use serde_json::json;

/// Make a token, and say what belongs into the configuration
///
/// The token is shown once. What the configuration needs is only its digest, from which nobody finds the token.
#[derive(Args)]
#[command(after_help = help::SERVE_TOKEN)]
pub(super) struct Token {
    /// Who it is for; the audit log names it
    name: String,

    /// What they may do; each role may do what those before may
    #[arg(long, value_enum)]
    role: RoleArg,

    /// Answer in JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// [`Role`] as an argument.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleArg {
    /// Look
    View,
    /// Judge products, start and stop
    Operate,
    /// Change what judges
    Manage,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::View => Self::View,
            RoleArg::Operate => Self::Operate,
            RoleArg::Manage => Self::Manage,
        }
    }
}

impl Token {
    pub(super) fn run(&self) -> Result<Exit, CommandError> {
        let (token, config) = TokenConfig::generate(&self.name, self.role.into()).map_err(|error| {
            CommandError::could_not_run("unavailable", format!("the system has no random numbers: {error}"))
        })?;
        let entry = json!({"name": config.name, "role": config.role, "sha256": config.sha256});
        if self.json {
            terminal::print_json(&json!({"schema": 1, "token": token, "entry": entry}))?;
        } else {
            terminal::print(&format!(
                "{token}\n\nThat is the token; nobody can show it again. Put this into `station.tokens` of the configuration:\n\n{entry}"
            ))?;
        }
        Ok(Exit::Good)
    }
}
