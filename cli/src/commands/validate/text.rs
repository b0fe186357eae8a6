//! The checks for people: each in a line, remedies below, then imports, steps and limits.

use anstyle::{AnsiColor, Style};
use procvision_host::contract::ImportClass;
use procvision_host::info::{AlgorithmInfo, ParamInfo, ParamKind};
use procvision_host::limits::LIMIT_NAMES;
use procvision_host::outcome::Warning;
use procvision_host::report::amount;
use procvision_host::validation::{Check, Status, Validation};
use procvision_host::visible;
use std::fmt::Write;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();

/// Everything, without the last line end. Writing to a string cannot fail, which is why results are dropped.
pub(super) fn of(validation: &Validation, warnings: &[Warning]) -> String {
    let mut text = String::new();
    for check in &validation.checks {
        line(&mut text, check);
    }
    for warning in warnings {
        let _ = writeln!(text, "{YELLOW}note{YELLOW:#}  {}", visible::line(&warning.message));
    }
    if let Some(info) = &validation.info {
        steps(&mut text, info);
    }
    imports(&mut text, validation);
    limits(&mut text, validation);
    if let Some((_, sha256)) = &validation.component {
        let _ = writeln!(text, "\n{BOLD}Component{BOLD:#}\n  SHA-256 {sha256}");
    }
    if let Some(archive) = &validation.archive {
        let signed = match archive.signature() {
            Some(_) => "signed",
            None => "not signed",
        };
        let _ = writeln!(
            text,
            "\n{BOLD}Package{BOLD:#}\n  SHA-256 {} ({signed})",
            archive.digest()
        );
    }
    let (style, word) = match validation.status() {
        Status::Fail => (RED, "FAIL"),
        Status::Warn => (YELLOW, "WARN"),
        Status::Pass | Status::NotRun => (GREEN, "PASS"),
    };
    let count = |status| validation.count(status);
    let _ = write!(
        text,
        "\n{style}{word}{style:#}  {} passed, {} with a warning, {} failed, {} not run",
        count(Status::Pass),
        count(Status::Warn),
        count(Status::Fail),
        count(Status::NotRun)
    );
    text
}

fn line(text: &mut String, check: &Check) {
    let (style, word) = match check.status {
        Status::Pass => (GREEN, "PASS"),
        Status::Warn => (YELLOW, "WARN"),
        Status::Fail => (RED, "FAIL"),
        Status::NotRun => (DIM, "----"),
    };
    let _ = write!(text, "{style}{word}{style:#}  {}", check.id.title());
    if !check.detail.is_empty() {
        let _ = write!(text, ": {}", visible::line(&check.detail));
    }
    // A failure's own sentence ends with its code.
    if let Some(code) = check.code.as_ref().map(|code| format!(" ({code})"))
        && !check.detail.ends_with(&code)
    {
        text.push_str(&code);
    }
    text.push('\n');
    if let Some(remedy) = &check.remedy {
        let _ = writeln!(text, "      {DIM}remedy:{DIM:#} {}", visible::line(remedy));
    }
}

fn steps(text: &mut String, info: &AlgorithmInfo) {
    let _ = writeln!(text, "\n{BOLD}Steps{BOLD:#}");
    for step in &info.steps {
        let _ = writeln!(text, "  {} {}", step.index, visible::line(&step.name));
        for param in &step.params {
            let _ = writeln!(text, "    {}", visible::line(&sentence(param)));
        }
    }
}

/// A parameter in one line: `threshold: float, 0 to 1, default 0.5, in px: how bright`.
fn sentence(param: &ParamInfo) -> String {
    fn bounds<T: ToString>(min: Option<T>, max: Option<T>) -> Option<String> {
        match (min, max) {
            (Some(min), Some(max)) => Some(format!("{} to {}", min.to_string(), max.to_string())),
            (Some(min), None) => Some(format!("at least {}", min.to_string())),
            (None, Some(max)) => Some(format!("at most {}", max.to_string())),
            (None, None) => None,
        }
    }
    let (kind, bounds) = match &param.kind {
        ParamKind::Int { min, max } => ("int", bounds(*min, *max)),
        ParamKind::Float { min, max } => ("float", bounds(*min, *max)),
        ParamKind::Rect => ("rect", None),
        ParamKind::Enum { choices } => ("one of", Some(choices.join(" | "))),
        ParamKind::Bool => ("bool", None),
        ParamKind::String {
            min_length,
            max_length,
            pattern,
        } => {
            let length = bounds(*min_length, *max_length).map(|length| format!("{length} characters"));
            let pattern = pattern.as_ref().map(|pattern| format!("pattern {pattern}"));
            (
                "string",
                length.into_iter().chain(pattern).reduce(|a, b| format!("{a}, {b}")),
            )
        }
    };
    let mut parts = vec![kind.to_owned()];
    parts.extend(bounds);
    parts.extend(param.required.then(|| "required".to_owned()));
    parts.extend(
        param
            .default
            .as_ref()
            .map(|value| format!("default {}", value.to_json())),
    );
    parts.extend(param.unit.as_ref().map(|unit| format!("in {unit}")));
    let about = param
        .description
        .as_ref()
        .map_or(String::new(), |about| format!(": {about}"));
    format!("{}: {}{about}", param.key, parts.join(", "))
}

fn imports(text: &mut String, validation: &Validation) {
    if validation.imports.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{BOLD}Imports{BOLD:#}");
    for import in &validation.imports {
        let (style, word) = match import.class {
            ImportClass::Granted => (GREEN, "granted"),
            ImportClass::Closed => (DIM, "closed"),
            ImportClass::Refused => (RED, "refused"),
        };
        let why = import.reason.as_ref().map_or(String::new(), |why| format!(" {why}"));
        let name = visible::line(&import.name);
        let _ = writeln!(text, "  {style}{word:<7}{style:#}  {name}{}", visible::line(&why));
    }
}

fn limits(text: &mut String, validation: &Validation) {
    let _ = writeln!(text, "\n{BOLD}Limits that hold{BOLD:#}");
    let described = validation.limits.limits.describe();
    for (limit, ceiling) in described.iter().zip(validation.ceiling.describe()) {
        let mut note = if LIMIT_NAMES.contains(&limit.name) {
            format!("ceiling {}", amount(limit.unit, ceiling.value))
        } else {
            "fixed".to_owned()
        };
        if let Some(asked) = validation.asked.get(limit.name) {
            note = format!("asked {}, {note}", amount(limit.unit, *asked));
        }
        let _ = writeln!(
            text,
            "  {:<24} {:>16}  {DIM}{note}{DIM:#}",
            limit.name,
            amount(limit.unit, limit.value)
        );
    }
}
