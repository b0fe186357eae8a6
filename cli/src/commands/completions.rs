//! `procvision completions`: what a shell needs to complete commands and options.

use super::error::CommandError;
use super::exit::Exit;
use super::{help, terminal};
use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// Print a script that completes commands and options in a shell
#[derive(Args)]
#[command(after_help = help::COMPLETIONS)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Prints the script for the command line `C`.
    pub fn run<C: CommandFactory>(&self) -> Result<Exit, CommandError> {
        let mut script = Vec::new();
        let mut command = C::command();
        let name = command.get_name().to_owned();
        clap_complete::generate(self.shell, &mut command, name, &mut script);
        terminal::print(String::from_utf8_lossy(&script).trim_end())?;
        Ok(Exit::Good)
    }
}
