//! The algorithm that a command is about: built if need be, opened, loaded into a host of this station's making.

use super::error::CommandError;
use super::terminal::TerminalArgs;
use clap::{Args, ValueEnum};
use procvision_host::algorithm::{Algorithm, LoadError};
use procvision_host::component_build::{self, Build, BuildOptions};
use procvision_host::host::{Host, HostConfig, HostError};
use procvision_host::limits::{LIMIT_NAMES, Limits};
use procvision_host::logs::Level;
use procvision_host::outcome::Warning;
use procvision_host::package::Package;
use procvision_host::policy::SandboxPolicy;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The environment variable that names the folder for what can be computed again.
const CACHE_VARIABLE: &str = "PROCVISION_CACHE_DIR";

/// Which algorithm, and under what conditions.
#[derive(Args)]
pub struct SubjectArgs {
    /// Folder of a crate or of a package, a package archive, or a .wasm component
    #[arg(value_name = "DIR|ZIP|WASM")]
    pub source: PathBuf,

    /// Lower a limit of this station, such as memory_bytes=67108864; may be given several times
    #[arg(long = "limit", value_name = "NAME=VALUE", value_parser = parse_limit)]
    limits: Vec<(&'static str, u64)>,

    /// Least important log lines of the algorithm that are kept
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = LevelArg::Info)]
    log_level: LevelArg,

    /// Compile the component even if that was done before
    #[arg(long)]
    no_cache: bool,
}

/// [`Level`] as an argument.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum LevelArg {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl From<LevelArg> for Level {
    fn from(level: LevelArg) -> Self {
        match level {
            LevelArg::Trace => Self::Trace,
            LevelArg::Debug => Self::Debug,
            LevelArg::Info => Self::Info,
            LevelArg::Warn => Self::Warn,
            LevelArg::Error => Self::Error,
        }
    }
}

fn parse_limit(text: &str) -> Result<(&'static str, u64), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    let known = LIMIT_NAMES.iter().find(|known| **known == name);
    let name = known.ok_or_else(|| format!("there is no limit `{name}`; the limits are {}", LIMIT_NAMES.join(", ")))?;
    let value = value.replace('_', "");
    let value = value
        .parse()
        .map_err(|_| format!("`{value}` is not a whole number of the limit's unit"))?;
    let ceiling = Limits::default_ceiling();
    match ceiling.get(name) {
        Some(ceiling) if value > ceiling => Err(format!("a limit can only be lowered; `{name}` is {ceiling}")),
        _ => Ok((name, value)),
    }
}

/// What was built, and how long that took.
pub struct Built {
    pub build: Build,
    pub took: Duration,
}

/// A host, and what there is to know about how it came to be.
pub struct Station {
    pub host: Host,
    pub warnings: Vec<Warning>,
}

impl SubjectArgs {
    /// Builds the crate, if there is one. That runs code of whoever wrote it, outside the sandbox.
    pub fn build(&self, terminal: &TerminalArgs) -> Result<Option<Built>, CommandError> {
        if !component_build::is_crate(&self.source) {
            return Ok(None);
        }
        let begun = Instant::now();
        let options = BuildOptions {
            quiet: terminal.quiet,
            color: terminal.cargo_color(),
            ..BuildOptions::default()
        };
        let build = component_build::build(&self.source, &options)?;
        Ok(Some(Built {
            build,
            took: begun.elapsed(),
        }))
    }

    /// Sets up a host. A compile cache that cannot be used is only worth a warning.
    ///
    /// `built` says whether the component was built by this command; then its line tables can be trusted.
    pub fn station(&self, built: bool) -> Result<Station, CommandError> {
        let mut ceiling = Limits::default_ceiling();
        for (name, value) in &self.limits {
            ceiling.set(name, *value);
        }
        let config = HostConfig {
            ceiling,
            policy: SandboxPolicy {
                log_level: self.log_level.into(),
                line_tables: built,
                ..SandboxPolicy::default()
            },
            compile_cache: if self.no_cache { None } else { cache_folder() },
        };
        let mut warnings = Vec::new();
        let host = match Host::new(config.clone()) {
            Err(HostError::Cache(error)) => {
                let why = procvision_host::explain::one_line(&error);
                warnings.push(Warning {
                    kind: "cache_unusable",
                    message: format!("{why}; compiling without it"),
                });
                Host::new(HostConfig {
                    compile_cache: None,
                    ..config
                })
            }
            other => other,
        };
        match host {
            Ok(host) => Ok(Station { host, warnings }),
            Err(error) => {
                let message = procvision_host::explain::one_line(&error);
                Err(CommandError::could_not_run("host-unusable", message))
            }
        }
    }

    /// Opens the package; `component` takes the place of the one that the manifest names.
    pub fn open(&self, component: Option<&Path>, ceiling: &Limits) -> Result<Package, CommandError> {
        Ok(match component {
            Some(component) => Package::open_with_component(&self.source, component, ceiling)?,
            None => Package::open(&self.source, ceiling)?,
        })
    }
}

/// Loads an algorithm; a failure of `get_info` or `setup` keeps its backtrace.
pub fn load(host: &Host, package: &Package) -> Result<Algorithm, CommandError> {
    host.load(package).map_err(|error| {
        let failure = match &error {
            LoadError::GetInfo(failure) | LoadError::Setup(failure) => Some(failure.clone()),
            _ => None,
        };
        CommandError::from(error).about(package.source()).failure(failure)
    })
}

fn cache_folder() -> Option<PathBuf> {
    let folder = match std::env::var_os(CACHE_VARIABLE) {
        Some(folder) => PathBuf::from(folder),
        None => dirs::cache_dir()?.join("procvision"),
    };
    Some(folder.join("compiled"))
}
