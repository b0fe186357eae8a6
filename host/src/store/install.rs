//! Installing a package: judged, unpacked and tried under `tmp/`, then moved to its place in one step.

use super::audit::{self, Event};
use super::creation::failed;
use super::opened::find;
use super::progress::{Progress, Stage};
use super::registry::{FileRecord, Installed, Registry, Release};
use super::stage::StageFolder;
use super::{Store, StoreError, durable, trial};
use crate::admission::Objection;
use crate::archive::Archive;
use crate::package::{self, Package};
use crate::signing::{self, SignatureStatus};
use std::path::Path;
use std::sync::Arc;

/// What was installed.
#[derive(Clone, Debug)]
pub struct Installation {
    /// Which version.
    pub release: Release,
    /// The package digest.
    pub digest: String,
    /// Product models that it can judge.
    pub supported_pids: Vec<String>,
    /// What its signature is worth.
    pub signature: SignatureStatus,
    /// What the policy has against it without refusing it.
    pub objections: Vec<Objection>,
    /// How many files were deployed, and how many bytes they have together.
    pub files: usize,
    /// See `files`.
    pub bytes: u64,
    /// What somebody should look at.
    pub warnings: Vec<String>,
}

impl Store {
    /// Installs the archive `zip`, with the signature in the file beside it if there is one. When this returns, the
    /// version is installed and on disk, or nothing has changed; also if the process is killed meanwhile.
    ///
    /// # Errors
    ///
    /// [`StoreError::Archive`], [`StoreError::Refused`], [`StoreError::Load`], [`StoreError::AlreadyInstalled`] and what
    /// concerns the store itself.
    pub fn install(&self, zip: &Path, progress: &mut dyn Progress) -> Result<Installation, StoreError> {
        let mut event = Event::done("install");
        // Whatever is refused before the manifest can be read has no other name.
        event.detail = zip.file_name().map(|name| name.to_string_lossy().into_owned());
        let answer = self.install_archive(zip, &mut event, progress);
        self.audited(event, answer)
    }

    fn install_archive(
        &self,
        zip: &Path,
        event: &mut Event,
        progress: &mut dyn Progress,
    ) -> Result<Installation, StoreError> {
        progress.stage(Stage::Reading);
        let archive = Archive::read(zip)?;
        let beside = signing::read_beside(&signing::beside_path(zip))?;
        let release = Release {
            name: archive.manifest().name.clone(),
            version: archive.manifest().version.clone(),
        };
        event.name = Some(release.name.clone());
        event.version = Some(release.version.to_string());
        event.digest = Some(archive.digest().to_owned());
        event.detail = None;

        progress.stage(Stage::Judging);
        let station = self.station()?;
        let stage = self.reserve(&release, archive.digest())?;
        let ceiling = station.policy().ceiling();
        let component = package::component_of(zip, &archive, &ceiling)?;
        let signature = station.assess(&archive, beside.as_deref());
        let objections = station.admit(&archive, &component, &signature)?;

        let installed = unpack(&archive, beside.as_deref(), &stage, progress)?;
        let (bytes, files) = (installed.bytes(), installed.files.len());
        // What is tried is what was judged, and not what anybody could have made of the unpacked files since.
        let archive = Arc::new(archive);
        let package = Package::unpacked(zip, archive.clone(), component, &ceiling)?;
        let proof = trial::prove(&station.host()?, &release, &package, None, progress)?;
        drop(package);

        progress.stage(Stage::Waiting);
        let mut transaction = self.begin()?;
        progress.stage(Stage::Registering);
        is_free(&transaction.registry, &release, archive.digest())?;
        if let Some(path) = transaction.in_the_way(&release) {
            return Err(StoreError::InTheWay(path));
        }
        let mut with = transaction.registry.clone();
        with.add(&release, installed.clone());
        with.check_room(&self.layout)?;
        drop(with);
        transaction.announce(&release)?;
        if let Err(error) = self.move_in(&release, &stage, installed.signature.is_some()) {
            transaction.clear(&release);
            transaction.settle();
            return Err(error);
        }
        transaction.registry.unfinished.clear();
        transaction.registry.add(&release, installed);
        if let Err(error) = transaction.commit([event.clone()]) {
            transaction.registry.remove(&release);
            transaction.registry.announce(&release);
            transaction.clear(&release);
            transaction.settle();
            return Err(error);
        }
        let mut warnings = proof.warnings;
        warnings.extend(transaction.settle());
        Ok(Installation {
            release,
            digest: archive.digest().to_owned(),
            supported_pids: archive.manifest().supported_pids.clone(),
            signature,
            objections,
            files,
            bytes,
            warnings,
        })
    }

    /// A folder to unpack to, unless the version is there already.
    fn reserve(&self, release: &Release, digest: &str) -> Result<StageFolder, StoreError> {
        let transaction = self.begin()?;
        is_free(&transaction.registry, release, digest)?;
        self.stage()
    }

    /// Moves what was staged to where nothing is.
    fn move_in(&self, release: &Release, stage: &StageFolder, signed: bool) -> Result<(), StoreError> {
        let Release { name, version } = release;
        let layout = &self.layout;
        let algorithm = layout.algorithm(name);
        durable::make_folder(&algorithm)
            .and_then(|()| durable::sync_folder(&layout.deployed()))
            .map_err(failed("make", &algorithm))?;
        let mut moves = vec![
            (stage.zip(), layout.zip(name, version)),
            (stage.package(), layout.version(name, version)),
        ];
        if signed {
            moves.push((stage.signature(), layout.signature(name, version)));
        }
        for (from, to) in moves {
            durable::move_new(&from, &to).map_err(failed("make", &to))?;
        }
        Ok(())
    }
}

fn is_free(registry: &Registry, release: &Release, digest: &str) -> Result<(), StoreError> {
    match find(registry, release) {
        Err(StoreError::NotInstalled { .. }) => Ok(()),
        Err(error) => Err(error),
        Ok(installed) => Err(StoreError::AlreadyInstalled {
            release: release.clone(),
            digest: installed.digest.clone(),
            same: installed.digest == digest,
        }),
    }
}

/// Writes archive, signature and files to disk, and says what the registry will say of them.
fn unpack(
    archive: &Archive,
    beside: Option<&str>,
    stage: &StageFolder,
    progress: &mut dyn Progress,
) -> Result<Installed, StoreError> {
    progress.stage(Stage::Unpacking);
    StageFolder::write(&stage.zip(), archive.as_bytes())?;
    if let Some(text) = beside {
        StageFolder::write(&stage.signature(), text.as_bytes())?;
    }
    archive.unpack(&stage.make_package_folder()?)?;
    let record = |bytes: &[u8]| FileRecord {
        bytes: bytes.len() as u64,
        sha256: audit::hash(bytes),
    };
    let manifest = archive.manifest();
    let files = archive.entries().map(|entry| {
        let record = FileRecord {
            bytes: entry.bytes,
            sha256: entry.sha256.clone(),
        };
        (entry.name.clone(), record)
    });
    Ok(Installed {
        digest: archive.digest().to_owned(),
        installed: audit::now(),
        description: manifest.description.clone(),
        supported_pids: manifest.supported_pids.clone(),
        zip: record(archive.as_bytes()),
        signature: beside.map(|text| record(text.as_bytes())),
        files: files.collect(),
        activated: false,
        stopped: false,
    })
}
