//! The report as JSON, for programs. `docs/cli.md` describes it; a change of shape is a change of [`SCHEMA`].

use super::{Picture, PictureOrigin, Preparation, Repeat, RunReport, SCHEMA, Subject, milliseconds};
use crate::contract;
use crate::limits::Limits;
use crate::outcome::StepReport;
use crate::session::Session;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

impl RunReport {
    /// The whole report as one object.
    pub fn to_json(&self) -> Value {
        json!({
            "schema": SCHEMA,
            "verdict": self.verdict(),
            "outcome": self.outcome().map(|outcome| outcome.as_str()),
            "algorithm": algorithm(&self.subject),
            "host": { "version": env!("CARGO_PKG_VERSION"), "contract": contract_name() },
            "pid": self.request.pid,
            "step": self.request.step,
            "params": self.request.params,
            "image": picture(&self.request.image),
            "references": self.request.references.iter().map(picture).collect::<Vec<_>>(),
            "pre_execute": self.pre_execute.as_ref().map(step),
            "execute": self.execute.as_ref().map(step),
            "load_logs": { "get_info": self.preparation.start_logs, "setup": self.preparation.setup_logs },
            "timings_ms": timings(self),
            "repeat": self.repeat.as_ref().map(repeat),
            "session": session(&self.session),
            "limits": limits(&self.subject.limits.limits, &self.subject.asked, &self.subject.ceiling),
            "limits_cut": self.subject.limits.cut,
            "imports": self.subject.imports,
            "warnings": self.warnings,
            "failure": self.failure(),
            "report": self.report,
            "annotated": self.annotated,
        })
    }
}

/// The contract that this host speaks, with its version.
pub(super) fn contract_name() -> String {
    format!("{}@{}", contract::PACKAGE, contract::VERSION)
}

/// Every limit with what was asked for, what the station allows at most, and what holds.
pub(crate) fn limits(effective: &Limits, asked: &BTreeMap<&'static str, u64>, ceiling: &Limits) -> Vec<Value> {
    let pairs = effective.describe().into_iter().zip(ceiling.describe());
    pairs
        .map(|(limit, ceiling)| {
            json!({
                "name": limit.name,
                "unit": limit.unit,
                "value": limit.value,
                "asked": asked.get(limit.name),
                "ceiling": ceiling.value,
                "reason": limit.reason,
            })
        })
        .collect()
}

fn algorithm(subject: &Subject) -> Value {
    json!({
        "name": subject.info.name,
        "version": subject.info.version,
        "description": subject.info.description,
        "supported_pids": subject.info.supported_pids,
        "source": subject.source,
        "component": { "bytes": subject.component_bytes, "sha256": subject.component_sha256 },
    })
}

fn picture(picture: &Picture) -> Value {
    let (path, source, id) = match &picture.origin {
        PictureOrigin::File(path) => (Some(path), "file", None),
        PictureOrigin::Source { kind, id } => (None, *kind, Some(id)),
    };
    let mut object = json!({
        "path": path,
        "source": source,
        "id": id,
        "width": picture.frame.width(),
        "height": picture.frame.height(),
        "format": picture.frame.format(),
        "zero_filled": picture.frame.stand_in_reason(),
    });
    if !picture.name.is_empty() {
        object["name"] = picture.name.as_str().into();
    }
    object
}

/// The answer in the runner protocol's shape, and what it cost.
fn step(step: &StepReport) -> Value {
    let mut object = step.outcome.to_protocol();
    object["outcome"] = step.outcome.as_str().into();
    object["usage"] = json!({
        "wall_ms": milliseconds(step.usage.wall),
        "fuel": step.usage.fuel,
        "peak_memory_bytes": step.usage.peak_memory_bytes,
    });
    object["warnings"] = json!(step.warnings);
    object["logs"] = json!(step.logs);
    object["diagnostics"] = json!(step.diagnostics);
    object["instance_replaced"] = step.instance_replaced.into();
    object
}

fn timings(report: &RunReport) -> Value {
    let Preparation {
        build,
        compile,
        from_cache,
        start,
        setup,
        ..
    } = report.preparation;
    let wall = |step: &Option<StepReport>| step.as_ref().map(|step| milliseconds(step.usage.wall));
    json!({
        "build": build.map(milliseconds),
        "compile": milliseconds(compile),
        "compiled_before": from_cache,
        "start": milliseconds(start),
        "setup": milliseconds(setup),
        "pre_execute": wall(&report.pre_execute),
        "execute": wall(&report.execute),
    })
}

fn repeat(repeat: &Repeat) -> Value {
    json!({
        "wanted": repeat.wanted,
        "done": repeat.done(),
        "differing": repeat.differing,
        "execute_ms": {
            "min": repeat.min().map(milliseconds),
            "p50": repeat.percentile(50).map(milliseconds),
            "p99": repeat.percentile(99).map(milliseconds),
            "max": repeat.max().map(milliseconds),
        },
    })
}

/// The session in the shape that `--session` takes.
fn session(session: &Session) -> Value {
    // What a session holds was checked to be JSON when it was stored.
    let value = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
    let values: Map<String, Value> = session
        .entries()
        .map(|(key, text)| (key.to_owned(), value(text)))
        .collect();
    let mut object = session.context().clone();
    object.insert("id".to_owned(), session.id().into());
    object.insert("values".to_owned(), values.into());
    object.into()
}
