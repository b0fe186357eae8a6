//! An installed version, opened to be used: taken from its archive, which is compared with the registry and admitted by
//! today's policy, and kept from being uninstalled as long as it is open.

use super::creation::failed;
use super::deployed::{self, Deployed, faults};
use super::lock::{self, Held, LockError, Mode};
use super::progress::NoProgress;
use super::registry::{Installed, Registry, Release};
use super::station::Station;
use super::{Store, StoreError};
use crate::admission::{self, Objection};
use crate::archive::Archive;
use crate::limits::Limits;
use crate::package::{self, Package};
use crate::signing::SignatureStatus;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An installed version that is in use until this goes.
pub struct OpenVersion {
    release: Release,
    digest: String,
    package: Package,
    signature: SignatureStatus,
    objections: Vec<Objection>,
    station: admission::Station,
    compiled: PathBuf,
    _use: Held,
}

impl OpenVersion {
    /// Which version it is.
    pub fn release(&self) -> &Release {
        &self.release
    }

    /// The package digest.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Its files, as they were installed.
    pub fn package(&self) -> &Package {
        &self.package
    }

    /// What its signature is worth today.
    pub fn signature(&self) -> &SignatureStatus {
        &self.signature
    }

    /// What the policy has against it without refusing it.
    pub fn objections(&self) -> &[Objection] {
        &self.objections
    }

    /// The policy by which it was admitted, and the keys that are trusted.
    pub fn station(&self) -> &admission::Station {
        &self.station
    }

    /// The store's folder of compiled components.
    pub fn compile_cache(&self) -> &Path {
        &self.compiled
    }

    /// Lets other limits hold, as under this `ceiling`.
    pub fn lower(&mut self, ceiling: &Limits) {
        self.package.lower(ceiling);
    }
}

/// A version that stays as long as this lives, and what the registry says of it.
pub(super) struct Kept {
    pub(super) release: Release,
    pub(super) installed: Installed,
    pub(super) held: Held,
}

impl Store {
    /// Opens the version that is active for a product model.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotActive`]; [`StoreError::Altered`] if its files are not those that were installed;
    /// [`StoreError::Refused`] if today's policy is against it.
    pub fn open_active(&self, pid: &str) -> Result<OpenVersion, StoreError> {
        let station = self.station()?;
        let kept = self.keep_one(|registry| {
            let binding = registry.active(pid);
            let binding = binding.ok_or_else(|| StoreError::NotActive(pid.to_owned()))?;
            let installed = find(registry, &binding.release)?;
            Ok(Some((binding.release.clone(), installed.clone())))
        })?;
        let kept = kept.ok_or_else(|| StoreError::NotActive(pid.to_owned()))?;
        self.open_version(kept, &station)
    }

    /// Opens a version that is installed, whether it is active or not.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotInstalled`]; otherwise as [`open_active`](Self::open_active).
    pub fn open_release(&self, release: &Release) -> Result<OpenVersion, StoreError> {
        let station = self.station()?;
        let choose = |registry: &Registry| Ok(((), vec![(release.clone(), find(registry, release)?.clone())]));
        let ((), kept) = self.keep(choose)?;
        let kept = kept.into_iter().next();
        // What was chosen is kept.
        let kept = kept.ok_or_else(|| StoreError::Stopped(release.clone()))?;
        self.open_version(kept, &station)
    }

