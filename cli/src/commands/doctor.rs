//! `procvision doctor`: what this machine offers to a station.

use super::error::CommandError;
use super::exit::Exit;
use super::subject::cache_folder;
use super::{help, terminal};
use anstyle::{AnsiColor, Style};
use clap::Args;
use procvision_host::compiler::CompileChild;
use procvision_host::doctor::{self, Examination, Finding, Status};
use procvision_host::limits::CompileLimits;
use procvision_host::visible;
use serde_json::json;
use std::fmt::Write;
use std::path::PathBuf;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();

/// Look whether a station can run on this machine
///
/// What can be tried is tried: the locks around algorithms in a process that is thrown away, compiling, memory for
/// pictures. Nothing is changed but that the folder for compiled components is made. Run it as the user that the station
/// runs as, and where it runs, such as in its container.
#[derive(Args)]
#[command(after_help = help::DOCTOR)]
pub struct Doctor {
    /// Folder of the station's store, whose policy says which locks are required
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,

    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

impl Doctor {
    /// Looks and says what it found.
    pub fn run(&self) -> Result<Exit, CommandError> {
        let examination = Examination {
            program: CompileChild::this_program(CompileLimits::default()).program,
            cache: cache_folder(),
            store: self.store.clone(),
        };
        let findings = examination.findings();
        let ready = doctor::is_ready(&findings);
        if self.json {
            terminal::print_json(&json!({
                "schema": 1,
                "ready": ready,
                "counts": {
                    "ok": count(&findings, Status::Ok),
                    "hint": count(&findings, Status::Hint),
                    "problem": count(&findings, Status::Problem),
                },
                "findings": findings,
            }))?;
        } else {
            terminal::print(&to_text(&findings, ready))?;
        }
        Ok(match ready {
            true => Exit::Good,
            false => Exit::SubjectFailed,
        })
    }
}

fn count(findings: &[Finding], status: Status) -> usize {
    findings.iter().filter(|finding| finding.status == status).count()
}

/// Writing to a string cannot fail, which is why results are dropped.
fn to_text(findings: &[Finding], ready: bool) -> String {
    let mut text = String::new();
    let mut section = None;
    for finding in findings {
        if section != Some(finding.section) {
            let gap = if section.is_some() { "\n" } else { "" };
            let _ = writeln!(text, "{gap}{BOLD}{}{BOLD:#}", finding.section.title());
            section = Some(finding.section);
        }
        let (style, word) = match finding.status {
            Status::Ok => (GREEN, "ok     "),
            Status::Hint => (YELLOW, "hint   "),
            Status::Problem => (RED, "PROBLEM"),
        };
        let name = finding.id.replace('_', " ");
        let detail = visible::line(&finding.detail);
        let _ = writeln!(text, "  {style}{word}{style:#}  {name:17}{detail}");
        if let Some(remedy) = &finding.remedy {
            let _ = writeln!(text, "           {DIM}remedy:{DIM:#} {}", visible::line(remedy));
        }
    }
    let (style, word) = match ready {
        true => (GREEN, "READY"),
        false => (RED, "NOT READY"),
    };
    let _ = write!(
        text,
        "\n{style}{word}{style:#}  {} ok, {} to look at, {} in the way",
        count(findings, Status::Ok),
        count(findings, Status::Hint),
        count(findings, Status::Problem)
    );
    text
}
