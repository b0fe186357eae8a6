//! `procvision store rollback`: gives product models back what they had before.

use super::place::PlaceArgs;
use super::progress::StageBar;
use super::release::{parse_name, parse_pid};
use super::text;
use crate::commands::error::CommandError;
use crate::commands::exit::Exit;
use crate::commands::terminal::TerminalArgs;
use crate::commands::{help, terminal};
use clap::{ArgGroup, Args};
use procvision_host::store::Selection;
use serde_json::json;

/// Give product models back what judged them before
///
/// Done again it goes further back; the policy's `keep_versions` says how many versions are remembered. What comes back
/// is started first. Golden cases are not replayed, since it was live before.
#[derive(Args)]
#[command(after_help = help::STORE_ROLLBACK, group = ArgGroup::new("which").args(["name", "pid"]).required(true))]
pub(super) struct Rollback {
    /// All product models that this algorithm judges
    #[arg(value_parser = parse_name)]
    name: Option<String>,

    /// Product model; several with commas, or given several times
    #[arg(short, long, value_delimiter = ',', value_parser = parse_pid)]
    pid: Vec<String>,
}

/// The product models that are meant by either.
pub(super) fn selection(name: Option<&String>, pid: &[String]) -> Selection {
    match name {
        Some(name) => Selection::JudgedBy(name.clone()),
        None => Selection::Pids(pid.to_vec()),
    }
}

impl Rollback {
    pub(super) fn run(&self, place: &PlaceArgs, terminal: &TerminalArgs) -> Result<Exit, CommandError> {
        let store = place.open()?;
        let mut bar = StageBar::new(terminal);
        let rolled_back = store.roll_back(&selection(self.name.as_ref(), &self.pid), &mut bar);
        drop(bar);
        let rolled_back = rolled_back.map_err(text::told)?;
        if place.json {
            let releases = rolled_back.releases.iter().map(|(release, moves)| {
                let moves: Vec<_> = moves.iter().map(text::move_json).collect();
                json!({ "name": release.name, "version": release.version.to_string(), "moves": moves })
            });
            terminal::print_json(&json!({
                "schema": 1,
                "releases": releases.collect::<Vec<_>>(),
                "warnings": rolled_back.warnings,
            }))?;
            return Ok(Exit::Good);
        }
        let lines = rolled_back.releases.iter().map(|(release, moves)| {
            text::done(
                "rolled back",
                &format!("{release} judges {} again", text::moves_text(moves)),
            )
        });
        let mut text = lines.collect::<Vec<_>>().join("\n");
        text += &text::warnings(rolled_back.warnings.iter().map(String::as_str));
        terminal::print(&text)?;
        Ok(Exit::Good)
    }
}
