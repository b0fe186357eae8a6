//! `procvision store switch`: lets another version judge product models, once it has proved itself.

use super::place::PlaceArgs;
use super::progress::StageBar;
use super::release::{ReleaseArgs, parse_pid};
use super::text;
use crate::commands::error::CommandError;
use crate::commands::exit::Exit;
use crate::commands::help;
use crate::commands::terminal::TerminalArgs;
use clap::Args;
use procvision_host::store::{Activation, Pids};

/// Let another version judge product models, once it has proved itself
///
/// The new version is started, and the golden cases of its package are replayed. If anything of that fails, the old one
/// goes on. Without --pid it gets all product models that other versions of the algorithm judge. What they had can be
/// got back with `store rollback`.
#[derive(Args)]
#[command(after_help = help::STORE_SWITCH)]
pub(super) struct Switch {
    #[command(flatten)]
    release: ReleaseArgs,

    /// Product model; several with commas, or given several times
    #[arg(short, long, value_delimiter = ',', value_parser = parse_pid)]
    pid: Vec<String>,
}

impl Switch {
    pub(super) fn run(&self, place: &PlaceArgs, terminal: &TerminalArgs) -> Result<Exit, CommandError> {
        let store = place.open()?;
        let request = Activation {
            release: self.release.release(),
            pids: match self.pid.is_empty() {
                true => Pids::All,
                false => Pids::Named(self.pid.clone()),
            },
        };
        let mut bar = StageBar::new(terminal);
        let activated = store.switch(&request, &mut bar);
        drop(bar);
        let activated = activated.map_err(text::told)?;
        text::tell_activated(place, &activated, "switched to")?;
        Ok(Exit::Good)
    }
}
