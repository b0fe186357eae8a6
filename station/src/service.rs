//! The life of a station as a process: beginning, reading the configuration again, and the end.

use crate::alarm::{About, Alarm};
use crate::config::{Config, ConfigError};
use crate::http::{Listening, Server, ServerError, WhereToListen};
use crate::station::{Setup, SetupError, Station};
use procvision_host::explain::{Explain, one_line};
use procvision_host::pool::LinkError;
use procvision_host::pool::broker::{Broker, BrokerConfig, BrokerError};
use procvision_host::pool::observer::Observer;
use rustix::fs::{FlockOperation, flock};
use sd_notify::NotifyState;
use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

/// How long requests that are being answered may take at the end. An inspection step takes no longer unless it waits.
const PATIENCE: Duration = Duration::from_secs(35);
/// How long it may take, once every process has ended, to keep what came of what they were asked.
const LAST: Duration = Duration::from_secs(5);
/// How often old results are let go.
const SWEEP: Duration = Duration::from_secs(600);

/// Why a station does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// What it keeps cannot be opened.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// It cannot listen.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// Nobody keeps the frame pools, and neither can it.
    #[error("the frame pools cannot be kept")]
    Broker(#[from] BrokerError),
    /// Another station works with this store.
    #[error("another station serves the store {}", .0.display())]
    Taken(PathBuf),
    /// What the system said.
    #[error("the station cannot be started")]
    System(#[from] io::Error),
}

impl Explain for ServiceError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Setup(SetupError::Results(error)) => error.code().into(),
            Self::Setup(_) | Self::System(_) => "unavailable".into(),
            Self::Server(error) => error.code(),
            Self::Broker(error) => error.code(),
            Self::Taken(_) => "taken".into(),
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Setup(SetupError::Results(error)) => error.remedy().map(str::to_owned),
            Self::Setup(_) | Self::System(_) => None,
            Self::Server(error) => error.remedy(),
            Self::Broker(error) => error.remedy(),
            Self::Taken(_) => Some("end that one first, or give another store".into()),
        }
    }
}

/// Runs a station until SIGTERM or SIGINT. `began` is told where it listens.
///
/// # Errors
///
/// See [`ServiceError`]. Once it has begun it ends without one.
pub async fn run(setup: Setup, place: &WhereToListen, began: impl FnOnce(&Listening)) -> Result<(), ServiceError> {
    let _only = only_one(&setup.store)?;
    let _broker = broker(&setup.frames_socket)?;
    let path = setup.config.path.clone();
    let station = Arc::new(Station::open(setup)?);
    let server = Server::bind(station.clone(), place).await?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    station.seats().seat_commands(&station.config());
    let following = tokio::spawn(station.clone().follow_store());
    let sweeping = tokio::spawn(sweep(station.clone()));
    let watching = tokio::spawn(keep_alive());
    station.start_lines();
    began(&server.listening());
    notify(&[NotifyState::Ready]);

    let (end, ending) = watch::channel(false);
    let serving = tokio::spawn(server.serve(ending, PATIENCE));
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hang_up.recv() => drop(station.begin_task(reload(station.clone(), path.clone()))),
        }
    }
    tracing::info!("the station ends");
    notify(&[NotifyState::Stopping]);
    station.stop_lines();
    // Whoever only watches would be waited for.
    station.events().end();
    // Whoever is being answered is answered first.
    let deadline = Instant::now() + PATIENCE;
    let _ = end.send(true);
    let _ = serving.await;
    following.abort();
    sweeping.abort();
    // What nobody waits for any more is judged and kept all the same.
    let in_time = timeout_at(deadline, station.finish()).await.is_ok();
    station.end().await;
    if !in_time && timeout(LAST, station.finish()).await.is_err() {
        tracing::error!("not everything that had begun was done to its end");
    }
    watching.abort();
    Ok(())
}

/// Reads the configuration again. One that cannot be used changes nothing.
async fn reload(station: Arc<Station>, path: Option<PathBuf>) {
    let Some(path) = path else {
        tracing::warn!("there is no configuration to read again");
        return;
    };
    notify(&[NotifyState::Reloading]);
    // What was read last is set last.
    let configuring = station.configuring.lock().await;
    match Config::read(&path) {
        Ok(config) => {
            for warning in &config.warnings {
                tracing::warn!("{warning}");
            }
            let configured = station.configure(config);
            drop(configuring);
            match configured {
                Ok(()) => {
                    station.start_outdated().await;
                    tracing::info!("the configuration holds");
                }
                Err(error) => tracing::error!("the configuration before goes on: {error}"),
            }
        }
        Err(error @ (ConfigError::Runner(_) | ConfigError::Mistakes { .. })) => {
            tracing::error!(
                "the configuration cannot be used, and the one before goes on: {}",
                one_line(&error)
            );
        }
    }
    notify(&[NotifyState::Ready]);
}

/// Tells systemd, if it has started this process and wants to know.
fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!("systemd is not told: {error}");
    }
}

/// Tells systemd that all is well, as often as it wants to hear it. If the threads of this process hang, it does not hear it.
async fn keep_alive() {
    let Some(within) = sd_notify::watchdog_enabled() else {
        return;
    };
    loop {
        notify(&[NotifyState::Watchdog]);
        tokio::time::sleep(within / 3).await;
    }
}

/// Lets old results and forgotten inspections go, now and then.
async fn sweep(station: Arc<Station>) {
    let mut trouble = None;
    loop {
        station.inspections().let_go();
        let results = station.results().clone();
        let why = match tokio::task::spawn_blocking(move || results.sweep()).await {
            Ok(swept) => swept.err().map(|error| one_line(&error)),
            Err(panicked) => Some(panicked.to_string()),
        };
        if let Some(why) = why.as_ref().filter(|why| trouble.as_ref() != Some(*why)) {
            let message = format!("old results cannot be let go: {why}");
            station.alarm(Alarm::ResultsNotSwept, About::default(), &message);
        }
        trouble = why;
        tokio::time::sleep(SWEEP).await;
    }
}

/// Holds the store for this station alone, until what is returned is dropped.
fn only_one(store: &Path) -> Result<File, ServiceError> {
    let folder = store.join("station");
    // Whoever can open the lock can hold it.
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))?;
    let file = File::create(folder.join("lock"))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(ServiceError::Taken(store.to_owned())),
        Err(errno) => Err(io::Error::from(errno).into()),
    }
}

/// Keeps the frame pools, unless somebody does already.
fn broker(socket: &Path) -> Result<Option<Broker>, ServiceError> {
    match Observer::connect(socket) {
        Ok(_) => Ok(None),
        Err(LinkError::NoBroker { .. }) => Ok(Some(Broker::start(BrokerConfig::new(socket))?)),
        // Somebody is there who answers otherwise; algorithms are told so when they ask for a picture.
        Err(error) => {
            tracing::warn!("the frame broker answers oddly: {}", one_line(&error));
            Ok(None)
        }
    }
}
