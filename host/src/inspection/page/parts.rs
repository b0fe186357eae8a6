//! The parts of the page, in words and numbers that need no more arithmetic.

use crate::contract::ImportClass;
use crate::inspection::component::{Anatomy, ImportFacts, ItemKind, MemoryFacts, ModuleFacts};
use crate::inspection::dependencies::Part;
use crate::inspection::difference::{Change, Difference, FileChange, Pair};
use crate::inspection::point::{Point, Severity, counted};
use crate::inspection::{FileFacts, Form, Inspection, Judged, Role, Subject};
use crate::limits::{Limits, Unit};
use crate::policy::{ClockPolicy, RandomPolicy};
use crate::report::amount;
use crate::signing::SignatureStatus;
use crate::visible;
use indicatif::HumanCount;
use serde::Serialize;
use std::collections::BTreeMap;

/// Licences that have a bar of their own.
const LICENCES: usize = 12;
/// Functions of an import that are shown at once.
const FUNCTIONS: usize = 8;

/// A label, its value, and whether that is for machines.
#[derive(Serialize)]
pub(super) struct Row {
    label: &'static str,
    value: String,
    code: bool,
}

/// A fact that stands above everything else.
#[derive(Serialize)]
pub(super) struct Tile {
    label: &'static str,
    value: String,
    note: String,
    /// `good`, `warn`, `bad`, or nothing.
    class: &'static str,
}

/// A length with its label and number.
#[derive(Serialize)]
pub(super) struct Bar {
    label: String,
    text: String,
    percent: f64,
}

/// A piece of a sentence.
#[derive(Serialize)]
pub(super) struct Piece {
    text: String,
    code: bool,
}

#[derive(Serialize)]
pub(super) struct PointView {
    id: &'static str,
    title: Vec<Piece>,
    meaning: Vec<Piece>,
    source: String,
    code: Option<String>,
    evidence: Vec<String>,
    /// Evidence that is folded away.
    folded: Vec<String>,
    more: u64,
}

/// How many imports have a class.
#[derive(Serialize)]
pub(super) struct ClassCount {
    class: &'static str,
    count: u64,
    meaning: &'static str,
}

#[derive(Serialize)]
pub(super) struct ImportView {
    name: String,
    class: &'static str,
    note: String,
    /// Functions that reach the code, and those that are folded away.
    linked: Vec<String>,
    folded: Vec<String>,
    /// Functions that are declared only.
    declared: Vec<String>,
    more: u64,
}

#[derive(Serialize)]
pub(super) struct LimitView {
    name: &'static str,
    default: String,
    asked: Option<String>,
    ceiling: String,
    value: String,
    cut: bool,
    raised: bool,
    reason: &'static str,
}

#[derive(Serialize)]
pub(super) struct ModuleView {
    index: u32,
    name: String,
    bytes: String,
    functions: String,
    code: String,
    data: String,
    memories: String,
    tables: String,
    globals: String,
    start: bool,
    sections: String,
}

#[derive(Serialize)]
pub(super) struct FileView {
    name: String,
    role: &'static str,
    kind: &'static str,
    odd: bool,
    bytes: String,
    percent: f64,
    sha256: String,
}

#[derive(Serialize)]
pub(super) struct PartView {
    name: String,
    version: String,
    licence: String,
    purl: String,
}

