//! The station as a whole: everything that it has, and how it begins and ends.

use crate::config::{Config, LineConfig, StationConfig, ThumbnailPolicy};
use crate::events::Events;
use crate::inspection::{Inspection, Inspections};
use crate::launch::Surroundings;
use crate::lines::Lines;
use crate::logs::Logs;
use crate::metrics::{Metrics, Moment, PoolCounts, SeatGauges};
use crate::observer::Audience;
use crate::picture::{PictureError, Pictures};
use crate::seats::Seats;
use crate::threads::Threads;
use procvision_host::pool::consumer::PoolClient;
use procvision_host::pool::observer::Observer;
use procvision_host::protocol::now_ms;
use procvision_results::{Results, ResultsError, Retention, ThumbnailPolicy as Thumbnails};
use procvision_runner::State;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

/// Changes of what judges that may wait for each other; one more is refused.
const MOST_CHANGES: usize = 32;
/// Exports of results that go on at the same time, each of which has a thread; one more is refused.
const MOST_EXPORTS: usize = 4;
/// Threads that read results; there are fewer connections to the database.
const MOST_READERS: usize = 8;
/// Threads that read the store.
const MOST_LISTERS: usize = 4;
/// Threads that ask the frame broker, each of which may wait for 10 s if it hangs.
const MOST_OBSERVERS: usize = 4;
/// Packages that are examined at the same time for whoever asks what they are; others wait.
const MOST_AUDITS: usize = 2;

/// How a station is set up.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What its people have set.
    pub config: Config,
    /// The folder of its store.
    pub store: PathBuf,
    /// The program `procvision`, of which it starts processes.
    pub program: PathBuf,
    /// The socket of the frame pools' broker.
    pub frames_socket: PathBuf,
    /// The folder for pictures that are not in a pool; best in memory.
    pub pictures: PathBuf,
}

