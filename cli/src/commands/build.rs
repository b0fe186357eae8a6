//! `procvision build`: the component of a package.

use super::error::CommandError;
use super::exit::Exit;
use super::terminal::{DONE, TerminalArgs};
use super::{help, terminal};
use clap::{Args, ValueEnum};
use indicatif::BinaryBytes;
use procvision_host::component_build::{self, BuildOptions, Target};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Build the component of a crate, or make one from a WebAssembly file
///
/// A crate is compiled by cargo in release mode, with 128-bit vectors. That runs the crate's build scripts and
/// procedural macros, and those of everything it depends on, on this machine and with your rights: build only what you
/// trust. The component goes where `component` in manifest.json says.
///
/// A WebAssembly file may be a component or a core module that was made against the contract; CARGO and
/// CARGO_TARGET_DIR are respected.
#[derive(Args)]
#[command(after_help = help::BUILD)]
pub struct Build {
    /// Folder of a crate, or a .wasm file
    #[arg(value_name = "DIR|WASM", default_value = ".")]
    source: PathBuf,

    /// What to compile a crate for [default: wasm32-wasip2]
    #[arg(short, long, value_enum)]
    target: Option<TargetArg>,

    /// Where to write the component [default: as the manifest says, or FILE.component.wasm beside a file]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Leave the debug information in the component
    #[arg(long)]
    keep_debug: bool,

    /// Let cargo use no network
    #[arg(long)]
    offline: bool,

    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

/// [`Target`] as an argument.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum TargetArg {
    /// Components, directly
    #[value(name = Target::Wasip2.triple())]
    Wasip2,
    /// Core modules with the first version of WASI, turned into components
    #[value(name = Target::Wasip1.triple())]
    Wasip1,
    /// Core modules without a system interface, turned into components
    #[value(name = Target::UnknownUnknown.triple())]
    UnknownUnknown,
}

impl From<TargetArg> for Target {
    fn from(target: TargetArg) -> Self {
        match target {
            TargetArg::Wasip2 => Self::Wasip2,
            TargetArg::Wasip1 => Self::Wasip1,
            TargetArg::UnknownUnknown => Self::UnknownUnknown,
        }
    }
}

impl Build {
    /// Builds and says what came of it.
    pub fn run(&self, terminal: &TerminalArgs) -> Result<Exit, CommandError> {
        if self.source.is_file() && (self.target.is_some() || self.offline) {
            let option = if self.offline { "--offline" } else { "--target" };
            let message = format!("{option} means nothing for a file that is compiled already");
            return Err(CommandError::could_not_run("usage", message).help("leave it out, or name the crate's folder"));
        }
        let build = component_build::build(
            &self.source,
            &BuildOptions {
                target: self.target.map(Target::from).unwrap_or_default(),
                output: self.output.clone(),
                keep_debug: self.keep_debug,
                offline: self.offline,
                quiet: terminal.quiet,
                color: terminal.cargo_color(),
                ..BuildOptions::default()
            },
        )?;
        if self.json {
            terminal::print_json(&json_of(&build))?;
        } else {
            terminal::print(&text_of(&build, self.keep_debug))?;
        }
        Ok(Exit::Good)
    }
}

fn json_of(build: &component_build::Build) -> Value {
    json!({
        "component": build.component,
        "bytes": build.bytes,
        "with_debug": build.with_debug,
        "bytes_with_debug": build.bytes_with_debug,
        "origin": build.origin,
        "target": build.target,
    })
}

fn text_of(build: &component_build::Build, keep_debug: bool) -> String {
    let size = BinaryBytes(build.bytes);
    let path = build.component.display();
    let debug = if keep_debug {
        "debug information kept".to_owned()
    } else {
        format!("{} with debug information", BinaryBytes(build.bytes_with_debug))
    };
    format!("{DONE}Built{DONE:#} {path}: {size} ({debug})")
}
