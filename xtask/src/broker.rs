//! The broker of frame pools as a process, for commands that need pictures in a pool.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

/// `procvision frames broker`, which ends with this value.
pub struct Broker(Child);

impl Broker {
    /// Starts it and waits until it listens.
    pub fn start(program: &Path, socket: &Path) -> Result<Self> {
        let mut child = Command::new(program)
            .args(["frames", "broker", "--json", "--socket"])
            .arg(socket)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("the broker cannot be started")?;
        let stdout = child.stdout.take();
        let broker = Self(child);
        let mut line = String::new();
        // It says where it listens as soon as it does.
        let said = stdout.map(|stdout| BufReader::new(stdout).read_line(&mut line));
        if !matches!(said, Some(Ok(1..))) {
            bail!("the broker does not listen (see above)");
        }
        Ok(broker)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
