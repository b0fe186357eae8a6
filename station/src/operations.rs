//! What changes the store, and what judges with it.
//!
//! The store is worked with by the program's own commands, each in a process of its own: what is installed is a stranger's, and
//! whatever reading, compiling or trying it costs, it does not cost the station. What such a command answers is passed on as it
//! is. What is to judge next is warm before the store is told, so that nothing is judged by nobody meanwhile.

mod follow;
mod tool;

pub use tool::{ToolError, ToolOutput};

use crate::alarm::{About, Alarm};
use crate::events::Kind;
use crate::seat::{Judge, Seat};
use crate::seats::Wanted;
use crate::station::Station;
use procvision_host::explain::one_line;
use procvision_host::store::{ActivePid, Listing, Release, Store, StoreError, StoreOptions};
use procvision_runner::StartError;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

/// Why something was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// The command has refused, or could not be run.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The store cannot be read.
    #[error("the store cannot be read")]
    Store(#[from] StoreError),
    /// What was to judge does not start; what judged before goes on.
    #[error("{release} does not start for {pid}, and so nothing has changed")]
    Start {
        /// The version.
        release: Release,
        /// The product model.
        pid: String,
        /// Why.
        source: Box<StartError>,
    },
    /// Another program judges the product model, as the configuration says.
    #[error("{0} is judged by a command of the configuration")]
    Command(String),
    /// The thread that reads the store has ended early.
    #[error("the store was not read to its end")]
    Interrupted,
}

/// Who asks for it, for the audit log.
pub type Actor = Option<String>;