/// How it differs from an older one.
#[derive(Serialize)]
pub(super) struct ChangeView {
    old: String,
    path: String,
    same_component: bool,
    sizes: Vec<(&'static str, String, String, String)>,
    groups: Vec<ChangeGroup>,
    unchanged: String,
    parts_compared: bool,
}

#[derive(Serialize)]
struct ChangeGroup {
    title: &'static str,
    /// `added`, `removed` or `changed`, and what.
    rows: Vec<(&'static str, String)>,
}

/// A name in which everything that is not plain can be seen: letters outside ASCII can look like others.
pub(super) fn plain(name: &str) -> String {
    visible::ascii(name).into_owned()
}

/// A sentence in which names stand between backquotes.
fn pieces(sentence: &str) -> Vec<Piece> {
    let parts = sentence.split('`').enumerate().filter(|(_, text)| !text.is_empty());
    parts
        .map(|(index, text)| Piece {
            text: text.to_owned(),
            code: index % 2 == 1,
        })
        .collect()
}

fn bytes(value: u64) -> String {
    amount(Unit::Bytes, value)
}

fn number(value: u64) -> String {
    HumanCount(value).to_string()
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        (part as f64 * 100.0 / whole as f64).min(100.0)
    }
}

/// What it is called.
pub(super) fn title(subject: &Subject) -> String {
    match &subject.manifest {
        Some(manifest) => format!("{} {}", manifest.name, manifest.version),
        None => subject.path.file_name().map_or_else(
            || subject.path.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        ),
    }
}

pub(super) fn identity(inspection: &Inspection) -> Vec<Row> {
    let subject = &inspection.subject;
    let mut rows = Vec::new();
    let mut add = |label, value: String, code| rows.push(Row { label, value, code });
    if let Some(manifest) = &subject.manifest {
        add("name", manifest.name.clone(), false);
        add("version", manifest.version.to_string(), false);
        add("description", manifest.description.clone(), false);
    }
    if let Some(digest) = &subject.digest {
        add("package digest", digest.clone(), true);
    }
    if let Some(size) = subject.archive_bytes {
        add("archive", bytes(size), false);
    }
    add("component digest", subject.component_sha256.clone(), true);
    let size = subject.component_bytes;
    add("component", format!("{} ({} bytes)", bytes(size), number(size)), false);
    let contract = match inspection.anatomy.contract.as_deref() {
        Some("") => "lifecycle of the contract, without a version".to_owned(),
        Some(version) => format!("lifecycle of the contract, version {version}"),
        None => "no lifecycle of the contract".to_owned(),
    };
    add("exports", contract, false);
    add("read from", subject.path.display().to_string(), false);
    rows
}

pub(super) fn tiles(inspection: &Inspection) -> Vec<Tile> {
    let (anatomy, judged) = (&inspection.anatomy, &inspection.judged);
    let count = |class| anatomy.imports.iter().filter(|import| import.class == class).count() as u64;
    let (granted, closed, refused) = (
        count(ImportClass::Granted),
        count(ImportClass::Closed),
        count(ImportClass::Refused),
    );
    let stand_ins = anatomy
        .imports
        .iter()
        .any(|import| import.stand_in && import.is_linked());
    let limits = limits(judged);
    let raised = limits.iter().filter(|limit| limit.raised).count() as u64;
    let assets = inspection.asset_kinds();
    let asset_count: u64 = assets.iter().map(|(_, count, _)| count).sum();
    let asset_bytes = assets
        .iter()
        .fold(0_u64, |sum, (_, _, bytes)| sum.saturating_add(*bytes));
    let odd = assets.iter().any(|(kind, ..)| kind.can_be_run());
    let telling: u64 = inspection
        .strings
        .list
        .iter()
        .filter(|finding| finding.kind.wants_an_answer())
        .count() as u64;
    let parts = match (&inspection.dependencies.sbom, &inspection.dependencies.embedded) {
        (Some(bill), _) if bill.parts.is_empty() => ("unknown".to_owned(), "its SBOM lists nothing".to_owned()),
        (Some(bill), _) => (number(bill.parts.len() as u64 + bill.more), "in its SBOM".to_owned()),
        (None, Some(embedded)) => (number(embedded.len() as u64), "embedded, without an SBOM".to_owned()),
        (None, None) => ("unknown".to_owned(), "no SBOM".to_owned()),
    };
    vec![
        Tile {
            label: "Signed by",
            value: match judged.signature.signature() {
                Some(signature) => signature.signer.clone(),
                None if judged.signature == SignatureStatus::Unsigned => "nobody".to_owned(),
                None => "somebody unknown".to_owned(),
            },
            note: match &judged.signature {
                SignatureStatus::Unsigned => "not signed",
                SignatureStatus::UnknownKey { .. } => "the key is not trusted here",
                SignatureStatus::Tampered { .. } => "the signature does not fit",
                SignatureStatus::Expired { .. } => "the signature has expired",
                SignatureStatus::Revoked { .. } => "the key is revoked",
                SignatureStatus::Valid { .. } => "valid",
            }
            .to_owned(),
            class: signature_class(&judged.signature),
        },
        Tile {
            label: "Imports",
            value: number(granted + closed + refused + anatomy.more_imports),
            note: format!("{granted} granted, {closed} closed, {refused} refused"),
            class: match (refused, stand_ins) {
                (0, false) => "good",
                (0, true) => "warn",
                _ => "bad",
            },
        },
        Tile {
            label: "Limits",
            value: match raised {
                0 => "usual".to_owned(),
                raised => format!("{raised} raised"),
            },
            note: format!("{} of memory at most", bytes(judged.limits.limits.memory_bytes)),
            class: if raised == 0 { "good" } else { "warn" },
        },
        Tile {
            label: "Component",
            value: bytes(inspection.subject.component_bytes),
            note: format!("{} functions", number(anatomy.functions)),
            class: "",
        },
        Tile {
            label: "Assets",
            value: match asset_count {
                0 => "none".to_owned(),
                count => counted(count, "file", "files"),
            },
            note: match asset_count {
                0 => String::new(),
                _ => bytes(asset_bytes),
            },
            class: if odd { "warn" } else { "" },
        },
        Tile {
            label: "Made of",
            value: match parts.0.as_str() {
                "unknown" => parts.0.clone(),
                count => format!("{count} parts"),
            },
            note: parts.1,
            class: if parts.0 == "unknown" { "warn" } else { "" },
        },
        Tile {
            label: "Telling text",
            value: match telling {
                0 => "none".to_owned(),
                count => counted(count, "piece", "pieces"),
            },
            note: format!("{} searched", bytes(inspection.strings.scanned_bytes)),
            class: if telling == 0 { "good" } else { "warn" },
        },
    ]
}

/// The colour of a signature, as a class of the style sheet.
pub(super) fn signature_class(status: &SignatureStatus) -> &'static str {
    match status {
        SignatureStatus::Valid { .. } => "good",
        SignatureStatus::Unsigned | SignatureStatus::UnknownKey { .. } => "warn",
        SignatureStatus::Tampered { .. } | SignatureStatus::Expired { .. } | SignatureStatus::Revoked { .. } => "bad",
    }
}

