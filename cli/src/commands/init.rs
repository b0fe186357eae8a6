//! `procvision init`: a new algorithm project.

use super::error::CommandError;
use super::exit::Exit;
use super::terminal::DONE;
use super::{help, terminal};
use clap::Args;
use procvision_host::scaffold::{self, Project, ProjectRequest};
use serde_json::json;
use std::path::PathBuf;

/// Start a project: an algorithm that builds, passes its tests and runs at once
///
/// The project needs Rust and crates.io, and nothing else: the SDK and the contract are copied into it.
#[derive(Args)]
#[command(after_help = help::INIT)]
pub struct Init {
    /// Name of the algorithm: lower-case letters, digits, `-` and `_`
    name: String,

    /// Folder for the project, which must be empty or not exist [default: NAME in this folder]
    #[arg(short, long)]
    dir: Option<PathBuf>,

    /// Product models that the algorithm judges, separated by commas
    #[arg(short, long, value_delimiter = ',', default_value = "A01")]
    pids: Vec<String>,

    /// Depend on the SDK in this checkout of ProcVision instead of copying it
    #[arg(long, value_name = "PATH")]
    sdk: Option<PathBuf>,

    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

impl Init {
    /// Makes the project and says what to do next.
    pub fn run(&self) -> Result<Exit, CommandError> {
        let request = ProjectRequest {
            name: self.name.clone(),
            dir: self.dir.clone(),
            pids: self.pids.clone(),
            sdk: self.sdk.clone(),
        };
        let project = scaffold::create(&request)?;
        let next = next_commands(&project, &self.pids);
        if self.json {
            terminal::print_json(&json!({
                "dir": project.dir,
                "name": project.name,
                "package": project.package,
                "pids": self.pids,
                "sdk": project.sdk,
                "next": next,
            }))?;
        } else {
            let lines: String = next.iter().map(|command| format!("\n  {command}")).collect();
            let dir = project.dir.display();
            terminal::print(&format!(
                "{DONE}Created{DONE:#} {} in {dir}\n\nNext:{lines}",
                project.name
            ))?;
        }
        Ok(Exit::Good)
    }
}

fn next_commands(project: &Project, pids: &[String]) -> [String; 3] {
    let pid = pids.first().map_or("", String::as_str);
    [
        format!("cd {}", shell_word(&project.dir.to_string_lossy())),
        "cargo test".to_owned(),
        format!("procvision run . --pid {pid} --image pictures/ok.png"),
    ]
}

/// The text as one word of a POSIX shell.
fn shell_word(text: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.' | '/' | '\\' | ':');
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
