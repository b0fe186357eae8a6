//! An inspection as JSON, for programs. `docs/cli.md` describes it; a change of shape is a change of [`SCHEMA`].

use super::point::Severity;
use super::strings::Findings;
use super::{Inspection, Judged, SCHEMA, Subject};
use crate::contract;
use crate::limits::Limits;
use serde_json::{Map, Value, json};

impl Inspection {
    /// The whole inspection as one object.
    pub fn to_json(&self) -> Value {
        json!({
            "schema": SCHEMA,
            "verdict": self.verdict(),
            "headline": self.headline(),
            "counts": {
                "refused": self.count(Severity::Refused),
                "look": self.count(Severity::Look),
                "note": self.count(Severity::Note),
            },
            "points": self.points,
            "subject": subject(&self.subject),
            "host": {
                "version": env!("CARGO_PKG_VERSION"),
                "contract": format!("{}@{}", contract::PACKAGE, contract::VERSION),
            },
            "policy": self.judged.policy_file,
            "objections": self.judged.objections,
            "signature": self.judged.signature,
            "limits": limits(&self.judged),
            "limits_cut": self.judged.limits.cut,
            "component": self.anatomy,
            "files": self.subject.files,
            "dependencies": self.dependencies,
            "strings": strings(&self.strings),
            "against": self.difference,
        })
    }
}

fn subject(subject: &Subject) -> Value {
    json!({
        "form": subject.form,
        "path": subject.path,
        "name": subject.manifest.as_ref().map(|manifest| &manifest.name),
        "version": subject.manifest.as_ref().map(|manifest| &manifest.version),
        "digest": subject.digest,
        "archive_bytes": subject.archive_bytes,
        "component": { "bytes": subject.component_bytes, "sha256": subject.component_sha256 },
        "manifest": subject.manifest,
    })
}

/// Every limit that a package can ask for, with its five values.
fn limits(judged: &Judged) -> Vec<Value> {
    let defaults = Limits::default();
    judged
        .limits_with_ceilings()
        .map(|(limit, ceiling)| {
            json!({
                "name": limit.name,
                "unit": limit.unit,
                "default": defaults.get(limit.name),
                "asked": judged.asked.get(limit.name),
                "ceiling": ceiling.value,
                "value": limit.value,
                "reason": limit.reason,
            })
        })
        .collect()
}

fn strings(strings: &Findings) -> Value {
    let crates = strings.crates.iter();
    let crates = crates.map(|(name, version)| json!({ "name": name, "version": version }));
    let more: Map<String, Value> = strings
        .more
        .iter()
        .filter_map(|(kind, more)| Some((json!(kind).as_str()?.to_owned(), json!(more))))
        .collect();
    json!({
        "findings": strings.list,
        "more": more,
        "crates": crates.collect::<Vec<_>>(),
        "scanned_bytes": strings.scanned_bytes,
    })
}
