//! `procvision policy show`: every key of a policy with the value that holds, its default, and why it is there.

use crate::commands::error::CommandError;
use crate::commands::exit::Exit;
use crate::commands::{help, terminal};
use clap::Args;
use procvision_host::policy::{KeyDescription, StationPolicy};
use procvision_host::report::SCHEMA;
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
        let policy = match &self.file {
            Some(path) => StationPolicy::read(path)?,
            None => StationPolicy::default(),
        };
        let keys = policy.describe();
        if self.json {
            terminal::print_json(&json!({ "schema": SCHEMA, "file": self.file, "keys": keys }))?;
        } else {
            terminal::print(&self.text(&keys))?;
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
