//! `cargo xtask bench peers`: one picture of each size through this host, through the original Python SDK, and through
//! Extism's Python host, side by side.
//!
//! In order: the host, a virtual environment under the target folder with the pinned packages, one script for each peer,
//! one table; then the whole call over the pipe ([`calls`]). The scripts and what they measure are in `xtask/peers`.

pub mod calls;
pub mod pipe;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::figures::{self, Figures, ratio, time};
use crate::shell::Line;
use crate::workspace::Workspace;
use crate::{Finding, host, style};

/// What is measured, in versions whose figures can be compared from run to run.
const PACKAGES: [&str; 4] = [
    "procvision-algorithm-sdk==0.3.2",
    "pillow==11.3.0",
    "extism==1.1.1",
    "extism-sys==1.41.0",
];
/// One for each peer, in `xtask/peers`.
const SCRIPTS: [&str; 2] = ["python_sdk.py", "extism_host.py"];
/// What of this host stands in the table; the first is what the others are compared with.
const OWN: [(&str, &str); 2] = [("map", "this host, mapped"), ("fill", "this host, filled")];

/// One peer and one picture.
#[derive(Debug, Deserialize, Serialize)]
pub struct Row {
    pub peer: String,
    pub size: String,
    pub p50_us: f64,
    pub p99_us: f64,
    /// How many times as long as the first of [`OWN`].
    #[serde(default)]
    pub ratio: f64,
}

/// Measures and prints tables, or the rows as JSON; only whole calls if nothing else is wanted.
pub fn run(workspace: &Workspace, calls_only: bool, as_json: bool) -> Result<Finding> {
    let python = environment(workspace)?;
    let program = host::build(workspace)?;
    let rows = match calls_only {
        true => Vec::new(),
        false => pictures(workspace, &python, &program)?,
    };
    let calls = calls::measure(workspace, &python, &program)?;
    if as_json {
        println!(
            "{}",
            json!({ "schema": 1, "packages": PACKAGES, "rows": rows, "calls": calls })
        );
        return Ok(Finding::Good);
    }
    if !calls_only {
        println!("{}", table(&rows));
    }
    print!("{}", calls::text(&calls));
    Ok(Finding::Good)
}

/// Pictures without a pipe between processes.
fn pictures(workspace: &Workspace, python: &Path, program: &Path) -> Result<Vec<Row>> {
    announce("measuring this host");
    let line = Line::new(program, workspace.root()).args(["bench", "--section", "frames", "--json"]);
    measure(workspace, python, &figures::measure(&line)?)
}

/// The rows of all peers, this host's from `figures`, size by size.
pub fn measure(workspace: &Workspace, python: &Path, figures: &Figures) -> Result<Vec<Row>> {
    let frames = figures.frames.as_ref().context("no pictures were measured")?;
    let mut sizes = Vec::new();
    let mut rows = Vec::new();
    for (way, peer) in OWN {
        for delivery in frames
            .deliveries
            .iter()
            .filter(|row| row.touched == "pages" && row.way == way)
        {
            let size = json!({ "size": delivery.size, "width": delivery.width, "height": delivery.height });
            if !sizes.contains(&size) {
                sizes.push(size);
            }
            rows.push(Row {
                peer: peer.to_owned(),
                size: delivery.size.clone(),
                p50_us: delivery.timing.p50_us,
                p99_us: delivery.timing.p99_us,
                ratio: 0.0,
            });
        }
    }
    for script in SCRIPTS {
        announce(&format!("measuring with {script}"));
        let line = Line::new(python, workspace.root())
            .arg("-B")
            .arg(workspace.root().join("xtask/peers").join(script))
            .arg(json!(sizes).to_string());
        let output = line.output()?;
        if !output.status.success() {
            bail!("{script} could not measure (see above)");
        }
        let measured: Vec<Row> = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("the answer of {script} has another form than expected"))?;
        rows.extend(measured);
    }
    let place = |row: &Row| sizes.iter().position(|size| size["size"] == row.size.as_str());
    rows.sort_by_key(place);
    let own: Vec<(String, f64)> = rows
        .iter()
        .filter(|row| row.peer == OWN[0].1)
        .map(|row| (row.size.clone(), row.p50_us))
        .collect();
    for row in &mut rows {
        let baseline = own.iter().find(|(size, _)| *size == row.size).map(|(_, p50)| *p50);
        row.ratio = row.p50_us / baseline.with_context(|| format!("{} was not asked for", row.size))?;
    }
    Ok(rows)
}