impl Station {
    /// What the store holds.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub async fn listing(&self) -> Result<Listing, OperationError> {
        let folder = self.store().to_owned();
        let read = tokio::task::spawn_blocking(move || Store::open(folder, StoreOptions::default())?.list());
        Ok(read.await.map_err(|_| OperationError::Interrupted)??)
    }

    /// Checks a package and puts it into the store.
    ///
    /// # Errors
    ///
    /// See [`OperationError`].
    pub async fn install(&self, zip: &Path, by: &Actor) -> Result<Value, OperationError> {
        let _changing = self.changing.lock().await;
        self.store_command(["install".into(), zip.into()], by).await
    }

    /// Removes a version from the store; with `force` also one that judges.
    ///
    /// # Errors
    ///
    /// See [`OperationError`].
    pub async fn uninstall(&self, release: &Release, force: bool, by: &Actor) -> Result<Value, OperationError> {
        let _changing = self.changing.lock().await;
        if force {
            // Its processes use it, and would be waited for.
            for seat in self.seats().all() {
                if matches!(&seat.judge, Judge::Release { release: judges, .. } if judges == release) {
                    self.unseat(&seat.pid).await;
                }
            }
            self.seats().stop_retired(release).await;
        }
        let force = force.then(|| "--force".into());
        let arguments = [
            "uninstall".into(),
            release.name.clone().into(),
            release.version.to_string().into(),
        ];
        let answer = self.store_command(arguments.into_iter().chain(force), by).await;
        // Also if it was refused: what was let go judges again.
        self.follow_at_once().await;
        answer
    }

    /// Lets a version judge product models that nothing judges.
    ///
    /// # Errors
    ///
    /// See [`OperationError`].
    pub async fn activate(&self, release: &Release, pids: &[String], by: &Actor) -> Result<Value, OperationError> {
        let _changing = self.changing.lock().await;
        self.give("activate", release, pids.to_vec(), by).await
    }

    /// Lets a version judge what others judge; without `pids` all that other versions of the algorithm judge.
    ///
    /// # Errors
    ///
    /// See [`OperationError`].
    pub async fn switch(&self, release: &Release, pids: &[String], by: &Actor) -> Result<Value, OperationError> {
        let _changing = self.changing.lock().await;
        let pids = match pids {
            [] => judged_by(&self.listing().await?, &release.name),
            named => named.to_vec(),
        };
        self.give("switch", release, pids, by).await
    }

    /// Gives product models back what they had before.
    ///
    /// # Errors
    ///
    /// See [`OperationError`].
    pub async fn roll_back(&self, which: &Which, by: &Actor) -> Result<Value, OperationError> {
        let _changing = self.changing.lock().await;
        let listing = self.listing().await?;
        let pids = match which {
            Which::Pid(pid) => vec![pid.clone()],
            Which::Name(name) => judged_by(&listing, name),
        };
        self.keep_commands(&pids)?;
        let mut warm = Vec::new();
        for pid in &pids {
            let before = listing.active.iter().find(|active| active.pid == *pid);
            // If there is nothing to go back to, the command says so.
            if let Some(release) = before.and_then(|active| active.previous.last()) {
                warm.push(self.warm(&listing, release, pid).await?);
            }
        }
        let mut arguments: Vec<OsString> = vec!["rollback".into()];
        match which {
            Which::Pid(pid) => arguments.extend(["--pid".into(), pid.into()]),
            Which::Name(name) => arguments.push(name.into()),
        }
        self.tell_store_then_seat(arguments, by, warm).await
    }

    /// Leaves a product model without an algorithm.
    ///
    /// # Errors
    ///
    /// See [`OperationError`].
    pub async fn deactivate(&self, pid: &str, by: &Actor) -> Result<Value, OperationError> {
        let _changing = self.changing.lock().await;
        self.keep_commands(&[pid.to_owned()])?;
        let answer = self
            .store_command(["deactivate".into(), format!("--pid={pid}").into()], by)
            .await?;
        self.unseat(pid).await;
        Ok(answer)
    }

    async fn give(
        &self,
        command: &str,
        release: &Release,
        pids: Vec<String>,
        by: &Actor,
    ) -> Result<Value, OperationError> {
        let listing = self.listing().await?;
        let mut warm = Vec::new();
        self.keep_commands(&pids)?;
        for pid in &pids {
            let seated = self.seats().get(pid);
            match seated.as_ref().map(|seat| &seat.judge) {
                // It judges already.
                Some(Judge::Release { release: judges, .. }) if judges == release => continue,
                _ => {}
            }
            // What the store will refuse is not started.
            let supported = |version: &&procvision_host::store::Version| version.supported_pids.contains(pid);
            let installed = listing.versions.iter().find(|version| version.release == *release);
            if installed.filter(supported).is_some() {
                warm.push(self.warm(&listing, release, pid).await?);
            }
        }
        let mut arguments: Vec<OsString> = vec![command.into(), release.name.clone().into()];
        arguments.push(release.version.to_string().into());
        for pid in &pids {
            arguments.push(format!("--pid={pid}").into());
        }
        self.tell_store_then_seat(arguments, by, warm).await
    }

    /// What the configuration has a command judge is nobody's to change here.
    fn keep_commands(&self, pids: &[String]) -> Result<(), OperationError> {
        let commands = &self.config().station.commands;
        match pids.iter().find(|pid| commands.contains_key(*pid)) {
            Some(pid) => Err(OperationError::Command(pid.clone())),
            None => Ok(()),
        }
    }

    /// Has the store note what is to judge, and seats what is warm. If the store refuses, what judged before goes on.
    async fn tell_store_then_seat(
        &self,
        arguments: Vec<OsString>,
        by: &Actor,
        warm: Vec<Arc<Seat>>,
    ) -> Result<Value, OperationError> {
        match self.store_command(arguments, by).await {
            Ok(answer) => {
                for seat in warm {
                    self.seat(seat);
                }
                // Somebody at the command line may have changed the store since it was looked at.
                self.follow_at_once().await;
                Ok(answer)
            }
            Err(error) => {
                for seat in warm {
                    seat.stop().await;
                }
                Err(error)
            }
        }
    }

    /// Brings the seats to what the store says. What was changed is changed, whether or not that succeeds.
    async fn follow_at_once(&self) {
        if let Err(error) = self.follow_listing().await {
            let message = format!("the store has changed and cannot be read: {}", one_line(&error));
            self.alarm(Alarm::StoreUnreadable, About::default(), &message);
        }
    }

    async fn warm(&self, listing: &Listing, release: &Release, pid: &str) -> Result<Arc<Seat>, OperationError> {
        let installed = listing.versions.iter().find(|version| version.release == *release);
        let wanted = Wanted {
            pid: pid.to_owned(),
            release: release.clone(),
            digest: installed.map(|version| version.digest.clone()).unwrap_or_default(),
        };
        let warm = self.seats().warm(&wanted, &self.config()).await;
        warm.map_err(|source| OperationError::Start {
            release: wanted.release,
            pid: wanted.pid,
            source: Box::new(source),
        })
    }

    /// Lets a seat judge. The one before ends when its last inspection does.
    pub(crate) fn seat(&self, seat: Arc<Seat>) {
        let data = json!({"pid": seat.pid, "judge": judge_json(&seat.judge), "since_ms": seat.since_ms});
        self.seats().put(seat);
        self.events().say(Kind::Seat, &data);
    }

    /// Nothing judges the product model any more; what runs has its time.
    pub(crate) async fn unseat(&self, pid: &str) {
        if let Some(seat) = self.seats().remove(pid) {
            self.events().say(Kind::Seat, &json!({"pid": pid, "judge": null}));
            seat.stop().await;
        }
    }

    /// Starts everything that judges anew, without a gap.
    pub(crate) async fn start_anew(&self) {
        let config = self.config();
        for seat in self.seats().all() {
            let Judge::Release { release, digest } = &seat.judge else {
                // A command holds from the next start of the station on.
                continue;
            };
            let wanted = Wanted {
                pid: seat.pid.clone(),
                release: release.clone(),
                digest: digest.clone(),
            };
            match self.seats().warm(&wanted, &config).await {
                Ok(seat) => self.seat(seat),
                Err(error) => {
                    let message = format!(
                        "{release} does not start for {} as it is now configured: {error}",
                        seat.pid
                    );
                    self.alarm(Alarm::NotStarted, About::pid(&seat.pid), &message);
                }
            }
        }
    }

    async fn store_command(
        &self,
        arguments: impl IntoIterator<Item = OsString>,
        by: &Actor,
    ) -> Result<Value, OperationError> {
        let mut all: Vec<OsString> = vec!["store".into(), "--store".into(), self.store().into()];
        if let Some(by) = by {
            all.push(format!("--by={by}").into());
        }
        all.extend(arguments);
        let answer = self.tool(all).await?.json()?;
        self.events().say(Kind::Store, &answer);
        Ok(answer)
    }
}

/// Which product models somebody means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// This one.
    Pid(String),
    /// All that the algorithm of that name judges.
    Name(String),
}

fn judged_by(listing: &Listing, name: &str) -> Vec<String> {
    let of_name = |active: &&ActivePid| active.release.as_ref().is_some_and(|release| release.name == name);
    listing
        .active
        .iter()
        .filter(of_name)
        .map(|active| active.pid.clone())
        .collect()
}

/// What judges, as a program reads it.
pub(crate) fn judge_json(judge: &Judge) -> Value {
    match judge {
        Judge::Release { release, digest } => {
            json!({"kind": "package", "name": release.name, "version": release.version.to_string(), "digest": digest})
        }
        Judge::Command => json!({"kind": "command"}),
    }
}
