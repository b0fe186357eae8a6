//! What is on disk: archive, manifest, assets, component, and the limits that the manifest asks for.

use super::check::{Check, CheckId, Checks};
use crate::archive::Fault;
use crate::limits::{Limits, Unit};
use crate::manifest::{ADVISED_PIDS, Manifest, ManifestError};
use crate::package::{Package, PackageError};
use crate::report::amount;
use std::path::Path;

/// Opens the package, if it can be opened.
pub(super) fn check(checks: &mut Checks, source: &Path, component: Option<&Path>, ceiling: &Limits) -> Option<Package> {
    let opened = match component {
        Some(component) => Package::open_with_component(source, component, ceiling),
        None => Package::open(source, ceiling),
    };
    let package = match opened {
        Ok(package) => package,
        Err(error) => {
            // The parts are looked at in this order, so that those before the failing one are good.
            let failing = failing(&error);
            let passed = [
                CheckId::Archive,
                CheckId::Manifest,
                CheckId::ManifestValues,
                CheckId::Assets,
            ];
            for id in passed.into_iter().take_while(|id| *id != failing) {
                checks.add(match id {
                    CheckId::Archive if !matches!(error, PackageError::Archive(_)) => no_archive(),
                    id => Check::pass(id, ""),
                });
            }
            checks.add(Check::fail(failing, &error));
            return None;
        }
    };
    checks.add(match package.archive() {
        Some(archive) => {
            let (count, bytes) = (archive.entries().count(), archive.as_bytes().len() as u64);
            Check::pass(
                CheckId::Archive,
                format!("{count} entries, {}", amount(Unit::Bytes, bytes)),
            )
        }
        None => no_archive(),
    });
    match package.manifest() {
        Some(manifest) => describe(checks, manifest),
        None => {
            for id in [CheckId::Manifest, CheckId::ManifestValues, CheckId::PidCount] {
                checks.add(Check::not_run(id, "a bare component has no manifest"));
            }
        }
    }
    let assets = package.assets();
    let (count, bytes) = assets.list().fold((0, 0), |(count, sum), (_, size)| {
        (count + 1, u64::saturating_add(sum, size))
    });
    checks.add(match count {
        0 => Check::pass(CheckId::Assets, "none"),
        count => Check::pass(CheckId::Assets, format!("{count}, {}", amount(Unit::Bytes, bytes))),
    });
    let bytes = package.component().len() as u64;
    checks.add(Check::pass(CheckId::Component, amount(Unit::Bytes, bytes)));
    Some(package)
}

fn no_archive() -> Check {
    Check::not_run(CheckId::Archive, "it is not an archive")
}

/// The check that fails with this error.
fn failing(error: &PackageError) -> CheckId {
    match error {
        PackageError::Archive(error) => match error.fault() {
            Fault::Manifest(error) => failing_of_manifest(error),
            Fault::ManifestMissing => CheckId::Manifest,
            Fault::FileName => CheckId::ManifestValues,
            Fault::AssetMissing { .. } => CheckId::Assets,
            Fault::ComponentName(_) | Fault::ComponentMissing(_) | Fault::ComponentEmpty(_) => CheckId::Component,
            _ => CheckId::Archive,
        },
        PackageError::Manifest(error) => failing_of_manifest(error),
        PackageError::Assets(_) => CheckId::Assets,
        PackageError::NotFound(_)
        | PackageError::ComponentMissing(_)
        | PackageError::ComponentNotAFile(_)
        | PackageError::ComponentRead { .. }
        | PackageError::ComponentTooLarge { .. } => CheckId::Component,
    }
}

fn failing_of_manifest(error: &ManifestError) -> CheckId {
    match error {
        ManifestError::Value { .. } => CheckId::ManifestValues,
        _ => CheckId::Manifest,
    }
}

fn describe(checks: &mut Checks, manifest: &Manifest) {
    checks.add(Check::pass(CheckId::Manifest, "manifest.json"));
    let pids = &manifest.supported_pids;
    checks.add(Check::pass(
        CheckId::ManifestValues,
        format!("{} {}, {}", manifest.name, manifest.version, pids.join(", ")),
    ));
    checks.add(if pids.len() > ADVISED_PIDS {
        Check::warn(
            CheckId::PidCount,
            format!("{}; at most {ADVISED_PIDS} are advised", pids.len()),
            "split the package, so that a change for one product model concerns fewer others",
        )
    } else {
        Check::pass(CheckId::PidCount, pids.len().to_string())
    });
}

/// Compares what the package asks for with the station's ceiling.
pub(super) fn check_limits(checks: &mut Checks, package: &Package) {
    let cut = &package.limits().cut;
    if cut.is_empty() {
        let asked = package.manifest().map_or(0, |manifest| manifest.limits.asked().len());
        let detail = match asked {
            0 => "the defaults hold".to_owned(),
            asked => format!("{asked} asked for and granted"),
        };
        checks.add(Check::pass(CheckId::Limits, detail));
    }
    for cut in cut {
        checks.add(Check::warn(
            CheckId::Limits,
            format!("asks for {} of {}, but gets {}", cut.asked, cut.name, cut.granted),
            format!(
                "ask for at most {} in `limits`, or have the station's ceiling raised",
                cut.granted
            ),
        ));
    }
}
