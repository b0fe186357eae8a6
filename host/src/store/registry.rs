//! `registry.json`: the one truth about a store. What lies in the other folders is what this says, or is put right.

use super::creation::failed;
use super::durable;
use super::error::StoreError;
use super::layout::Layout;
use crate::bounded_file::{self, BoundedFileError};
use crate::explain::one_line;
use crate::limits::REGISTRY_BYTES;
use crate::manifest::{is_inner_path, is_name, is_pid};
use crate::strict_json;
use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// Version of the registry's format that this host reads and writes.
const REGISTRY_VERSION: u32 = 1;
/// What is kept free of a registry's bytes by everything that adds to it, so that there is always room for taking away.
const RESERVED_BYTES: usize = 1 << 20;

/// Everything a store knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Registry {
    registry_version: u32,
    /// Where the audit log ends.
    pub(super) audit: AuditHead,
    /// Installed versions, by name.
    #[schemars(with = "BTreeMap<String, BTreeMap<String, Installed>>")]
    pub(super) algorithms: BTreeMap<String, BTreeMap<Version, Installed>>,
    /// What each product model has and had.
    pub(super) pids: BTreeMap<String, PidRecord>,
    /// Moves of files that had begun when this was written.
    pub(super) unfinished: Vec<Unfinished>,
    /// SHA-256 of the last `policy.json` that there was when something changed, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) policy: Option<String>,
}

/// Where the audit log ends, so that a cut at its end shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditHead {
    /// Number of the last entry, `pending` included; 0 if there is none.
    pub(super) seq: u64,
    /// SHA-256 of the last line, `pending` included, in hex.
    pub(super) hash: String,
    /// Bytes of the log without `pending`.
    pub(super) bytes: u64,
    /// The last lines, if they are not known to be in the log yet.
    pub(super) pending: Vec<String>,
}

/// An installed version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Installed {
    /// The package digest.
    pub(super) digest: String,
    /// When it was installed, RFC 3339 in UTC.
    pub(super) installed: String,
    /// From the manifest.
    pub(super) description: String,
    /// From the manifest.
    pub(super) supported_pids: Vec<String>,
    /// The archive, as it was installed.
    pub(super) zip: FileRecord,
    /// The signature that lay beside the archive.
    pub(super) signature: Option<FileRecord>,
    /// Every deployed file, by its path in the package.
    pub(super) files: BTreeMap<String, FileRecord>,
    /// Whether a product model has ever had it.
    pub(super) activated: bool,
    /// Whether it is being uninstalled and waits for its last user.
    pub(super) stopped: bool,
}

impl Installed {
    /// Bytes of all deployed files. The registry may have been changed by somebody, and be wrong about them.
    pub(super) fn bytes(&self) -> u64 {
        let sizes = self.files.values().map(|file| file.bytes);
        sizes.fold(0, u64::saturating_add)
    }
}

/// What a file must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FileRecord {
    /// Its size.
    pub(super) bytes: u64,
    /// Its SHA-256, in hex.
    pub(super) sha256: String,
}

/// A version of an algorithm.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// The algorithm's name.
    pub name: String,
    /// The version.
    #[schemars(with = "String")]
    pub version: Version,
}

impl std::fmt::Display for Release {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// What a product model has and had.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PidRecord {
    /// What judges it.
    pub(super) active: Option<Binding>,
    /// What it had before and can get back, the latest last.
    pub(super) previous: Vec<Release>,
    /// What it had at last, the latest last, those that were rolled back included.
    pub(super) recent: Vec<Release>,
}

/// A version that judges a product model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Binding {
    pub(super) release: Release,
    /// RFC 3339 in UTC.
    pub(super) since: String,
}

/// A move of files that had begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Unfinished {
    pub(super) release: Release,
}

/// `active/<pid>.json`: what [`PidRecord`] says, for programs that only want to know what is active.
#[derive(Serialize)]
struct ActiveFile<'a> {
    pid: &'a str,
    name: &'a str,
    version: &'a Version,
    digest: &'a str,
    since: &'a str,
}

impl Registry {
    pub(super) fn new() -> Self {
        Self {
            registry_version: REGISTRY_VERSION,
            audit: AuditHead {
                seq: 0,
                hash: super::audit::NO_HASH.to_owned(),
                bytes: 0,
                pending: Vec::new(),
            },
            algorithms: BTreeMap::new(),
            pids: BTreeMap::new(),
            unfinished: Vec::new(),
            policy: None,
        }
    }

