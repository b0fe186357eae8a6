//! What a host finds wrong with an algorithm's description.

use std::collections::BTreeSet;

use super::params;
use crate::schema::{FloatBounds, Info, IntBounds, LengthBounds, Param, ParamKind};

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
        is_semantic(&info.version),
        format!("the version `{}` must be like 1.2.3", info.version),
    );
    require(
        (1..=50).contains(&info.pids.len()),
        format!("there must be 1 to 50 pids, but are {}", info.pids.len()),
    );
    require(
        info.pids.iter().all(|pid| !pid.is_empty()),
        "a pid must not be empty".to_owned(),
    );
    require(!info.steps.is_empty(), "there must be at least one step".to_owned());
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

fn check_param(param: &Param) -> Result<(), String> {
    let ordered = match &param.kind {
        ParamKind::Int(IntBounds { min, max }) => is_ordered(min, max),
        ParamKind::Float(FloatBounds { min, max }) => {
            is_ordered(min, max) && min.is_none_or(f64::is_finite) && max.is_none_or(f64::is_finite)
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

/// Semantic versioning 2.0: three numbers without leading zeros, then an optional pre-release and build.
fn is_semantic(version: &str) -> bool {
    const NUMBER: &str = "(0|[1-9][0-9]*)";
    const PRE: &str = "(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)";
    let pattern = format!(r"{NUMBER}\.{NUMBER}\.{NUMBER}(-{PRE}(\.{PRE})*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?");
    params::whole_match(&pattern).is_ok_and(|expression| expression.is_match(version))
}
