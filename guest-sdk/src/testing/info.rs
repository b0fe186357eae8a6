//! What a host finds wrong with an algorithm's description.

use std::collections::BTreeSet;

use super::params;
use crate::schema::{FloatBounds, Info, IntBounds, LengthBounds, Param, ParamKind};

/// Most steps of one algorithm.
const MAX_STEPS: usize = 1_000;
/// Most parameters of one algorithm, over all its steps.
const MAX_PARAMS: usize = 1_000;
/// Most patterns of one algorithm, over all its steps.
const MAX_PATTERNS: usize = 50;
/// Most bytes of a version.
const VERSION_BYTES: usize = 64;

/// Everything that would make the package invalid, one sentence each.
pub(super) fn problems(info: &Info) -> Vec<String> {
    let mut problems = Vec::new();
    let mut require = |holds: bool, problem: String| {
        if !holds {
            problems.push(problem);
        }
    };
    require(
        params::whole_match("[a-z][a-z0-9_]{0,63}").is_ok_and(|name| name.is_match(&info.name)),
        format!(
            "the name `{}` must be 1 to 64 of a-z, 0-9 and _, and begin with a letter",
            info.name
        ),
    );
    require(
        info.version.len() <= VERSION_BYTES && is_semantic(&info.version),
        format!(
            "the version `{}` must be like 1.2.3 and have at most {VERSION_BYTES} bytes",
            info.version
        ),
    );
    require(
        (1..=50).contains(&info.pids.len()),
        format!("there must be 1 to 50 pids, but are {}", info.pids.len()),
    );
    for pid in info.pids.iter().filter(|pid| !is_pid(pid)) {
        require(
            false,
            format!("the pid `{pid}` must be 1 to 64 of A-Z, a-z, 0-9, -, _ and ., and not only dots"),
        );
    }
    require(
        (1..=MAX_STEPS).contains(&info.steps.len()),
        format!("there must be 1 to {MAX_STEPS} steps, but are {}", info.steps.len()),
    );
    let params = || info.steps.iter().flat_map(|step| &step.params);
    let count = params().count();
    require(
        count <= MAX_PARAMS,
        format!("there must be at most {MAX_PARAMS} parameters over all steps, but are {count}"),
    );
    let patterns = params().filter(|param| has_pattern(param)).count();
    require(
        patterns <= MAX_PATTERNS,
        format!("at most {MAX_PATTERNS} parameters may have a pattern, but {patterns} have one"),
    );
    if let Some(pid) = first_repeated(&info.pids) {
        require(false, format!("pid `{pid}` occurs twice"));
    }
    if let Some(index) = first_repeated(info.steps.iter().map(|step| step.index)) {
        require(false, format!("step {index} occurs twice"));
    }
    for step in &info.steps {
        require(
            step.index > 0,
            "steps are numbered from 1, but there is a step 0".to_owned(),
        );
        if let Some(key) = first_repeated(step.params.iter().map(|param| &param.key)) {
            require(false, format!("step {} declares parameter `{key}` twice", step.index));
        }
        for param in &step.params {
            if let Err(complaint) = check_param(param) {
                require(
                    false,
                    format!("step {}: parameter `{}` {complaint}", step.index, param.key),
                );
            }
        }
    }
    problems
}

/// A product model is also a file's name at the station.
fn is_pid(pid: &str) -> bool {
    params::whole_match(r"[A-Za-z0-9._-]{1,64}").is_ok_and(|rule| rule.is_match(pid)) && pid.bytes().any(|b| b != b'.')
}

fn has_pattern(param: &Param) -> bool {
    matches!(param.kind, ParamKind::String { pattern: Some(_), .. })
}

fn check_param(param: &Param) -> Result<(), String> {
    let ordered = match &param.kind {
        ParamKind::Int(IntBounds { min, max }) => is_ordered(min, max),
        ParamKind::Float(FloatBounds { min, max }) => {
            is_ordered(min, max) && ![min, max].into_iter().flatten().any(|bound| bound.is_nan())
        }
        ParamKind::String {
            length: LengthBounds { min, max },
            ..
        } => is_ordered(min, max),
        ParamKind::Choice(choices) if choices.is_empty() => return Err("has no choices".to_owned()),
        ParamKind::Choice(_) | ParamKind::Rect | ParamKind::Bool => true,
    };
    if param.key.is_empty() {
        return Err("has no key".to_owned());
    }
    if !ordered {
        return Err("has bounds that no value can satisfy".to_owned());
    }
    if let ParamKind::String {
        pattern: Some(pattern), ..
    } = &param.kind
    {
        params::whole_match(pattern)?;
    }
    match &param.default {
        Some(_) if param.required => Err("is required and has a default; it can have only one of them".to_owned()),
        Some(default) => params::within(&param.kind, default).map_err(|complaint| format!("by default {complaint}")),
        None => Ok(()),
    }
}

/// Whether some value lies between the bounds. Bounds that cannot be compared are not ordered.
fn is_ordered<N: PartialOrd>(min: &Option<N>, max: &Option<N>) -> bool {
    match (min, max) {
        (Some(min), Some(max)) => min <= max,
        _ => true,
    }
}

fn first_repeated<T: Ord>(items: impl IntoIterator<Item = T>) -> Option<T> {
    let mut seen = BTreeSet::new();
    for item in items {
        if seen.contains(&item) {
            return Some(item);
        }
        seen.insert(item);
    }
    None
}

/// Semantic versioning 2.0: three numbers of 64 bits without leading zeros, then an optional pre-release and build.
fn is_semantic(version: &str) -> bool {
    const NUMBER: &str = "(0|[1-9][0-9]*)";
    const PRE: &str = "(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)";
    let pattern = format!(r"{NUMBER}\.{NUMBER}\.{NUMBER}(-{PRE}(\.{PRE})*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?");
    let numbers = version.split(['-', '+']).next().unwrap_or_default();
    params::whole_match(&pattern).is_ok_and(|expression| expression.is_match(version))
        && numbers.split('.').all(|number| number.parse::<u64>().is_ok())
}
