//! `procvision package`: everything a station needs, in one file.

mod text;

use super::error::CommandError;
use super::exit::Exit;
use super::subject::{Station, SubjectArgs};
use super::terminal::TerminalArgs;
use super::{help, outputs, terminal};
use clap::Args;
use indicatif::ProgressBar;
use procvision_host::archive::{self, Archive};
use procvision_host::component_build::{self, BuildOptions};
use procvision_host::outcome::Warning;
use procvision_host::packaging::{self, Collected, PackagingError};
use procvision_host::validation::{self, Status, Subject, Validation};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Make a package: manifest, component, assets, golden cases and bill of materials in one file
///
/// A crate is built first. That runs its build scripts and procedural macros, and those of everything it depends on, on this
/// machine and with your rights. Then everything that `validate` checks must pass. The same sources give the same bytes, in
/// any folder and at any time.
#[derive(Args)]
#[command(after_help = help::PACKAGE)]
pub struct Package {
    /// Folder of a crate or of a package
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,

    /// File or folder to write to [default: NAME-vVERSION-offline.zip in the current folder]
    #[arg(short, long, value_name = "ZIP")]
    output: Option<PathBuf>,

    /// Take the component that is there
    #[arg(long)]
    no_build: bool,

    /// Build twice, the second time from a copy of the sources in another folder, and refuse if the packages differ
    #[arg(long, conflicts_with = "no_build")]
    verify_reproducible: bool,

    /// Write over another package of the same name
    #[arg(long)]
    force: bool,

    /// Let cargo use no network
    #[arg(long, conflicts_with = "no_build")]
    offline: bool,

    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

/// A package that was made.
struct Made {
    path: PathBuf,
    /// Whether the same was there already.
    was_there: bool,
    archive: Archive,
    collected: Collected,
    validation: Validation,
    /// Whether the second build was of moved sources, if there was one.
    reproduced: Option<bool>,
    warnings: Vec<Warning>,
}

impl Package {
    /// Makes the package and says what is in it.
    pub fn run(&self, terminal: &TerminalArgs) -> Result<Exit, CommandError> {
        let made = self.make(terminal)?;
        if self.json {
            terminal::print_json(&json_of(&made))?;
        } else {
            terminal::print(&text::of(&made))?;
        }
        Ok(Exit::Good)
    }

    fn make(&self, terminal: &TerminalArgs) -> Result<Made, CommandError> {
        let is_crate = component_build::is_crate(&self.dir);
        if self.verify_reproducible && !is_crate {
            let message = format!(
                "{} has no Cargo.toml, so that nothing is built twice",
                self.dir.display()
            );
            return Err(CommandError::could_not_run("usage", message).help("leave out --verify-reproducible"));
        }
        if let Some(output) = self.output.as_deref().filter(|output| !output.is_dir()) {
            outputs::check_place(output)?;
        }
        let mut warnings = Vec::new();
        let mut reproduced = None;
        let collected = if self.no_build || !is_crate {
            packaging::collect(&self.dir)?
        } else {
            let (collected, moved) = self.build(terminal, &mut warnings)?;
            reproduced = moved;
            collected
        };
        warnings.extend(collected.warnings.iter().cloned());

        let bytes = collected.archive()?;
        let path = self.place(&archive::file_name(&collected.manifest));
        let was_there = self.look_at_place(&path, &bytes)?;
        let archive = Archive::parse(bytes, &path).map_err(PackagingError::from)?;
        let temporary = outputs::temporary_beside(&path, archive.as_bytes())?;
        let validation = validate(temporary.path(), terminal, &mut warnings)?;
        packaging::admit(&validation)?;
        if !was_there {
            outputs::put(temporary, &path)?;
        }
        Ok(Made {
            path,
            was_there,
            archive,
            collected,
            validation,
            reproduced,
            warnings,
        })
    }

