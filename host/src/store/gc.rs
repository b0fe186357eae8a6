//! Removing what nobody needs any more: leftovers, archives and folders that the registry does not know, versions that
//! no product model has or had among its last, and compiled components of versions that are gone.

use super::audit::Event;
use super::creation::failed;
use super::deployed::Deployed;
use super::lock::is_held;
use super::progress::{Progress, Stage};
use super::registry::{Registry, Release};
use super::strays::strays;
use super::{Store, StoreError, durable, mend, uninstall};
use crate::explain::one_line;
use crate::host::Host;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What to remove.
#[derive(Clone, Copy, Debug, Default)]
pub struct Collection {
    /// Only say what would be removed.
    pub dry_run: bool,
    /// Also remove versions that no product model has ever had.
    pub never_activated: bool,
}

/// What was removed, or would be.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// Each thing.
    pub things: Vec<Rubbish>,
    /// What somebody should look at.
    pub warnings: Vec<String>,
}

/// Something that nobody needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rubbish {
    /// What kind of thing.
    pub thing: Thing,
    /// The version, or the path in the store.
    pub what: String,
    /// Its size, as far as it could be looked at.
    pub bytes: u64,
    /// Why it stays all the same.
    pub kept: Option<String>,
}

/// Kinds of things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Thing {
    /// What a killed operation has left.
    Leftover,
    /// An installed version.
    Version,
    /// A file or folder among versions and archives that the registry does not know.
    Unregistered,
    /// A compiled component of no installed version.
    Compiled,
}

impl Thing {
    /// The kind as it is written in JSON, such as `leftover`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Leftover => "leftover",
            Self::Version => "version",
            Self::Unregistered => "unregistered",
            Self::Compiled => "compiled",
        }
    }
}

impl Store {
    /// Removes what nobody needs any more. What is in use stays.
    ///
    /// # Errors
    ///
    /// What concerns the store itself. What cannot be removed is in the answer.
    pub fn collect(&self, collection: &Collection, progress: &mut dyn Progress) -> Result<Collected, StoreError> {
        progress.stage(Stage::Waiting);
        let host = self.station()?.host()?;
        if collection.dry_run {
            let snapshot = self.look()?;
            let registry = &snapshot.registry;
            let mut things: Vec<Rubbish> = self
                .leftovers(registry)?
                .into_iter()
                .map(|what| Rubbish::new(Thing::Leftover, what, 0))
                .collect();
            let versions = wanted_gone(registry, collection);
            let gone: BTreeSet<Release> = versions.iter().map(|(release, _)| release.clone()).collect();
            for (release, bytes) in versions {
                let mut rubbish = Rubbish::new(Thing::Version, release.to_string(), bytes);
                if is_held(&self.layout.use_lock(&release.name, &release.version)) {
                    rubbish.kept = Some("it is in use".to_owned());
                }
                things.push(rubbish);
            }
            things.extend(self.unregistered(registry)?.into_iter().map(|(_, rubbish)| rubbish));
            let compiled = self.compiled(registry, &gone, &host)?;
            things.extend(compiled.into_iter().map(|(_, rubbish)| rubbish));
            return Ok(Collected {
                things,
                warnings: Vec::new(),
            });
        }
        let mut transaction = self.begin()?;
        progress.stage(Stage::Removing);
        let mended = std::mem::take(&mut transaction.mended);
        let mut things: Vec<Rubbish> = mended
            .into_iter()
            .map(|what| Rubbish::new(Thing::Leftover, what, 0))
            .collect();
        for (release, bytes) in wanted_gone(&transaction.registry, collection) {
            let rubbish = Rubbish::new(Thing::Version, release.to_string(), bytes);
            match self.alone_with(&release, Duration::ZERO) {
                Ok(_alone) => {
                    let digest = transaction.registry.digest(&release);
                    let event = Event {
                        digest: Some(digest),
                        ..uninstall::event("gc", &release)
                    };
                    transaction.forget(&release, event)?;
                    things.push(rubbish);
                }
                Err(error) => things.push(rubbish.stays(Some(error))),
            }
        }
        let mut files = self.unregistered(&transaction.registry)?;
        files.extend(self.compiled(&transaction.registry, &BTreeSet::new(), &host)?);
        if !files.is_empty() {
            let names: Vec<&str> = files.iter().map(|(_, rubbish)| rubbish.what.as_str()).collect();
            transaction.commit([Event {
                detail: Some(names.join(", ")),
                ..Event::done("gc")
            }])?;
        }
        for (path, rubbish) in files {
            let removed = match rubbish.kept {
                None => durable::remove(&path).map_err(failed("remove", &path)).err(),
                Some(_) => None,
            };
            things.push(rubbish.stays(removed));
        }
        Ok(Collected {
            things,
            warnings: transaction.settle(),
        })
    }

