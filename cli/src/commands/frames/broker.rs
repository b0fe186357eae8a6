//! `procvision frames broker`: keeps the pools of a station until it is told to end.

use super::signals::EndSignals;
use super::socket::SocketArgs;
use crate::commands::error::CommandError;
use crate::commands::exit::Exit;
use crate::commands::terminal::{DONE, TerminalArgs};
use crate::commands::{help, terminal};
use clap::Args;
use procvision_host::pool::broker::{self, BrokerConfig};
use serde_json::json;
use std::io;

/// Keep the pools of a station: hand their memory to cameras and algorithms, and take back what the dead have held
///
/// Says where it listens as soon as it does, and runs until SIGINT, SIGTERM or SIGHUP. Only programs of the same user
/// can connect, unless others are allowed.
#[derive(Args)]
#[command(after_help = help::FRAMES_BROKER)]
pub struct Broker {
    #[command(flatten)]
    socket: SocketArgs,

    /// Let another user connect too, by number; may be given several times. Its programs must be trusted like the
    /// broker's own: they see every picture and can change those that are being judged
    #[arg(long = "allow-uid", value_name = "UID")]
    allowed_uids: Vec<u32>,

    /// Most bytes of all pools together [default: 4294967296]
    #[arg(long, value_name = "BYTES")]
    max_bytes: Option<u64>,

    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

impl Broker {
    /// Runs it to its end.
    pub fn run(&self, terminal: &TerminalArgs) -> Result<Exit, CommandError> {
        let defaults = BrokerConfig::new(self.socket.path()?);
        let config = BrokerConfig {
            allowed_uids: self.allowed_uids.clone(),
            max_bytes: self.max_bytes.unwrap_or(defaults.max_bytes),
            ..defaults
        };
        // Before the broker's threads are there, so that none of them is ended by a signal.
        let signals = EndSignals::hold_back().map_err(no_signals)?;
        let broker = broker::Broker::start(config)?;
        let socket = broker.socket();
        if self.json {
            terminal::print_json(&json!({ "socket": socket.to_string_lossy(), "process": std::process::id() }))?;
        } else if !terminal.quiet {
            terminal::print(&format!("{DONE}Listening{DONE:#} at {}", socket.display()))?;
        }
        signals.wait().map_err(no_signals)?;
        drop(broker);
        Ok(Exit::Good)
    }
}

fn no_signals(error: io::Error) -> CommandError {
    CommandError::could_not_run("unavailable", format!("cannot wait for signals: {error}"))
}
