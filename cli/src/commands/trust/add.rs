//! `procvision trust add`: one more public key in a trust folder.

use super::Folder;
use crate::commands::error::CommandError;
use crate::commands::exit::Exit;
use crate::commands::terminal::DONE;
use crate::commands::{help, terminal};
use clap::Args;
use procvision_host::signing::{PublicKey, TrustStore};
use procvision_host::visible;
use serde_json::json;
use std::path::PathBuf;

/// Trust a public key from now on
///
/// Compare the key's identifier, better the whole second line of its file, with what its owner says on another way than
/// the file has come.
#[derive(Args)]
#[command(after_help = help::TRUST_ADD)]
pub struct Add {
    /// File of the public key
    #[arg(value_name = "NAME.pub")]
    key: PathBuf,

    /// Whose key it is [default: the name of the file]
    #[arg(long)]
    name: Option<String>,

    #[command(flatten)]
    folder: Folder,

    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

impl Add {
    /// Adds the key and shows it.
    pub fn run(&self) -> Result<Exit, CommandError> {
        let key = PublicKey::read(&self.key)?;
        let name = match &self.name {
            Some(name) => name.clone(),
            None => {
                let stem = self.key.file_stem().unwrap_or_default();
                stem.to_string_lossy().into_owned()
            }
        };
        let path = TrustStore::add(&self.folder.path()?, &name, &key)?;
        if self.json {
            terminal::print_json(&json!({
                "schema": 1,
                "name": name,
                "key_id": key.id(),
                "state": "trusted",
                "path": path,
            }))?;
        } else {
            let path = path.to_string_lossy();
            terminal::print(&format!(
                "{DONE}Trusted{DONE:#} the key {} of {name}, in {}",
                key.id(),
                visible::line(&path)
            ))?;
        }
        Ok(Exit::Good)
    }
}
