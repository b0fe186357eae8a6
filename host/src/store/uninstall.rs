//! Taking a version away. In use it stays, unless that is forced: then it stops, and goes when its last user has ended.

use super::audit::Event;
use super::creation::failed;
use super::lock::{self, Held, LockError, Mode};
use super::opened::find;
use super::progress::{Progress, Stage};
use super::registry::Release;
use super::transaction::Transaction;
use super::{Store, StoreError};
use std::time::{Duration, Instant};

/// What was taken away.
#[derive(Clone, Debug)]
pub struct Uninstalled {
    /// Which version.
    pub release: Release,
    /// The product models that it judged, and that nothing judges now.
    pub pids: Vec<String>,
    /// What somebody should look at.
    pub warnings: Vec<String>,
}

impl Store {
    /// Takes a version away, with its archive. If it judges product models or is in use, only if that is forced: then it
    /// is active no more and cannot be used anew, and its users are waited for, as long as the options of the store say.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotInstalled`], [`StoreError::Active`], [`StoreError::InUse`], and what concerns the store itself.
    pub fn uninstall(
        &self,
        release: &Release,
        force: bool,
        progress: &mut dyn Progress,
    ) -> Result<Uninstalled, StoreError> {
        let answer = self.take_away(release, force, progress);
        self.audited(event("uninstall", release), answer)
    }

    fn take_away(
        &self,
        release: &Release,
        force: bool,
        progress: &mut dyn Progress,
    ) -> Result<Uninstalled, StoreError> {
        let begun = Instant::now();
        let mut judged = Vec::new();
        loop {
            let mut transaction = self.begin()?;
            let (stopped, digest) = match find(&transaction.registry, release) {
                Ok(installed) => (false, installed.digest.clone()),
                // Somebody has begun that already.
                Err(StoreError::Stopped(_)) => (true, transaction.registry.digest(release)),
                Err(error) => return Err(error),
            };
            let pids = transaction.registry.pids_of(release);
            if !pids.is_empty() && !force {
                let release = release.clone();
                return Err(StoreError::Active { release, pids });
            }
            judged.extend(pids);
            match self.alone_with(release, Duration::ZERO) {
                Ok(alone) => {
                    progress.stage(Stage::Removing);
                    let warnings = transaction.remove(release, event_of("uninstall", release, &judged, digest))?;
                    drop(alone);
                    return Ok(Uninstalled {
                        release: release.clone(),
                        pids: judged,
                        warnings,
                    });
                }
                Err(StoreError::InUse { .. }) if force => {
                    if !stopped {
                        transaction.registry.stop(release);
                        transaction.commit([event_of("stop", release, &judged, digest)])?;
                        transaction.settle();
                    }
                }
                Err(error) => return Err(error),
            }
            progress.stage(Stage::Waiting);
            let left = self.options.wait.saturating_sub(begun.elapsed());
            match self.alone_with(release, left) {
                // Nobody can use it anew, so it is free for whoever takes the lock of the store first.
                Ok(_) => {}
                Err(StoreError::InUse { release, holder, .. }) => {
                    return Err(StoreError::InUse {
                        release,
                        seconds: self.options.wait.as_secs(),
                        holder,
                        stopped: true,
                    });
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits until nobody uses a version.
    pub(super) fn alone_with(&self, release: &Release, wait: Duration) -> Result<Held, StoreError> {
        let path = self.layout.use_lock(&release.name, &release.version);
        lock::hold(&path, Mode::Exclusive, wait).map_err(|error| match error {
            LockError::Io(source) => failed("open", &path)(source),
            LockError::Taken(holder) => StoreError::InUse {
                release: release.clone(),
                seconds: wait.as_secs(),
                holder,
                stopped: false,
            },
        })
    }
}

impl Transaction<'_> {
    /// Forgets a version and removes its files. From the moment that it is forgotten it is gone.
    pub(super) fn remove(mut self, release: &Release, event: Event) -> Result<Vec<String>, StoreError> {
        self.forget(release, event)?;
        Ok(self.settle())
    }

    /// The same without giving the lock back.
    pub(super) fn forget(&mut self, release: &Release, event: Event) -> Result<(), StoreError> {
        let before = self.registry.clone();
        self.registry.remove(release);
        self.registry.announce(release);
        if let Err(error) = self.commit([event]) {
            self.registry = before;
            return Err(error);
        }
        self.clear(release);
        Ok(())
    }
}

pub(super) fn event(operation: &'static str, release: &Release) -> Event {
    Event {
        name: Some(release.name.clone()),
        version: Some(release.version.to_string()),
        ..Event::done(operation)
    }
}

fn event_of(operation: &'static str, release: &Release, pids: &[String], digest: String) -> Event {
    Event {
        pids: pids.to_vec(),
        digest: Some(digest),
        ..event(operation, release)
    }
}
