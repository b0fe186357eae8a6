//! `procvision policy show`: every key of a policy with the value that holds, its default, and why it is there.

use crate::commands::error::CommandError;
use crate::commands::exit::Exit;
use crate::commands::{help, terminal};
use clap::Args;
use procvision_host::admission::Station;
use procvision_host::policy::KeyDescription;
use procvision_host::report::SCHEMA;
use procvision_host::visible;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::PathBuf;

/// Columns of a reason.
const WIDTH: usize = 96;

/// Check a policy and show every key: what holds, the default, and why it is there
#[derive(Args)]
#[command(after_help = help::POLICY_SHOW)]
pub struct Show {
    /// The policy; without it, what holds at a station that has none
    file: Option<PathBuf>,

    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

impl Show {
    /// Shows it.
    pub fn run(&self) -> Result<Exit, CommandError> {
        let station = match &self.file {
            Some(path) => Station::read(path)?,
            None => Station::default(),
        };
        let keys = station.policy.describe();
        if self.json {
            terminal::print_json(&json!({
                "schema": SCHEMA,
                "file": self.file,
                "keys": keys,
                "trusted": self.file.as_ref().map(|_| trusted_json(&station)),
            }))?;
        } else {
            let mut text = self.text(&keys);
            if self.file.is_some() {
                text.push_str(&trusted_text(&station));
            }
            terminal::print(&text)?;
        }
        Ok(Exit::Good)
    }

    fn text(&self, keys: &[KeyDescription]) -> String {
        let mut text = match &self.file {
            Some(path) => format!(
                "The policy {} is good. With * is what differs from the default.\n",
                path.display()
            ),
            None => "What holds at a station that has no policy.\n".to_owned(),
        };
        for key in keys {
            let mark = if key.changed() { '*' } else { ' ' };
            // Writing to a string cannot fail.
            let _ = write!(text, "\n{mark} {} = {}", key.key, shown(&key.value));
            if key.changed() {
                let _ = write!(text, ", by default {}", shown(&key.default));
            }
            for line in lines(&key.reason) {
                let _ = write!(text, "\n    {line}");
            }
        }
        text
    }
}

/// The trusted keys as programs read them.
fn trusted_json(station: &Station) -> Value {
    let keys = station.trust.keys().iter();
    let keys: Vec<Value> = keys
        .map(|key| json!({ "name": key.name(), "key_id": key.key().id(), "revoked": key.is_revoked() }))
        .collect();
    json!({
        "folder": station.policy.trusted_keys_folder(),
        "keys": keys,
        "warnings": station.trust.warnings(),
    })
}

/// The trusted keys as people read them.
fn trusted_text(station: &Station) -> String {
    let folder = station.policy.trusted_keys_folder();
    let mut text = match station.trust.keys() {
        [] => format!("\n\nNo key is trusted: there is none in {}.", folder.display()),
        _ => format!("\n\nKeys in {}:", folder.display()),
    };
    for key in station.trust.keys() {
        let revoked = if key.is_revoked() { ", revoked" } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {} ({}){revoked}", key.name(), key.key().id());
    }
    for warning in station.trust.warnings() {
        let _ = write!(text, "\nnote: {warning}");
    }
    visible::block(&text).into_owned()
}

/// A value as people read it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// A sentence in lines of at most [`WIDTH`] columns.
fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
