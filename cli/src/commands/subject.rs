//! The algorithm that a command is about: built if need be, opened, loaded into a host of this station's making.

use super::error::CommandError;
use super::terminal::TerminalArgs;
use clap::{Args, ValueEnum};
use procvision_host::admission::{Objection, Station as StationRules};
use procvision_host::algorithm::{Algorithm, LoadError};
use procvision_host::compiler::{CompileChild, Compiler};
use procvision_host::component_build::{self, Build, BuildOptions};
use procvision_host::host::{Host, HostConfig, HostError};
use procvision_host::limits::{LIMIT_NAMES, Limits};
use procvision_host::logs::Level;
use procvision_host::outcome::Warning;
use procvision_host::package::Package;
use procvision_host::policy::StationPolicy;
use procvision_host::store::{OpenVersion, Release, Store, StoreOptions};
use procvision_host::strict_json;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The environment variable that names the folder for what can be computed again.
const CACHE_VARIABLE: &str = "PROCVISION_CACHE_DIR";

/// Which algorithm, and under what conditions.
#[derive(Args)]
pub struct SubjectArgs {
    /// Policy of the station, such as policy.json; without it the defaults hold, and signatures are not looked at
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Lower a limit of this station, such as memory_bytes=67108864; may be given several times
    #[arg(long = "limit", value_name = "NAME=VALUE", value_parser = parse_limit)]
    limits: Vec<(&'static str, u64)>,

    /// Least important log lines of the algorithm that are kept [default: the policy's, else info]
    #[arg(long, value_enum, value_name = "LEVEL", ignore_case = true)]
    log_level: Option<LevelArg>,

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
    #[value(alias = "warning")]
    Warn,
    #[value(alias = "critical")]
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
    let name = known.ok_or_else(|| match strict_json::nearest(name, LIMIT_NAMES.iter().copied()) {
        Some(nearest) => format!("there is no limit `{name}`; did you mean `{nearest}`?"),
        None => format!("there is no limit `{name}`; the limits are {}", LIMIT_NAMES.join(", ")),
    })?;
    let value = value.replace('_', "");
    let value = value
        .parse()
        .map_err(|_| format!("`{value}` is not a whole number of the limit's unit"))?;
    Ok((name, value))
}

/// What was built, and how long that took.
pub struct Built {
    pub build: Build,
    pub took: Duration,
}

/// Where the algorithm comes from, and by whose rules it may run.
pub enum Origin {
    /// A station's store, whose policy holds.
    Store(Box<OpenVersion>),
    /// A package, under the policy that was named, if one was.
    Package(Option<Box<StationRules>>),
}

impl Origin {
    /// The policy that holds, and the keys that are trusted; the defaults hold where there is none.
    pub fn rules(&self) -> Option<&StationRules> {
        match self {
            Self::Store(version) => Some(version.station()),
            Self::Package(rules) => rules.as_deref(),
        }
    }

    /// Where what is compiled is kept, unless it is kept with the user's.
    pub fn compile_cache(&self) -> Option<&Path> {
        match self {
            Self::Store(version) => Some(version.compile_cache()),
            Self::Package(_) => None,
        }
    }

    /// What is to run, under a host's `ceiling`. `package` opens the package if it does not lie in a store.
    pub fn open(
        self,
        ceiling: &Limits,
        package: impl FnOnce() -> Result<Package, CommandError>,
    ) -> Result<Opened, CommandError> {
        Ok(match self {
            Self::Store(mut version) => {
                version.lower(ceiling);
                Opened::Store(version)
            }
            Self::Package(rules) => Opened::Package(Box::new(package()?), rules),
        })
    }
}

/// What is to run. Of a store it is in use until this goes.
pub enum Opened {
    /// Admitted by the store when it was opened.
    Store(Box<OpenVersion>),
    /// With the rules that it must be admitted by.
    Package(Box<Package>, Option<Box<StationRules>>),
}

impl Opened {
    /// Its package.
    pub fn package(&self) -> &Package {
        match self {
            Self::Store(version) => version.package(),
            Self::Package(package, _) => package,
        }
    }

    /// Asks the station whether it accepts the package, and returns what it has against it all the same. `None` if there is
    /// no policy.
    pub fn admit(&self) -> Result<Option<Vec<Objection>>, CommandError> {
        match self {
            Self::Store(version) => Ok(Some(version.objections().to_vec())),
            Self::Package(package, rules) => Ok(rules.as_ref().map(|rules| rules.admit(package)).transpose()?),
        }
    }
}

/// A host, and what there is to know about how it came to be.
pub struct Station {
    pub host: Host,
    pub warnings: Vec<Warning>,
}

impl SubjectArgs {
    /// The usual conditions: those of somebody who gives no argument.
    pub fn usual() -> Self {
        Self {
            policy: None,
            limits: Vec::new(),
            log_level: None,
            no_cache: false,
        }
    }