    fn build(
        &self,
        terminal: &TerminalArgs,
        warnings: &mut Vec<Warning>,
    ) -> Result<(Collected, Option<bool>), CommandError> {
        let dir = self.dir.display();
        terminal.note(&format!(
            "Building the crate in {dir}, which runs its build scripts on this machine"
        ));
        let options = BuildOptions {
            offline: self.offline,
            quiet: terminal.quiet,
            color: terminal.cargo_color(),
            ..BuildOptions::default()
        };
        let workspace = component_build::workspace(&self.dir, &options)?;
        if !workspace.outside.is_empty() {
            let names = workspace.outside.join(", ");
            warnings.push(Warning {
                kind: "sources_outside",
                message: format!(
                    "{names} lies outside of the workspace; its place goes into the component, so that the same sources \
                     in other folders give other bytes"
                ),
            });
        }
        if !self.verify_reproducible {
            return Ok((packaging::build(&self.dir, &options)?, None));
        }
        let scratch =
            || tempfile::tempdir().map_err(|error| outputs::unwritable(&std::env::temp_dir(), &error.to_string()));
        let first = scratch()?;
        let collected = packaging::build(
            &self.dir,
            &BuildOptions {
                target_dir: Some(first.path().join("target")),
                ..options.clone()
            },
        )?;
        drop(first);
        terminal.note("Building it again, to compare");
        let second = scratch()?;
        let rebuilt = packaging::rebuild(&self.dir, &options, second.path())?;
        rebuilt.compare(&collected)?;
        warnings.extend(rebuilt.why_not_moved.map(|why| Warning {
            kind: "not_moved",
            message: format!("both builds were in the same folder, because {why}"),
        }));
        Ok((collected, Some(rebuilt.moved)))
    }

    fn place(&self, file_name: &str) -> PathBuf {
        match &self.output {
            None => file_name.into(),
            Some(folder) if folder.is_dir() => folder.join(file_name),
            Some(file) => file.clone(),
        }
    }

    /// Whether the package is there already; refuses if another one is there.
    fn look_at_place(&self, path: &Path, bytes: &[u8]) -> Result<bool, CommandError> {
        outputs::check_place(path)?;
        let same_size =
            fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() == bytes.len() as u64);
        if same_size && fs::read(path).is_ok_and(|there| there == bytes) {
            return Ok(true);
        }
        if path.exists() && !self.force {
            let message = format!("{} exists and is another package", path.display());
            return Err(CommandError::could_not_run("exists", message)
                .help("raise the version, so that nobody mistakes one for the other, or give --force"));
        }
        Ok(false)
    }
}

fn validate(archive: &Path, terminal: &TerminalArgs, warnings: &mut Vec<Warning>) -> Result<Validation, CommandError> {
    let bar = match terminal.quiet {
        true => ProgressBar::hidden(),
        false => ProgressBar::new_spinner(),
    };
    bar.enable_steady_tick(Duration::from_millis(100));
    bar.set_message("validating the package as a station would");
    let station = SubjectArgs::usual().station(None, false, None)?;
    let Station { host, warnings: more } = station;
    warnings.extend(more);
    let subject = Subject {
        source: archive.to_owned(),
        ..Subject::default()
    };
    let validation = validation::validate(&host, &subject);
    bar.finish_and_clear();
    Ok(validation)
}

fn json_of(made: &Made) -> Value {
    let entry = |entry: &archive::Entry| {
        json!({
            "name": entry.name,
            "bytes": entry.bytes,
            "packed_bytes": entry.packed_bytes,
            "sha256": entry.sha256,
        })
    };
    let warned = made
        .validation
        .checks
        .iter()
        .filter(|check| check.status == Status::Warn);
    json!({
        "schema": 1,
        "package": made.path,
        "written": !made.was_there,
        "name": made.archive.manifest().name,
        "version": made.archive.manifest().version,
        "digest": made.archive.digest(),
        "bytes": made.archive.as_bytes().len(),
        "entries": made.archive.entries().map(entry).collect::<Vec<_>>(),
        "sbom": {
            "contents": made.collected.contents,
            "linked": made.collected.crates_linked,
            "for_building": made.collected.crates_for_building,
        },
        "reproduced": made.reproduced.map(|moved| json!({ "moved": moved })),
        "checks": warned.collect::<Vec<_>>(),
        "warnings": made.warnings,
    })
}
