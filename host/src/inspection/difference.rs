//! How a package differs from an older one.

use super::Inspection;
use super::component::LISTED;
use super::point::{Point, Severity};
use super::rules::functions as functions_of;
use super::subject::{FileFacts, Role};
use crate::contract::ImportClass;
use crate::limits::{LIMIT_NAMES, Limits, Unit};
use crate::report::amount;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A component that grew by this much in percent, and by so many bytes, is a point.
const GROWN_PERCENT: u64 = 50;
const GROWN_BYTES: u64 = 256 << 10;

/// How a package differs from an older one. Whatever has two values has the older one first.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// The other package.
    pub old: Old,
    /// Whether both have the same component.
    pub same_component: bool,
    /// What it imports that the older one does not, and the other way round.
    pub imports: Change<String>,
    /// Functions that reach its code now and did not before, of interfaces that both import, as `interface#function`.
    pub functions: Change<String>,
    /// What it exports that the older one does not, and the other way round.
    pub exports: Change<String>,
    /// The contract's version, if it is another.
    pub contract: Option<Pair<Option<String>>>,
    /// Limits that changed, as they are granted.
    pub limits: Vec<LimitChange>,
    /// Product models.
    pub pids: Change<String>,
    /// Assets, by their names.
    pub assets: Change<String>,
    /// Assets with another content.
    pub assets_changed: Vec<FileChange>,
    /// Golden cases and their pictures, by the names of the files, if both are archives.
    pub cases: Change<String>,
    /// Files of golden cases with another content.
    pub cases_changed: Vec<FileChange>,
    /// Sizes in bytes, by what they are of.
    pub sizes: BTreeMap<&'static str, Pair<Option<u64>>>,
    /// Parts that it is made of, as `name version`; those with another version stand in `parts_updated`.
    pub parts: Change<String>,
    /// Parts with another version.
    pub parts_updated: Vec<PartChange>,
    /// Whether both lists of parts were there to be compared.
    pub parts_compared: bool,
    /// Who signed, if that is another, or no longer anybody.
    pub signer: Option<Pair<String>>,
}

/// The older package.
#[derive(Clone, Debug, Serialize)]
pub struct Old {
    /// Where it was read from.
    pub path: PathBuf,
    /// Its name, if it has a manifest.
    pub name: Option<String>,
    /// Its version, if it has a manifest.
    pub version: Option<String>,
    /// The package's digest, if it is an archive.
    pub digest: Option<String>,
    /// SHA-256 of its component, in hexadecimal.
    pub component_sha256: String,
}

/// Two values, the older first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pair<T> {
    /// Before.
    pub old: T,
    /// Now.
    pub new: T,
}

/// What came and what went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Change<T> {
    /// What is new.
    pub added: Vec<T>,
    /// What is gone.
    pub removed: Vec<T>,
}

/// A limit that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LimitChange {
    /// Its name.
    pub name: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// What the older package got.
    pub old: u64,
    /// What it gets now.
    pub new: u64,
}

/// A file with another content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileChange {
    /// Its path in the package.
    pub name: String,
    /// Its sizes.
    pub bytes: Pair<u64>,
}

/// A part with another version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartChange {
    /// Its name.
    pub name: String,
    /// Its versions; several, if it is there several times.
    pub versions: Pair<String>,
}

impl Change<String> {
    fn of<'a>(old: impl Iterator<Item = &'a str>, new: impl Iterator<Item = &'a str>) -> Self {
        let (old, new): (BTreeSet<&str>, BTreeSet<&str>) = (old.collect(), new.collect());
        let owned = |name: &&str| (*name).to_owned();
        Self {
            added: new.difference(&old).map(owned).collect(),
            removed: old.difference(&new).map(owned).collect(),
        }
    }

    /// Whether nothing came and nothing went.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

