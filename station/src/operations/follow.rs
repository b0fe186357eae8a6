//! Following the store: what others change in it, such as somebody at the command line, is followed without a gap as well.

use super::OperationError;
use crate::alarm::{About, Alarm};
use crate::seat::Judge;
use crate::seats::Wanted;
use crate::station::Station;
use procvision_host::explain::one_line;
use procvision_host::store::Listing;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How often it is looked whether the store has changed.
const LOOK: Duration = Duration::from_secs(1);

impl Station {
    /// Seats everything that is active, and follows the store for as long as the station lives.
    pub async fn follow_store(self: Arc<Self>) {
        let mut seen: Option<SystemTime> = None;
        let mut trouble = None;
        loop {
            let registry = self.store().join("registry.json");
            let changed = tokio::fs::metadata(&registry)
                .await
                .and_then(|registry| registry.modified())
                .ok();
            if changed != seen {
                let _changing = self.changing.lock().await;
                match self.follow_listing().await {
                    Ok(()) => (seen, trouble) = (changed, None),
                    Err(error) => {
                        // It is looked again; somebody is called once.
                        let sentence = one_line(&error);
                        if trouble.as_ref() != Some(&sentence) {
                            let message = format!("the store cannot be read, and what judges goes on: {sentence}");
                            self.alarm(Alarm::StoreUnreadable, About::default(), &message);
                            trouble = Some(sentence);
                        }
                    }
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Brings the seats to what the store says. Must be called by whoever has the lock of changes.
    pub(super) async fn follow_listing(&self) -> Result<(), OperationError> {
        let wanted = wanted(&self.listing().await?);
        let config = self.config();
        let active: BTreeSet<&str> = wanted.iter().map(|wanted| wanted.pid.as_str()).collect();
        for seat in self.seats().all() {
            if matches!(seat.judge, Judge::Release { .. }) && !active.contains(seat.pid.as_str()) {
                self.unseat(&seat.pid).await;
            }
        }
        for wanted in wanted {
            let seated = self.seats().get(&wanted.pid);
            match seated.as_ref().map(|seat| &seat.judge) {
                Some(Judge::Release { release, digest }) if (release, digest) == (&wanted.release, &wanted.digest) => {}
                Some(Judge::Command) => {
                    let message = format!("{} is judged by a command, and not by {}", wanted.pid, wanted.release);
                    tracing::warn!("{message}");
                }
                // Nothing judges it, so that whoever asks may as well wait for what comes.
                None => self.seat(self.seats().prepare(&wanted, &config)),
                Some(Judge::Release { .. }) => match self.seats().warm(&wanted, &config).await {
                    Ok(seat) => self.seat(seat),
                    Err(error) => {
                        let message = format!(
                            "{} is active for {} in the store, but does not start: {error}; what judged before goes on",
                            wanted.release, wanted.pid
                        );
                        self.alarm(Alarm::NotStarted, About::pid(&wanted.pid), &message);
                    }
                },
            }
        }
        Ok(())
    }
}

fn wanted(listing: &Listing) -> Vec<Wanted> {
    let active = listing.active.iter().filter_map(|active| {
        let release = active.release.clone()?;
        let version = listing.versions.iter().find(|version| version.release == release)?;
        Some(Wanted {
            pid: active.pid.clone(),
            digest: version.digest.clone(),
            release,
        })
    });
    active.collect()
}
