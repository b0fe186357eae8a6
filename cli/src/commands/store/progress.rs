//! What an operation on the store is at, shown on a terminal.

use crate::commands::terminal::TerminalArgs;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use procvision_host::store::{Progress, Stage};
use std::time::Duration;

/// Between two drawings, so that one sees that it is alive.
const TICK: Duration = Duration::from_millis(120);

/// One line that says the stage; a bar where it is known how much there is to do. Nothing where stderr is no terminal.
pub(super) struct StageBar {
    bar: ProgressBar,
}

impl StageBar {
    pub(super) fn new(terminal: &TerminalArgs) -> Self {
        let target = match terminal.quiet {
            true => ProgressDrawTarget::hidden(),
            false => ProgressDrawTarget::stderr(),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.enable_steady_tick(TICK);
        Self { bar }
    }

    fn style(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
    }
}

impl Progress for StageBar {
    fn stage(&mut self, stage: Stage) {
        self.style("{spinner} {msg}");
        self.bar.set_message(stage.as_str());
    }

    fn advance(&mut self, done: u64, all: u64) {
        if self.bar.length() != Some(all) {
            self.bar.set_length(all);
            self.style("{msg} {wide_bar} {percent} %, {eta} left");
        }
        self.bar.set_position(done);
    }
}

impl Drop for StageBar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
