//! All seats of the station. Who judges what follows the store, and changes without a gap: what comes is warm before what goes
//! is let go, and if it does not come, what was there stays.

use crate::config::Config;
use crate::launch::{Surroundings, dialect};
use crate::observer::Audience;
use crate::seat::{Judge, Seat};
use procvision_host::protocol::now_ms;
use procvision_host::store::Release;
use procvision_runner::{Dialect, StartError, Supervision, Worker, WorkerId};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

/// What is to judge a product model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The product model.
    pub pid: String,
    /// The version.
    pub release: Release,
    /// Of its package.
    pub digest: String,
}

/// All seats, by product model.
pub struct Seats {
    surroundings: Surroundings,
    audience: Audience,
    seats: RwLock<BTreeMap<String, Arc<Seat>>>,
    /// Those that judge nothing new, and are there for as long as an inspection is.
    retired: Mutex<Vec<Weak<Seat>>>,
    /// How many processes there have been, so that each has a name of its own.
    started: AtomicU64,
}

impl Seats {
    /// No seat yet.
    pub fn new(surroundings: Surroundings, audience: Audience) -> Self {
        Self {
            surroundings,
            audience,
            seats: RwLock::default(),
            retired: Mutex::default(),
            started: AtomicU64::new(0),
        }
    }

    /// The seat of a product model.
    pub fn get(&self, pid: &str) -> Option<Arc<Seat>> {
        self.seats
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(pid)
            .cloned()
    }

    /// All of them.
    pub fn all(&self) -> Vec<Arc<Seat>> {
        let seats = self.seats.read().unwrap_or_else(PoisonError::into_inner);
        seats.values().cloned().collect()
    }

    /// Starts the processes of a version for a product model; nothing is judged by them yet.
    pub fn prepare(&self, wanted: &Wanted, config: &Config) -> Arc<Seat> {
        let launch = self.surroundings.of_release(&wanted.pid, &wanted.release, config);
        let judge = Judge::Release {
            release: wanted.release.clone(),
            digest: wanted.digest.clone(),
        };
        let start = |id| {
            let supervision = supervision(config);
            Worker::start(
                id,
                launch.clone(),
                Dialect::V2,
                supervision,
                self.audience.of(&wanted.pid),
            )
        };
        Arc::new(self.seat(&wanted.pid, judge, config, start))
    }

    /// Lets a seat judge its product model, from the next inspection on. The one that did ends with its last inspection.
    pub fn put(&self, seat: Arc<Seat>) {
        let mut seats = self.seats.write().unwrap_or_else(PoisonError::into_inner);
        let before = seats.insert(seat.pid.clone(), seat);
        drop(seats);
        if let Some(before) = before {
            self.retire(&before);
        }
    }

    /// Nothing judges the product model any more, from the next inspection on. Returns what did.
    pub fn remove(&self, pid: &str) -> Option<Arc<Seat>> {
        let mut seats = self.seats.write().unwrap_or_else(PoisonError::into_inner);
        seats.remove(pid)
    }

    fn retire(&self, seat: &Arc<Seat>) {
        let mut retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        retired.retain(|seat| seat.strong_count() > 0);
        retired.push(Arc::downgrade(seat));
    }

    /// Has the processes end in which a version still judges inspections that have begun before a switch.
    pub async fn stop_retired(&self, release: &Release) {
        let judges =
            |seat: &Arc<Seat>| matches!(&seat.judge, Judge::Release { release: judges, .. } if judges == release);
        for seat in self.retired().into_iter().filter(judges) {
            seat.stop().await;
        }
    }

    /// Those that judge nothing new, and in which inspections still go on.
    pub fn retired(&self) -> Vec<Arc<Seat>> {
        let retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        retired.iter().filter_map(Weak::upgrade).collect()
    }

    /// Starts those product models that another program judges.
    pub fn seat_commands(&self, config: &Config) {
        for (pid, command) in &config.station.commands {
            let launch = self.surroundings.of_command(command);
            let start = |id| {
                let mut supervision = supervision(config);
                // The original SDK does not answer while it judges.
                supervision.heartbeat_while_asked = false;
                let dialect = dialect(command.dialect);
                Worker::start(id, launch.clone(), dialect, supervision, self.audience.of(pid))
            };
            self.put(Arc::new(self.seat(pid, Judge::Command, config, start)));
        }
    }

    /// Prepares a version and waits until it can be asked.
    ///
    /// # Errors
    ///
    /// Why it cannot. Its processes have ended then.
    pub async fn warm(&self, wanted: &Wanted, config: &Config) -> Result<Arc<Seat>, StartError> {
        let seat = self.prepare(wanted, config);
        match seat.warm().await {
            Ok(()) => Ok(seat),
            Err(error) => {
                seat.stop().await;
                Err(error)
            }
        }
    }

    fn seat(&self, pid: &str, judge: Judge, config: &Config, start: impl Fn(WorkerId) -> Worker) -> Seat {
        let workers = (0..config.station.workers).map(|_| {
            let number = self.started.fetch_add(1, Ordering::Relaxed) + 1;
            start(format!("{pid}#{number}").into())
        });
        let bound = usize::try_from(config.station.queue).unwrap_or(usize::MAX);
        Seat::new(pid.to_owned(), judge, workers.collect(), bound, now_ms())
    }
}

/// How processes are supervised, as the configuration says.
fn supervision(config: &Config) -> Supervision {
    let mut supervision = Supervision::default();
    let runner = &config.runner;
    let times = [
        (&mut supervision.pre_execute, runner.pre_execute_timeout_ms),
        (&mut supervision.execute, runner.execute_timeout_ms),
        (&mut supervision.heartbeat_interval, runner.heartbeat_interval_ms),
        (&mut supervision.heartbeat_grace, runner.heartbeat_grace_ms),
    ];
    for (time, set) in times {
        if let Some(milliseconds) = set {
            *time = Duration::from_millis(milliseconds);
        }
    }
    if let Some(retries) = runner.max_retries {
        supervision.max_retries = u32::try_from(retries).unwrap_or(u32::MAX);
    }
    supervision
}
