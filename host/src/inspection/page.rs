//! The inspection as one HTML file that fetches nothing and runs nothing, verdict first.
//!
//! Everything a package says is hostile. The template engine escapes it; letters that could mislead a reader are made
//! visible, in names also all that are not ASCII.

mod parts;

use super::point::{Point, Severity, Verdict};
use super::strings::{Finding, FindingKind};
use super::{Form, Inspection};
use crate::contract;
use crate::explain::Explain;
use crate::limits::Unit;
use crate::report::{amount, render};
use parts::{
    Bar, ChangeView, ClassCount, FileView, ImportView, LimitView, ModuleView, PartView, PointView, Row, Tile, plain,
};
use serde::Serialize;
use std::borrow::Cow;

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the report")]
pub struct PageError(#[from] minijinja::Error);

impl Explain for PageError {
    fn code(&self) -> Cow<'static, str> {
        "report-failed".into()
    }
}

/// Everything the template needs, in words.
#[derive(Serialize)]
struct View {
    verdict: &'static str,
    headline: String,
    /// What the verdict means, in a sentence.
    summary: &'static str,
    title: String,
    /// A word or two beside the title: what is inspected.
    form: &'static str,
    policy: String,
    points: Vec<Group>,
    tiles: Vec<Tile>,
    identity: Vec<Row>,
    pids: Vec<String>,
    /// What it can do at most, a sentence each.
    reach: Vec<String>,
    classes: Vec<ClassCount>,
    imports: Vec<ImportView>,
    more_imports: u64,
    exports: Vec<(String, String)>,
    /// Limits that are not the usual ones, and the others.
    limits: Vec<LimitView>,
    usual_limits: Vec<LimitView>,
    sizes: Vec<Bar>,
    modules: Vec<ModuleView>,
    more_modules: u64,
    sections: Vec<(String, String)>,
    damage: Option<String>,
    files: Vec<FileView>,
    parts: Vec<PartView>,
    more_parts: u64,
    parts_note: String,
    licences: Vec<Bar>,
    producers: Vec<(String, String, String)>,
    signature: Vec<Row>,
    /// The signature's colour, as a class of the style sheet.
    signature_class: &'static str,
    strings: Vec<StringsView>,
    scanned: String,
    difference: Option<ChangeView>,
    host: String,
}

/// Points of the same weight.
#[derive(Serialize)]
struct Group {
    severity: Severity,
    title: String,
    points: Vec<PointView>,
}

/// Findings of one kind.
#[derive(Serialize)]
struct StringsView {
    title: &'static str,
    count: u64,
    /// Whether a reviewer should ask about them.
    telling: bool,
    /// Each text and its place.
    rows: Vec<(String, String)>,
    more: u64,
}

impl Inspection {
    /// The whole inspection as one HTML file.
    ///
    /// # Errors
    ///
    /// See [`PageError`]; a fault of the host.
    pub fn to_html(&self) -> Result<String, PageError> {
        let parts = [
            ("page.html", include_str!("page/page.html")),
            ("facts.html", include_str!("page/facts.html")),
            ("page.css", include_str!("page/page.css")),
        ];
        Ok(render("page.html", &parts, &View::of(self))?)
    }
}

impl View {
    fn of(inspection: &Inspection) -> Self {
        let subject = &inspection.subject;
        let anatomy = &inspection.anatomy;
        let judged = &inspection.judged;
        let (usual_limits, limits) = parts::limits(judged).into_iter().partition(LimitView::is_usual);
        let bill = inspection.dependencies.sbom.as_ref();
        Self {
            verdict: match inspection.verdict() {
                Verdict::Clear => "clear",
                Verdict::Look => "look",
                Verdict::Refused => "refused",
            },
            headline: inspection.headline(),
            summary: match inspection.verdict() {
                Verdict::Clear => "Everything that was looked at is as usual. The rest of this page says what that is.",
                Verdict::Look => "A station would accept it. Somebody should have an answer to each point first.",
                Verdict::Refused => "A station under this policy does not install or run it.",
            },
            title: parts::title(subject),
            form: match subject.form {
                Form::Archive => "package",
                Form::Folder => "folder of a package",
                Form::Component => "bare component",
            },
            policy: parts::policy_name(judged),
            points: groups(&inspection.points),
            identity: parts::identity(inspection),
            pids: subject
                .manifest
                .as_ref()
                .map_or_else(Vec::new, |manifest| manifest.supported_pids.clone()),
            reach: parts::reach(inspection),
            classes: parts::classes(anatomy),
            imports: parts::imports(anatomy),
            more_imports: anatomy.more_imports,
            exports: anatomy
                .exports
                .iter()
                .map(|export| {
                    let functions: Vec<_> = export.functions.iter().map(|name| plain(name)).collect();
                    (plain(&export.name), functions.join(", "))
                })
                .collect(),
            limits,
            usual_limits,
            sizes: parts::sizes(inspection),
            modules: anatomy.modules.iter().map(ModuleView::of).collect(),
            more_modules: anatomy.more_modules,
            sections: parts::sections(anatomy),
            damage: anatomy.damage.clone(),
            files: subject.files.iter().map(|file| FileView::of(file, subject)).collect(),
            parts: bill.map_or_else(Vec::new, |bill| bill.parts.iter().map(PartView::of).collect()),
            more_parts: bill.map_or(0, |bill| bill.more),
            parts_note: parts::parts_note(inspection),
            licences: parts::licences(inspection),
            producers: anatomy
                .producers
                .iter()
                .map(|producer| (plain(&producer.field), plain(&producer.name), plain(&producer.version)))
                .collect(),
            signature: parts::signature(&judged.signature),
            signature_class: parts::signature_class(&judged.signature),
            strings: strings(inspection),
            scanned: amount(Unit::Bytes, inspection.strings.scanned_bytes),
            tiles: parts::tiles(inspection),
            difference: inspection.difference.as_ref().map(ChangeView::of),
            host: format!(
                "procvision {}, contract {}@{}",
                env!("CARGO_PKG_VERSION"),
                contract::PACKAGE,
                contract::VERSION
            ),
        }
    }
}

fn groups(points: &[Point]) -> Vec<Group> {
    let group = |severity, title: &str| {
        let points: Vec<PointView> = points
            .iter()
            .filter(|point| point.severity == severity)
            .map(PointView::of)
            .collect();
        (!points.is_empty()).then(|| Group {
            severity,
            title: format!("{title} ({})", points.len()),
            points,
        })
    };
    [
        group(Severity::Refused, "Why a station refuses it"),
        group(Severity::Look, "To be looked at"),
        group(Severity::Note, "Worth knowing"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn strings(inspection: &Inspection) -> Vec<StringsView> {
    let findings = &inspection.strings;
    let mut kinds: Vec<FindingKind> = findings.list.iter().map(|finding| finding.kind).collect();
    kinds.dedup();
    let row = |finding: &Finding| {
        let count = match finding.count {
            1 => String::new(),
            count => format!(", {count} times"),
        };
        let place = format!("{}, byte {}{count}", finding.place, finding.offset);
        (plain(&finding.text), place)
    };
    let view = |kind: FindingKind| StringsView {
        title: kind.as_str(),
        count: findings.count(kind),
        telling: kind.wants_an_answer(),
        rows: findings.of(kind).map(row).collect(),
        more: findings.more.get(&kind).copied().unwrap_or(0),
    };
    kinds.into_iter().map(view).collect()
}
