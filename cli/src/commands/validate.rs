//! `procvision validate`: every check of a package, with remedies.

mod stale;
mod text;

use super::error::CommandError;
use super::exit::Exit;
use super::subject::{Built, Station, SubjectArgs};
use super::terminal::TerminalArgs;
use super::{help, terminal};
use clap::Args;
use procvision_host::frame::Frame;
use procvision_host::package::PackageError;
use procvision_host::validation::{self, Status, Subject};
use serde_json::json;
use std::path::PathBuf;

/// Check everything a station would, and say what to mend
///
/// In order: archive, manifest, assets and component, imports, compilation, get_info, setup, and both
/// questions for every product model and step, on a synthetic picture.
#[derive(Args)]
#[command(after_help = help::VALIDATE)]
pub struct Validate {
    /// Folder of a crate or of a package, a package archive, or a .wasm component
    #[arg(value_name = "DIR|ZIP|WASM")]
    source: PathBuf,

    /// A picture, PNG or JPEG, to try the algorithm with besides the synthetic one
    #[arg(short, long, value_name = "PICTURE")]
    image: Option<PathBuf>,

    /// Build the crate first, which runs its build scripts on this machine; else what is there is checked
    #[arg(long)]
    build: bool,

    /// Answer in JSON
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    subject: SubjectArgs,
}

impl Validate {
    /// Makes every check and says what came of it.
    pub fn run(&self, terminal: &TerminalArgs) -> Result<Exit, CommandError> {
        let source = &self.source;
        let station = self.subject.rules()?;
        if !source.exists() {
            return Err(PackageError::NotFound(source.clone()).into());
        }
        let picture = self.image.as_ref().map(Frame::open).transpose()?;
        let built = match self.build {
            true => self.subject.build(source, station.as_ref(), terminal)?,
            false => None,
        };
        let Station { host, mut warnings } = self.subject.station(station.as_ref(), built.is_some(), None)?;
        if built.is_none() {
            warnings.extend(stale::warning(source));
        }
        let subject = Subject {
            source: source.clone(),
            // What is shipped, not what has debug information.
            component: built.map(|Built { build, .. }| build.component),
            picture,
            station,
        };
        let validation = validation::validate(&host, &subject);
        if self.json {
            let mut answer = validation.to_json();
            answer["warnings"] = json!(warnings);
            terminal::print_json(&answer)?;
        } else {
            terminal::print(&text::of(&validation, &warnings))?;
        }
        Ok(match validation.status() {
            Status::Fail => Exit::SubjectFailed,
            Status::NotRun | Status::Pass | Status::Warn => Exit::Good,
        })
    }
}
