//! `procvision store verify`: whether everything in the store is what it was when it was put there.

use super::place::PlaceArgs;
use super::progress::StageBar;
use super::text;
use crate::commands::error::CommandError;
use crate::commands::exit::Exit;
use crate::commands::terminal::TerminalArgs;
use crate::commands::{help, terminal};
use clap::Args;
use procvision_host::store::{Finding, Verification};
use procvision_host::visible;
use serde_json::{Value, json};
use std::fmt::Write;

/// Compare every file of the store with what was installed
///
/// Every installed file and archive is read and compared with the registry, every signature and policy judged as of
/// today, and the whole audit log followed. What killed operations have left is put right first.
#[derive(Args)]
#[command(after_help = help::STORE_VERIFY)]
pub(super) struct Verify {}

impl Verify {
    pub(super) fn run(&self, place: &PlaceArgs, terminal: &TerminalArgs) -> Result<Exit, CommandError> {
        let store = place.open()?;
        let mut bar = StageBar::new(terminal);
        let verification = store.verify(&mut bar);
        drop(bar);
        let verification = verification?;
        if place.json {
            terminal::print_json(&to_json(&verification))?;
        } else {
            terminal::print(&to_text(&verification))?;
        }
        Ok(match verification.findings.is_empty() {
            true => Exit::Good,
            false => Exit::SubjectFailed,
        })
    }
}

fn to_json(verification: &Verification) -> Value {
    json!({
        "schema": 1,
        "whole": verification.findings.is_empty(),
        "findings": verification.findings.iter().map(finding_to_json).collect::<Vec<_>>(),
        "warnings": verification.warnings,
        "mended": verification.mended,
        "versions": verification.versions,
        "files": verification.files,
        "bytes": verification.bytes,
        "audit_entries": verification.entries,
    })
}

fn finding_to_json(finding: &Finding) -> Value {
    json!({
        "kind": finding.kind,
        "name": finding.release.as_ref().map(|release| &release.name),
        "version": finding.release.as_ref().map(|release| release.version.to_string()),
        "message": finding.message,
    })
}

fn to_text(verification: &Verification) -> String {
    let mut text = String::new();
    for what in &verification.mended {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "mended: {}", visible::line(what));
    }
    for finding in &verification.findings {
        let _ = writeln!(
            text,
            "wrong ({}): {}",
            finding.kind.as_str(),
            visible::line(&finding.message)
        );
    }
    let looked_at = format!(
        "{}, {}, {} bytes, {}",
        text::counted(verification.versions as u64, "version", "versions"),
        text::counted(verification.files as u64, "file", "files"),
        text::grouped(verification.bytes),
        text::counted(verification.entries, "audit entry", "audit entries"),
    );
    text += &match verification.findings.len() {
        0 => text::done("whole:", &looked_at),
        count => format!("{count} wrong in {looked_at}"),
    };
    text += &text::warnings(verification.warnings.iter().map(String::as_str));
    text
}