    /// Reads the registry of a store.
    pub(super) fn read(layout: &Layout) -> Result<Self, StoreError> {
        let path = layout.registry();
        let damaged = |why: String| StoreError::Damaged {
            path: path.clone(),
            why,
        };
        let text = bounded_file::read(&path, REGISTRY_BYTES as u64).map_err(|error| match error {
            BoundedFileError::Missing(_) => damaged("it is missing".to_owned()),
            BoundedFileError::NotAFile => damaged("it is not a file".to_owned()),
            BoundedFileError::TooLarge(_) => damaged(format!("it is larger than {REGISTRY_BYTES} bytes")),
            BoundedFileError::Io(source) => StoreError::Io {
                action: "read",
                path: path.clone(),
                source,
            },
        })?;
        let registry: Self = strict_json::parse(&text, &path).map_err(|error| damaged(one_line(&error)))?;
        match registry.objection() {
            None => Ok(registry),
            Some(why) => Err(damaged(why)),
        }
    }

    /// Writes the registry; with this everything it says has happened.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`] if nobody could read it again; then the one that is there stays.
    pub(super) fn write(&self, layout: &Layout) -> Result<(), StoreError> {
        let text = self.text(layout, REGISTRY_BYTES)?;
        let path = layout.registry();
        durable::replace(&path, &text).map_err(failed("write", &path))
    }

    /// Whether there is room for what an operation has added, and for taking it away again.
    pub(super) fn check_room(&self, layout: &Layout) -> Result<(), StoreError> {
        self.text(layout, REGISTRY_BYTES - RESERVED_BYTES).map(drop)
    }

    fn text(&self, layout: &Layout, most: usize) -> Result<Vec<u8>, StoreError> {
        let path = layout.registry();
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(io::Error::other)
            .map_err(failed("write", &path))?;
        text.push(b'\n');
        match text.len() > most {
            true => Err(StoreError::Full {
                path,
                bytes: text.len(),
                most,
            }),
            false => Ok(text),
        }
    }

    /// Names become paths, and everything else relies on what is said of other parts.
    fn objection(&self) -> Option<String> {
        if self.registry_version != REGISTRY_VERSION {
            return Some(format!(
                "its version is {}, but this host reads version {REGISTRY_VERSION}",
                self.registry_version
            ));
        }
        for (name, versions) in &self.algorithms {
            if !is_name(name) {
                return Some(format!("`{name}` is not the name of an algorithm"));
            }
            for (version, installed) in versions {
                let files = installed.files.keys();
                if let Some(file) = files.into_iter().find(|file| !is_inner_path(file)) {
                    return Some(format!("{name} {version} has the file `{file}`"));
                }
                if let Some(pid) = installed.supported_pids.iter().find(|pid| !is_pid(pid)) {
                    return Some(format!("{name} {version} has the product model `{pid}`"));
                }
            }
        }
        for (pid, record) in &self.pids {
            if !is_pid(pid) {
                return Some(format!("`{pid}` is not a product model"));
            }
            let active = record.active.iter().map(|binding| &binding.release);
            let all = active.chain(&record.previous).chain(&record.recent);
            if let Some(release) = all.into_iter().find(|release| self.installed(release).is_none()) {
                return Some(format!("{pid} has or had {release}, which is not installed"));
            }
        }
        let unfinished = self.unfinished.iter().map(|unfinished| &unfinished.release);
        let wrong = unfinished
            .into_iter()
            .find(|release| !is_name(&release.name) || self.installed(release).is_some());
        wrong.map(|release| format!("{release} cannot be unfinished"))
    }

    /// What is known of a version.
    pub(super) fn installed(&self, release: &Release) -> Option<&Installed> {
        self.algorithms.get(&release.name)?.get(&release.version)
    }

    pub(super) fn installed_mut(&mut self, release: &Release) -> Option<&mut Installed> {
        self.algorithms.get_mut(&release.name)?.get_mut(&release.version)
    }

    /// The package digest of a version that is installed, else an empty text.
    pub(super) fn digest(&self, release: &Release) -> String {
        self.installed(release)
            .map_or_else(String::new, |installed| installed.digest.clone())
    }

