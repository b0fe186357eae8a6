//! Holding the lock: what is true now, and changing it.

use super::audit::{self, Actor, AuditOutcome, Event};
use super::creation::failed;
use super::lock::{self, Held, LockError, Mode};
use super::registry::{Registry, Release};
use super::{Store, StoreError, derived, mend};
use crate::explain::{Explain, one_line};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// What is true as long as this lives: nobody changes the store meanwhile.
pub(super) struct Snapshot {
    pub(super) registry: Registry,
    _lock: Held,
}

/// The only one who may change the store.
pub(super) struct Transaction<'s> {
    store: &'s Store,
    pub(super) registry: Registry,
    /// What was put right when the lock was taken, each as a sentence.
    pub(super) mended: Vec<String>,
    /// What somebody should know although the operation went on.
    pub(super) warnings: Vec<String>,
    _lock: Held,
}

impl Store {
    /// Waits for the lock.
    pub(super) fn lock(&self, mode: Mode) -> Result<Held, StoreError> {
        self.lock_within(mode, self.options.wait)
    }

    fn lock_within(&self, mode: Mode, wait: Duration) -> Result<Held, StoreError> {
        let path = self.layout.lock();
        lock::hold(&path, mode, wait).map_err(|error| match error {
            LockError::Io(source) => failed("open", &path)(source),
            LockError::Taken(holder) => StoreError::Locked {
                path: self.root().to_owned(),
                seconds: wait.as_secs(),
                holder,
            },
        })
    }

    /// Looks at the store while nobody changes it.
    pub(super) fn look(&self) -> Result<Snapshot, StoreError> {
        let lock = self.lock(Mode::Shared)?;
        let registry = Registry::read(&self.layout)?;
        Ok(Snapshot { registry, _lock: lock })
    }

    /// Waits until nobody else works with the store, and puts right what killed operations have left.
    pub(super) fn begin(&self) -> Result<Transaction<'_>, StoreError> {
        let lock = self.lock(Mode::Exclusive)?;
        let registry = Registry::read(&self.layout)?;
        Transaction::with(self, lock, registry)
    }

    /// Writes into the audit log that an operation was refused, if that can be done at all, and passes the answer on.
    pub(super) fn audited<T>(&self, event: Event, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &answer
            && !matches!(error, StoreError::Locked { .. } | StoreError::Damaged { .. })
        {
            let refused = Event {
                outcome: AuditOutcome::Refused,
                code: Some(error.code().into_owned()),
                detail: Some(one_line(error)),
                ..event
            };
            let written = self.begin().and_then(|mut transaction| {
                transaction.commit([refused])?;
                transaction.settle();
                Ok(())
            });
            if let Err(why) = written {
                tracing::warn!(error = %one_line(&why), "cannot write into the audit log that an operation was refused");
            }
        }
        answer
    }
}

impl<'s> Transaction<'s> {
    /// Goes on with a lock that is held already.
    pub(super) fn with(store: &'s Store, lock: Held, registry: Registry) -> Result<Self, StoreError> {
        let mut transaction = Self {
            store,
            registry,
            mended: Vec::new(),
            warnings: Vec::new(),
            _lock: lock,
        };
        let mended = mend::mend(&store.layout, &mut transaction.registry)?;
        if let Some(what) = mended.audit {
            transaction.warnings.push(altered(&what));
        }
        if !mended.what.is_empty() {
            let event = Event {
                detail: Some(mended.what.join("; ")),
                ..Event::done("mend")
            };
            transaction.mended = mended.what;
            transaction.commit([event])?;
            transaction.save();
        }
        Ok(transaction)
    }

    /// Writes the registry as it now is, with entries for the audit log: from then on it has happened. What cannot be
    /// done after that is only worth a warning, since the next holder of the lock does it.
    pub(super) fn commit(&mut self, events: impl IntoIterator<Item = Event>) -> Result<(), StoreError> {
        let layout = &self.store.layout;
        let before = self.registry.audit.clone();
        let actor = Actor::current(self.store.options.by.as_deref());
        let policy = self.store.policy_digest();
        for event in events {
            audit::put(&mut self.registry.audit, event, actor.clone(), policy.clone());
        }
        // Once there was a policy there must be one.
        self.registry.policy = policy.or(self.registry.policy.take());
        if let Err(error) = self.registry.write(layout) {
            self.registry.audit = before;
            return Err(error);
        }
        if let Err(error) = derived::put_right(layout, &self.registry) {
            self.warnings.push(one_line(&error));
        }
        let path = layout.audit();
        match audit::settle(&path, &mut self.registry.audit) {
            Ok(None) => {}
            Ok(Some(what)) => self.warnings.push(altered(&what)),
            Err(source) => self.warnings.push(one_line(&failed("write", &path)(source))),
        }
        Ok(())
    }

    /// Notes in the registry that everything is done, and gives the lock back.
    pub(super) fn settle(mut self) -> Vec<String> {
        self.save();
        self.warnings
    }

    fn save(&mut self) {
        if let Err(error) = self.registry.write(&self.store.layout) {
            self.warnings.push(one_line(&error));
        }
    }

    /// Says in the registry that the files of a version are about to be moved to their places.
    pub(super) fn announce(&mut self, release: &Release) -> Result<(), StoreError> {
        self.registry.announce(release);
        self.registry.write(&self.store.layout)
    }

    /// Takes away the files of a version that the registry calls unfinished, and forgets it.
    pub(super) fn clear(&mut self, release: &Release) {
        match mend::remove_version(&self.store.layout, release) {
            Ok(()) => self
                .registry
                .unfinished
                .retain(|unfinished| unfinished.release != *release),
            Err(error) => self.warnings.push(one_line(&error)),
        }
    }

    /// Whether something lies where the files of a version would.
    pub(super) fn in_the_way(&self, release: &Release) -> Option<PathBuf> {
        let layout = &self.store.layout;
        let Release { name, version } = release;
        let places = [
            layout.version(name, version),
            layout.zip(name, version),
            layout.signature(name, version),
        ];
        places.into_iter().find(|path| fs::symlink_metadata(path).is_ok())
    }
}

fn altered(what: &str) -> String {
    format!("the audit log is not as it was left: {what}; `procvision store verify` says more")
}
