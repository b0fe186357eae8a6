//! `procvision trust revoke`: a key that is trusted no longer.

use super::Folder;
use crate::commands::error::CommandError;
use crate::commands::exit::Exit;
use crate::commands::terminal::DONE;
use crate::commands::{help, terminal};
use clap::Args;
use procvision_host::signing::TrustStore;
use procvision_host::visible;
use serde_json::json;

/// Trust a key no longer: move it to `revoked`
///
/// From then on everything that was ever signed with it counts as revoked.
#[derive(Args)]
#[command(after_help = help::TRUST_REVOKE)]
pub struct Revoke {
    /// Name or identifier of the key, as `procvision trust list` shows them
    key: String,

    #[command(flatten)]
    folder: Folder,

    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

impl Revoke {
    /// Moves the key and says where it is.
    pub fn run(&self) -> Result<Exit, CommandError> {
        let (key, path) = TrustStore::revoke(&self.folder.path()?, &self.key)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if self.json {
            terminal::print_json(&json!({
                "schema": 1,
                "name": name,
                "key_id": key.id(),
                "state": "revoked",
                "path": path,
            }))?;
        } else {
            let path = path.to_string_lossy();
            terminal::print(&format!(
                "{DONE}Revoked{DONE:#} the key {}, now in {}",
                key.id(),
                visible::line(&path)
            ))?;
        }
        Ok(Exit::Good)
    }
}
