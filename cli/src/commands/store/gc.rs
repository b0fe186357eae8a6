//! `procvision store gc`: removes what nobody needs any more.

use super::place::PlaceArgs;
use super::progress::StageBar;
use super::text;
use crate::commands::error::CommandError;
use crate::commands::exit::Exit;
use crate::commands::terminal::TerminalArgs;
use crate::commands::{help, terminal};
use clap::Args;
use procvision_host::store::{Collected, Collection, Rubbish};
use procvision_host::visible;
use serde_json::{Value, json};
use std::fmt::Write;

/// Remove what nobody needs any more
///
/// These go: what killed operations have left; files among versions and archives that the registry does not know;
/// versions that every product model has long left, as the policy's `keep_versions` says; and compiled components of
/// versions that are gone. A version that no product model has ever had stays, unless --never-activated is given.
#[derive(Args)]
#[command(after_help = help::STORE_GC)]
pub(super) struct Gc {
    /// Only say what would be removed
    #[arg(short = 'n', long)]
    dry_run: bool,

    /// Also remove versions that no product model has ever had
    #[arg(long)]
    never_activated: bool,
}

impl Gc {
    pub(super) fn run(&self, place: &PlaceArgs, terminal: &TerminalArgs) -> Result<Exit, CommandError> {
        let store = place.open()?;
        let collection = Collection {
            dry_run: self.dry_run,
            never_activated: self.never_activated,
        };
        let mut bar = StageBar::new(terminal);
        let collected = store.collect(&collection, &mut bar);
        drop(bar);
        let collected = collected?;
        if place.json {
            terminal::print_json(&self.to_json(&collected))?;
        } else {
            terminal::print(&self.to_text(&collected))?;
        }
        Ok(Exit::Good)
    }

    fn to_json(&self, collected: &Collected) -> Value {
        let things = collected.things.iter().map(|rubbish| {
            json!({
                "thing": rubbish.thing,
                "what": rubbish.what,
                "bytes": rubbish.bytes,
                "kept": rubbish.kept,
            })
        });
        json!({
            "schema": 1,
            "dry_run": self.dry_run,
            "things": things.collect::<Vec<_>>(),
            "bytes": gone(collected).map(|rubbish| rubbish.bytes).sum::<u64>(),
            "warnings": collected.warnings,
        })
    }

    fn to_text(&self, collected: &Collected) -> String {
        let word = match self.dry_run {
            true => "would be removed",
            false => "removed",
        };
        let mut text = String::new();
        for rubbish in &collected.things {
            let (kind, what) = (rubbish.thing.as_str(), visible::line(&rubbish.what));
            // Writing to a string cannot fail.
            let _ = match &rubbish.kept {
                None => writeln!(text, "{word}  {kind:<12}  {what}"),
                Some(why) => writeln!(text, "kept     {kind:<12}  {what}: {}", visible::line(why)),
            };
        }
        let (count, bytes) = (
            gone(collected).count(),
            gone(collected).map(|rubbish| rubbish.bytes).sum(),
        );
        let _ = write!(text, "{word}: {count} in all, {} bytes", text::grouped(bytes));
        text += &text::warnings(collected.warnings.iter().map(String::as_str));
        text
    }
}

fn gone(collected: &Collected) -> impl Iterator<Item = &Rubbish> {
    collected.things.iter().filter(|rubbish| rubbish.kept.is_none())
}
