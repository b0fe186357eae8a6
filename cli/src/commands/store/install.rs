//! `procvision store install`: from an archive to an installed version.

use super::place::PlaceArgs;
use super::progress::StageBar;
use super::text;
use crate::commands::error::CommandError;
use crate::commands::exit::Exit;
use crate::commands::terminal::TerminalArgs;
use crate::commands::{help, terminal};
use clap::Args;
use procvision_host::store::Installation;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Check a package, compile and try it, and put it into the store
///
/// The archive, its signature and the policy of the store are checked; then the component is compiled and the algorithm
/// started and set up. A signature beside the archive, ZIP.minisig, is taken along. A store is made if there is none.
#[derive(Args)]
#[command(after_help = help::STORE_INSTALL)]
pub(super) struct Install {
    /// The package, such as cap_check-v1.0.0-offline.zip
    zip: PathBuf,
}

impl Install {
    pub(super) fn run(&self, place: &PlaceArgs, terminal: &TerminalArgs) -> Result<Exit, CommandError> {
        let store = place.create()?;
        let mut bar = StageBar::new(terminal);
        let installation = store.install(&self.zip, &mut bar);
        drop(bar);
        let installation = installation.map_err(text::told)?;
        if place.json {
            terminal::print_json(&to_json(&installation))?;
        } else {
            terminal::print(&to_text(&installation))?;
        }
        Ok(Exit::Good)
    }
}

fn to_json(installation: &Installation) -> Value {
    json!({
        "schema": 1,
        "name": installation.release.name,
        "version": installation.release.version.to_string(),
        "digest": installation.digest,
        "supported_pids": installation.supported_pids,
        "signature": installation.signature,
        "files": installation.files,
        "bytes": installation.bytes,
        "objections": installation.objections,
        "warnings": installation.warnings,
    })
}

fn to_text(installation: &Installation) -> String {
    let Installation { release, digest, .. } = installation;
    let mut text = text::done(
        "installed",
        &format!(
            "{release}: {} files, {} bytes\n  package digest  {digest}\n  signature       {}\n  product models  {}",
            installation.files,
            text::grouped(installation.bytes),
            procvision_host::visible::line(&installation.signature.to_string()),
            installation.supported_pids.join(", "),
        ),
    );
    let objections = text::objections(&installation.objections);
    text += &text::warnings(objections.chain(installation.warnings.iter().map(String::as_str)));
    text
}
