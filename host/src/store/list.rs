//! What is installed and what is active.

use super::deployed::Deployed;
use super::lock::is_held;
use super::registry::{Installed, Registry, Release};
use super::{Store, StoreError};
use serde::Serialize;

/// What a store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Installed versions, by name and version.
    pub versions: Vec<Version>,
    /// What is active, by product model.
    pub active: Vec<ActivePid>,
}

/// An installed version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Which one.
    pub release: Release,
    /// Its state.
    pub state: VersionState,
    /// What it says it does.
    pub description: String,
    /// Product models that it can judge.
    pub supported_pids: Vec<String>,
    /// Product models that it judges.
    pub pids: Vec<String>,
    /// The package digest.
    pub digest: String,
    /// When it was installed, RFC 3339 in UTC.
    pub installed: String,
    /// Bytes of all its files.
    pub bytes: u64,
    /// Whether a process uses it at this moment.
    pub in_use: bool,
}

/// The state of an installed version. Of the states of an algorithm, these are the ones that a store can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionState {
    /// Installed; nothing depends on it.
    Deployed,
    /// It judges product models.
    Running,
    /// A process uses it at this moment.
    Executing,
    /// It is being uninstalled and waits for its last user.
    Stopped,
    /// Files of it are missing or have another size; it will not be used.
    Invalid,
}

impl VersionState {
    /// Each of them.
    pub const ALL: [Self; 5] = [
        Self::Deployed,
        Self::Running,
        Self::Executing,
        Self::Stopped,
        Self::Invalid,
    ];

    /// The state as it is written in JSON, such as `deployed`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deployed => "deployed",
            Self::Running => "running",
            Self::Executing => "executing",
            Self::Stopped => "stopped",
            Self::Invalid => "invalid",
        }
    }
}

/// What judges a product model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivePid {
    /// The product model.
    pub pid: String,
    /// What judges it; nothing if it was deactivated and could get something back.
    pub release: Option<Release>,
    /// Since when, RFC 3339 in UTC.
    pub since: Option<String>,
    /// What it can get back, the latest first.
    pub previous: Vec<Release>,
}

impl Store {
    /// What is installed and what is active. Contents of files are not looked at; [`verify`](Self::verify) does that.
    ///
    /// # Errors
    ///
    /// What concerns the store itself.
    pub fn list(&self) -> Result<Listing, StoreError> {
        let snapshot = self.look()?;
        let registry = &snapshot.registry;
        let versions = registry.releases();
        let versions = versions.map(|(release, installed)| self.describe(registry, release, installed));
        let active = registry.pids.iter().map(|(pid, record)| ActivePid {
            pid: pid.clone(),
            release: record.active.as_ref().map(|binding| binding.release.clone()),
            since: record.active.as_ref().map(|binding| binding.since.clone()),
            previous: record.previous.iter().rev().cloned().collect(),
        });
        Ok(Listing {
            versions: versions.collect(),
            active: active.collect(),
        })
    }

    fn describe(&self, registry: &Registry, release: Release, installed: &Installed) -> Version {
        let pids = registry.pids_of(&release);
        let in_use = is_held(&self.layout.use_lock(&release.name, &release.version));
        let whole = Deployed::open(self, &release).is_ok_and(|folder| folder.looks_whole(installed));
        let state = match (installed.stopped, whole, in_use, pids.is_empty()) {
            (true, ..) => VersionState::Stopped,
            (_, false, ..) => VersionState::Invalid,
            (_, _, true, _) => VersionState::Executing,
            (.., false) => VersionState::Running,
            (.., true) => VersionState::Deployed,
        };
        Version {
            release,
            state,
            description: installed.description.clone(),
            supported_pids: installed.supported_pids.clone(),
            pids,
            digest: installed.digest.clone(),
            installed: installed.installed.clone(),
            bytes: installed.bytes(),
            in_use,
        }
    }
}
