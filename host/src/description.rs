//! What `get_info` returned, checked: by itself, and against the manifest.

use crate::bindings::types as wit;
use crate::imports::cut;
use crate::info::{AlgorithmInfo, ParamInfo, ParamKind, ParamValue, StepInfo};
use crate::manifest::{MAX_PIDS, Manifest, is_name, is_pid};
use crate::params::Schema;
use crate::visible;
use semver::Version;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Most steps of one algorithm.
const MAX_STEPS: usize = 1_000;
/// Most parameters of one algorithm, over all its steps.
const MAX_PARAMS: usize = 1_000;
/// Most patterns of one algorithm. Each may take the host a megabyte and some milliseconds.
const MAX_PATTERNS: usize = 50;
/// Most bytes of a version; a semantic version may carry a text of any length.
const VERSION_BYTES: usize = 64;
/// Most bytes of a name that an objection quotes.
const QUOTED_BYTES: usize = 100;
/// Most objections that are told.
const OBJECTIONS: usize = 20;
/// Most bytes of one objection; it may quote what the algorithm wrote.
const OBJECTION_BYTES: usize = 500;

/// Checks what an algorithm says about itself and prepares the schemas of its steps.
///
/// # Errors
///
/// Every objection, each a sentence.
pub(crate) fn check(info: &AlgorithmInfo) -> Result<BTreeMap<u32, Schema>, Vec<String>> {
    let mut objections = Vec::new();
    if !is_name(&info.name) {
        objections.push(format!(
            "name `{}` is not lower-case letters, digits and underscores",
            cut(info.name.clone(), QUOTED_BYTES)
        ));
    }
    if info.version.len() > VERSION_BYTES || Version::parse(&info.version).is_err() {
        let version = cut(info.version.clone(), QUOTED_BYTES);
        objections.push(format!("version `{version}` is not a semantic version"));
    }
    if info.supported_pids.is_empty() || info.supported_pids.len() > MAX_PIDS {
        let count = info.supported_pids.len();
        objections.push(format!("supported_pids has {count} entries, but needs 1 to {MAX_PIDS}"));
    }
    for pid in info.supported_pids.iter().filter(|pid| !is_pid(pid)) {
        let pid = cut(pid.clone(), QUOTED_BYTES);
        objections.push(format!(
            "supported_pids contains `{pid}`, which is not a product model code"
        ));
    }
    let mut schemas = BTreeMap::new();
    if info.steps.is_empty() || info.steps.len() > MAX_STEPS {
        objections.push(format!(
            "there are {} steps, but 1 to {MAX_STEPS} are needed",
            info.steps.len()
        ));
    }
    // Before any schema is made, since that is what costs.
    let params = || info.steps.iter().flat_map(|step| &step.params);
    let patterns = params().filter(|param| has_pattern(&param.kind)).count();
    if params().count() > MAX_PARAMS {
        let count = params().count();
        objections.push(format!(
            "there are {count} parameters, but at most {MAX_PARAMS} are allowed"
        ));
    }
    if patterns > MAX_PATTERNS {
        objections.push(format!(
            "{patterns} parameters have patterns, but at most {MAX_PATTERNS} may"
        ));
    }
    if !objections.is_empty() {
        return Err(bounded(objections));
    }
    for step in &info.steps {
        if step.index == 0 {
            objections.push("a step has index 0, but steps count from 1".into());
        }
        match Schema::new(step) {
            Ok(schema) => {
                if schemas.insert(step.index, schema).is_some() {
                    objections.push(format!("step {} is described twice", step.index));
                }
            }
            Err(objection) => objections.push(objection),
        }
    }
    if objections.is_empty() {
        Ok(schemas)
    } else {
        Err(bounded(objections))
    }
}

fn has_pattern(kind: &ParamKind) -> bool {
    matches!(kind, ParamKind::String { pattern: Some(_), .. })
}

/// Objections quote the algorithm, so neither their number nor their length is anybody's but its own.
fn bounded(mut objections: Vec<String>) -> Vec<String> {
    let more = objections.len().saturating_sub(OBJECTIONS);
    objections.truncate(OBJECTIONS);
    let mut told: Vec<String> = objections
        .iter()
        .map(|objection| cut(visible::line(objection).into_owned(), OBJECTION_BYTES))
        .collect();
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    told
}