    /// What killed operations have left, as the next holder of the lock would say it.
    fn leftovers(&self, registry: &Registry) -> Result<Vec<String>, StoreError> {
        let unfinished = registry
            .unfinished
            .iter()
            .map(|unfinished| unfinished.release.to_string());
        let abandoned = mend::abandoned(&self.layout)?;
        Ok(unfinished
            .chain(abandoned.iter().map(|name| format!("tmp/{}", name.display())))
            .collect())
    }

    fn unregistered(&self, registry: &Registry) -> Result<Vec<(PathBuf, Rubbish)>, StoreError> {
        let strays = strays(self, registry)?.into_iter();
        let strays = strays.map(|path| {
            let mut rubbish = Rubbish::new(Thing::Unregistered, self.shown(&path), size(&path));
            if path.starts_with(self.layout.uses()) && is_held(&path) {
                rubbish.kept = Some("somebody holds it".to_owned());
            }
            (path, rubbish)
        });
        Ok(strays.collect())
    }

    /// Compiled components of no installed version but `without`, for this host or for another engine. While something is
    /// being installed there are none, since its component is not registered yet.
    fn compiled(
        &self,
        registry: &Registry,
        without: &BTreeSet<Release>,
        host: &Host,
    ) -> Result<Vec<(PathBuf, Rubbish)>, StoreError> {
        if mend::is_somebody_installing(&self.layout)? {
            return Ok(Vec::new());
        }
        let mut wanted = BTreeSet::new();
        for (release, installed) in registry.releases().filter(|(release, _)| !without.contains(release)) {
            let folder = Deployed::open(self, &release).ok();
            let component = folder.and_then(|folder| {
                let (path, record) = installed.files.iter().find(|(path, _)| path.ends_with(".wasm"))?;
                folder.read(path, record).ok()
            });
            wanted.extend(component.map(|component| host.compiled_name(&component)));
        }
        let folder = self.layout.compiled();
        let entries = fs::read_dir(&folder).map_err(failed("read", &folder))?;
        let mut old = Vec::new();
        for entry in entries {
            let name = entry
                .map_err(failed("read", &folder))?
                .file_name()
                .to_string_lossy()
                .into_owned();
            if name.ends_with(".cwasm") && !wanted.contains(&name) {
                let path = folder.join(&name);
                let rubbish = Rubbish::new(Thing::Compiled, self.shown(&path), size(&path));
                old.push((path, rubbish));
            }
        }
        old.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(old)
    }

    fn shown(&self, path: &Path) -> String {
        path.strip_prefix(self.root()).unwrap_or(path).display().to_string()
    }
}

/// Versions to remove, with their sizes.
fn wanted_gone(registry: &Registry, collection: &Collection) -> Vec<(Release, u64)> {
    let unwanted = registry.unwanted().into_iter();
    unwanted
        .filter_map(|release| {
            let installed = registry.installed(&release)?;
            let gone = installed.activated || installed.stopped || collection.never_activated;
            gone.then(|| (release, installed.bytes().saturating_add(installed.zip.bytes)))
        })
        .collect()
}

impl Rubbish {
    fn new(thing: Thing, what: String, bytes: u64) -> Self {
        Self {
            thing,
            what,
            bytes,
            kept: None,
        }
    }

    fn stays(mut self, why: Option<StoreError>) -> Self {
        if let Some(why) = why {
            self.kept = Some(one_line(&why));
        }
        self
    }
}

/// Bytes of a file, or of all files in a folder, as far as they can be looked at.
fn size(path: &Path) -> u64 {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            let entries = fs::read_dir(path).into_iter().flatten();
            entries
                .flatten()
                .map(|entry| size(&entry.path()))
                .fold(0, u64::saturating_add)
        }
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    }
}