impl Difference {
    /// How `new` differs from `old`.
    pub(super) fn between(old: &Inspection, new: &Inspection) -> Self {
        let both = [old, new];
        let manifests = both.map(|one| one.subject.manifest.as_ref());
        let (assets, assets_changed) = files(both, Role::Asset);
        // Of a folder nobody knows which pictures a package made of it would have.
        let archives = both.iter().all(|one| one.subject.digest.is_some());
        let (cases, cases_changed) = if archives {
            files(both, Role::Case)
        } else {
            Default::default()
        };
        let parts = both.map(parts_of);
        let (parts, parts_updated) = compare_parts(&parts[0], &parts[1]);
        let compared = both.iter().all(|one| one.parts_known());
        Self {
            old: Old {
                path: old.subject.path.clone(),
                name: manifests[0].map(|manifest| manifest.name.clone()),
                version: manifests[0].map(|manifest| manifest.version.to_string()),
                digest: old.subject.digest.clone(),
                component_sha256: old.subject.component_sha256.clone(),
            },
            same_component: old.subject.component_sha256 == new.subject.component_sha256,
            imports: Change::of(names(old), names(new)),
            functions: functions(old, new),
            exports: {
                let names = |one: &'_ Inspection| -> Vec<String> {
                    one.anatomy.exports.iter().map(|export| export.name.clone()).collect()
                };
                let (old, new) = (names(old), names(new));
                Change::of(old.iter().map(String::as_str), new.iter().map(String::as_str))
            },
            contract: (old.anatomy.contract != new.anatomy.contract)
                .then(|| pair(old.anatomy.contract.clone(), new.anatomy.contract.clone())),
            limits: limits(&old.judged.limits.limits, &new.judged.limits.limits),
            pids: {
                let pids = manifests.map(|manifest| manifest.map_or(&[][..], |manifest| &manifest.supported_pids));
                Change::of(pids[0].iter().map(String::as_str), pids[1].iter().map(String::as_str))
            },
            assets,
            assets_changed,
            cases,
            cases_changed,
            sizes: sizes(old, new),
            parts: if compared { parts } else { Change::default() },
            parts_updated: if compared { parts_updated } else { Vec::new() },
            parts_compared: compared,
            signer: {
                let [before, now] = both.map(|one| one.signer());
                (before != now).then(|| pair(before, now))
            },
        }
    }

    /// What a reviewer should know about it: each new import and each raised limit by itself.
    pub(super) fn points(&self, old: &Inspection, new: &Inspection) -> Vec<Point> {
        let mut points = Vec::new();
        identity(&mut points, self, old, new);
        for name in self.imports.added.iter().take(LISTED) {
            let import = new.anatomy.imports.iter().find(|import| import.name == *name);
            let class = import.map_or(ImportClass::Refused, |import| import.class);
            let word = match class {
                ImportClass::Granted => "granted",
                ImportClass::Closed => "closed",
                ImportClass::Refused => "refused",
            };
            let point = Point::new(
                Severity::Look,
                "import_added",
                format!("It imports `{name}`, which the older one does not ({word})"),
                "component: imports",
                "Whatever is new in the component uses it. Ask what for.",
            );
            points.push(point.with(import.map(functions_of)));
        }
        for change in &self.limits {
            let shown = |value| amount(change.unit, value);
            if change.new > change.old {
                points.push(Point::new(
                    Severity::Look,
                    "limit_raised",
                    format!(
                        "`{}` rises from {} to {}",
                        change.name,
                        shown(change.old),
                        shown(change.new)
                    ),
                    "manifest.json: limits",
                    "Ask why it needs more than before.",
                ));
            }
        }
        let lowered = self.limits.iter().filter(|change| change.new < change.old);
        let lowered = lowered.map(|change| {
            let shown = |value| amount(change.unit, value);
            format!("{}: {} to {}", change.name, shown(change.old), shown(change.new))
        });
        add(
            &mut points,
            Severity::Note,
            "limits_lowered",
            "It asks for less than before",
            "manifest.json: limits",
            "",
            lowered,
        );
        self.interfaces(&mut points, new);
        self.rest(&mut points);
        points
    }

    fn interfaces(&self, points: &mut Vec<Point>, new: &Inspection) {
        let removed = self.imports.removed.iter().cloned();
        add(
            points,
            Severity::Note,
            "imports_removed",
            "It no longer imports everything",
            "component: imports",
            "",
            removed,
        );
        let is_closed = |function: &&String| {
            let interface = function.split('#').next().unwrap_or_default();
            let import = new.anatomy.imports.iter().find(|import| import.name == interface);
            import.is_some_and(|import| import.stand_in)
        };
        let (closed, other): (Vec<&String>, Vec<&String>) = self.functions.added.iter().partition(is_closed);
        add(
            points,
            Severity::Look,
            "closed_functions_added",
            "Its code can call more of the file system or the network",
            "component: imports",
            "They answer with errors. Ask what the new version wants from them.",
            closed.into_iter().cloned(),
        );
        add(
            points,
            Severity::Note,
            "functions_added",
            "Its code can call functions that it could not call before",
            "component: imports",
            "They belong to interfaces that the older one imports as well.",
            other.into_iter().cloned(),
        );
        let exports = self.exports.added.iter().map(|name| format!("new: {name}"));
        let exports = exports.chain(self.exports.removed.iter().map(|name| format!("gone: {name}")));
        add(
            points,
            Severity::Look,
            "exports_changed",
            "It exports something else than before",
            "component: exports",
            "A host calls only the lifecycle of the contract; anything else is for somebody else to call.",
            exports,
        );
        if let Some(contract) = &self.contract {
            let shown = |version: &Option<String>| version.clone().unwrap_or_else(|| "none".to_owned());
            points.push(Point::new(
                Severity::Look,
                "contract_changed",
                format!(
                    "It speaks contract {} instead of {}",
                    shown(&contract.new),
                    shown(&contract.old)
                ),
                "component: exports",
                "A new major version means that the host must be of that version as well.",
            ));
        }
    }

    fn rest(&self, points: &mut Vec<Point>) {
        let pids = self.pids.added.iter().map(|pid| format!("new: {pid}"));
        let pids = pids.chain(self.pids.removed.iter().map(|pid| format!("gone: {pid}")));
        add(
            points,
            Severity::Look,
            "pids_changed",
            "It is for other product models than before",
            "manifest.json: supported_pids",
            "A model that is gone cannot be switched to this version. A new one wants golden cases.",
            pids,
        );
        add(
            points,
            Severity::Note,
            "assets_changed",
            "Its assets are not the same",
            "files",
            "What an algorithm reads decides about verdicts as much as its code.",
            evidence_of(&self.assets, &self.assets_changed),
        );
        add(
            points,
            Severity::Look,
            "cases_changed",
            "Its golden cases are not the same",
            "files",
            "A station lets a version go live that passes its own golden cases. Ask why they changed, above all if some are gone.",
            evidence_of(&self.cases, &self.cases_changed),
        );
        if let Some(Pair {
            old: Some(before),
            new: Some(now),
        }) = self.sizes.get("component")
        {
            let grown = now.saturating_sub(*before);
            if grown > GROWN_BYTES && grown.saturating_mul(100) / (*before).max(1) > GROWN_PERCENT {
                points.push(Point::new(
                    Severity::Look,
                    "component_grew",
                    format!(
                        "The component grew from {} to {}",
                        amount(Unit::Bytes, *before),
                        amount(Unit::Bytes, *now)
                    ),
                    "component",
                    "A new library, or data that was not there before.",
                ));
            }
        }
        add(
            points,
            Severity::Look,
            "parts_added",
            "It is made of parts that the older one is not made of",
            "sbom.cdx.json",
            "Code of other people that nobody here has looked at yet.",
            self.parts.added.iter().cloned(),
        );
        let updated = self.parts_updated.iter();
        let updated = updated.map(|part| format!("{} {} to {}", part.name, part.versions.old, part.versions.new));
        let removed = self.parts.removed.iter().map(|part| format!("gone: {part}"));
        let source = "sbom.cdx.json";
        add(
            points,
            Severity::Note,
            "parts_changed",
            "Parts of it are of other versions, or gone",
            source,
            "",
            updated.chain(removed),
        );
        if let Some(signer) = &self.signer {
            points.push(Point::new(
                Severity::Look,
                "signer_changed",
                format!("Signed: {}; before: {}", signer.new, signer.old),
                "signature",
                "Make sure that this is meant before anything else.",
            ));
        }
    }
}

