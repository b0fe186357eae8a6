//! Which broker is meant.

use clap::Args;
use procvision_host::pool::socket::{SocketError, default_path};
use std::path::PathBuf;

/// The broker's socket as an argument.
#[derive(Args)]
pub struct SocketArgs {
    /// The broker's socket [default: PROCVISION_FRAMES_SOCKET, else procvision/frames.sock in XDG_RUNTIME_DIR, else
    /// procvision-UID/frames.sock in the folder for temporary files]
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
}

impl SocketArgs {
    /// The path.
    pub fn path(&self) -> Result<PathBuf, SocketError> {
        match &self.socket {
            Some(path) => Ok(path.clone()),
            None => default_path(),
        }
    }
}
