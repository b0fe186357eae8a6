//! `procvision adapter`: an algorithm as a process that a runner starts and asks over its pipes.
//!
//! In order: arguments, environment and configuration; hello; opening, admitting, compiling; starting; answering until the
//! end.

mod entry;
mod environment;
mod settings;

use super::error::CommandError;
use super::exit::Exit;
use super::help;
use super::store::parse_release;
use super::subject::{Station, SubjectArgs};
use clap::Args;
use environment::Environment;
use procvision_host::adapter::{self, Adapter as Connection, Log, Service, Stdio};
use procvision_host::algorithm::LoadError;
use procvision_host::explain::one_line;
use procvision_host::failure::ErrorCode;
use procvision_host::heap;
use procvision_host::lockdown::{self, LockReport, Lockdown, Requirement};
use procvision_host::logs::Level;
use procvision_host::package::Package;
use procvision_host::policy::PicturePolicy;
use procvision_host::pool::connector::Connector;
use procvision_host::pool::consumer::PoolClient;
use procvision_host::pool::socket;
use procvision_host::source::{DevStore, PoolFrames, Sources};
use procvision_host::store::Release;
use serde_json::{Map, Value};
use settings::Settings;
use std::path::PathBuf;
use std::time::Duration;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The code of whatever has no number of its own: runners know numbers.
const NO_NUMBER: &str = "1000";

/// Serve an algorithm to a ProcVision runner over stdin and stdout
///
/// Takes the place of the Python adapter: stdout carries frames of the runner protocol only, stderr carries one JSON
/// object in each line. Ends when the runner says so, closes the pipe, or sends SIGTERM. Nothing is ever built.
#[derive(Args)]
#[command(after_help = help::ADAPTER)]
pub struct Adapter {
    /// Folder of a package, a package archive, or a .wasm component [default: PROC_ALGO_ROOT, else this folder]
    #[arg(value_name = "DIR|ZIP|WASM", conflicts_with = "store")]
    source: Option<PathBuf>,

    /// Store of a station: served is what is active there for --pid, under the store's policy
    #[arg(long, value_name = "DIR", conflicts_with = "policy", requires = "pid")]
    store: Option<PathBuf>,

    /// A version that is installed in the store, whether it is active or not, such as cap_check@1.1.0
    #[arg(long, value_name = "NAME@VERSION", requires = "store", value_parser = parse_release)]
    release: Option<Release>,

    /// Product model of calls that name none
    #[arg(short, long)]
    pid: Option<String>,

    /// The component inside the package, as its manifest names it; an entry point of Python is accepted with a warning
    /// [default: PROC_ENTRY_POINT]
    #[arg(long, value_name = "ENTRY")]
    entry: Option<String>,

    /// What is set for the algorithm, such as runner_config.json
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// The socket of the pools' broker [default: PROCVISION_FRAMES_SOCKET, else as `frames broker` chooses it]
    #[arg(long, value_name = "PATH")]
    frames_socket: Option<PathBuf>,

    /// How often the runner pings [default: PROC_HEARTBEAT_INTERVAL_MS, else 5000; the runner's hello comes first]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(adapter::HEARTBEAT_MS))]
    heartbeat_interval_ms: Option<u64>,

    /// How late a ping may be [default: PROC_HEARTBEAT_GRACE_MS, else 2000; the runner's hello comes first]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(adapter::HEARTBEAT_MS))]
    heartbeat_grace_ms: Option<u64>,

    #[command(flatten)]
    subject: SubjectArgs,
}

impl Adapter {
    /// Serves until the end.
    pub fn run(&self) -> Result<Exit, CommandError> {
        let environment = Environment::read(|name| std::env::var(name).ok());
        let settings = Settings::read(self, &environment);
        heap::keep_freed_memory();
        let stdio = Stdio::take().map_err(no_pipes)?;
        // Until the policy is read, which may say another one.
        let level = settings.as_ref().ok().and_then(|settings| settings.log_level);
        let log = Log::new(stdio.log, level.unwrap_or(Level::Info));
        tracing_subscriber::registry().with(log.clone()).init();
        let heartbeat = settings.as_ref().map(|settings| settings.heartbeat).unwrap_or_default();
        let connection = Connection::open(stdio.input, stdio.output, &log, heartbeat).map_err(no_pipes)?;
        for complaint in &environment.complaints {
            tracing::warn!("{complaint}");
        }
        let ended = settings.and_then(|settings| self.serve(&connection, &log, &environment, settings));
        ended.or_else(|error| {
            let code = Some(error.code()).filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
            connection.fail(code.unwrap_or(NO_NUMBER), error.message(), error.remedy());
            Ok(error.exit())
        })
    }

