//! Where everything lies in a store, and nothing else: no file is touched here.

use semver::Version;
use std::path::{Path, PathBuf};

/// Names directly under the store's folder. A folder that holds anything else is not turned into a store.
pub(super) const KNOWN: &[&str] = &[
    STORE, POLICY, TRUSTED, ZIPS, DEPLOYED, ACTIVE, REGISTRY, COMPILED, LOGS, TMP, LOCK, USES, STATION,
];
/// Folders that every store has, in the order in which they are made.
pub(super) const FOLDERS: &[&str] = &[ZIPS, DEPLOYED, ACTIVE, LOGS, TMP, USES];

pub(super) const STORE: &str = "store.json";
pub(super) const POLICY: &str = "policy.json";
pub(super) const TRUSTED: &str = "trusted";
pub(super) const ZIPS: &str = "zips";
pub(super) const DEPLOYED: &str = "deployed";
pub(super) const ACTIVE: &str = "active";
pub(super) const REGISTRY: &str = "registry.json";
pub(super) const COMPILED: &str = "compiled";
pub(super) const LOGS: &str = "logs";
pub(super) const TMP: &str = "tmp";
pub(super) const LOCK: &str = ".lock";
pub(super) const USES: &str = "uses";
/// What the server of a station keeps: results, and its lock.
pub(super) const STATION: &str = "station";
const AUDIT: &str = "audit.jsonl";

/// The paths of one store.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn store(&self) -> PathBuf {
        self.root.join(STORE)
    }

    pub(super) fn policy(&self) -> PathBuf {
        self.root.join(POLICY)
    }

    pub(super) fn trusted(&self) -> PathBuf {
        self.root.join(TRUSTED)
    }

    pub(super) fn zips(&self) -> PathBuf {
        self.root.join(ZIPS)
    }

    pub(super) fn deployed(&self) -> PathBuf {
        self.root.join(DEPLOYED)
    }

    pub(super) fn active(&self) -> PathBuf {
        self.root.join(ACTIVE)
    }

    pub(super) fn registry(&self) -> PathBuf {
        self.root.join(REGISTRY)
    }

    pub(super) fn compiled(&self) -> PathBuf {
        self.root.join(COMPILED)
    }

    pub(super) fn audit(&self) -> PathBuf {
        self.root.join(LOGS).join(AUDIT)
    }

    pub(super) fn tmp(&self) -> PathBuf {
        self.root.join(TMP)
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.root.join(LOCK)
    }

    pub(super) fn uses(&self) -> PathBuf {
        self.root.join(USES)
    }

    /// The folder of an algorithm's versions.
    pub(super) fn algorithm(&self, name: &str) -> PathBuf {
        self.deployed().join(name)
    }

    /// The folder of an installed version.
    pub(super) fn version(&self, name: &str, version: &Version) -> PathBuf {
        self.algorithm(name).join(version.to_string())
    }

    /// The archive that a version was installed from.
    pub(super) fn zip(&self, name: &str, version: &Version) -> PathBuf {
        self.zips().join(zip_name(name, version))
    }

    /// The signature that lay beside that archive.
    pub(super) fn signature(&self, name: &str, version: &Version) -> PathBuf {
        self.zips().join(signature_name(name, version))
    }

    /// The lock that users of a version hold.
    pub(super) fn use_lock(&self, name: &str, version: &Version) -> PathBuf {
        self.uses().join(use_name(name, version))
    }

    /// What is active for a product model.
    pub(super) fn active_for(&self, pid: &str) -> PathBuf {
        self.active().join(active_name(pid))
    }
}

/// Names of algorithms have no hyphen, so that this cannot be read in two ways.
pub(super) fn zip_name(name: &str, version: &Version) -> String {
    format!("{name}-v{version}-offline.zip")
}

pub(super) fn signature_name(name: &str, version: &Version) -> String {
    format!("{}.minisig", zip_name(name, version))
}

pub(super) fn use_name(name: &str, version: &Version) -> String {
    format!("{name}-v{version}.lock")
}

pub(super) fn active_name(pid: &str) -> String {
    format!("{pid}.json")
}