    /// The least important log lines that are kept, if the arguments say it.
    pub fn log_level(&self) -> Option<Level> {
        self.log_level.map(Level::from)
    }

    /// Builds the crate, if there is one. That runs code of whoever wrote it, outside the sandbox; so the station is asked
    /// first.
    pub fn build(
        &self,
        source: &Path,
        rules: Option<&StationRules>,
        terminal: &TerminalArgs,
    ) -> Result<Option<Built>, CommandError> {
        if !component_build::is_crate(source) {
            return Ok(None);
        }
        if let Some(rules) = rules {
            rules
                .admit_building()
                .map_err(|error| CommandError::from(error).about(source))?;
        }
        let begun = Instant::now();
        let options = BuildOptions {
            quiet: terminal.quiet,
            color: terminal.cargo_color(),
            ..BuildOptions::default()
        };
        let build = component_build::build(source, &options)?;
        Ok(Some(Built {
            build,
            took: begun.elapsed(),
        }))
    }

    /// Whether a policy was named.
    pub fn has_policy(&self) -> bool {
        self.policy.is_some()
    }

    /// What is active in `store` for a product model, if a store is named; else the policy that packages need. With
    /// `release` it is that version of the store, whether it is active or not.
    pub fn origin(&self, store: Option<&Path>, pid: &str, release: Option<&Release>) -> Result<Origin, CommandError> {
        let Some(store) = store else {
            return Ok(Origin::Package(self.rules()?.map(Box::new)));
        };
        let store = Store::open(store, StoreOptions::default())?;
        let version = match release {
            Some(release) => store.open_release(release)?,
            None => store.open_active(pid)?,
        };
        Ok(Origin::Store(Box::new(version)))
    }

    /// The station whose policy was named, if one was.
    pub fn rules(&self) -> Result<Option<StationRules>, CommandError> {
        Ok(self.policy.as_deref().map(StationRules::read).transpose()?)
    }

    /// The most that a package is granted: what the policy says, lowered by the arguments.
    fn ceiling(&self, policy: &StationPolicy) -> Result<Limits, CommandError> {
        let mut ceiling = policy.ceiling();
        for (name, value) in &self.limits {
            let most = ceiling.get(name).unwrap_or_default();
            if *value > most {
                let message = format!("--limit can only lower a limit; `{name}` is {most}");
                return Err(CommandError::could_not_run("usage", message)
                    .help("ask for less, or raise `ceilings` in a policy and name it with --policy"));
            }
            ceiling.set(name, *value);
        }
        Ok(ceiling)
    }

    /// Sets up a host. A compile cache that cannot be used is only worth a warning.
    ///
    /// `built` says whether the component was built by this command; then its line tables can be trusted. What is compiled
    /// is kept in `cache`, or in the user's cache folder.
    pub fn station(
        &self,
        rules: Option<&StationRules>,
        built: bool,
        cache: Option<&Path>,
    ) -> Result<Station, CommandError> {
        self.adjusted_station(rules, built, cache, |_| {})
    }

    /// The same for somebody who has a last word.
    pub fn adjusted_station(
        &self,
        rules: Option<&StationRules>,
        built: bool,
        cache: Option<&Path>,
        adjust: impl FnOnce(&mut HostConfig),
    ) -> Result<Station, CommandError> {
        let defaults = StationPolicy::default();
        let policy = rules.map_or(&defaults, |rules| &rules.policy);
        let cache = cache.map(Path::to_owned).or_else(cache_folder);
        let mut config = policy.host_config(cache.filter(|_| !self.no_cache));
        config.ceiling = self.ceiling(policy)?;
        config.policy.line_tables = built;
        if let Some(level) = self.log_level {
            config.policy.log_level = level.into();
        }
        config.compiler = Compiler::Child(CompileChild::this_program(policy.compile));
        adjust(&mut config);
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
    pub fn open(&self, source: &Path, component: Option<&Path>, ceiling: &Limits) -> Result<Package, CommandError> {
        Ok(match component {
            Some(component) => Package::open_with_component(source, component, ceiling)?,
            None => Package::open(source, ceiling)?,
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

/// Where compiled components are kept, unless a store keeps them.
pub fn cache_folder() -> Option<PathBuf> {
    let folder = match std::env::var_os(CACHE_VARIABLE) {
        Some(folder) => PathBuf::from(folder),
        None => dirs::cache_dir()?.join("procvision"),
    };
    Some(folder.join("compiled"))
}
