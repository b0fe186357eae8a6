//! `procvision adapter`: an algorithm as a process that a runner starts and asks over its pipes.
//!
//! In order: arguments, environment, hello, opening and loading, answering until the end.

mod environment;

use super::error::CommandError;
use super::exit::Exit;
use super::help;
use super::subject::{self, Station, SubjectArgs};
use clap::Args;
use environment::Environment;
use procvision_host::adapter::{self, Adapter as Connection, Ending, Heartbeat, Log, SESSIONS, Service, Stdio};
use procvision_host::explain::one_line;
use procvision_host::heap;
use procvision_host::logs::Level;
use procvision_host::policy::PicturePolicy;
use procvision_host::pool::consumer::PoolClient;
use procvision_host::pool::socket;
use procvision_host::source::{PoolFrames, Sources};
use procvision_host::store::{OpenVersion, Store, StoreOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

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

    /// Product model of calls that name none
    #[arg(short, long)]
    pid: Option<String>,

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
        heap::keep_freed_memory();
        let stdio = Stdio::take().map_err(no_pipes)?;
        let level = self
            .subject
            .log_level()
            .or(environment.log_level)
            .unwrap_or(Level::Info);
        let log = Log::new(stdio.log, level);
        tracing_subscriber::registry().with(log.clone()).init();
        for complaint in &environment.complaints {
            tracing::warn!("{complaint}");
        }
        let connection = Connection::open(stdio.input, stdio.output, &log, self.heartbeat(&environment));
        let connection = connection.map_err(no_pipes)?;
        let ended = self.serve(&connection, &environment);
        ended.or_else(|error| {
            // Words are for people and programs of this project; runners know numbers.
            let code = Some(error.code()).filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
            connection.fail(code.unwrap_or("1000"), error.message());
            Ok(error.exit())
        })
    }

    fn serve(&self, connection: &Connection, environment: &Environment) -> Result<Exit, CommandError> {
        let mut stored = self.store.as_deref().map(|store| self.active(store)).transpose()?;
        let own_rules = self.subject.rules()?;
        let rules = stored.as_ref().map(OpenVersion::station).or(own_rules.as_ref());
        let pictures = rules.map_or_else(PicturePolicy::default, |rules| rules.policy.pictures);
        let cache = stored.as_ref().map(OpenVersion::compile_cache);
        let Station { host, warnings } = self.subject.station(rules, false, cache)?;
        for warning in warnings {
            tracing::warn!(kind = warning.kind, "{}", warning.message);
        }
        let ceiling = &host.config().ceiling;
        let opened = match &stored {
            Some(_) => None,
            None => Some(self.subject.open(&self.place(environment), None, ceiling)?),
        };
        if let Some(stored) = &mut stored {
            stored.lower(ceiling);
        }
        let package = match (&stored, &opened) {
            (Some(stored), _) => stored.package(),
            (None, Some(package)) => {
                if let Some(rules) = &own_rules {
                    for objection in rules.admit(package)? {
                        tracing::warn!(rule = objection.rule, "{}", objection.message);
                    }
                }
                package
            }
            (None, None) => return Err(CommandError::could_not_run("usage", "there is nothing to serve")),
        };
        let algorithm = subject::load(&host, package)?;
        let ending = connection.serve(Service {
            algorithm,
            sources: self.sources(),
            pictures,
            pid: self.pid.clone(),
            sessions: SESSIONS,
            strict_stdio: environment.strict_stdio,
            debug_fields: Vec::new(),
        });
        Ok(match ending {
            Ending::Good => Exit::Good,
            Ending::StreamLost => Exit::SubjectFailed,
        })
    }

    fn active(&self, store: &Path) -> Result<OpenVersion, CommandError> {
        let pid = self.pid.as_deref().unwrap_or_default();
        Ok(Store::open(store, StoreOptions::default())?.open_active(pid)?)
    }

    fn place(&self, environment: &Environment) -> PathBuf {
        let named = self.source.clone().or_else(|| environment.root.clone());
        named.unwrap_or_else(|| ".".into())
    }

    /// Where pictures come from: what peers may name, and pools.
    fn sources(&self) -> Sources {
        let sources = Sources::of_station();
        let socket = match &self.frames_socket {
            Some(path) => Ok(path.clone()),
            None => socket::default_path(),
        };
        match socket {
            Ok(socket) => sources.with(PoolFrames::new(PoolClient::new(socket))),
            Err(error) => {
                tracing::warn!("there are no frame pools: {}", one_line(&error));
                sources
            }
        }
    }

    fn heartbeat(&self, environment: &Environment) -> Heartbeat {
        let usual = Heartbeat::default();
        let time = |argument: Option<u64>, variable: Option<u64>, usual| {
            argument.or(variable).map_or(usual, Duration::from_millis)
        };
        Heartbeat {
            interval: time(
                self.heartbeat_interval_ms,
                environment.heartbeat_interval_ms,
                usual.interval,
            ),
            grace: time(self.heartbeat_grace_ms, environment.heartbeat_grace_ms, usual.grace),
        }
    }
}

fn no_pipes(error: std::io::Error) -> CommandError {
    CommandError::could_not_run("unavailable", format!("cannot talk to the runner: {error}"))
}
