//! Answering arguments that are not a command: help, the version, or what is wrong with them.

use super::error::CommandError;
use super::exit::Exit;
use super::terminal;
use std::process::ExitCode;

/// Prints what the parser has to say and ends accordingly. A program that asked for JSON gets a mistake in JSON too.
pub fn answer(error: &clap::Error) -> ExitCode {
    let mistake = error.use_stderr();
    if mistake
        && std::env::args_os()
            .skip(1)
            .take_while(|argument| argument != "--")
            .any(|word| word == "--json")
    {
        terminal::report(&in_json(error), true);
    } else if error.print().is_err() {
        // Nobody reads; the exit status still tells.
    }
    if mistake {
        Exit::CouldNotRun.into()
    } else {
        Exit::Good.into()
    }
}

fn in_json(error: &clap::Error) -> CommandError {
    let text = error.to_string();
    let mut parts = text.split("\n\n");
    let message = parts.next().unwrap_or_default().trim_start_matches("error: ");
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    CommandError::could_not_run("usage", message).help("see `procvision help` for the commands and their options")
}
