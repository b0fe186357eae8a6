//! `procvision trust list`: the keys of a trust folder.

use super::Folder;
use crate::commands::error::CommandError;
use crate::commands::exit::Exit;
use crate::commands::{help, terminal};
use clap::Args;
use procvision_host::signing::{TrustStore, TrustedKey};
use procvision_host::visible;
use serde_json::{Value, json};
use std::fmt::Write;

/// Show the keys that are trusted, and those that are revoked
#[derive(Args)]
#[command(after_help = help::TRUST_LIST)]
pub struct List {
    #[command(flatten)]
    folder: Folder,

    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

impl List {
    /// Reads the folder and shows it.
    pub fn run(&self) -> Result<Exit, CommandError> {
        let folder = self.folder.path()?;
        let trust = TrustStore::open(&folder)?;
        if self.json {
            let keys: Vec<Value> = sorted(&trust).into_iter().map(to_json).collect();
            let warnings = trust.warnings().iter();
            terminal::print_json(&json!({
                "schema": 1,
                "trust": folder,
                "keys": keys,
                "warnings": warnings.map(|message| json!({"kind": "trust_folder", "message": message})).collect::<Vec<_>>(),
            }))?;
        } else {
            terminal::print(&to_text(&trust))?;
        }
        Ok(Exit::Good)
    }
}

/// Those that count first.
fn sorted(trust: &TrustStore) -> Vec<&TrustedKey> {
    let mut keys: Vec<&TrustedKey> = trust.keys().iter().collect();
    keys.sort_by_key(|key| key.is_revoked());
    keys
}

fn word(key: &TrustedKey) -> &'static str {
    if key.is_revoked() { "revoked" } else { "trusted" }
}

fn to_json(key: &TrustedKey) -> Value {
    json!({
        "name": key.name(),
        "key_id": key.key().id(),
        "state": word(key),
        "path": key.path(),
    })
}

fn to_text(trust: &TrustStore) -> String {
    let mut text = String::new();
    for key in sorted(trust) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}  {}  {}", word(key), key.key().id(), visible::line(key.name()));
    }
    if text.is_empty() {
        text.push_str("no keys");
    }
    text.truncate(text.trim_end().len());
    for warning in trust.warnings() {
        text.push_str(&terminal::warning(warning));
    }
    text
}
