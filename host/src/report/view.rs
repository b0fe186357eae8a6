//! What the HTML report shows, in words and numbers that need no more arithmetic.

mod marks;
mod parts;

use super::html::ReportError;
use super::json::contract_name;
use super::{RunReport, amount, format, picture, usage};
use crate::failure::Failure;
use crate::limits::{LIMIT_NAMES, Unit};
use crate::outcome::{Outcome, Warning};
use marks::MarkView;
use minijinja::Value;
use parts::{Bar, KeyValue, LogView, RepeatView};
use serde::Serialize;

/// Longer side of a reference picture in the report.
const REFERENCE_SIDE: u32 = 640;

/// Everything the template needs.
#[derive(Serialize)]
pub(super) struct View<'a> {
    verdict: &'static str,
    /// The outcome's word, as a class of the style sheet.
    outcome: &'static str,
    /// The sentence beside the verdict.
    reason: &'a str,
    message: &'a str,
    name: &'a str,
    version: &'a str,
    description: &'a str,
    pid: &'a str,
    step: u32,
    step_name: &'a str,
    picture: PictureView<'a>,
    references: Vec<PictureView<'a>>,
    marks: Vec<MarkView<'a>>,
    /// Size of letters in the overlay, in pixels of the picture.
    letter: f64,
    failure: Option<&'a Failure>,
    failure_name: &'static str,
    failure_severity: &'static str,
    warnings: Vec<&'a Warning>,
    timings: Vec<Bar>,
    repeat: Option<RepeatView>,
    usage: Vec<UsageView>,
    params: Vec<KeyValue>,
    context: Vec<KeyValue>,
    session: Vec<KeyValue>,
    diagnostics: Vec<KeyValue>,
    logs: Vec<LogView<'a>>,
    limits: Vec<LimitView>,
    imports: &'a [crate::contract::Import],
    source: String,
    component_size: String,
    component_sha256: &'a str,
    host_version: &'static str,
    contract: String,
    pids: String,
}

#[derive(Serialize)]
struct PictureView<'a> {
    name: &'a str,
    origin: String,
    uri: Value,
    width: u32,
    height: u32,
    color: &'static str,
    /// Why it is a black picture in place of a real one.
    black: Option<&'a str>,
}

#[derive(Serialize)]
struct UsageView {
    name: String,
    used: String,
    limit: String,
    limit_name: &'static str,
    percent: f64,
}

#[derive(Serialize)]
struct LimitView {
    name: &'static str,
    asked: Option<String>,
    ceiling: Option<String>,
    value: String,
    cut: bool,
    reason: &'static str,
}

impl<'a> View<'a> {
    pub(super) fn new(report: &'a RunReport) -> Result<Self, ReportError> {
        let request = &report.request;
        let info = &report.subject.info;
        let (verdict, reason, message) = headline(report);
        let references = request.references.iter();
        Ok(Self {
            verdict,
            outcome: report.outcome().map_or("failed", Outcome::as_str),
            reason,
            message,
            name: &info.name,
            version: &info.version,
            description: &info.description,
            pid: &request.pid,
            step: request.step,
            step_name: info.step(request.step).map_or("", |step| step.name.as_str()),
            picture: PictureView::new(&request.image, u32::MAX)?,
            references: references
                .map(|picture| PictureView::new(picture, REFERENCE_SIDE))
                .collect::<Result<_, _>>()?,
            marks: marks::views(report),
            letter: marks::letter_size(&request.image.frame),
            failure: report.failure(),
            failure_name: report.failure().map_or("", |failure| failure.code.name()),
            failure_severity: report
                .failure()
                .map_or("", |failure| format::severity(failure.severity)),
            warnings: report.all_warnings().collect(),
            timings: parts::timings(report),
            repeat: report.repeat.as_ref().and_then(RepeatView::new),
            usage: usage(report).into_iter().map(UsageView::from).collect(),
            params: parts::of_map(&request.params),
            context: parts::of_map(report.session.context()),
            session: parts::of_session(&report.session),
            diagnostics: parts::diagnostics(report),
            logs: parts::logs(report),
            limits: limits(report),
            imports: &report.subject.imports,
            source: report.subject.source.display().to_string(),
            component_size: amount(Unit::Bytes, report.subject.component_bytes),
            component_sha256: &report.subject.component_sha256,
            host_version: env!("CARGO_PKG_VERSION"),
            contract: contract_name(),
            pids: info.supported_pids.join(", "),
        })
    }
}

/// The verdict in large letters, the sentence beside it, and what the algorithm adds.
fn headline(report: &RunReport) -> (&'static str, &str, &str) {
    fn text(message: &Option<String>) -> &str {
        message.as_deref().unwrap_or("")
    }
    match report.outcome() {
        Some(Outcome::Ok { message, .. }) => ("OK", "", text(message)),
        Some(Outcome::Ng { reason, message, .. }) => ("NG", reason, text(message)),
        Some(Outcome::Ready { message, .. }) => ("READY", "conditions are right", text(message)),
        Some(Outcome::NotReady { message, .. }) => ("NOT READY", message, ""),
        Some(Outcome::Failed(failure)) => ("NO VERDICT", &failure.message, ""),
        None => ("NO VERDICT", "nothing was asked", ""),
    }
}

impl<'a> PictureView<'a> {
    fn new(picture: &'a super::Picture, longest: u32) -> Result<Self, ReportError> {
        Ok(Self {
            name: &picture.name,
            origin: picture.origin.to_string(),
            // Made of Base64 only, so that there is nothing to escape.
            uri: Value::from_safe_string(picture::data_uri(&picture.frame, longest)?),
            width: picture.frame.width(),
            height: picture.frame.height(),
            color: picture.color(),
            black: picture.frame.stand_in_reason(),
        })
    }
}

impl From<super::Used> for UsageView {
    fn from(used: super::Used) -> Self {
        Self {
            percent: used.percent(),
            used: used.shown(),
            limit: amount(used.unit, used.limit),
            name: used.name,
            limit_name: used.limit_name,
        }
    }
}

fn limits(report: &RunReport) -> Vec<LimitView> {
    let subject = &report.subject;
    let pairs = subject
        .limits
        .limits
        .describe()
        .into_iter()
        .zip(subject.ceiling.describe());
    pairs
        .map(|(limit, ceiling)| {
            let shown = |value| amount(limit.unit, value);
            let granted = LIMIT_NAMES.contains(&limit.name);
            LimitView {
                name: limit.name,
                asked: subject.asked.get(limit.name).copied().map(shown),
                ceiling: granted.then(|| shown(ceiling.value)),
                value: shown(limit.value),
                cut: subject.limits.cut.iter().any(|cut| cut.name == limit.name),
                reason: limit.reason,
            }
        })
        .collect()
}