    /// Leaves a version without product models for good, until it is uninstalled.
    pub(super) fn stop(&mut self, release: &Release) {
        self.unbind_all(release);
        for record in self.pids.values_mut() {
            record.previous.retain(|other| other != release);
            record.recent.retain(|other| other != release);
        }
        self.pids.retain(|_, record| *record != PidRecord::default());
        if let Some(installed) = self.installed_mut(release) {
            installed.stopped = true;
        }
    }

    /// All installed versions, by name and version.
    pub(super) fn releases(&self) -> impl Iterator<Item = (Release, &Installed)> {
        self.algorithms.iter().flat_map(|(name, versions)| {
            versions.iter().map(|(version, installed)| {
                let release = Release {
                    name: name.clone(),
                    version: version.clone(),
                };
                (release, installed)
            })
        })
    }

    pub(super) fn add(&mut self, release: &Release, installed: Installed) {
        let versions = self.algorithms.entry(release.name.clone()).or_default();
        versions.insert(release.version.clone(), installed);
    }

    /// Forgets a version, also as one that a product model had.
    pub(super) fn remove(&mut self, release: &Release) {
        self.stop(release);
        if let Some(versions) = self.algorithms.get_mut(&release.name) {
            versions.remove(&release.version);
        }
        self.algorithms.retain(|_, versions| !versions.is_empty());
    }

    /// Says that the files of a version are about to be moved.
    pub(super) fn announce(&mut self, release: &Release) {
        let release = release.clone();
        self.unfinished.push(Unfinished { release });
    }

    /// The product models that a version judges.
    pub(super) fn pids_of(&self, release: &Release) -> Vec<String> {
        let bound = self.pids.iter().filter(|(_, record)| record.is_bound_to(release));
        bound.map(|(pid, _)| pid.clone()).collect()
    }

    /// What judges a product model.
    pub(super) fn active(&self, pid: &str) -> Option<&Binding> {
        self.pids.get(pid)?.active.as_ref()
    }

    /// Lets a version judge a product model. The last `keep` that it had are remembered, this one included.
    pub(super) fn bind(&mut self, pid: &str, release: &Release, since: &str, keep: usize) {
        let record = self.pids.entry(pid.to_owned()).or_default();
        if let Some(before) = record.active.take() {
            record.previous.retain(|other| *other != before.release);
            record.previous.push(before.release);
        }
        record.previous.retain(|other| other != release);
        record.set(release, since, keep);
        if let Some(installed) = self.installed_mut(release) {
            installed.activated = true;
        }
    }

    /// Gives a product model back what it had before; the caller knows that there is something.
    pub(super) fn roll_back(&mut self, pid: &str, since: &str, keep: usize) -> Option<Release> {
        let record = self.pids.get_mut(pid)?;
        let release = record.previous.pop()?;
        record.set(&release, since, keep);
        Some(release)
    }

    /// Leaves a product model without an algorithm; it can be got back.
    pub(super) fn unbind(&mut self, pid: &str, keep: usize) {
        if let Some(record) = self.pids.get_mut(pid)
            && let Some(before) = record.active.take()
        {
            record.previous.retain(|other| *other != before.release);
            record.previous.push(before.release);
            cut(&mut record.previous, keep);
        }
    }

    fn unbind_all(&mut self, release: &Release) {
        for record in self.pids.values_mut().filter(|record| record.is_bound_to(release)) {
            record.active = None;
        }
    }

    /// What no product model has, or had among its last.
    pub(super) fn unwanted(&self) -> BTreeSet<Release> {
        let all = self.releases().map(|(release, _)| release);
        all.filter(|release| {
            let of = |record: &PidRecord| {
                record.is_bound_to(release) || record.recent.contains(release) || record.previous.contains(release)
            };
            !self.pids.values().any(of)
        })
        .collect()
    }

    /// The files that `active/` must consist of, by product model.
    pub(super) fn active_files(&self) -> BTreeMap<&str, Vec<u8>> {
        let mut files = BTreeMap::new();
        for (pid, record) in &self.pids {
            let Some(binding) = &record.active else { continue };
            let file = ActiveFile {
                pid,
                name: &binding.release.name,
                version: &binding.release.version,
                digest: self
                    .installed(&binding.release)
                    .map_or("", |installed| installed.digest.as_str()),
                since: &binding.since,
            };
            // Texts and a version can always be written as JSON.
            if let Ok(mut text) = serde_json::to_vec_pretty(&file) {
                text.push(b'\n');
                files.insert(pid.as_str(), text);
            }
        }
        files
    }
}

