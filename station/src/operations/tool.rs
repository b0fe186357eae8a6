//! The program's own commands, as processes of their own.

use crate::station::Station;
use serde_json::Value;
use std::ffi::OsString;
use std::io;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

/// How long a command may take: checking a large package takes minutes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(900);
/// The most that a command may answer, in bytes.
const MOST_BYTES: u64 = 64 << 20;

/// Why a command has brought nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ToolError {
    /// It refuses, and says why.
    #[error("{message}")]
    Refused {
        /// A code of the protocol, or a word.
        code: String,
        /// The sentence.
        message: String,
        /// What would mend it.
        help: Option<String>,
        /// Whether what was examined is bad, and not something around it.
        subject_failed: bool,
    },
    /// It cannot be run.
    #[error("the program's own command cannot be run")]
    Run(#[from] io::Error),
    /// It has not ended in time.
    #[error("the program's own command has not ended within {} s", PATIENCE.as_secs())]
    TooLate,
    /// It does not answer as it should.
    #[error("the program's own command has not answered in JSON")]
    Garbage,
}

/// What a command has answered.
#[derive(Debug)]
pub struct ToolOutput {
    /// Its exit status: 0 good, 1 the subject failed, 2 it could not run.
    pub status: i32,
    /// What it has written to stdout.
    pub bytes: Vec<u8>,
}

impl ToolOutput {
    /// The JSON that it has answered, if it went well.
    ///
    /// # Errors
    ///
    /// [`ToolError::Refused`] with the error that it has answered.
    pub fn json(self) -> Result<Value, ToolError> {
        let value = self.any_json()?;
        let Some(error) = value.get("error") else {
            return Ok(value);
        };
        let text = |key: &str| error.get(key).and_then(Value::as_str).map(str::to_owned);
        Err(ToolError::Refused {
            code: text("code").unwrap_or_default(),
            message: text("message").unwrap_or_default(),
            help: text("help"),
            subject_failed: self.status == 1,
        })
    }

    /// The JSON that it has answered, whatever it says.
    ///
    /// # Errors
    ///
    /// [`ToolError::Garbage`].
    pub fn any_json(&self) -> Result<Value, ToolError> {
        serde_json::from_slice(&self.bytes).map_err(|_| ToolError::Garbage)
    }
}

impl Station {
    /// Runs a command of the program, which answers in JSON.
    ///
    /// # Errors
    ///
    /// If it cannot be run or does not end; what it says is the caller's matter.
    pub async fn tool(&self, arguments: impl IntoIterator<Item = OsString>) -> Result<ToolOutput, ToolError> {
        let mut command = Command::new(self.program());
        command.args(arguments).arg("--json").arg("--quiet");
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        // Whoever asked may have gone.
        let mut child = command.kill_on_drop(true).spawn()?;
        let stdout = child.stdout.take();
        let work = async {
            let mut bytes = Vec::new();
            if let Some(stdout) = stdout {
                stdout.take(MOST_BYTES).read_to_end(&mut bytes).await?;
            }
            let status = child.wait().await?.code().unwrap_or(2);
            Ok(ToolOutput { status, bytes })
        };
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(answer) => answer,
            Err(_) => Err(ToolError::TooLate),
        }
    }
}