    /// Looks at the registry, and keeps the versions that `choose` takes from it from being uninstalled. Only for that the
    /// lock of the store is held: reading them takes long, and whoever wants to change something does not wait for it.
    pub(super) fn keep<T>(
        &self,
        choose: impl Fn(&Registry) -> Result<(T, Vec<(Release, Installed)>), StoreError>,
    ) -> Result<(T, Vec<Kept>), StoreError> {
        let begun = Instant::now();
        loop {
            let snapshot = self.look()?;
            let (chosen, versions) = choose(&snapshot.registry)?;
            let kept = versions.into_iter().map(|(release, installed)| {
                let held = self.use_version(&release, Duration::ZERO)?;
                Ok(Kept {
                    release,
                    installed,
                    held,
                })
            });
            match kept.collect() {
                Ok(kept) => return Ok((chosen, kept)),
                // Somebody is about to remove it. Waiting for that must not keep others from the store.
                Err(StoreError::InUse {
                    release,
                    seconds,
                    holder,
                    stopped,
                }) => {
                    drop(snapshot);
                    let path = self.layout.use_lock(&release.name, &release.version);
                    let left = self.options.wait.saturating_sub(begun.elapsed());
                    if !lock::wait_until_free(&path, left) {
                        return Err(StoreError::InUse {
                            release,
                            seconds,
                            holder,
                            stopped,
                        });
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The same for one version or none.
    pub(super) fn keep_one(
        &self,
        choose: impl Fn(&Registry) -> Result<Option<(Release, Installed)>, StoreError>,
    ) -> Result<Option<Kept>, StoreError> {
        let ((), kept) = self.keep(|registry| Ok(((), choose(registry)?.into_iter().collect())))?;
        Ok(kept.into_iter().next())
    }

    /// Opens a version to be used. What is used comes from the archive, whose digest the signature vouches for; what lies
    /// in `deployed/` is only compared with it.
    pub(super) fn open_version(&self, kept: Kept, station: &Station) -> Result<OpenVersion, StoreError> {
        let Kept {
            release,
            installed,
            held,
        } = kept;
        let (archive, signature) = self.archive_of(&release, &installed, station)?;
        let (archive, ceiling) = (Arc::new(archive), station.policy().ceiling());
        let component = package::component_of(archive.path(), &archive, &ceiling)?;
        let objections = station.admit(&archive, &component, &signature)?;
        let all = installed.bytes();
        if let Some((path, fault)) = faults(self, &release, &installed, &mut NoProgress, &mut 0, all).first() {
            return Err(altered(&release, fault.sentence(&deployed::shown(&release, path))));
        }
        let package = Package::unpacked(archive.path(), archive.clone(), component, &ceiling)?;
        Ok(OpenVersion {
            release,
            digest: installed.digest,
            package,
            signature,
            objections,
            station: station.rules.clone(),
            compiled: station.compiled.clone(),
            _use: held,
        })
    }

    fn use_version(&self, release: &Release, wait: Duration) -> Result<Held, StoreError> {
        let path = self.layout.use_lock(&release.name, &release.version);
        lock::hold(&path, Mode::Shared, wait).map_err(|error| match error {
            LockError::Io(source) => failed("open", &path)(source),
            LockError::Taken(holder) => StoreError::InUse {
                release: release.clone(),
                seconds: self.options.wait.as_secs(),
                holder,
                stopped: false,
            },
        })
    }

    /// The archive that a version was installed from, and what its signature is worth. Everything that the registry says
    /// of the version must be what the archive says: a signature vouches for the archive, and not for the registry.
    pub(super) fn archive_of(
        &self,
        release: &Release,
        installed: &Installed,
        station: &Station,
    ) -> Result<(Archive, SignatureStatus), StoreError> {
        let Release { name, version } = release;
        let zips = Deployed::folder(&self.layout.zips()).map_err(|fault| altered(release, fault.sentence("zips")))?;
        let read = |path: PathBuf, record| -> Result<Vec<u8>, StoreError> {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            zips.read(&file, record)
                .map_err(|fault| altered(release, fault.sentence(&format!("zips/{file}"))))
        };
        let path = self.layout.zip(name, version);
        let archive = Archive::parse(read(path.clone(), &installed.zip)?, &path)?;
        if let Some(what) = disagreement(&archive, release, installed) {
            return Err(altered(release, what));
        }
        let beside = match &installed.signature {
            Some(record) => Some(read(self.layout.signature(name, version), record)?),
            None => None,
        };
        let beside = beside.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let signature = station.assess(&archive, beside.as_deref());
        Ok((archive, signature))
    }
}

/// What the registry says otherwise than the archive, as a sentence.
fn disagreement(archive: &Archive, release: &Release, installed: &Installed) -> Option<String> {
    if archive.digest() != installed.digest {
        return Some("the archive is another one than the registry says".to_owned());
    }
    let manifest = archive.manifest();
    if (&manifest.name, &manifest.version) != (&release.name, &release.version) {
        return Some(format!("the archive is of {} {}", manifest.name, manifest.version));
    }
    if manifest.supported_pids != installed.supported_pids {
        return Some("the registry has other product models than the manifest".to_owned());
    }
    let record = |path: &str| installed.files.get(path);
    let differing = archive.entries().find(|entry| {
        !record(&entry.name).is_some_and(|record| record.bytes == entry.bytes && record.sha256 == entry.sha256)
    });
    let differing = differing.map(|entry| &entry.name).or_else(|| {
        let mut paths = installed.files.keys();
        paths.find(|path| archive.entries().all(|entry| entry.name != **path))
    });
    differing.map(|path| format!("the registry says of {path} what the archive does not"))
}

/// What the registry knows of a version that can be used.
pub(super) fn find<'r>(registry: &'r Registry, release: &Release) -> Result<&'r Installed, StoreError> {
    match registry.installed(release) {
        Some(installed) if installed.stopped => Err(StoreError::Stopped(release.clone())),
        Some(installed) => Ok(installed),
        None => Err(StoreError::NotInstalled {
            release: release.clone(),
            versions: registry
                .algorithms
                .get(&release.name)
                .map(|versions| versions.keys().cloned().collect())
                .unwrap_or_default(),
        }),
    }
}

fn altered(release: &Release, what: String) -> StoreError {
    StoreError::Altered {
        release: release.clone(),
        what,
    }
}
