//! An installed version, opened to be used: compared with the registry while it is read, admitted by today's policy, and
//! kept from being uninstalled as long as it is open.

use super::creation::failed;
use super::deployed::{self, Deployed, Fault};
use super::lock::{self, Held, LockError, Mode};
use super::registry::{Installed, Registry, Release};
use super::station::Station;
use super::{Store, StoreError};
use crate::admission::{self, Objection};
use crate::archive::{Archive, MANIFEST};
use crate::assets::Assets;
use crate::explain::one_line;
use crate::limits::Limits;
use crate::package::Package;
use crate::signing::SignatureStatus;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

impl Store {
    /// Opens the version that is active for a product model.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotActive`]; [`StoreError::Altered`] if its files are not those that were installed;
    /// [`StoreError::Refused`] if today's policy is against it.
    pub fn open_active(&self, pid: &str) -> Result<OpenVersion, StoreError> {
        let station = self.station()?;
        let snapshot = self.look()?;
        let binding = snapshot.registry.active(pid);
        let release = binding.map(|binding| binding.release.clone());
        let release = release.ok_or_else(|| StoreError::NotActive(pid.to_owned()))?;
        self.open_version(&snapshot.registry, &release, &station)
    }

    /// Opens an installed version. The caller holds the lock; when it is given back the version stays in use.
    pub(super) fn open_version(
        &self,
        registry: &Registry,
        release: &Release,
        station: &Station,
    ) -> Result<OpenVersion, StoreError> {
        let installed = find(registry, release)?;
        let held = self.use_version(release)?;
        let (archive, signature) = self.archive_of(release, installed, station)?;
        let archive = Arc::new(archive);
        let package = self.read(release, installed, &archive, &station.policy().ceiling())?;
        let objections = station.admit(&archive, package.component(), &signature)?;
        Ok(OpenVersion {
            release: release.clone(),
            digest: installed.digest.clone(),
            package,
            signature,
            objections,
            station: station.rules.clone(),
            compiled: station.compiled.clone(),
            _use: held,
        })
    }

    fn use_version(&self, release: &Release) -> Result<Held, StoreError> {
        let path = self.layout.use_lock(&release.name, &release.version);
        let wait = self.options.wait;
        lock::hold(&path, Mode::Shared, wait).map_err(|error| match error {
            LockError::Io(source) => failed("open", &path)(source),
            LockError::Taken(holder) => StoreError::InUse {
                release: release.clone(),
                seconds: wait.as_secs(),
                holder,
                stopped: false,
            },
        })
    }

    /// The archive that a version was installed from, compared with the registry, and what its signature is worth.
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
        if archive.digest() != installed.digest {
            return Err(altered(
                release,
                "the archive is another one than the registry says".to_owned(),
            ));
        }
        let beside = match &installed.signature {
            Some(record) => Some(read(self.layout.signature(name, version), record)?),
            None => None,
        };
        let beside = beside.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let signature = station.assess(&archive, beside.as_deref());
        Ok((archive, signature))
    }

    /// Manifest, component and assets, compared with the registry while they are read.
    fn read(
        &self,
        release: &Release,
        installed: &Installed,
        archive: &Arc<Archive>,
        ceiling: &Limits,
    ) -> Result<Package, StoreError> {
        let folder = self.layout.version(&release.name, &release.version);
        let wrong = |path: &str, fault: &Fault| altered(release, fault.sentence(&deployed::shown(release, path)));
        let open = Deployed::open(self, release).map_err(|fault| wrong("", &fault))?;
        let content = |path: &str| match installed.files.get(path) {
            Some(record) => open.read(path, record).map_err(|fault| wrong(path, &fault)),
            None => Err(wrong(path, &Fault::Extra)),
        };
        // The registry and the archive are of one piece, so the manifest in the archive is the one that is deployed.
        content(MANIFEST)?;
        let manifest = archive.manifest();
        let component = content(&manifest.component)?;
        // Nothing may lie there that was not installed; the algorithm would see it.
        let known: BTreeSet<&str> = installed.files.keys().map(String::as_str).collect();
        if let Some(path) = open.extra(&known).map_err(|fault| wrong("", &fault))?.first() {
            return Err(wrong(path, &Fault::Extra));
        }
        // They were in order when it was installed.
        let assets = Assets::open(&folder, &manifest.required_assets);
        let assets = assets.map_err(|error| altered(release, one_line(&error)))?;
        let names: Vec<String> = assets.list().map(|(name, _)| name.to_owned()).collect();
        for path in installed.files.keys().filter_map(|path| path.strip_prefix("assets/")) {
            if !names.iter().any(|name| name == path) {
                return Err(wrong(&format!("assets/{path}"), &Fault::Missing));
            }
        }
        for name in names {
            let path = format!("assets/{name}");
            let Some(record) = installed.files.get(&path) else {
                return Err(wrong(&path, &Fault::Extra));
            };
            // The very file that the algorithm will be given.
            let digest = assets.digest(&name);
            if digest.is_none_or(|digest| digest.is_ok_and(|digest| digest != record.sha256)) {
                return Err(wrong(&path, &Fault::Altered));
            }
        }
        Ok(Package::from_parts(
            &folder,
            archive.clone(),
            component,
            assets,
            ceiling,
        ))
    }
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