/// What is known about the signature.
pub(super) fn signature(status: &SignatureStatus) -> Vec<Row> {
    let object = status.to_json();
    let said = ["message", "key_id", "signed", "expires", "place", "trusted_comment"];
    let rows = said.into_iter().filter_map(|key| {
        let value = object[key].as_str()?;
        let (label, value) = match key {
            "message" => ("status", value.to_owned()),
            "key_id" => ("key", value.to_owned()),
            "signed" => ("signed", value.to_owned()),
            "expires" => ("valid until", value.to_owned()),
            "place" => ("where", format!("{value} the archive")),
            _ => ("comment", value.to_owned()),
        };
        Some(Row {
            label,
            value,
            code: key == "key_id",
        })
    });
    rows.collect()
}

/// Under which policy it was judged.
pub(super) fn policy_name(judged: &Judged) -> String {
    match &judged.policy_file {
        Some(file) => file.display().to_string(),
        None => "the default policy".to_owned(),
    }
}

impl PointView {
    pub(super) fn of(point: &Point) -> Self {
        /// Pieces of evidence that are shown at once.
        const AT_ONCE: usize = 8;
        let mut evidence = point.evidence.clone();
        let folded = evidence.split_off(evidence.len().min(AT_ONCE));
        Self {
            id: point.id,
            title: pieces(&point.title),
            meaning: pieces(&point.meaning),
            source: point.source.clone(),
            code: match point.severity {
                Severity::Refused => point.code.as_ref().map(|code| code.clone().into_owned()),
                Severity::Look | Severity::Note => None,
            },
            evidence,
            folded,
            more: point.more,
        }
    }
}