/// Files that came, went or changed, each as a line.
fn evidence_of(names: &Change<String>, changed: &[FileChange]) -> Vec<String> {
    let shown = |value| amount(Unit::Bytes, value);
    let added = names.added.iter().map(|name| format!("new: {name}"));
    let removed = names.removed.iter().map(|name| format!("gone: {name}"));
    let changed = changed.iter().map(|file| {
        let (old, new) = (shown(file.bytes.old), shown(file.bytes.new));
        format!("changed: {} ({old} to {new})", file.name)
    });
    added.chain(removed).chain(changed).collect()
}

/// Adds a point if there is anything that it rests on.
fn add(
    points: &mut Vec<Point>,
    severity: Severity,
    id: &'static str,
    title: &str,
    source: &str,
    meaning: &'static str,
    evidence: impl IntoIterator<Item = String>,
) {
    let point = Point::new(severity, id, title, source, meaning).with(evidence);
    if !point.evidence.is_empty() {
        points.push(point);
    }
}

/// Whether it is a successor at all.
fn identity(points: &mut Vec<Point>, difference: &Difference, old: &Inspection, new: &Inspection) {
    if let (Some(before), Some(now)) = (&old.subject.manifest, &new.subject.manifest) {
        if before.name != now.name {
            points.push(Point::new(
                Severity::Look,
                "other_algorithm",
                format!("It is `{}`, the older one is `{}`", now.name, before.name),
                "manifest.json: name",
                "They are different algorithms, and what is compared says little.",
            ));
        } else if now.version < before.version {
            points.push(Point::new(
                Severity::Look,
                "older_version",
                format!("Its version {} is older than {}", now.version, before.version),
                "manifest.json: version",
                "Known faults of older versions come back this way.",
            ));
        } else if now.version == before.version && differ(difference, old, new) {
            points.push(Point::new(
                Severity::Look,
                "same_version",
                format!("Both say that they are version {}, and they differ", now.version),
                "manifest.json: version",
                "Two things of one name cannot be told apart at a station. A store refuses the second one.",
            ));
        }
    }
    if difference.same_component {
        points.push(Point::new(
            Severity::Note,
            "same_component",
            "Both have the same component",
            "component",
            "Nothing of the code changed; assets, limits and what is said about it may have.",
        ));
    }
}

