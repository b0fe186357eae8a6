//! Comparing everything that lies in a store with what the registry says, and judging it by today's policy.

use super::deployed::{self, faults};
use super::opened::Kept;
use super::progress::{Progress, Stage};
use super::registry::{Installed, Registry, Release};
use super::station::Station;
use super::strays::strays;
use super::{Store, StoreError, audit, derived};
use crate::explain::one_line;
use crate::package;
use serde::Serialize;

/// What came of looking at everything.
#[derive(Clone, Debug, Default)]
pub struct Verification {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What somebody should look at.
    pub warnings: Vec<String>,
    /// What killed operations had left, and was put right before.
    pub mended: Vec<String>,
    /// How many versions were looked at.
    pub versions: usize,
    /// How many files, archives included.
    pub files: usize,
    /// Bytes of these files.
    pub bytes: u64,
    /// Entries of the audit log.
    pub entries: u64,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing.
    pub kind: FindingKind,
    /// The version that it is about, if it is about one.
    pub release: Option<Release>,
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
}

/// Kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// An installed file is missing, changed, or something was added.
    Files,
    /// The archive of a version or the signature beside it is missing or changed.
    Archive,
    /// Today's policy refuses a version; or the policy is gone, or others can change it.
    Policy,
    /// Something that the registry does not know lies among the installed versions or archives.
    Unregistered,
    /// `active/` is not what the registry says.
    Active,
    /// The audit log was changed.
    Audit,
    /// The compile cache cannot be used.
    Compiled,
}

impl FindingKind {
    /// The kind as it is written in JSON, such as `files`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Archive => "archive",
            Self::Policy => "policy",
            Self::Unregistered => "unregistered",
            Self::Active => "active",
            Self::Audit => "audit",
            Self::Compiled => "compiled",
        }
    }
}

impl Store {
    /// Computes the digest of every installed file and archive, and compares with the registry; judges every version and
    /// its signature by today's policy; looks for what the registry does not know, and at the whole audit log.
    ///
    /// What killed operations have left is put right first, if the store can be written.
    ///
    /// # Errors
    ///
    /// What keeps the store from being looked at. What is wrong with it is in the answer.
    pub fn verify(&self, progress: &mut dyn Progress) -> Result<Verification, StoreError> {
        progress.stage(Stage::Waiting);
        let mut answer = Verification::default();
        match self.begin() {
            Ok(mut transaction) => {
                answer.mended = std::mem::take(&mut transaction.mended);
                // What is wrong with the audit log is found again below.
                drop(transaction);
            }
            Err(error @ StoreError::Io { .. }) => {
                let why = one_line(&error);
                answer
                    .warnings
                    .push(format!("the store cannot be written, so nothing was put right: {why}"));
            }
            Err(error) => return Err(error),
        }
        let station = match self.station() {
            Err(error @ (StoreError::PolicyGone(_) | StoreError::Exposed(_))) => {
                answer.find(FindingKind::Policy, None, one_line(&error));
                self.station_without_policy()?
            }
            station => station?,
        };
        self.verify_versions(&station, &mut answer, progress)?;
        let snapshot = self.look()?;
        let registry = &snapshot.registry;
        for path in strays(self, registry)? {
            let shown = path.strip_prefix(self.root()).unwrap_or(&path).display();
            answer.find(
                FindingKind::Unregistered,
                None,
                format!("{shown} is not in the registry"),
            );
        }
        for name in derived::differences(&self.layout, registry)? {
            let message = format!("active/{name} is not what the registry says");
            answer.find(FindingKind::Active, None, message);
        }
        let path = self.layout.audit();
        match audit::check(&path, &registry.audit) {
            Ok((entries, wrong)) => {
                answer.entries = entries;
                for what in wrong {
                    answer.find(FindingKind::Audit, None, format!("logs/audit.jsonl: {what}"));
                }
            }
            Err(error) => answer.find(
                FindingKind::Audit,
                None,
                format!("cannot read logs/audit.jsonl: {error}"),
            ),
        }
        if let Err(error) = station.host() {
            answer.find(FindingKind::Compiled, None, one_line(&error));
        }
        Ok(answer)
    }

    /// One version after the other, so that none is removed while it is looked at, and nobody who wants to change the store
    /// waits for more than one of them.
    fn verify_versions(
        &self,
        station: &Station,
        answer: &mut Verification,
        progress: &mut dyn Progress,
    ) -> Result<(), StoreError> {
        let snapshot = self.look()?;
        let releases = snapshot.registry.releases();
        let releases: Vec<(Release, u64)> = releases.map(|(release, one)| (release, one.bytes())).collect();
        drop(snapshot);
        let all = releases.iter().map(|(_, bytes)| *bytes).fold(0, u64::saturating_add);
        let mut done = 0;
        for (release, _) in releases {
            let known =
                |registry: &Registry| Ok(registry.installed(&release).cloned().map(|one| (release.clone(), one)));
            let (installed, _held) = match self.keep_one(known) {
                Ok(Some(Kept { installed, held, .. })) => (installed, Some(held)),
                // It was removed meanwhile.
                Ok(None) => continue,
                // In a store that cannot be written the lock cannot be made, and nobody can remove anything.
                Err(StoreError::Io { .. }) => match self.look()?.registry.installed(&release) {
                    Some(installed) => (installed.clone(), None),
                    None => continue,
                },
                Err(error) => return Err(error),
            };
            for (path, fault) in faults(self, &release, &installed, progress, &mut done, all) {
                let message = fault.sentence(&deployed::shown(&release, &path));
                answer.find(FindingKind::Files, Some(&release), message);
            }
            answer.versions += 1;
            answer.files += installed.files.len() + 1;
            let bytes = installed.bytes().saturating_add(installed.zip.bytes);
            answer.bytes = answer.bytes.saturating_add(bytes);
            self.verify_archive(&release, &installed, station, answer);
        }
        Ok(())
    }

    fn verify_archive(&self, release: &Release, installed: &Installed, station: &Station, answer: &mut Verification) {
        let (archive, signature) = match self.archive_of(release, installed, station) {
            Ok(found) => found,
            Err(StoreError::Altered { what, .. }) => return answer.find(FindingKind::Archive, Some(release), what),
            Err(error) => return answer.find(FindingKind::Archive, Some(release), one_line(&error)),
        };
        let component = package::component_of(archive.path(), &archive, &station.policy().ceiling());
        let admitted = component
            .map_err(StoreError::from)
            .and_then(|component| station.admit(&archive, &component, &signature));
        match admitted {
            Ok(objections) => {
                let warnings = objections
                    .iter()
                    .map(|objection| format!("{release}: {}", objection.message));
                answer.warnings.extend(warnings);
            }
            Err(error) => answer.find(FindingKind::Policy, Some(release), one_line(&error)),
        }
    }
}

impl Verification {
    fn find(&mut self, kind: FindingKind, release: Option<&Release>, message: String) {
        self.findings.push(Finding {
            kind,
            release: release.cloned(),
            message,
        });
    }
}