/// Compares what an algorithm says about itself with its manifest. Product models are compared as sets.
///
/// # Errors
///
/// Every difference, each a sentence.
pub(crate) fn compare(info: &AlgorithmInfo, manifest: &Manifest) -> Result<(), Vec<String>> {
    let mut differences = Vec::new();
    let mut differ = |key: &str, manifest: String, algorithm: String| {
        if manifest != algorithm {
            differences.push(format!(
                "{key} is {manifest} in the manifest, but the algorithm says {algorithm}"
            ));
        }
    };
    let pids = |pids: &[String]| {
        pids.iter()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .cloned()
            .collect::<Vec<_>>()
            .join(", ")
    };
    differ("name", manifest.name.clone(), info.name.clone());
    differ("version", manifest.version.to_string(), info.version.clone());
    differ(
        "supported_pids",
        pids(&manifest.supported_pids),
        pids(&info.supported_pids),
    );
    if differences.is_empty() {
        Ok(())
    } else {
        Err(differences)
    }
}

/// Checks the parameter values that a package configures.
///
/// # Errors
///
/// Every objection, each a sentence.
pub(crate) fn check_configured(
    configured: &Map<String, Value>,
    schemas: &BTreeMap<u32, Schema>,
) -> Result<(), Vec<String>> {
    let mut objections = Vec::new();
    for (key, value) in configured {
        let verdicts: Vec<_> = schemas
            .values()
            .filter_map(|schema| schema.check_configured(key, value))
            .collect();
        if verdicts.is_empty() {
            objections.push(format!("default_config has `{key}`, which no step declares"));
        }
        objections.extend(
            verdicts
                .into_iter()
                .filter_map(Result::err)
                .map(|why| format!("default_config `{key}` {why}")),
        );
    }
    if objections.is_empty() {
        Ok(())
    } else {
        Err(bounded(objections))
    }
}

impl From<wit::AlgorithmInfo> for AlgorithmInfo {
    fn from(info: wit::AlgorithmInfo) -> Self {
        Self {
            name: info.name,
            version: info.version,
            description: info.description,
            supported_pids: info.supported_pids,
            steps: info.steps.into_iter().map(StepInfo::from).collect(),
        }
    }
}

impl From<wit::StepInfo> for StepInfo {
    fn from(step: wit::StepInfo) -> Self {
        Self {
            index: step.index,
            name: step.name,
            params: step.params.into_iter().map(ParamInfo::from).collect(),
        }
    }
}

impl From<wit::ParamInfo> for ParamInfo {
    fn from(param: wit::ParamInfo) -> Self {
        let kind = match param.kind {
            wit::ParamKind::Int(bounds) => ParamKind::Int {
                min: bounds.min,
                max: bounds.max,
            },
            wit::ParamKind::Float(bounds) => ParamKind::Float {
                min: bounds.min,
                max: bounds.max,
            },
            wit::ParamKind::Rect => ParamKind::Rect,
            wit::ParamKind::Enum(choices) => ParamKind::Enum { choices },
            wit::ParamKind::Bool => ParamKind::Bool,
            wit::ParamKind::String(bounds) => ParamKind::String {
                min_length: bounds.min_length,
                max_length: bounds.max_length,
                pattern: bounds.pattern,
            },
        };
        let default = param.default.map(|value| match value {
            wit::ParamValue::Int(value) => ParamValue::Int(value),
            wit::ParamValue::Float(value) => ParamValue::Float(value),
            wit::ParamValue::Rect(value) => ParamValue::Rect(value.into()),
            wit::ParamValue::Enum(value) => ParamValue::Enum(value),
            wit::ParamValue::Bool(value) => ParamValue::Bool(value),
            wit::ParamValue::String(value) => ParamValue::String(value),
        });
        Self {
            key: param.key,
            kind,
            required: param.required,
            default,
            description: param.description,
            unit: param.unit,
        }
    }
}