/// What it can do at most, by what it imports.
pub(super) fn reach(inspection: &Inspection) -> Vec<String> {
    let anatomy = &inspection.anatomy;
    let policy = &inspection.judged.sandbox;
    let has = |interface: &str| anatomy.imports_interface(interface);
    let mut reach = Vec::new();
    let mut add = |if_any: &[&str], sentence: String| {
        if if_any.iter().any(|interface| has(interface)) {
            reach.push(sentence);
        }
    };
    add(
        &["procvision:algorithm/imaging"],
        "See the pictures that it is asked about, for the length of the call.".to_owned(),
    );
    let limits = &inspection.judged.limits.limits;
    add(
        &["procvision:algorithm/session"],
        format!(
            "Read what the platform says about the inspection, and keep up to {} from step to step of one product.",
            bytes(limits.session_bytes)
        ),
    );
    let assets = inspection
        .subject
        .files
        .iter()
        .filter(|file| file.role == Role::Asset)
        .count() as u64;
    add(
        &["procvision:algorithm/assets"],
        match (inspection.subject.form, assets) {
            (Form::Component, _) => "Read the assets of its package.".to_owned(),
            (_, 0) => "Read its own assets; it has none.".to_owned(),
            (_, count) => format!("Read its own {}.", counted(count, "asset", "assets")),
        },
    );
    add(
        &[
            "procvision:algorithm/logging",
            "procvision:algorithm/diagnostics",
            "wasi:cli/stdout",
            "wasi:cli/stderr",
        ],
        format!(
            "Write to the log and the diagnostics of its call: {} lines and {} values at most.",
            number(limits.log_lines),
            number(limits.diagnostics_entries)
        ),
    );
    add(
        &["wasi:clocks/monotonic-clock", "wasi:clocks/wall-clock"],
        match policy.clocks {
            ClockPolicy::Real => "Ask for the time, exactly.".to_owned(),
            ClockPolicy::Coarse => "Ask for the time, in whole milliseconds.".to_owned(),
            ClockPolicy::Deterministic => "Ask for the time, which is always the same.".to_owned(),
        },
    );
    add(
        &[
            "wasi:random/random",
            "wasi:random/insecure",
            "wasi:random/insecure-seed",
        ],
        match policy.random {
            RandomPolicy::Real => "Ask for random numbers.".to_owned(),
            RandomPolicy::Deterministic => "Ask for random numbers, which are the same in every instance.".to_owned(),
        },
    );
    reach.push(format!(
        "Use up to {} of memory, {} of time and {} units of work for a verdict.",
        bytes(limits.memory_bytes),
        amount(Unit::Milliseconds, limits.execute_deadline_ms),
        number(limits.execute_fuel)
    ));
    reach.push("Judge wrongly. Nothing on this page says whether its verdicts are right.".to_owned());
    reach
}

pub(super) fn classes(anatomy: &Anatomy) -> Vec<ClassCount> {
    let view = |class, word, meaning| ClassCount {
        class: word,
        count: anatomy.imports.iter().filter(|import| import.class == class).count() as u64,
        meaning,
    };
    [
        view(
            ImportClass::Refused,
            "refused",
            "the station does not run a component that asks for it",
        ),
        view(
            ImportClass::Closed,
            "closed",
            "is there, and gives nothing: empty, or an error for every operation",
        ),
        view(ImportClass::Granted, "granted", "does something"),
    ]
    .into_iter()
    .filter(|view| view.count > 0)
    .collect()
}

/// The imports, in the order of what a reviewer wants to see first.
pub(super) fn imports(anatomy: &Anatomy) -> Vec<ImportView> {
    let mut imports: Vec<&ImportFacts> = anatomy.imports.iter().collect();
    imports.sort_by_key(|import| match (import.class, import.stand_in) {
        (ImportClass::Refused, _) => 0,
        (ImportClass::Closed, true) => 1,
        (ImportClass::Granted, _) => 2,
        (ImportClass::Closed, false) => 3,
    });
    imports.into_iter().map(ImportView::of).collect()
}