fn differ(difference: &Difference, old: &Inspection, new: &Inspection) -> bool {
    !difference.same_component
        || old.subject.manifest != new.subject.manifest
        || !difference.assets.is_empty()
        || !difference.assets_changed.is_empty()
        || !difference.cases.is_empty()
        || !difference.cases_changed.is_empty()
}

fn pair<T>(old: T, new: T) -> Pair<T> {
    Pair { old, new }
}

fn names(one: &Inspection) -> impl Iterator<Item = &str> {
    one.anatomy.imports.iter().map(|import| import.name.as_str())
}

/// Functions that reach the code, of imports that both have.
fn functions(old: &Inspection, new: &Inspection) -> Change<String> {
    let in_both: BTreeSet<&str> = {
        let old: BTreeSet<&str> = names(old).collect();
        names(new).filter(|name| old.contains(name)).collect()
    };
    let linked = |one: &Inspection| -> Vec<String> {
        let imports = one
            .anatomy
            .imports
            .iter()
            .filter(|import| in_both.contains(import.name.as_str()));
        imports
            .flat_map(|import| import.linked().map(|function| format!("{}#{function}", import.name)))
            .collect()
    };
    let (old, new) = (linked(old), linked(new));
    Change::of(old.iter().map(String::as_str), new.iter().map(String::as_str))
}

fn limits(old: &Limits, new: &Limits) -> Vec<LimitChange> {
    let changed = old.describe().into_iter().zip(new.describe());
    changed
        .filter(|(old, new)| LIMIT_NAMES.contains(&old.name) && old.value != new.value)
        .map(|(old, new)| LimitChange {
            name: old.name,
            unit: old.unit,
            old: old.value,
            new: new.value,
        })
        .collect()
}

/// The files of a role: which came and went, and which have another content.
fn files(both: [&Inspection; 2], role: Role) -> (Change<String>, Vec<FileChange>) {
    let [old, new] = both.map(|one| -> BTreeMap<&str, &FileFacts> {
        let files = one.subject.files.iter().filter(|file| file.role == role);
        files.map(|file| (file.name.as_str(), file)).collect()
    });
    let changed = new.iter().filter_map(|(name, now)| {
        let before = old.get(name).filter(|before| before.sha256 != now.sha256)?;
        Some(FileChange {
            name: (*name).to_owned(),
            bytes: pair(before.bytes, now.bytes),
        })
    });
    let changed = changed.collect();
    (Change::of(old.keys().copied(), new.keys().copied()), changed)
}

fn sizes(old: &Inspection, new: &Inspection) -> BTreeMap<&'static str, Pair<Option<u64>>> {
    let both = |of: fn(&Inspection) -> Option<u64>| pair(of(old), of(new));
    BTreeMap::from([
        ("package", both(|one| one.subject.archive_bytes)),
        ("component", both(|one| Some(one.subject.component_bytes))),
        ("code", both(|one| Some(one.anatomy.code_bytes))),
        ("data", both(|one| Some(one.anatomy.data_bytes))),
        ("functions", both(|one| Some(one.anatomy.functions))),
        (
            "assets",
            both(|one| {
                let assets = one.subject.files.iter().filter(|file| file.role == Role::Asset);
                Some(assets.fold(0, |sum: u64, file| sum.saturating_add(file.bytes)))
            }),
        ),
    ])
}

/// The versions of each part.
fn parts_of(one: &Inspection) -> BTreeMap<String, BTreeSet<String>> {
    let mut parts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, version) in one.parts() {
        parts.entry(name.to_owned()).or_default().insert(version.to_owned());
    }
    parts
}

fn compare_parts(
    old: &BTreeMap<String, BTreeSet<String>>,
    new: &BTreeMap<String, BTreeSet<String>>,
) -> (Change<String>, Vec<PartChange>) {
    let joined = |versions: &BTreeSet<String>| versions.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let only = |one: &BTreeMap<String, BTreeSet<String>>, other: &BTreeMap<String, BTreeSet<String>>| -> Vec<String> {
        let only = one.iter().filter(|(name, _)| !other.contains_key(*name));
        only.map(|(name, versions)| format!("{name} {}", joined(versions)))
            .collect()
    };
    let updated = new.iter().filter_map(|(name, now)| {
        let before = old.get(name).filter(|before| *before != now)?;
        Some(PartChange {
            name: name.clone(),
            versions: pair(joined(before), joined(now)),
        })
    });
    let change = Change {
        added: only(new, old),
        removed: only(old, new),
    };
    (change, updated.collect())
}