/// The Python of a virtual environment with [`PACKAGES`], which is made the first time.
pub fn environment(workspace: &Workspace) -> Result<PathBuf> {
    environment_with(workspace, "peers", &PACKAGES)
}

/// The Python of a virtual environment with these packages, in this folder of the target folder. It is made the first
/// time.
pub fn environment_with(workspace: &Workspace, folder: &str, packages: &[&str]) -> Result<PathBuf> {
    let folder = workspace.target_dir()?.join(folder);
    let python = folder.join("bin/python");
    let installed = folder.join("installed");
    let wanted = packages.join("\n");
    if fs::read_to_string(&installed).is_ok_and(|packages| packages == wanted) && python.exists() {
        return Ok(python);
    }
    announce(&format!("installing {}", packages.join(", ")));
    let root = workspace.root();
    if Line::new("python3", root).arg("--version").probe()?.is_none() {
        bail!("python3 is not installed; install it, with its module venv, and repeat the command");
    }
    let make = Line::new("python3", root).args(["-m", "venv", "--clear"]).arg(&folder);
    let made = make.capture()?;
    if !made.status.success() {
        bail!(
            "python3 cannot make a virtual environment; install its module venv (on Debian the package python3-venv) and \
             repeat the command: {}",
            last_line(&made.stdout, &made.stderr)
        );
    }
    let pip = Line::new(&python, root)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(packages);
    let got = pip.capture()?;
    if !got.status.success() {
        bail!(
            "pip cannot install {}; with a network connection, repeat the command: {}",
            packages.join(", "),
            last_line(&got.stdout, &got.stderr)
        );
    }
    fs::write(&installed, wanted).with_context(|| format!("cannot write {}", installed.display()))?;
    Ok(python)
}

/// What a program said last, where it said why it failed.
fn last_line(stdout: &[u8], stderr: &[u8]) -> String {
    let text = [stdout, stderr].map(String::from_utf8_lossy).concat();
    let line = text.lines().rev().find(|line| !line.trim().is_empty());
    line.unwrap_or("it did not say why").trim().to_owned()
}

fn table(rows: &[Row]) -> String {
    let mut table = format!(
        "{:<8} {:<26} {:>10} {:>10} {:>12}\n",
        "picture", "through", "p50", "p99", "x this host"
    );
    let mut before = "";
    for row in rows {
        let size = if row.size == before { "" } else { &row.size };
        before = &row.size;
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "{size:<8} {:<26} {:>10} {:>10} {:>12}",
            row.peer,
            time(row.p50_us),
            time(row.p99_us),
            ratio(row.ratio)
        );
    }
    table
}

fn announce(what: &str) {
    eprintln!("{}", style::err(&format!("== {what}"), style::BOLD));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_named_once_in_the_table() {
        let row = |peer: &str, p50_us, ratio| Row {
            peer: peer.to_owned(),
            size: "VGA".to_owned(),
            p50_us,
            p99_us: 2.0 * p50_us,
            ratio,
        };
        let table = table(&[row("this host, mapped", 15.0, 1.0), row("Extism, copied", 533.8, 35.6)]);
        assert_eq!(table.matches("VGA").count(), 1);
        assert!(
            table.contains("Extism, copied                 534 us    1.07 ms        35.60\n"),
            "{table}"
        );
    }

    #[test]
    fn the_reason_is_what_was_said_last() {
        assert_eq!(last_line(b"a\n", b"warning\nno network \n\n"), "no network");
        assert_eq!(last_line(b"", b""), "it did not say why");
    }
}