impl ImportView {
    fn of(import: &ImportFacts) -> Self {
        let kind = match import.kind {
            ItemKind::Interface => "",
            ItemKind::Function => "a function of no interface",
            ItemKind::Type => "a type",
            ItemKind::Module => "a core module",
            ItemKind::Component => "a component",
            ItemKind::Value => "a value",
        };
        let passed = if import.passed_on { "handed on as a whole" } else { "" };
        let reason = import.reason.as_deref().unwrap_or("");
        let stand_in = match (import.class, import.stand_in) {
            (ImportClass::Closed, true) => "every operation answers with an error",
            (ImportClass::Closed, false) => "empty",
            _ => "",
        };
        let note: Vec<&str> = [kind, reason, stand_in, passed]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        let names = |linked: bool| -> Vec<String> {
            let functions = import.functions.iter().filter(|function| function.linked == linked);
            let names = functions.map(|function| function.name.strip_prefix("[method]").unwrap_or(&function.name));
            names.map(plain).collect()
        };
        let mut linked = names(true);
        let folded = linked.split_off(linked.len().min(FUNCTIONS));
        Self {
            name: plain(&import.name),
            class: class(import.class),
            note: note.join("; "),
            linked,
            folded,
            declared: names(false),
            more: import.more_functions,
        }
    }
}

/// A class in a word, as programs write it too.
fn class(class: ImportClass) -> &'static str {
    match class {
        ImportClass::Granted => "granted",
        ImportClass::Closed => "closed",
        ImportClass::Refused => "refused",
    }
}

impl LimitView {
    /// Whether nobody asked for anything, and the default holds.
    pub(super) fn is_usual(&self) -> bool {
        self.asked.is_none() && !self.cut && self.value == self.default
    }
}

pub(super) fn limits(judged: &Judged) -> Vec<LimitView> {
    let defaults = Limits::default();
    judged
        .limits_with_ceilings()
        .map(|(limit, ceiling)| {
            let shown = |value| amount(limit.unit, value);
            let default = defaults.get(limit.name).unwrap_or(limit.value);
            let asked = judged.asked.get(limit.name).copied();
            LimitView {
                name: limit.name,
                default: shown(default),
                asked: asked.map(shown),
                ceiling: shown(ceiling.value),
                value: shown(limit.value),
                cut: judged.limits.cut.iter().any(|cut| cut.name == limit.name),
                raised: asked.is_some_and(|asked| asked > default),
                reason: limit.reason,
            }
        })
        .collect()
}

/// What takes how much of the component.
pub(super) fn sizes(inspection: &Inspection) -> Vec<Bar> {
    let anatomy = &inspection.anatomy;
    let whole = inspection.subject.component_bytes;
    let known = [anatomy.code_bytes, anatomy.data_bytes, anatomy.custom_bytes];
    let rest = known.iter().fold(whole, |rest, bytes| rest.saturating_sub(*bytes));
    let bar = |label: &str, part| Bar {
        label: label.to_owned(),
        text: bytes(part),
        percent: percent(part, whole),
    };
    vec![
        bar("code", anatomy.code_bytes),
        bar("initial memory", anatomy.data_bytes),
        bar("custom sections", anatomy.custom_bytes),
        bar("types, tables, glue", rest),
    ]
}

