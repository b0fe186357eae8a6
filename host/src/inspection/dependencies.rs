//! What the component was made of: the package's own list (SBOM), what `cargo auditable` left in the component, and what
//! paths in messages of panics give away. Three sources that should agree.

use super::component::{LISTED, NAME_BYTES};
use super::point::{Point, Severity, counted};
use super::strings::Findings;
use super::subject::{Form, Subject};
use crate::explain::one_line;
use crate::imports::cut;
use crate::sbom::{self, Completeness, Sbom, SbomComponent, Scope};
use serde::Serialize;
use std::collections::BTreeSet;

/// Most parts that are compared.
const PARTS: usize = 10_000;

/// Words in licences that oblige whoever passes a program on, or that lawyers want to hear of.
const OBLIGING: &[&str] = &[
    "GPL",
    "SSPL",
    "EUPL",
    "CDDL",
    "OSL",
    "BUSL",
    "CC-BY-NC",
    "Commons-Clause",
    "MPL",
    "EPL",
];

/// A crate or another part that the component was made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its licence, as an SPDX expression or a name.
    pub licence: Option<String>,
    /// Where it comes from, as a package URL.
    pub purl: Option<String>,
}

/// What the component was made of.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Dependencies {
    /// What the list in the package says; `None` if there is none, or none that can be read.
    pub sbom: Option<Bill>,
    /// Why the list in the package cannot be read.
    pub sbom_error: Option<String>,
    /// Names and versions from the data that `cargo auditable` left in the component, if it did.
    pub embedded: Option<Vec<(String, String)>>,
    /// Why that data cannot be read.
    pub embedded_error: Option<String>,
    /// Where the list and the component do not agree.
    pub disagreements: Vec<String>,
}

/// A list of parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bill {
    /// The format, such as `CycloneDX 1.5`.
    pub format: String,
    /// Name of what it is about.
    pub name: Option<String>,
    /// Version of what it is about.
    pub version: Option<String>,
    /// What it says about its own completeness.
    pub completeness: Completeness,
    /// The parts, by name.
    pub parts: Vec<Part>,
    /// Parts that are not listed.
    pub more: u64,
}

impl Dependencies {
    /// Reads the list in the package and the data in the component, and compares them.
    pub(super) fn read(sbom: Option<&[u8]>, component: &[u8]) -> Self {
        let mut dependencies = Self::default();
        let reason = |error: &dyn std::error::Error| cut(one_line(error), NAME_BYTES);
        match sbom.map(Sbom::read) {
            Some(Ok(sbom)) => dependencies.sbom = Some(Bill::of(sbom)),
            Some(Err(error)) => dependencies.sbom_error = Some(reason(&error)),
            None => {}
        }
        match sbom::embedded_dependencies(component) {
            Ok(graph) => {
                dependencies.embedded = graph.map(|graph| {
                    // What only building needed is not in the component.
                    let linked = graph.crates.into_iter().filter(|part| part.linked).take(PARTS);
                    linked.map(|part| (short(part.name), short(part.version))).collect()
                });
            }
            // A damaged component says so elsewhere.
            Err(sbom::EmbeddedError::Component(_)) => {}
            Err(error) => dependencies.embedded_error = Some(reason(&error)),
        }
        if let (Some(bill), Some(embedded)) = (&dependencies.sbom, &dependencies.embedded) {
            dependencies.disagreements = bill.disagreements(embedded);
        }
        dependencies
    }

    /// What a reviewer should know about it.
    pub(super) fn points(&self, points: &mut Vec<Point>, subject: &Subject, strings: &Findings) {
        const LIST: &str = "sbom.cdx.json";
        if let Some(error) = &self.sbom_error {
            let meaning = "The package's list of what the component was made of cannot be read. `procvision package` writes \
                           one that can.";
            let point = Point::new(
                Severity::Look,
                "sbom_unreadable",
                "Its SBOM cannot be read",
                LIST,
                meaning,
            );
            points.push(point.with([error.clone()]));
        } else if self.sbom.is_none() && subject.form == Form::Archive {
            points.push(Point::new(
                Severity::Look,
                "sbom_missing",
                "It does not say what it was made of",
                "files",
                "There is no SBOM, so that known holes and licences of libraries cannot be looked up. `procvision package` \
                 writes one.",
            ));
        }
        if let Some(error) = &self.embedded_error {
            let meaning = "Something other than `cargo auditable` wrote it, or it is damaged.";
            let title = "The dependency data inside the component cannot be read";
            let point = Point::new(
                Severity::Look,
                "embedded_data_unreadable",
                title,
                "component: section .dep-v0",
                meaning,
            );
            points.push(point.with([error.clone()]));
        }
        if !self.disagreements.is_empty() {
            let point = Point::new(
                Severity::Look,
                "sbom_disagrees",
                "Its SBOM and the dependency data inside the component do not agree",
                "sbom.cdx.json; component: section .dep-v0",
                "One of the two is of another build. Ask for a package whose SBOM was made with its component.",
            );
            points.push(point.with(self.disagreements.iter().cloned()));
        }
        let Some(bill) = &self.sbom else { return };
        bill.points(points, subject, strings);
    }
}

fn short(text: String) -> String {
    cut(text, NAME_BYTES)
}