/// Why a station cannot begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// What is kept of results cannot be opened.
    #[error("the results cannot be opened")]
    Results(#[from] ResultsError),
    /// The folder for pictures cannot be used.
    #[error("the folder for pictures cannot be used")]
    Pictures(#[from] PictureError),
    /// The folder of what the station keeps cannot be made.
    #[error("cannot make {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Others could reach the station, and nobody would have to say who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the station can be reached from other machines, and the configuration has no tokens")]
pub struct NoTokens;

/// A station.
pub struct Station {
    config: RwLock<Arc<Config>>,
    store: PathBuf,
    program: PathBuf,
    frames_socket: PathBuf,
    started_ms: u64,
    seats: Seats,
    inspections: Inspections,
    pictures: Arc<Pictures>,
    results: Results,
    events: Events,
    logs: Arc<Logs>,
    metrics: Arc<Metrics>,
    lines: Lines,
    /// Whether other machines can reach it.
    reachable: AtomicBool,
    /// Whoever changes what judges has it.
    pub(crate) changing: tokio::sync::Mutex<()>,
    /// Whoever waits to change what judges has one.
    pub(crate) changes: Arc<Semaphore>,
    /// Whoever has a package examined has one.
    pub(crate) audits: Semaphore,
    /// For reading results,
    pub(crate) reading: Threads,
    /// for reading the store,
    pub(crate) listing: Threads,
    /// and for asking the frame broker.
    pub(crate) observing: Threads,
    /// One package after the other is installed.
    pub(crate) installing: tokio::sync::Mutex<()>,
    /// One configuration after the other is read and set.
    pub(crate) configuring: tokio::sync::Mutex<()>,
    /// Whether something judges that was not started as it is configured now.
    pub(crate) outdated: AtomicBool,
    /// Whoever exports results has one.
    pub(crate) exports: Arc<Semaphore>,
    /// What has begun and is done to its end, whoever asked for it.
    begun: TaskTracker,
}

impl Station {
    /// Opens what a station keeps; nothing is started yet.
    ///
    /// # Errors
    ///
    /// See [`SetupError`].
    pub fn open(setup: Setup) -> Result<Self, SetupError> {
        let kept = setup.store.join("station");
        std::fs::create_dir_all(&kept).map_err(|source| SetupError::Folder {
            path: kept.clone(),
            source,
        })?;
        let results = &setup.config.station.results;
        let retention = Retention {
            max_age: results
                .max_age_days
                .map(|days| Duration::from_secs(days.saturating_mul(24 * 3_600))),
            max_bytes: results.max_bytes,
            thumbnails: match results.thumbnails {
                ThumbnailPolicy::None => Thumbnails::Off,
                ThumbnailPolicy::NotGood => Thumbnails::NotOk,
                ThumbnailPolicy::All => Thumbnails::All,
            },
        };
        let results = Results::open(&kept.join("results.db"), retention)?;
        let pools = PoolClient::new(&setup.frames_socket);
        let pictures = Pictures::new(setup.pictures.clone(), pools, setup.config.station.sources.clone())?;
        let (events, logs, metrics) = (
            Events::default(),
            Arc::new(Logs::default()),
            Arc::new(Metrics::default()),
        );
        let audience = Audience {
            events: events.clone(),
            logs: logs.clone(),
            metrics: metrics.clone(),
        };
        let surroundings = Surroundings {
            program: setup.program.clone(),
            store: setup.store.clone(),
            frames_socket: setup.frames_socket.clone(),
            pictures: setup.pictures,
        };
        Ok(Self {
            config: RwLock::new(Arc::new(setup.config)),
            store: setup.store,
            program: setup.program,
            frames_socket: setup.frames_socket,
            started_ms: now_ms(),
            seats: Seats::new(surroundings, audience),
            inspections: Inspections::default(),
            pictures: Arc::new(pictures),
            results,
            events,
            logs,
            metrics,
            lines: Lines::default(),
            reachable: AtomicBool::new(false),
            changing: tokio::sync::Mutex::default(),
            changes: Arc::new(Semaphore::new(MOST_CHANGES)),
            audits: Semaphore::new(MOST_AUDITS),
            reading: Threads::new(MOST_READERS),
            listing: Threads::new(MOST_LISTERS),
            observing: Threads::new(MOST_OBSERVERS),
            installing: tokio::sync::Mutex::default(),
            configuring: tokio::sync::Mutex::default(),
            outdated: AtomicBool::new(false),
            exports: Arc::new(Semaphore::new(MOST_EXPORTS)),
            begun: TaskTracker::new(),
        })
    }

    /// What its people have set.
    pub fn config(&self) -> Arc<Config> {
        self.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The folder of its store.
    pub fn store(&self) -> &Path {
        &self.store
    }

    /// The program of which it starts processes.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The socket of the frame pools' broker.
    pub fn frames_socket(&self) -> &Path {
        &self.frames_socket
    }

    /// When it began, in milliseconds since 1970.
    pub fn started_ms(&self) -> u64 {
        self.started_ms
    }

    /// What judges.
    pub fn seats(&self) -> &Seats {
        &self.seats
    }

    /// The inspections that go on.
    pub fn inspections(&self) -> &Inspections {
        &self.inspections
    }

    /// Where pictures come from.
    pub fn pictures(&self) -> &Arc<Pictures> {
        &self.pictures
    }

    /// What was judged.
    pub fn results(&self) -> &Results {
        &self.results
    }

    /// What happens.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// The last lines of all logs.
    pub fn logs(&self) -> &Logs {
        &self.logs
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// What is judged without anybody asking.
    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Everything that is counted, as text. Waits for the broker of the frame pools, so that no thread of the runtime
    /// should.
    pub fn metrics_text(&self) -> String {
        let seats = self.seats.all();
        let gauges = seats.iter().map(|seat| SeatGauges {
            pid: seat.pid.clone(),
            ready: is_able(seat.state()),
            waiting: seat.queue().0,
        });
        // A broker that is not there has no pools.
        let pools = Observer::connect(&self.frames_socket).and_then(|observer| observer.pools());
        let pools = pools.unwrap_or_default().into_iter().map(|pool| PoolCounts {
            pool: pool.pool,
            published: pool.published,
            dropped: pool.dropped,
            fps: pool.fps,
        });
        self.metrics.text(&Moment {
            seats: gauges.collect(),
            lines: self.lines.counts(),
            pools: pools.collect(),
        })
    }

    /// Begins an inspection of a product. `None` if nothing judges its model.
    ///
    /// # Errors
    ///
    /// If too many go on.
    pub fn begin(
        &self,
        pid: &str,
        context: Map<String, Value>,
    ) -> Result<Option<Arc<Inspection>>, crate::inspection::TooMany> {
        let Some(seat) = self.seats.get(pid) else {
            return Ok(None);
        };
        let inspection = Arc::new(Inspection::begin(new_id(), context, seat.place()));
        self.inspections.add(inspection.clone())?;
        Ok(Some(inspection))
    }

    /// Does something to its end, also if whoever asked for it goes, and also if the station ends meanwhile.
    pub(crate) fn begin_task<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.begun.spawn(work)
    }

    /// From now on this configuration holds, for all that is not set up once and for all: results, addresses and commands are.
    /// Algorithms are not started anew with it yet.
    ///
    /// # Errors
    ///
    /// If other machines reach the station, and the configuration has no tokens any more. Then nothing has changed.
    pub(crate) fn configure(self: &Arc<Self>, config: Config) -> Result<(), NoTokens> {
        if self.reachable.load(Ordering::Relaxed) && config.station.tokens.is_empty() {
            return Err(NoTokens);
        }
        let before = self.config();
        let config = Arc::new(config);
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config.clone();
        self.pictures.set_sources(config.station.sources.clone());
        let (old, new) = (&before.station, &config.station);
        let changed = |name: &&String| old.lines.get(*name) != new.lines.get(*name);
        let mut ran = BTreeSet::new();
        for name in old.lines.keys().filter(changed) {
            if self.lines.is_running(name) {
                ran.insert(name);
            }
            self.stop_line(name);
        }
        for name in new.lines.keys().filter(changed) {
            let (before, now) = (old.lines.get(name), &new.lines[name]);
            let source = |config: &StationConfig, line: &LineConfig| config.sources.get(&line.source).cloned();
            let same_pictures = before.is_some_and(|before| source(old, before) == source(new, now));
            match now.start {
                // What waits in the pool is judged by the line as it is now.
                true if ran.contains(name) && same_pictures => drop(self.continue_line(name)),
                true => drop(self.start_line(name)),
                false => {}
            }
        }
        if (&before.runner, old.workers, old.queue) != (&config.runner, new.workers, new.queue) {
            self.outdated.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Starts what judges anew, if it is not as it is configured now, each before its predecessor ends.
    pub(crate) async fn start_outdated(&self) {
        if self.outdated.load(Ordering::Relaxed) {
            let _changing = self.changing.lock().await;
            if self.outdated.swap(false, Ordering::Relaxed) {
                self.start_anew().await;
            }
        }
    }

    /// Other machines can reach it: from now on it must have tokens.
    pub(crate) fn is_reachable(&self) {
        self.reachable.store(true, Ordering::Relaxed);
    }

    /// Why not everything can be judged that should be.
    pub fn reasons(&self) -> Vec<String> {
        let seats = self.seats.all();
        let not_able = seats.iter().filter(|seat| !is_able(seat.state()));
        let mut reasons: Vec<String> = not_able
            .map(|seat| format!("the product model {} is {}", seat.pid, seat.state().as_str()))
            .collect();
        if seats.is_empty() {
            reasons.push("nothing is active".to_owned());
        }
        reasons
    }

    /// Waits for everything that has begun and is done to its end: tasks, and lines that were stopped.
    pub async fn finish(&self) {
        self.begun.close();
        futures_util::future::join(self.begun.wait(), self.lines.ended()).await;
    }

    /// Ends every process, also those in which only inspections from before a switch go on. What runs has its time.
    pub async fn end(&self) {
        let seats = self.seats.all().into_iter().chain(self.seats.retired());
        futures_util::future::join_all(seats.map(|seat| async move { seat.stop().await })).await;
    }
}

fn is_able(state: State) -> bool {
    matches!(state, State::Ready | State::Executing)
}

/// A name that nobody guesses and that is not used twice.
pub(crate) fn new_id() -> String {
    let mut bytes = [0; 12];
    // Without the system's random numbers nothing of this program works; names are then still unique within a station.
    if getrandom::fill(&mut bytes).is_err() {
        bytes[..8].copy_from_slice(&now_ms().to_be_bytes());
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