impl ModuleView {
    pub(super) fn of(module: &ModuleFacts) -> Self {
        let sections: Vec<String> = module
            .sections
            .iter()
            .map(|section| format!("{} {}", plain(&section.name), bytes(section.bytes)))
            .collect();
        let memory = |memory: &MemoryFacts| {
            let most = memory.maximum_bytes.map_or_else(|| "the limit".to_owned(), bytes);
            let shared = if memory.shared { ", shared" } else { "" };
            format!("{} to {most}{shared}", bytes(memory.initial_bytes))
        };
        let joined = |parts: Vec<String>| parts.join("; ");
        Self {
            index: module.index,
            name: module.name.as_deref().map_or_else(String::new, plain),
            bytes: bytes(module.bytes),
            functions: number(module.functions),
            code: bytes(module.code_bytes),
            data: match module.data_segments {
                0 => "none".to_owned(),
                segments => format!(
                    "{} in {}",
                    bytes(module.data_bytes),
                    counted(segments, "segment", "segments")
                ),
            },
            memories: joined(module.memories.iter().map(memory).collect()),
            tables: joined(module.tables.iter().map(|table| number(table.initial)).collect()),
            globals: number(module.globals),
            start: module.start_function,
            sections: joined(sections),
        }
    }
}

/// Custom sections outside modules.
pub(super) fn sections(anatomy: &Anatomy) -> Vec<(String, String)> {
    let sections = anatomy.sections.iter();
    sections
        .map(|section| (plain(&section.name), bytes(section.bytes)))
        .collect()
}

impl FileView {
    pub(super) fn of(file: &FileFacts, subject: &Subject) -> Self {
        let largest = subject.files.iter().map(|file| file.bytes).max().unwrap_or(0);
        let is_data = matches!(file.role, Role::Asset | Role::Case);
        Self {
            name: file.name.clone(),
            role: match file.role {
                Role::Manifest => "manifest",
                Role::Component => "component",
                Role::Asset => "asset",
                Role::Case => "golden cases",
                Role::Sbom => "SBOM",
                Role::Digests => "digests",
                Role::Signature => "signature",
            },
            kind: file.kind.as_str(),
            odd: is_data && (file.kind.can_be_run() || file.kind.contradicts(&file.name)),
            bytes: bytes(file.bytes),
            percent: percent(file.bytes, largest),
            sha256: file.sha256.clone(),
        }
    }
}

impl PartView {
    pub(super) fn of(part: &Part) -> Self {
        Self {
            name: plain(&part.name),
            version: plain(&part.version),
            licence: part.licence.as_deref().map_or_else(String::new, plain),
            purl: part.purl.as_deref().map_or_else(String::new, plain),
        }
    }
}

/// What is to be said about the list of parts.
pub(super) fn parts_note(inspection: &Inspection) -> String {
    let dependencies = &inspection.dependencies;
    match (&dependencies.sbom, &dependencies.embedded) {
        (Some(bill), None) if bill.parts.is_empty() => {
            format!("{}, which lists no parts.", plain(&bill.format))
        }
        (Some(bill), Some(_)) if dependencies.disagreements.is_empty() => {
            format!(
                "{}. The dependency data inside the component says the same.",
                plain(&bill.format)
            )
        }
        (Some(bill), Some(_)) => {
            format!(
                "{}. The dependency data inside the component says something else.",
                plain(&bill.format)
            )
        }
        (Some(bill), None) => format!(
            "{}. The component carries no dependency data of its own to compare it with.",
            plain(&bill.format)
        ),
        (None, Some(embedded)) => format!(
            "There is no SBOM. The dependency data inside the component names {}.",
            counted(embedded.len() as u64, "part", "parts")
        ),
        (None, None) => "It does not say what it was made of.".to_owned(),
    }
}

