//! `procvision store deactivate`: leaves product models without an algorithm.

use super::place::PlaceArgs;
use super::release::{parse_name, parse_pid};
use super::rollback::selection;
use super::text;
use crate::commands::error::CommandError;
use crate::commands::exit::Exit;
use crate::commands::{help, terminal};
use clap::{ArgGroup, Args};
use serde_json::json;

/// Leave product models without an algorithm
///
/// What they had can be got back with `store rollback`.
#[derive(Args)]
#[command(after_help = help::STORE_DEACTIVATE, group = ArgGroup::new("which").args(["name", "pid"]).required(true))]
pub(super) struct Deactivate {
    /// All product models that this algorithm judges
    #[arg(value_parser = parse_name)]
    name: Option<String>,

    /// Product model; several with commas, or given several times
    #[arg(short, long, value_delimiter = ',', value_parser = parse_pid)]
    pid: Vec<String>,
}

impl Deactivate {
    pub(super) fn run(&self, place: &PlaceArgs) -> Result<Exit, CommandError> {
        let store = place.open()?;
        let deactivated = store.deactivate(&selection(self.name.as_ref(), &self.pid))?;
        if place.json {
            let releases = deactivated.releases.iter().map(
                |(release, pids)| json!({ "name": release.name, "version": release.version.to_string(), "pids": pids }),
            );
            terminal::print_json(&json!({
                "schema": 1,
                "releases": releases.collect::<Vec<_>>(),
                "warnings": deactivated.warnings,
            }))?;
            return Ok(Exit::Good);
        }
        let lines = deactivated
            .releases
            .iter()
            .map(|(release, pids)| text::done("deactivated", &format!("{release} for {}", pids.join(", "))));
        let mut text = lines.collect::<Vec<_>>().join("\n");
        text += &text::warnings(deactivated.warnings.iter().map(String::as_str));
        terminal::print(&text)?;
        Ok(Exit::Good)
    }
}