impl PidRecord {
    fn is_bound_to(&self, release: &Release) -> bool {
        self.active.as_ref().is_some_and(|binding| binding.release == *release)
    }

    fn set(&mut self, release: &Release, since: &str, keep: usize) {
        self.active = Some(Binding {
            release: release.clone(),
            since: since.to_owned(),
        });
        self.recent.retain(|other| other != release);
        self.recent.push(release.clone());
        cut(&mut self.recent, keep);
        cut(&mut self.previous, keep.saturating_sub(1));
    }
}

/// Keeps the last `keep`.
fn cut(releases: &mut Vec<Release>, keep: usize) {
    let surplus = releases.len().saturating_sub(keep);
    releases.drain(..surplus);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(version: u64) -> Release {
        Release {
            name: "a".to_owned(),
            version: Version::new(version, 0, 0),
        }
    }

    fn registry(versions: u64) -> Registry {
        let mut registry = Registry::new();
        for version in 1..=versions {
            let file = FileRecord {
                bytes: 1,
                sha256: String::new(),
            };
            let installed = Installed {
                digest: format!("digest {version}"),
                installed: String::new(),
                description: String::new(),
                supported_pids: vec!["A01".to_owned()],
                zip: file.clone(),
                signature: None,
                files: BTreeMap::from([("manifest.json".to_owned(), file)]),
                activated: false,
                stopped: false,
            };
            registry.add(&release(version), installed);
        }
        registry
    }

    #[test]
    fn going_back_goes_further_each_time_and_remembers_the_last() {
        let mut registry = registry(6);
        for version in 1..=6 {
            registry.bind("A01", &release(version), "now", 3);
        }
        let unwanted: Vec<Release> = registry.unwanted().into_iter().collect();
        assert_eq!(unwanted, [release(1), release(2), release(3)]);
        for version in [5, 4] {
            assert_eq!(registry.roll_back("A01", "now", 3), Some(release(version)));
            assert_eq!(registry.pids_of(&release(version)), ["A01"]);
        }
        assert_eq!(registry.roll_back("A01", "now", 3), None);
        // What was rolled back is among the last it had.
        assert!(!registry.unwanted().contains(&release(6)));
        registry.unbind("A01", 3);
        assert_eq!(registry.active("A01"), None);
        assert_eq!(registry.roll_back("A01", "now", 3), Some(release(4)));
    }

    #[test]
    fn a_version_that_goes_is_forgotten_everywhere() {
        let mut registry = registry(2);
        registry.bind("A01", &release(1), "now", 3);
        registry.bind("A01", &release(2), "now", 3);
        registry.remove(&release(2));
        assert_eq!(registry.active("A01"), None);
        assert_eq!(registry.roll_back("A01", "now", 3), Some(release(1)));
        registry.remove(&release(1));
        assert_eq!(registry, {
            let mut empty = Registry::new();
            empty.audit = registry.audit.clone();
            empty
        });
    }

    #[test]
    fn nothing_that_leads_out_of_the_store_is_believed() {
        let hostile = [
            |registry: &mut Registry| {
                let versions = registry.algorithms.remove("a").unwrap();
                registry.algorithms.insert("../a".to_owned(), versions);
            },
            |registry: &mut Registry| {
                let installed = registry.installed_mut(&release(1)).unwrap();
                let file = installed.files["manifest.json"].clone();
                installed.files.insert("assets/../../x".to_owned(), file);
            },
            |registry: &mut Registry| {
                registry.pids.insert("../A01".to_owned(), PidRecord::default());
            },
            |registry: &mut Registry| registry.bind("A01", &release(9), "now", 3),
            |registry: &mut Registry| registry.unfinished.push(Unfinished { release: release(1) }),
            |registry: &mut Registry| registry.registry_version = 2,
        ];
        assert_eq!(registry(1).objection(), None);
        for (index, change) in hostile.iter().enumerate() {
            let mut registry = registry(1);
            change(&mut registry);
            assert!(registry.objection().is_some(), "{index}");
        }
    }
}