/// How many parts have which licence, the most frequent first.
pub(super) fn licences(inspection: &Inspection) -> Vec<Bar> {
    let Some(bill) = &inspection.dependencies.sbom else {
        return Vec::new();
    };
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for part in &bill.parts {
        *counts.entry(part.licence.as_deref().unwrap_or("")).or_default() += 1;
    }
    let mut counts: Vec<(&str, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let most = counts.first().map_or(0, |(_, count)| *count);
    let rest: u64 = counts.iter().skip(LICENCES).map(|(_, count)| count).sum();
    let bar = |label: String, count| Bar {
        label,
        text: number(count),
        percent: percent(count, most),
    };
    let mut bars: Vec<Bar> = counts
        .iter()
        .take(LICENCES)
        .map(|(licence, count)| match *licence {
            "" => bar("none given".to_owned(), *count),
            licence => bar(plain(licence), *count),
        })
        .collect();
    if rest > 0 {
        bars.push(bar("others".to_owned(), rest));
    }
    bars
}

impl ChangeView {
    pub(super) fn of(difference: &Difference) -> Self {
        let old = &difference.old;
        let mut groups = Vec::new();
        let mut unchanged = Vec::new();
        let mut add = |title: &'static str, rows: Vec<(&'static str, String)>| {
            if rows.is_empty() {
                unchanged.push(title);
            } else {
                groups.push(ChangeGroup { title, rows });
            }
        };
        add("imports", changes(&difference.imports));
        add("functions that reach its code", changes(&difference.functions));
        let limits = difference.limits.iter().map(|change| {
            let shown = |value| amount(change.unit, value);
            (
                "changed",
                format!("{}: {} → {}", change.name, shown(change.old), shown(change.new)),
            )
        });
        add("limits", limits.collect());
        add("product models", changes(&difference.pids));
        let other = old.component_sha256.as_str();
        let component =
            (!difference.same_component).then(|| ("changed", format!("another one; before: SHA-256 {other}")));
        add("component", component.into_iter().collect());
        add("assets", file_changes(&difference.assets, &difference.assets_changed));
        add(
            "golden cases",
            file_changes(&difference.cases, &difference.cases_changed),
        );
        let updated = difference.parts_updated.iter();
        let updated = updated.map(|part| {
            let versions = format!("{} → {}", plain(&part.versions.old), plain(&part.versions.new));
            ("changed", format!("{}: {versions}", plain(&part.name)))
        });
        if difference.parts_compared {
            add(
                "parts it is made of",
                changes(&difference.parts).into_iter().chain(updated).collect(),
            );
        }
        add("exports", changes(&difference.exports));
        let contract = difference.contract.iter().map(|contract| {
            let shown = |version: &Option<String>| version.clone().unwrap_or_else(|| "none".to_owned());
            (
                "changed",
                format!("{} → {}", shown(&contract.old), shown(&contract.new)),
            )
        });
        add("contract", contract.collect());
        let signer = difference.signer.iter();
        add(
            "signer",
            signer
                .map(|signer| ("changed", format!("{} → {}", signer.old, signer.new)))
                .collect(),
        );
        Self {
            old: match (&old.name, &old.version) {
                (Some(name), Some(version)) => format!("{name} {version}"),
                _ => "a component".to_owned(),
            },
            path: old.path.display().to_string(),
            same_component: difference.same_component,
            sizes: sizes_of(&difference.sizes),
            groups,
            unchanged: unchanged.join(", "),
            parts_compared: difference.parts_compared,
        }
    }
}

fn file_changes(names: &Change<String>, changed: &[FileChange]) -> Vec<(&'static str, String)> {
    let changed = changed.iter().map(|file| {
        let sizes = format!("{} → {}", bytes(file.bytes.old), bytes(file.bytes.new));
        ("changed", format!("{}: {sizes}", plain(&file.name)))
    });
    changes(names).into_iter().chain(changed).collect()
}

fn changes(change: &Change<String>) -> Vec<(&'static str, String)> {
    let added = change.added.iter().map(|what| ("added", plain(what)));
    let removed = change.removed.iter().map(|what| ("removed", plain(what)));
    added.chain(removed).collect()
}

fn sizes_of(sizes: &BTreeMap<&'static str, Pair<Option<u64>>>) -> Vec<(&'static str, String, String, String)> {
    let rows = sizes.iter().filter_map(|(what, pair)| {
        let (old, new) = (pair.old?, pair.new?);
        let shown = |value| match *what {
            "functions" => number(value),
            _ => bytes(value),
        };
        let change = match (old, new) {
            (old, new) if old == new => "the same".to_owned(),
            (0, _) => "new".to_owned(),
            (old, new) => format!("{:+.1} %", (new as f64 - old as f64) * 100.0 / old as f64),
        };
        Some((*what, shown(old), shown(new), change))
    });
    rows.collect()
}
