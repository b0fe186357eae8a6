//! `procvision store uninstall`: takes a version out of the store.

use super::place::PlaceArgs;
use super::progress::StageBar;
use super::release::ReleaseArgs;
use super::text;
use crate::commands::error::CommandError;
use crate::commands::exit::Exit;
use crate::commands::terminal::TerminalArgs;
use crate::commands::{help, terminal};
use clap::Args;
use serde_json::json;

/// Take a version out of the store, with its archive
///
/// A version that judges product models or is in use is refused with 2007. With --force it is deactivated, cannot be
/// used anew, and goes when its users have ended; --wait says how long they are waited for.
#[derive(Args)]
#[command(after_help = help::STORE_UNINSTALL)]
pub(super) struct Uninstall {
    #[command(flatten)]
    release: ReleaseArgs,

    /// Also if it judges product models or is in use
    #[arg(long)]
    force: bool,
}

impl Uninstall {
    pub(super) fn run(&self, place: &PlaceArgs, terminal: &TerminalArgs) -> Result<Exit, CommandError> {
        let store = place.open()?;
        let mut bar = StageBar::new(terminal);
        let uninstalled = store.uninstall(&self.release.release(), self.force, &mut bar);
        drop(bar);
        let uninstalled = uninstalled?;
        let release = &uninstalled.release;
        if place.json {
            terminal::print_json(&json!({
                "schema": 1,
                "name": release.name,
                "version": release.version.to_string(),
                "pids": uninstalled.pids,
                "warnings": uninstalled.warnings,
            }))?;
            return Ok(Exit::Good);
        }
        let mut text = match uninstalled.pids.is_empty() {
            true => text::done("uninstalled", &release.to_string()),
            false => {
                let pids = uninstalled.pids.join(", ");
                text::done("uninstalled", &format!("{release}; nothing judges {pids} now"))
            }
        };
        text += &text::warnings(uninstalled.warnings.iter().map(String::as_str));
        terminal::print(&text)?;
        Ok(Exit::Good)
    }
}
