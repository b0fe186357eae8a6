//! `procvision store activate`: lets a version judge product models that nothing judges.

use super::place::PlaceArgs;
use super::progress::StageBar;
use super::release::{ReleaseArgs, parse_pid};
use super::text;
use crate::commands::error::CommandError;
use crate::commands::exit::Exit;
use crate::commands::help;
use crate::commands::terminal::TerminalArgs;
use clap::{ArgGroup, Args};
use procvision_host::store::{Activation, Pids};

/// Let a version judge product models that nothing judges
///
/// First it is started, and the golden cases of its package are replayed. A product model that another version judges is
/// refused with 2006: that is what `store switch` is for.
#[derive(Args)]
#[command(after_help = help::STORE_ACTIVATE, group = ArgGroup::new("which").args(["pid", "all"]).required(true))]
pub(super) struct Activate {
    #[command(flatten)]
    release: ReleaseArgs,

    /// Product model; several with commas, or given several times
    #[arg(short, long, value_delimiter = ',', value_parser = parse_pid)]
    pid: Vec<String>,

    /// All product models that the version supports
    #[arg(long)]
    all: bool,
}

impl Activate {
    pub(super) fn run(&self, place: &PlaceArgs, terminal: &TerminalArgs) -> Result<Exit, CommandError> {
        let store = place.open()?;
        let request = Activation {
            release: self.release.release(),
            pids: match self.all {
                true => Pids::All,
                false => Pids::Named(self.pid.clone()),
            },
        };
        let mut bar = StageBar::new(terminal);
        let activated = store.activate(&request, &mut bar);
        drop(bar);
        let activated = activated.map_err(text::told)?;
        text::tell_activated(place, &activated, "activated")?;
        Ok(Exit::Good)
    }
}