impl Bill {
    fn of(sbom: Sbom) -> Self {
        let part = |component: SbomComponent| Part {
            name: short(component.name),
            version: short(component.version),
            licence: match component.licences.is_empty() {
                true => None,
                false => Some(short(component.licences.join(" AND "))),
            },
            purl: component.purl.map(short),
        };
        let subject = sbom.subject.map(part);
        let linked = sbom
            .components
            .into_iter()
            .filter(|component| component.scope != Scope::Excluded);
        let mut parts: Vec<Part> = linked.map(part).collect();
        let more = parts.len().saturating_sub(PARTS) as u64;
        parts.truncate(PARTS);
        parts.sort();
        Self {
            format: short(format!("CycloneDX {}", sbom.spec_version)),
            name: subject.as_ref().map(|subject| subject.name.clone()),
            version: subject.map(|subject| subject.version),
            completeness: sbom.completeness,
            parts,
            more,
        }
    }

    fn points(&self, points: &mut Vec<Point>, subject: &Subject, strings: &Findings) {
        const LIST: &str = "sbom.cdx.json";
        let shown = |part: &Part| format!("{} {}", part.name, part.version);
        let unlisted = strings.crates.iter().filter(|(name, version)| !self.has(name, version));
        let unlisted: Vec<String> = unlisted.map(|(name, version)| format!("{name} {version}")).collect();
        if self.parts.is_empty() && self.completeness != Completeness::Complete {
            let point = Point::new(
                Severity::Look,
                "sbom_empty",
                "Its SBOM does not know what it was made of",
                LIST,
                "It was packaged without its sources. Known holes and licences of libraries cannot be looked up; ask its \
                 maker for the parts. Messages in the component may name crates.",
            );
            points.push(point.with(unlisted));
        } else if !unlisted.is_empty() && self.more == 0 {
            let point = Point::new(
                Severity::Look,
                "sbom_incomplete",
                "Messages in the component name crates that its SBOM does not list",
                "sbom.cdx.json; initial memory",
                "Paths of source code give them away. The SBOM is of another build, or was changed by hand.",
            );
            points.push(point.with(unlisted));
        }
        if let (Some(version), Some(manifest)) = (&self.version, &subject.manifest)
            && *version != manifest.version.to_string()
        {
            points.push(Point::new(
                Severity::Look,
                "sbom_of_another_version",
                format!(
                    "Its SBOM is about version {version}, the package has version {}",
                    manifest.version
                ),
                "sbom.cdx.json; manifest.json: version",
                "The SBOM was not made with this package.",
            ));
        }
        let obliging: Vec<String> = self
            .parts
            .iter()
            .filter_map(|part| {
                part.licence
                    .as_ref()
                    .filter(|licence| is_obliging(licence))
                    .map(|l| (part, l))
            })
            .map(|(part, licence)| format!("{}: {licence}", shown(part)))
            .collect();
        if !obliging.is_empty() {
            let point = Point::new(
                Severity::Look,
                "obliging_licences",
                format!(
                    "{} with a licence that obliges whoever passes it on",
                    counted(obliging.len() as u64, "part comes", "parts come")
                ),
                LIST,
                "Whether that suits the station's owner is a question for whoever answers for licences there.",
            );
            points.push(point.with(obliging));
        }
        let unlicensed: Vec<String> = self
            .parts
            .iter()
            .filter(|part| part.licence.is_none())
            .map(shown)
            .collect();
        if !unlicensed.is_empty() {
            let point = Point::new(
                Severity::Note,
                "licences_unknown",
                format!(
                    "{} without a licence",
                    counted(unlicensed.len() as u64, "part comes", "parts come")
                ),
                LIST,
                "The vendor's own crates usually have none. Of others, ask.",
            );
            points.push(point.with(unlicensed));
        }
    }

    fn has(&self, name: &str, version: &str) -> bool {
        self.parts
            .iter()
            .any(|part| part.name == name && part.version == version)
    }

    /// Parts that only one of the two knows.
    fn disagreements(&self, embedded: &[(String, String)]) -> Vec<String> {
        // The standard library and whatever is no crate is not in such data.
        let crates = self
            .parts
            .iter()
            .filter(|part| part.purl.as_ref().is_none_or(|purl| purl.starts_with("pkg:cargo/")));
        let listed: BTreeSet<(&str, &str)> = crates
            .map(|part| (part.name.as_str(), part.version.as_str()))
            .chain(self.name.as_deref().zip(self.version.as_deref()))
            .collect();
        let inside: BTreeSet<(&str, &str)> = embedded.iter().map(|(name, version)| (&**name, &**version)).collect();
        let only_inside = inside
            .difference(&listed)
            .map(|(name, version)| format!("{name} {version} is only in the component"));
        let only_listed = listed
            .difference(&inside)
            .map(|(name, version)| format!("{name} {version} is only in the SBOM"));
        // What is beyond the list might be anything.
        if self.more > 0 {
            return Vec::new();
        }
        only_inside.chain(only_listed).take(LISTED).collect()
    }
}

/// Whether every alternative that a licence offers obliges.
fn is_obliging(licence: &str) -> bool {
    let alternatives = licence.split(" OR ");
    alternatives
        .into_iter()
        .all(|alternative| OBLIGING.iter().any(|word| alternative.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_that_does_not_oblige_is_free() {
        assert!(is_obliging("GPL-3.0-only"));
        assert!(is_obliging("LGPL-2.1-or-later AND MIT"));
        assert!(!is_obliging("MIT OR GPL-2.0-only"));
        assert!(!is_obliging("Apache-2.0 OR MIT"));
    }
}
