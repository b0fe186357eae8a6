//! `procvision store list`: what is installed and what is active.

use super::place::PlaceArgs;
use super::release::parse_name;
use super::text;
use crate::commands::error::CommandError;
use crate::commands::exit::Exit;
use crate::commands::{help, terminal};
use clap::{Args, ValueEnum};
use procvision_host::store::{ActivePid, Listing, Version, VersionState};
use procvision_host::visible;
use serde_json::{Value, json};
use std::fmt::Write;

/// Show what is installed and what is active
#[derive(Args)]
#[command(after_help = help::STORE_LIST)]
pub(super) struct List {
    /// Only versions in this state
    #[arg(long, value_enum)]
    state: Option<StateArg>,

    /// Only versions of this algorithm
    #[arg(long, value_parser = parse_name)]
    name: Option<String>,

    /// Only what judges a product model
    #[arg(long)]
    active: bool,
}

/// [`VersionState`] as an argument.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum StateArg {
    /// Nothing depends on it
    Deployed,
    /// It judges product models
    Running,
    /// A process uses it at this moment
    Executing,
    /// It is being uninstalled
    Stopped,
    /// Files of it are missing or have another size
    Invalid,
}

impl From<StateArg> for VersionState {
    fn from(state: StateArg) -> Self {
        match state {
            StateArg::Deployed => Self::Deployed,
            StateArg::Running => Self::Running,
            StateArg::Executing => Self::Executing,
            StateArg::Stopped => Self::Stopped,
            StateArg::Invalid => Self::Invalid,
        }
    }
}

impl List {
    pub(super) fn run(&self, place: &PlaceArgs) -> Result<Exit, CommandError> {
        let store = place.open()?;
        let mut listing = store.list()?;
        listing.versions.retain(|version| self.wants(version));
        if let Some(name) = &self.name {
            let of_name = |active: &ActivePid| active.release.as_ref().is_some_and(|release| release.name == *name);
            listing.active.retain(of_name);
        }
        if place.json {
            let mut answer = to_json(&listing);
            answer["store"] = json!(store.root().to_string_lossy());
            terminal::print_json(&answer)?;
        } else {
            terminal::print(&to_text(&listing))?;
        }
        Ok(Exit::Good)
    }

    fn wants(&self, version: &Version) -> bool {
        self.state.is_none_or(|state| version.state == state.into())
            && self.name.as_ref().is_none_or(|name| version.release.name == *name)
            && (!self.active || !version.pids.is_empty())
    }
}

fn to_json(listing: &Listing) -> Value {
    let versions = listing.versions.iter().map(|version| {
        json!({
            "name": version.release.name,
            "version": version.release.version.to_string(),
            "state": version.state,
            "description": version.description,
            "supported_pids": version.supported_pids,
            "pids": version.pids,
            "digest": version.digest,
            "installed": version.installed,
            "bytes": version.bytes,
            "in_use": version.in_use,
        })
    });
    let active = listing.active.iter().map(|active| {
        json!({
            "pid": active.pid,
            "name": active.release.as_ref().map(|release| &release.name),
            "version": active.release.as_ref().map(|release| release.version.to_string()),
            "since": active.since,
            "previous": active.previous.iter().map(text::release_json).collect::<Vec<_>>(),
        })
    });
    json!({
        "schema": 1,
        "versions": versions.collect::<Vec<_>>(),
        "active": active.collect::<Vec<_>>(),
    })
}

fn to_text(listing: &Listing) -> String {
    if listing.versions.is_empty() {
        return "there is nothing of that kind in the store".to_owned();
    }
    let rows: Vec<[String; 6]> = std::iter::once(["name", "version", "state", "judges", "can judge", "digest"])
        .map(|row| row.map(str::to_owned))
        .chain(listing.versions.iter().map(row))
        .collect();
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            // Writing to a string cannot fail.
            let _ = write!(line, "{cell:width$}  ");
        }
        text += line.trim_end();
        text.push('\n');
    }
    for active in &listing.active {
        let now = match &active.release {
            Some(release) => release.to_string(),
            None => "nothing".to_owned(),
        };
        let previous: Vec<String> = active.previous.iter().map(ToString::to_string).collect();
        let _ = match previous.is_empty() {
            true => write!(text, "\n{} is judged by {now}", active.pid),
            false => write!(
                text,
                "\n{} is judged by {now}, before by {}",
                active.pid,
                previous.join(", ")
            ),
        };
    }
    text.trim_end().to_owned()
}

fn row(version: &Version) -> [String; 6] {
    let list = |pids: &[String]| match pids {
        [] => "-".to_owned(),
        pids => visible::line(&pids.join(",")).into_owned(),
    };
    [
        version.release.name.clone(),
        version.release.version.to_string(),
        version.state.as_str().to_owned(),
        list(&version.pids),
        list(&version.supported_pids),
        version.digest.chars().take(12).collect(),
    ]
}
