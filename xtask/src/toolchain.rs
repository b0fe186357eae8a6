//! What of the Rust toolchain the project needs, whether it is there, and adding what is not.
//!
//! Presence is asked of `rustc` and `cargo` themselves, never of rustup: a distribution's toolchain answers the same
//! way, and so does one that rustup knows under another name. rustup is only asked to add things.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::shell::Line;

/// A piece of the toolchain that may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Rustfmt,
    Clippy,
    /// The standard library for a target triple.
    Target(&'static str),
}

/// What algorithms are built for.
pub const GUEST_TARGET: &str = "wasm32-wasip2";

/// Everything `cargo xtask test` needs. The two older targets are for the tests that lift core modules into components.
pub const ALL: [Part; 5] = [
    Part::Rustfmt,
    Part::Clippy,
    Part::Target(GUEST_TARGET),
    Part::Target("wasm32-wasip1"),
    Part::Target("wasm32-unknown-unknown"),
];

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rustfmt => "rustfmt",
            Self::Clippy => "clippy",
            Self::Target(triple) => triple,
        })
    }
}

/// Whether a part had to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Present,
    Added,
}

/// The toolchain that holds in one directory.
pub struct Toolchain<'a> {
    dir: &'a Path,
}

impl<'a> Toolchain<'a> {
    /// The toolchain in force in `dir`; an error if there is no `rustc` or `cargo` that works.
    pub fn in_force(dir: &'a Path) -> Result<Self> {
        let toolchain = Self { dir };
        toolchain.version()?;
        if toolchain.cargo().arg("--version").probe()?.is_none() {
            bail!("cargo does not work here; install Rust with rustup (https://rustup.rs)");
        }
        Ok(toolchain)
    }

    /// What `rustc --version` says, such as `rustc 1.95.0 (59807616e 2026-04-14)`.
    pub fn version(&self) -> Result<String> {
        let version = self.rustc().arg("--version").probe()?;
        version.context("rustc does not work here; install Rust with rustup (https://rustup.rs)")
    }

    /// Makes sure that every part is there, adding what is missing with rustup.
    ///
    /// # Errors
    ///
    /// One sentence naming what is missing and the command that adds it.
    pub fn ensure(&self, parts: &[Part]) -> Result<Vec<(Part, State)>> {
        let missing = self.missing(parts)?;
        if !missing.is_empty() {
            self.add(&missing)?;
        }
        let state = |part| {
            if missing.contains(part) {
                State::Added
            } else {
                State::Present
            }
        };
        Ok(parts.iter().map(|part| (*part, state(part))).collect())
    }

    fn missing(&self, parts: &[Part]) -> Result<Vec<Part>> {
        let mut missing = Vec::new();
        for part in parts {
            if !self.has(*part)? {
                missing.push(*part);
            }
        }
        Ok(missing)
    }

    fn has(&self, part: Part) -> Result<bool> {
        Ok(match part {
            Part::Rustfmt => self.cargo().args(["fmt", "--version"]).probe()?.is_some(),
            Part::Clippy => self.cargo().args(["clippy", "--version"]).probe()?.is_some(),
            Part::Target(triple) => {
                // The directory is named for every triple rustc knows; only an installed one holds a standard library.
                let line = self.rustc().args(["--print", "target-libdir", "--target", triple]);
                line.probe()?.is_some_and(|dir| holds_std(&PathBuf::from(dir)))
            }
        })
    }

    fn add(&self, missing: &[Part]) -> Result<()> {
        let names = missing.iter().map(Part::to_string).collect::<Vec<_>>().join(", ");
        let remedies = self.remedies(missing);
        let commands = remedies.iter().map(Line::to_string).collect::<Vec<_>>().join(" && ");
        if self.rustup().arg("--version").probe()?.is_none() {
            bail!(
                "this Rust toolchain ({}) lacks {names}, and there is no rustup to add it: install rustup \
                 (https://rustup.rs) and run `{commands}`, or install the matching packages of your distribution",
                self.sysroot()?,
            );
        }
        for line in &remedies {
            eprintln!("   $ {line}");
            if !line.run()?.success() {
                bail!(
                    "rustup could not add {names} (its message is above); with a network connection, run: {commands}"
                );
            }
        }
        let still = self.missing(missing)?;
        if !still.is_empty() {
            bail!(
                "rustup has added {names}, but the rustc in use ({}) is not rustup's: put rustup's programs first in \
                 PATH (usually ~/.cargo/bin) and repeat the command",
                self.sysroot()?,
            );
        }
        Ok(())
    }

    /// The rustup commands that add the given parts.
    fn remedies(&self, missing: &[Part]) -> Vec<Line> {
        let (targets, components): (Vec<&Part>, Vec<&Part>) =
            missing.iter().partition(|part| matches!(part, Part::Target(_)));
        let line = |kind: &str, parts: Vec<&Part>| {
            let line = self
                .rustup()
                .args([kind, "add"])
                .args(parts.iter().map(ToString::to_string));
            (!parts.is_empty()).then_some(line)
        };
        [line("component", components), line("target", targets)]
            .into_iter()
            .flatten()
            .collect()
    }

    fn sysroot(&self) -> Result<String> {
        let sysroot = self.rustc().args(["--print", "sysroot"]).probe()?;
        sysroot.context("rustc does not say where it is installed")
    }

    fn rustc(&self) -> Line {
        Line::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()), self.dir)
    }

    fn cargo(&self) -> Line {
        Line::cargo(self.dir)
    }

    fn rustup(&self) -> Line {
        Line::new("rustup", self.dir)
    }
}

fn holds_std(libdir: &Path) -> bool {
    let Ok(entries) = fs::read_dir(libdir) else {
        return false;
    };
    entries
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
}