    fn serve(
        &self,
        connection: &Connection,
        log: &Log,
        environment: &Environment,
        settings: Settings,
    ) -> Result<Exit, CommandError> {
        for warning in &settings.warnings {
            tracing::warn!("{warning}");
        }
        let pid = self.pid.as_deref().unwrap_or_default();
        let origin = self.subject.origin(self.store.as_deref(), pid, self.release.as_ref())?;
        let rules = origin.rules();
        let pictures = rules.map_or_else(PicturePolicy::default, |rules| rules.policy.pictures);
        let requirement = rules.map_or_else(Requirement::default, |rules| rules.policy.lockdown);
        // Before there is a clock, which is a thread.
        lockdown::declare();
        let Station { host, warnings } =
            self.subject
                .adjusted_station(rules, false, origin.compile_cache(), |config| {
                    settings.config.lower(&mut config.ceiling);
                    if let Some(level) = settings.log_level {
                        config.policy.log_level = level;
                    }
                })?;
        log.set_level(host.config().policy.log_level);
        for warning in warnings {
            tracing::warn!(kind = warning.kind, "{}", warning.message);
        }
        let ceiling = &host.config().ceiling;
        let opened = origin.open(ceiling, || {
            let opened = self.subject.open(&self.place(environment), None, ceiling);
            opened.map_err(CommandError::subject_failed)
        })?;
        let package = opened.package();
        if let Some(entry) = self.entry.as_ref().or(environment.entry.as_ref()) {
            entry::check(entry, package)?;
        }
        let objections = opened.admit().map_err(CommandError::subject_failed)?;
        for objection in objections.into_iter().flatten() {
            tracing::warn!(rule = objection.rule, "{}", objection.message);
        }
        let unloadable = |error: LoadError| unloadable(error, package, log);
        let prepared = host.prepare(package).map_err(unloadable)?;
        let sources = self.sources();
        // From here on nothing can be opened but pictures, and no thread be started. The first code of the algorithm runs
        // after it.
        let mut lockdown = Lockdown::new(&prepared.limits().limits, settings.sessions, requirement);
        lockdown.readable = sources.folders();
        told(log, &lockdown.apply()?);
        let algorithm = prepared.start().map_err(unloadable)?;
        let load = algorithm.load_report();
        log.lines(&load.describe.logs, &Map::new());
        log.lines(&load.setup.logs, &Map::new());
        let info = algorithm.info();
        tracing::info!(
            algorithm = info.name,
            version = info.version,
            compile_ms = milliseconds(load.compile),
            compiled_before = load.from_cache,
            setup_ms = milliseconds(load.setup.usage.wall),
            "ready"
        );
        let served = connection.serve(Service {
            algorithm,
            sources,
            pictures,
            pid: self.pid.clone(),
            sessions: settings.sessions,
            strict_stdio: environment.strict_stdio,
            debug: settings.debug,
        });
        served.map_err(|given_up| {
            CommandError::could_not_run(ErrorCode::Trap.as_str(), given_up.to_string()).subject_failed()
        })?;
        Ok(Exit::Good)
    }

    fn place(&self, environment: &Environment) -> PathBuf {
        let named = self.source.as_ref().or(environment.root.as_ref());
        named.cloned().unwrap_or_else(|| ".".into())
    }

    /// Where pictures come from: what peers may name, and pools.
    fn sources(&self) -> Sources {
        let store = DevStore::from_environment();
        // A folder that is made later stays closed to a process that is locked down.
        if let Err(error) = store.make_folder() {
            let folder = store.folder().display();
            tracing::warn!("the folder {folder} of the development store cannot be made: {error}");
        }
        let sources = Sources::of_station();
        let socket = match &self.frames_socket {
            Some(path) => Ok(path.clone()),
            None => socket::default_path(),
        };
        let nowhere = |error: &dyn std::error::Error| tracing::warn!("there are no frame pools: {}", one_line(error));
        let socket = match socket {
            Ok(socket) => socket,
            Err(error) => {
                nowhere(&error);
                return sources;
            }
        };
        // This process will soon not be able to connect to anything.
        match Connector::start(socket) {
            Ok(connector) => sources.with(PoolFrames::new(PoolClient::through(connector))),
            Err(error) => {
                nowhere(&error);
                sources
            }
        }
    }
}

fn no_pipes(error: std::io::Error) -> CommandError {
    CommandError::could_not_run("unavailable", format!("cannot talk to the runner: {error}"))
}

/// To the microsecond.
fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e3
}

/// One line about the locks.
fn told(log: &Log, report: &LockReport) {
    let (level, message) = match report.is_complete() && report.closed_folders().is_empty() {
        true => (Level::Info, "locked down"),
        false => (Level::Warn, "locked down, but not wholly"),
    };
    let fields = match report.to_json() {
        Value::Object(fields) => fields,
        other => Map::from_iter([("locks".to_owned(), other)]),
    };
    log.line(level, message, fields);
}

/// What the algorithm logged before it failed, and where it failed, are lines of the log; the rest is the answer.
fn unloadable(error: LoadError, package: &Package, log: &Log) -> CommandError {
    if let LoadError::GetInfo(failure) | LoadError::Setup(failure) = &error {
        log.lines(&failure.logs, &Map::new());
        if !failure.backtrace.is_empty() {
            let functions = failure
                .backtrace
                .iter()
                .map(|frame| Value::from(frame.function.as_str()))
                .collect();
            let fields = Map::from_iter([("backtrace".to_owned(), functions)]);
            log.line(Level::Error, &failure.message, fields);
        }
    }
    CommandError::from(error).about(package.source()).subject_failed()
}
